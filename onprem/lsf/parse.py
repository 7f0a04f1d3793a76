"""Recorded output of bjobs, bhosts and bqueues into values; pure, and fast enough for a hundred thousand jobs.

Sources: recorded answers of LSF 10.1 (``tests/golden/lsf``). One bad job record costs that record only and is
counted; hosts and queues are few and are read in full or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.lsf.envelope import Record, open_envelope
from onprem.lsf.fields import HINT, UNSET, count
from onprem.lsf.job_record import Flaw, Gone, read_job
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Host, Job, Queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.lsf.envelope import Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsRead:
    """What one answer of bjobs held, and how much of it could not be read."""

    jobs: tuple[Job, ...]
    unreadable: int
    """Records that are broken or hold a value we do not understand; not among ``jobs``."""
    listed: int
    """Records present in the answer, readable or not, jobs that are gone included."""
    announced: int | None = None
    """How many records bjobs said there are; None when it did not say."""
    complaint: str = ""
    """Why the first unreadable record was not understood."""

    @property
    def lost(self) -> int:
        """Jobs LSF has and we do not: unreadable records, and announced ones that did not come."""
        return self.unreadable + max(0, (self.announced or 0) - self.listed)


def parse_jobs(text: str) -> JobsRead:
    """Every job of a ``bjobs -o ... -json`` answer. Raises ``SiteUnavailable`` when the text is no such answer."""
    envelope = open_envelope(text, "bjobs", read_job)
    jobs = tuple(record for record in envelope.records if isinstance(record, Job))
    flaws: list[object] = []
    if len(jobs) < len(envelope.records):
        flaws = [record for record in envelope.records if not isinstance(record, Job | Gone)]
    if envelope.broken:
        flaws += [Flaw("a record is no JSON, or the answer was cut off")] * envelope.broken
    return JobsRead(
        jobs=jobs,
        unreadable=len(flaws),
        listed=envelope.listed,
        announced=envelope.announced,
        complaint=_first_words(flaws),
    )


def parse_hosts(text: str) -> tuple[Host, ...]:
    """Every host of a ``bhosts -o ... -json`` answer; all of them or ``SiteUnavailable``."""
    envelope = open_envelope(text, "bhosts", _host)
    hosts = tuple(record for record in envelope.records if isinstance(record, Host))
    _all_or_error("bhosts", len(hosts), envelope)
    return hosts


def parse_queues(text: str) -> tuple[Queue, ...]:
    """Every queue of a ``bqueues -o ... -json`` answer; all of them or ``SiteUnavailable``."""
    envelope = open_envelope(text, "bqueues", _queue)
    queues = tuple(record for record in envelope.records if isinstance(record, Queue))
    _all_or_error("bqueues", len(queues), envelope)
    return queues


def parse_bhosts_text(text: str) -> tuple[Host, ...]:
    """Every host of a ``bhosts [-w] [-rc]`` table; without ``-w`` the status is ``closed`` and does not say why.

    Raises ``SiteUnavailable`` when there is no table or a row of it is not understood.
    """
    return tuple(_host(row) for row in _rows(text, "HOST_NAME"))


def parse_bqueues_text(text: str) -> tuple[Queue, ...]:
    """Every queue of a ``bqueues [-w]`` table. Raises ``SiteUnavailable`` as ``parse_bhosts_text`` does."""
    return tuple(_queue(row) for row in _rows(text, "QUEUE_NAME"))


def _host(record: Record) -> Host:
    return Host(
        name=_word(record, "HOST_NAME"),
        status=_word(record, "STATUS"),
        max_slots=_bound(record, "MAX"),
        jobs=count("NJOBS", record.get("NJOBS")),
        running=count("RUN", record.get("RUN")),
    )


def _queue(record: Record) -> Queue:
    name, status = _word(record, "QUEUE_NAME"), _word(record, "STATUS")
    door, _, window = status.partition(":")
    if not (door.startswith(("Open", "Closed")) and window.startswith(("Active", "Inact"))):
        raise SiteUnavailable(f"queue {name[:40]}: unknown status {status[:40]!r}", HINT)
    return Queue(
        name=name,
        is_open=door.startswith("Open"),
        is_active=window.startswith("Active"),
        max_slots=_bound(record, "MAX"),
        pending_slots=count("PEND", record.get("PEND")),
        running_slots=count("RUN", record.get("RUN")),
    )


def _rows(text: str, first: str) -> Iterator[Record]:
    """The rows of an LSF table as column name to word; columns may be out of line, so blanks alone part them."""
    header: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == [first]:
            header = words
        elif header and words:
            yield dict(zip(header, words, strict=False))
    if not header:
        raise SiteUnavailable(f"no table with {first} in {text[:80]!r}", HINT)


def _all_or_error(command: str, read: int, envelope: Envelope) -> None:
    listed = envelope.listed
    announced = listed if envelope.announced is None else envelope.announced
    if not read == listed == announced:
        raise SiteUnavailable(f"{command} announced {announced} records, {read} of {listed} could be read", HINT)


def _first_words(flaws: list[object]) -> str:
    for flaw in flaws[:1]:
        return flaw.why if isinstance(flaw, Flaw) else "a record is no object"
    return ""


def _word(record: Record, name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or value in UNSET:
        raise SiteUnavailable(f"a record has no {name}: {str(record)[:80]}", HINT)
    return value


def _bound(record: Record, name: str) -> int | None:
    """A limit; None when there is none. A column that is not there at all is an error, not the absence of a limit."""
    value = record.get(name)
    return None if isinstance(value, str) and value in UNSET else count(name, value)
