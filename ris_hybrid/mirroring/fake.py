"""A deployer in memory, for tests: its programs are given, what it built is remembered, and it can fail on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.mirror.deployed import Change, Deployed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ris_hybrid.errors import RisHybridError

KIND = "fake:index:Thing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a stack is to have."""

    resources: Mapping[str, Mapping[str, object]]
    """Properties by name, in the order they are built."""
    outputs: Mapping[str, object] = field(default_factory=dict)
    broken_rules: tuple[RisHybridError, ...] = ()
    """What the policy pack says no with, before anything is done."""


class FakeDeployer:
    """The port ``Deployer`` over programs that a function gives by the stack's name; None is a stack nobody knows."""

    def __init__(self, programs: Callable[[str], Program | None]) -> None:
        self._programs = programs
        self._built: dict[str, dict[str, Mapping[str, object]]] = {}
        self._given: dict[str, Mapping[str, object]] = {}
        self.failures: dict[tuple[str, str], RisHybridError] = {}
        """Stack and resource at which ``up`` stops, and with which error."""
        self.calls: list[str] = []
        """``up storage-prod``, in order."""

    def preview(self, stack: str) -> Deployed:
        """What ``up`` would do."""
        self.calls.append(f"preview {stack}")
        return self._deployed(stack, self._program(stack))

    def up(self, stack: str) -> Deployed:
        """Build the stack; what was finished before a failure stays."""
        self.calls.append(f"up {stack}")
        program = self._program(stack)
        done = self._deployed(stack, program)
        built = self._built.setdefault(stack, {})
        for name, properties in program.resources.items():
            if (stack, name) in self.failures:
                raise self.failures[stack, name]
            built[name] = dict(properties)
        for name in built.keys() - program.resources.keys():
            del built[name]
        self._given[stack] = dict(program.outputs)
        return done

    def outputs(self, stack: str) -> Mapping[str, object]:
        """What the stack gave out last."""
        return dict(self._given.get(stack, {}))

    def _program(self, stack: str) -> Program:
        program = self._programs(stack)
        if program is None:
            raise ConfigError(f"stack {stack}: no program is known for it", "name one of the stacks")
        for refusal in program.broken_rules:
            raise refusal
        return program

    def _deployed(self, stack: str, program: Program) -> Deployed:
        built = self._built.get(stack, {})
        changes = tuple(_changes(stack, built, program.resources))
        same = sum(1 for name, properties in program.resources.items() if built.get(name) == properties)
        return Deployed(stack=stack, changes=changes, same=same, sandbox=False)


def _changes(
    stack: str, built: Mapping[str, Mapping[str, object]], wanted: Mapping[str, Mapping[str, object]]
) -> Iterator[Change]:
    for name, properties in wanted.items():
        old = built.get(name)
        if old is None:
            yield Change(deed="create", urn=f"{stack}::{name}", kind=KIND, name=name)
        elif old != properties:
            fields = {key for key in {**old, **properties} if old.get(key) != properties.get(key)}
            yield Change(deed="update", urn=f"{stack}::{name}", kind=KIND, name=name, fields=tuple(sorted(fields)))
    for name in built.keys() - wanted.keys():
        yield Change(deed="delete", urn=f"{stack}::{name}", kind=KIND, name=name)
