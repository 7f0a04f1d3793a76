"""The roll: which machines of a second cloud were seen lately, and those that have ended since.

OpenStack and Google forget a machine the moment it is gone, EC2 after an hour; and whoever answers LSF, or adds up
money, must see an end. So the machines listed last are remembered, in a file beside the month's spend, and with each
what its cloud would not let us write on it yet. The file is a cache: losing it loses the ends of the last hour and
those marks, never a machine that lives.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from burst.libcloud.values import Node
from burst.lock import give_to_folders_owner, one_at_a_time
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import MachineState, UnknownWord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

REMEMBERED_S = 3600.0
"""How long an ended machine is listed, as EC2 does."""
_PATIENCE_S = 1.0
_NODE = tuple(one.name for one in fields(Node))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One machine of ours."""

    node: Node
    """As it was listed last."""
    gone: float = 0.0
    """When its cloud first said that there is none of its id; 0 while there is."""
    unwritten: Mapping[str, str] = field(default_factory=dict)
    """Marks that its cloud has not taken yet."""


def roll_path(data: Path, provider: str, cloud: str) -> Path:
    """Where the roll of one cloud lies, in the provider's data directory."""
    return data / f"{provider}-{cloud}-roll.json"


class Roll(Protocol):
    """Remembers machines. Nothing here raises: what cannot be kept or read is as if it had never been noted."""

    def rows(self) -> Mapping[str, Row]:
        """By id; of those that are gone the ones of the last hour."""
        ...

    def note(self, rows: Iterable[Row]) -> None:
        """Keep these in place of what was kept of the same machines.

        A machine that is gone stays so, and a mark that is not written stays, until a row shows it among the tags.
        """
        ...


def merged(old: Row | None, new: Row) -> Row:
    """What is kept of two rows of one machine: whoever listed it earlier may note it later."""
    if old is None:
        old = new
    marks = {**old.unwritten, **new.unwritten}
    unwritten = {key: value for key, value in marks.items() if new.node.tags.get(key, "") != value}
    return replace(new, gone=old.gone or new.gone, unwritten=unwritten)


class FakeRoll:
    """The roll in memory."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._rows: dict[str, Row] = {}

    def rows(self) -> Mapping[str, Row]:
        """Those kept."""
        return _lasting(self._rows, self._now())

    def note(self, rows: Iterable[Row]) -> None:
        """Keep them."""
        for row in rows:
            self._rows[row.node.node_id] = merged(self._rows.get(row.node.node_id), row)


class RollFile:
    """The roll as one JSON file of a cloud and provider, for all processes; damage reads as nothing."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._waiting: list[Row] = []
        self._desk, self._turn = Lock(), Lock()

    def rows(self) -> Mapping[str, Row]:
        """As the file has them."""
        return _lasting(self._read(), self._now())

    def note(self, rows: Iterable[Row]) -> None:
        """Under a lock, and in one step: whoever reads sees the file before or after it.

        Threads that mark machines side by side come here together: one writes what all of them have brought.
        """
        with self._desk:
            self._waiting.extend(rows)
        with self._turn:
            with self._desk:
                new, self._waiting = self._waiting, []
            before = self._read() if new else {}
            if _with(before, new) == before:
                return
            with suppress(OSError, SiteUnavailable), one_at_a_time(self._path.with_suffix(".lock"), _PATIENCE_S):
                self._write(_lasting(_with(self._read(), new), self._now()))

    def _read(self) -> dict[str, Row]:
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            found = [_row_of(one) for one in document["rows"]]
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return {}
        return {row.node.node_id: row for row in found}

    def _write(self, rows: Mapping[str, Row]) -> None:
        document = {"rows": [_document(row) for row in rows.values()]}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(document), encoding="utf-8")
        give_to_folders_owner(new)
        new.replace(self._path)


def _with(rows: Mapping[str, Row], new: Iterable[Row]) -> dict[str, Row]:
    kept = dict(rows)
    for row in new:
        kept[row.node.node_id] = merged(kept.get(row.node.node_id), row)
    return kept


def _lasting(rows: Mapping[str, Row], now: float) -> dict[str, Row]:
    return {key: row for key, row in rows.items() if not row.gone or now - row.gone < REMEMBERED_S}


def _document(row: Row) -> dict[str, Any]:
    """As ``dataclasses.asdict``, which takes ten times as long: a hundred marks in one call are no rarity."""
    node = {name: getattr(row.node, name) for name in _NODE}
    return {"node": {**node, "tags": dict(row.node.tags)}, "gone": row.gone, "unwritten": dict(row.unwritten)}


def _row_of(one: dict[str, Any]) -> Row:
    node = dict(one["node"])
    word = str(node["state"])
    node["state"] = MachineState(word) if word in set(MachineState) else UnknownWord(word)
    node["tags"] = {str(key): str(value) for key, value in node["tags"].items()}
    node["launched"] = float(node["launched"])
    unwritten = {str(key): str(value) for key, value in one["unwritten"].items()}
    return Row(node=Node(**node), gone=float(one["gone"]), unwritten=unwritten)
