"""Runs a Pulumi program against a monitor as the Pulumi CLI's Python host does (sandbox).

As ``python -m ris_hybrid.sandbox.apply.program`` it is the child process of a run; the same function runs a program
in this process. Each run has its own event loop and its own copy of the SDK's settings, so that many runs can follow
each other in one process.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
import pulumi.runtime
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ORGANIZATION = "organization"
"""What Pulumi calls it where no service keeps the state."""
USERS_ERROR = 2
"""Exit code of the child for an error the program foresaw; 1 is any other."""
_SETTLE_S = 2.0


class _Here(ThreadPoolExecutor):
    """Makes each call at once, in this thread: the same program then makes the same calls in the same order."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is over already."""
        over: Future[Any] = Future()
        try:
            over.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # whoever awaits the future gets it
            over.set_exception(error)
        return over


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One program and what the CLI would tell it."""

    path: str
    project: str
    stack: str
    dry_run: bool
    config: Mapping[str, str] = field(default_factory=dict)


def run(asked: Run, monitor: Any, engine: Any) -> None:
    """Run the program to its end; its exceptions pass through.

    ``monitor`` and ``engine`` are addresses, or objects with the services' methods.
    """
    context = copy_context()
    context.run(_configure, asked, monitor, engine)
    with asyncio.Runner() as runner:
        if not isinstance(monitor, str):
            runner.get_loop().set_default_executor(_Here())
        # When a resource fails, the SDK leaves its other futures to be told of; what failed is raised anyway.
        runner.get_loop().set_exception_handler(lambda _loop, _about: None)
        runner.run(_whole(asked.path), context=context)


async def _whole(path: str) -> None:
    try:
        await pulumi.runtime.run_in_stack(lambda: _program(path))
    except ValueError as error:
        raise _inmost(error) from error
    finally:
        await _settled()


def _inmost(error: ValueError) -> BaseException:
    """Our own error, around which the SDK put another: ``ConfigError`` is a ValueError, to which it adds a name."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, RisHybridError):
        inner = inner.__cause__
    return inner or error


async def _settled() -> None:
    """Let what a failed run left in the SDK come to its end, which it does at once: nothing waits for a resource."""
    while left := asyncio.all_tasks() - {asyncio.current_task()}:
        done, _ = await asyncio.wait(left, timeout=_SETTLE_S)
        if not done:
            return


def _configure(asked: Run, monitor: Any, engine: Any) -> None:
    pulumi.runtime.set_all_config(dict(asked.config), [])
    runtime_settings.ROOT.set(None)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=asked.project,
            stack=asked.stack,
            organization=ORGANIZATION,
            monitor=monitor,
            engine=engine,
            dry_run=asked.dry_run,
        )
    )


def _program(path: str) -> None:
    runpy.run_path(path, run_name="__main__")


def foreseen(error: pulumi.RunError | RisHybridError) -> str:
    """What a program said of an error it foresaw."""
    return f"{error.message}\n{error.hint}".strip() if isinstance(error, RisHybridError) else str(error)


def main(arguments: list[str]) -> int:
    """The child's entry: what to run as JSON, the monitor's and the engine's address."""
    asked = Run(**json.loads(arguments[0]))
    try:
        run(asked, arguments[1], arguments[2])
    except (pulumi.RunError, RisHybridError) as error:
        with grpc.insecure_channel(arguments[2]) as channel:
            told = engine_pb2.LogRequest(severity=engine_pb2.ERROR, message=foreseen(error))
            engine_pb2_grpc.EngineStub(channel).Log(told)
        return USERS_ERROR
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
