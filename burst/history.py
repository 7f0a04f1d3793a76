"""The audit log read back: what was decided, launched, returned and ended, oldest first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from burst.audit import rotated
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def events(path: Path) -> Iterator[Event]:
    """Every event of the log and of its rotated parts; a line that is torn or none of ours is passed over.

    A log that is not there is an empty history. Raises ``SiteUnavailable`` for one that cannot be read.
    """
    for part in rotated(path):
        yield from _events(part)


def concerns(event: Event, names: frozenset[str]) -> bool:
    """Whether one of the names stands in the event as a whole value, alone or in a list."""
    return any(name in names for value in event.fields.values() for name in _names(value))


def _events(part: Path) -> Iterator[Event]:
    try:
        with part.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                event = _event(line)
                if event is not None:
                    yield event
    except FileNotFoundError:
        return
    except OSError as error:
        raise SiteUnavailable(
            f"{part}: cannot be read: {error.strerror}", "ask the LSF admin for leave to read the data directory"
        ) from error


def _event(line: str) -> Event | None:
    try:
        row: dict[str, Any] = dict(json.loads(line))
        return Event(at=float(row.pop("at")), kind=str(row.pop("kind")), fields=row)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _names(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _names(item)
    else:
        yield str(value)
