"""Reads the record: an SWF trace or LSF's accounting files, plain or gzipped, as the workload of a replay."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from burst.replay.stretches import between
from burst.replay.workload import workload
from onprem.lsf.acct.reading import AcctOptions, read_acct
from onprem.swf import read_trace
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from burst.replay.values import Workload
    from ris_hybrid.past_job import PastJob

Kind = Literal["swf", "lsb.acct"]
LabBy = Literal["account", "project", "queue"]
_DAYS = re.compile(r"([0-9]+(?:\.[0-9]+)?)d")


class Reading(Protocol):
    """A record that is read once, job by job."""

    @property
    def capacity(self) -> int:
        """Slots, as the record says; 0 where it does not."""
        ...

    def __iter__(self) -> Iterator[PastJob]:
        """Its jobs."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What was left out or repaired, once it has been read."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Of that, what somebody should look at."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which record, and which part of it."""

    kind: Kind
    paths: Sequence[Path]
    lab_by: LabBy = "account"
    """What of an accounting record names the lab. Not the user: what is printed and written names no people."""
    since: str = ""
    """A date, or days from the first submission (``30d``); empty: from the beginning."""
    until: str = ""
    """The same, the first moment that is left out."""
    most: int | None = None
    """The first so many jobs only."""

    @property
    def name(self) -> str:
        """What the record is called."""
        first = self.paths[0].name
        return first if len(self.paths) == 1 else f"{first} and {len(self.paths) - 1} more"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """The jobs, and what the files say beside them."""

    workload: Workload
    capacity: int | None
    """Slots of the cluster, where the files say it."""
    warnings: tuple[str, ...]
    """What was skipped, with counts."""


def read(source: Source, on_bytes: Callable[[int], None]) -> History:
    """Read all of it; ``on_bytes`` hears how many bytes of the files are done.

    Raises:
        ConfigError: a file that cannot be opened or is of another kind, or no job in what is left.
    """
    reading = _reading(source, on_bytes)
    whole = workload(reading, name=source.name, notes=reading.notes)
    part = _part(whole, source)
    if not part.jobs:
        what = "between these dates " if whole.jobs else ""
        raise ConfigError(f"{source.name}: expected jobs that ran, found none {what}".rstrip())
    return History(workload=part, capacity=reading.capacity or None, warnings=reading.warnings())


def seconds(text: str, began: float, option: str) -> float:
    """Seconds from the first submission to a date (00:00 UTC where it has no time) or after so many days.

    Raises:
        ConfigError: neither of them, or a date where the record has none.
    """
    if found := _DAYS.fullmatch(text):
        return float(found[1]) * 86400
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        expected = "a date such as 2026-07-01, or days from the first submission such as 30d"
        raise ConfigError(f"{option}: expected {expected}, found {text!r}") from error
    if not began:
        raise ConfigError(f"{option}: the record does not say when it began", "give days, such as 30d")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - began


def _reading(source: Source, on_bytes: Callable[[int], None]) -> Reading:
    if source.kind == "swf":
        return read_trace(source.paths[0], on_bytes=on_bytes)
    return read_acct(source.paths, AcctOptions(lab_by=source.lab_by), on_bytes)


def _part(whole: Workload, source: Source) -> Workload:
    if not source.since and not source.until and source.most is None:
        return whole
    begin = seconds(source.since, whole.began, "--from") if source.since else 0.0
    end = seconds(source.until, whole.began, "--to") if source.until else float("inf")
    part = between(whole, begin, end)
    if source.most is not None and part.jobs > source.most:
        part = between(part, 0.0, float(part.submitted[source.most]))
    return part
