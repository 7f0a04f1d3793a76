"""What the sandbox's engine remembers of a stack: one JSON file, written after every step in one rename (sandbox).

Secrets are marked in it and not encrypted: the file is its user's alone (0600), lies in the sandbox's folder and dies
with it, and the sandbox's AWS holds the same values in the open. No real secret belongs into a sandbox.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.values import from_json, is_secret, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSION = 1
_HINT = "the sandbox's AWS still has what it names: end the sandbox and start another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource that is there."""

    urn: str
    kind: str
    name: str
    custom: bool
    id: str = ""
    parent: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    """As the program asked, secrets marked."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """Inputs and what AWS gave."""
    dependencies: tuple[str, ...] = ()
    """Urns, the parent's not among them."""
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """By property the urns it comes from."""
    protect: bool = False
    retain: bool = False
    times_made: int = 1
    """Makes the automatic name another one each time."""
    looked_up: bool = False
    """Read by ``.get()``: not ours to change or to delete."""
    unfinished: bool = False
    """A call after its creation failed: it is taken away and made again."""
    replaced: bool = False
    """An old copy that waits for its deletion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A creation that was begun and of whose end nothing is known."""

    kind: str
    name: str
    """The automatic name it was to get."""


@dataclass(slots=True, kw_only=True)
class StackState:
    """One stack."""

    stack: str
    project: str
    records: list[Record] = field(default_factory=list)
    """In the order they were made."""
    outputs: dict[str, Any] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    """By urn."""
    built: bool = False
    """Whether a run ever came to its end."""
    _lines: dict[int, tuple[Record, str]] = field(default_factory=dict, repr=False)
    """The JSON of records that were written before: with hundreds of them only what is new is turned into text."""

    def text(self) -> str:
        """The whole as JSON, a line each record."""
        head = {
            "sandbox": True,
            "version": _VERSION,
            "stack": self.stack,
            "project": self.project,
            "built": self.built,
            "pending": {urn: asdict(one) for urn, one in self.pending.items()},
            "outputs": to_json(self.outputs),
        }
        records = ",\n".join(map(self._line, self.records))
        return f'{json.dumps(head)[:-1]}, "records": [\n{records}\n]}}\n'

    def _line(self, record: Record) -> str:
        known = self._lines.get(id(record))
        if known is None or known[0] is not record:
            known = self._lines[id(record)] = (record, json.dumps(dict(_record_json(record))))
        return known[1]

    def find(self, urn: str) -> Record | None:
        """The live one of that name."""
        return next((one for one in self.records if one.urn == urn and not one.replaced), None)

    def put(self, record: Record, instead_of: Record | None = None) -> None:
        """Keep a record, in another's place or at the end."""
        if instead_of is None:
            self.records.append(record)
        else:
            self.records[self.records.index(instead_of)] = record

    def drop(self, record: Record) -> None:
        """Forget one."""
        self.records.remove(record)

    def rename(self, old: Record, urn: str) -> Record:
        """A record under its new urn, everywhere it is named."""
        fresh = replace(old, urn=urn)
        self.put(fresh, old)
        for one in list(self.records):
            self.put(_renamed(one, old.urn, urn), one)
        return next(one for one in self.records if one.urn == urn and not one.replaced)


def _renamed(record: Record, old: str, new: str) -> Record:
    def turn(urn: str) -> str:
        return new if urn == old else urn

    return replace(
        record,
        parent=turn(record.parent),
        dependencies=tuple(map(turn, record.dependencies)),
        reasons={prop: list(map(turn, urns)) for prop, urns in record.reasons.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFolder:
    """The states of all stacks of one sandbox."""

    folder: Path
    project: str

    def path(self, stack: str) -> Path:
        """Where a stack's is."""
        return self.folder / f"{stack}.json"

    def stacks(self) -> tuple[str, ...]:
        """Every stack that has one."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.json")))

    def read(self, stack: str) -> StackState:
        """A stack's state; an empty one where there is none.

        Raises:
            ConfigError: it cannot be read, or is none of ours.
        """
        path = self.path(stack)
        if not path.exists():
            return StackState(stack=stack, project=self.project)
        try:
            return _parsed(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path}: this is no state of the sandbox's engine: {error}", _HINT) from error

    def given_out(self, stack: str) -> dict[str, Any]:
        """A stack's outputs, secrets left out."""
        return {name: value for name, value in self.read(stack).outputs.items() if not is_secret(value)}

    def write(self, state: StackState) -> None:
        """Keep it; a reader, and a run after a crash, see the old one or the new one.

        Raises:
            ConfigError: it cannot be written.
        """
        path = self.path(state.stack)
        draft = path.with_suffix(".new")
        text = state.text()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            draft.replace(path)
        except OSError as error:
            raise ConfigError(f"{path}: the sandbox's state cannot be written: {error.strerror}", _HINT) from error

    def remove(self, stack: str) -> None:
        """Forget a stack of which nothing is left."""
        self.path(stack).unlink(missing_ok=True)


def _record_json(record: Record) -> Iterator[tuple[str, Any]]:
    for one in fields(record):
        value = getattr(record, one.name)
        yield one.name, to_json(value) if one.name in {"inputs", "outputs"} else value


def _parsed(written: dict[str, Any]) -> StackState:
    if written["sandbox"] is not True or written["version"] != _VERSION:
        raise ValueError("it is of another kind or version")
    return StackState(
        stack=written["stack"],
        project=written["project"],
        built=written["built"],
        pending={urn: Pending(**one) for urn, one in written["pending"].items()},
        outputs=from_json(written["outputs"]),
        records=[_record(one) for one in written["records"]],
    )


def _record(written: dict[str, Any]) -> Record:
    plain = {
        **written,
        "inputs": from_json(written["inputs"]),
        "outputs": from_json(written["outputs"]),
        "dependencies": tuple(written["dependencies"]),
    }
    return Record(**plain)
