"""The two ways a program meets the engine: as a child process over gRPC, and inside this process (sandbox).

As a child it cannot touch the engine, as under the Pulumi CLI (``sandbox up --children``); inside, it starts in
milliseconds, one import of Pulumi's SDK serves all stacks, and its cloud calls can be watched. The engine is the same
object in both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent import futures
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

from ris_hybrid.errors import ConfigError, RisHybridError
from ris_hybrid.sandbox.apply import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.apply.monitor import EngineLog, Monitor
    from ris_hybrid.sandbox.apply.program import Run

_LAST = 15  # lines of a program's traceback that are shown
_WORKERS = 8

Front = Callable[["Run", "Monitor", "EngineLog"], None]
"""Runs a program to its end; raises ``ConfigError`` for what the program foresaw, ``RisHybridError`` for the rest."""


def in_this_process(asked: Run, monitor: Monitor, log: EngineLog) -> None:
    """Run the program here; an exception it did not foresee passes through."""
    try:
        program.run(asked, monitor, log)
    except pulumi.RunError as error:
        raise ConfigError(f"sandbox stack {asked.stack}: {error}") from error


def as_child(asked: Run, monitor: Monitor, log: EngineLog) -> None:
    """Run the program in a process of its own, as the Pulumi CLI does."""
    with served(monitor, log) as address:
        command = [sys.executable, "-m", "ris_hybrid.sandbox.apply.program"]
        command += [json.dumps(asdict(asked)), address, address]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "GRPC_VERBOSITY": "NONE"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == program.USERS_ERROR:
        raise ConfigError(f"sandbox stack {asked.stack}: {'; '.join(log.errors)}")
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-_LAST:])
        raise RisHybridError(f"sandbox stack {asked.stack}: the program ended with an error of its own:\n{last}")


@contextmanager
def served(monitor: Monitor, log: EngineLog) -> Iterator[str]:
    """Both services on a free port of loopback, for as long as the block runs."""
    pool = futures.ThreadPoolExecutor(_WORKERS)
    server: Any = grpc.server(pool, options=[("grpc.max_receive_message_length", -1)])
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
        pool.shutdown()
