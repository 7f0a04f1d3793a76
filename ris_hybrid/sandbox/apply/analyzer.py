"""The policy pack as Pulumi runs it: a process of its own, asked over the Analyzer protocol (sandbox).

Mandatory rules raise, advisory ones are said. Source: ``analyzer.proto`` of Pulumi; the pack prints the port it
listens on (``pulumi_policy.PolicyPack``).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from ris_hybrid.errors import ConfigError, PolicyViolation
from ris_hybrid.sandbox.apply.values import UNKNOWN, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ris_hybrid.sandbox.apply.goal import Goal
    from ris_hybrid.sandbox.apply.state import Record

_START_S = 60.0
_ANSWER_S = 60.0
_NO_ENGINE = "127.0.0.1:0"  # the Python pack takes an engine's address and never calls it
_UNLIMITED = [("grpc.max_send_message_length", -1)]
_MANDATORY = (analyzer_pb2.MANDATORY, analyzer_pb2.REMEDIATE)  # we mend nothing: what should be mended is refused


class PolicyPack:
    """A running pack, asked about every resource before anything of it is made."""

    def __init__(self, channel: Any, say: Callable[[str], None]) -> None:
        self._stub: Any = analyzer_pb2_grpc.AnalyzerStub(channel)
        self._say = say
        info = self._stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=_ANSWER_S)
        self.name, self.rules = info.name, tuple(policy.name for policy in info.policies)

    def check(self, urn: str, goal: Goal) -> None:
        """Ask about one resource; raises ``PolicyViolation`` for what a mandatory rule forbids."""
        request = analyzer_pb2.AnalyzeRequest(
            type=goal.kind, name=goal.name, urn=urn, properties=to_wire(goal.inputs), options=_options(goal)
        )
        self._judge(self._stub.Analyze(request, timeout=_ANSWER_S), goal.name)

    def check_stack(self, resources: Sequence[Record]) -> None:
        """Ask about the whole stack, by what AWS gave: ids not known yet stay so in a preview."""
        sent = [_resource(record) for record in resources]
        self._judge(self._stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=sent), timeout=_ANSWER_S), "")

    def _judge(self, answer: Any, asked: str) -> None:
        forbidden = []
        for found in answer.diagnostics:
            text = f"{found.policyName}: {_named(found, asked)}{' '.join(found.message.split())}"
            if found.enforcementLevel in _MANDATORY:
                forbidden.append(text)
            else:
                self._say(f"sandbox: policy advises: {text}")
        if forbidden:
            raise PolicyViolation(
                f"sandbox: policy pack {self.name} forbids: {'; '.join(forbidden)}",
                "mend the program or its settings, or write a waiver: ris-hybrid policy list",
            )


def _named(found: Any, asked: str) -> str:
    name = found.urn.rpartition("::")[2] or asked
    return f"{name}: " if name else ""


def _resource(record: Record) -> Any:
    its_id = {"id": record.id or UNKNOWN} if record.custom else {}
    because = {prop: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns) for prop, urns in record.reasons.items()}
    return analyzer_pb2.AnalyzerResource(
        type=record.kind,
        name=record.name,
        urn=record.urn,
        properties=to_wire({**record.outputs, **its_id}),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=record.protect, parent=record.parent),
        parent=record.parent,
        dependencies=record.dependencies,
        propertyDependencies=because,
    )


def _options(goal: Goal) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=goal.protect,
        ignoreChanges=goal.ignore_changes,
        additionalSecretOutputs=goal.secret_outputs,
        parent=goal.parent,
    )


@contextmanager
def running(folder: Path, say: Callable[[str], None], config: Mapping[str, str] | None = None) -> Iterator[PolicyPack]:
    """The pack of a folder with PulumiPolicy.yaml, for as long as the block runs.

    ``config`` is what the stacks' configuration says; a pack reads it as a program does.

    Raises:
        ConfigError: there is none, or it ended as it started.
    """
    if not (folder / "PulumiPolicy.yaml").is_file():
        raise ConfigError(f"{folder}: no policy pack (PulumiPolicy.yaml) is here", "name the folder of the pack")
    with (
        TemporaryFile() as errors,
        _process(folder, errors, config or {}) as child,
        grpc.insecure_channel(f"127.0.0.1:{_port(child, folder, errors)}", options=_UNLIMITED) as channel,
    ):
        yield PolicyPack(channel, say)


@contextmanager
def _process(folder: Path, errors: IO[bytes], config: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "GRPC_VERBOSITY": "NONE",
        "PULUMI_CONFIG": json.dumps(dict(config)),
    }
    command = [sys.executable, "-m", "pulumi.policy", _NO_ENGINE, str(folder)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
    ) as child:
        try:
            yield child
        finally:
            child.kill()  # it serves for ever and keeps nothing


def _port(child: subprocess.Popen[bytes], folder: Path, errors: IO[bytes]) -> int:
    said = _first_line(child)
    if said.isdigit():
        return int(said)
    child.kill()
    child.wait()
    errors.seek(0)
    last = errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    raise ConfigError(
        f"{folder}: the policy pack did not start: {said or last or 'it said nothing'}",
        f"try it alone: python -m pulumi.policy {_NO_ENGINE} {folder}",
    )


def _first_line(child: subprocess.Popen[bytes]) -> str:
    """Empty when it ended, or said nothing in time."""
    output = child.stdout
    if output is None or not select.select([output], [], [], _START_S)[0]:
        return ""
    return output.readline().decode("utf-8", "replace").strip()
