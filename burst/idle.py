"""Which of LSF's hosts are given back by us, where no Resource Connector does it (pure).

    busy ──empty──▶ counted idle ──idle_minutes──▶ closed ──still empty──▶ ended
      ▲────────job─────┘                              └──a job got in──▶ opened again
    spot notice ──▶ closed ──▶ its jobs requeued ──▶ ended when empty

A host is ended only when it is closed and empty in one and the same answer of bhosts: LSF starts nothing on a closed
host, so it stays empty. Since when a host has been idle is a tag on its machine, so a restart or another master counts
on; another tag says that we closed it, so a host an administrator closed is never opened. The lifetime of machines, and
machines LSF does not list, are ``burst.reap``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from burst.lifecycle import by_name, has_jobs, is_here, short_name
from ris_hybrid.model import EndReason, JobStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ris_hybrid.model import Host, Job, Machine
    from ris_hybrid.settings import Life

CLOSED = "closed_Adm"
"""LSF's word for a host that ``badmin hclose`` closed; other closed hosts may open by themselves."""
_ENDED_BY_SIGNAL = frozenset({JobStatus.RUN, JobStatus.SSUSP, JobStatus.USUSP})


class Deed(StrEnum):
    """What is done about a host."""

    IDLE = "idle"
    """Begin to count the time without jobs."""
    BUSY = "busy"
    """Stop counting."""
    CLOSE = "close"
    REOPEN = "reopen"
    REQUEUE = "requeue"
    WAIT = "wait"
    """Nothing, though it has been without jobs for long enough: its lab's results are not back yet."""
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is done about one machine and its host, and why."""

    machine: Machine
    host: str
    """Its name as LSF lists it."""
    deed: Deed
    text: str
    reason: EndReason | None = None
    """Why it is ended, or closed so that it can be."""


def judge(
    machines: Iterable[Machine],
    hosts: Sequence[Host],
    now: float,
    life: Life,
    waits: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Verdict, ...]:
    """At most one verdict a machine, none where nothing is to be done.

    Args:
        machines: the ledger.
        hosts: every row of bhosts, asked for after the ledger's marks were last written.
        now: epoch seconds.
        life: how long what may last.
        waits: machine id to why it is not to be given back yet; it is kept ``results_hours`` longer at most.
    """
    rows = by_name(hosts)
    found = []
    for machine in machines:
        row = rows.get(short_name(machine.name)) if machine.name else None
        if row is None or not machine.wanted or not is_here(row):
            continue
        verdict = _interrupted(machine, row) if machine.notice else _usual(machine, row, now, life, waits)
        if verdict is not None:
            found.append(verdict)
    return tuple(found)


def jobs_on(hosts: Collection[str], jobs: Iterable[Job], rerunnable: Collection[str]) -> tuple[list[Job], list[Job]]:
    """The jobs that have slots on one of the hosts: those that may be started again, and the others."""
    names = {short_name(host) for host in hosts}
    there = [job for job in jobs if job.status in _ENDED_BY_SIGNAL and not names.isdisjoint(hosts_of(job.exec_host))]
    return [job for job in there if job.queue in rerunnable], [job for job in there if job.queue not in rerunnable]


def hosts_of(exec_host: str) -> set[str]:
    """The short names in an EXEC_HOST: ``a:a:b``, or ``16*a:b``."""
    return {short_name(part.rpartition("*")[2]) for part in exec_host.split(":") if part}


def _interrupted(machine: Machine, row: Host) -> Verdict | None:
    """The cloud takes it: no new jobs, and those it has go elsewhere while there is time."""
    text = "the cloud will take it (spot notice)"
    if row.status != CLOSED:
        return _say(Deed.CLOSE, machine, row, text, EndReason.INTERRUPTED)
    if has_jobs(row):
        return _say(Deed.REQUEUE, machine, row, text)
    return _say(Deed.END, machine, row, f"{text}, and it is empty", EndReason.INTERRUPTED)


def _usual(machine: Machine, row: Host, now: float, life: Life, waits: Mapping[str, str]) -> Verdict | None:
    if life.lifetime_hours is not None and now - machine.launched >= life.lifetime_hours * 3600:
        return None
    return _busy(machine, row) if has_jobs(row) else _empty(machine, row, now, life, waits)


def _busy(machine: Machine, row: Host) -> Verdict | None:
    if machine.closing and row.status == CLOSED:  # empty when we looked: a job was on its way
        return _say(Deed.REOPEN, machine, row, "a job got in before it was closed")
    return _say(Deed.BUSY, machine, row, "has jobs again") if machine.idle or machine.closing else None


def _empty(machine: Machine, row: Host, now: float, life: Life, waits: Mapping[str, str]) -> Verdict | None:
    if not machine.idle:
        return _say(Deed.IDLE, machine, row, "has no jobs")
    idle_s = now - machine.idle
    if idle_s < life.idle_minutes * 60:
        return None
    text = f"without jobs for {idle_s / 60:.0f} min (at most {life.idle_minutes:g})"
    why = waits.get(machine.machine_id)
    if why:
        most = f"at most {life.results_hours:g} h"
        if idle_s < life.idle_minutes * 60 + life.results_hours * 3600:
            return _say(Deed.WAIT, machine, row, f"{text}, and waits, {most}: {why}")
        text = f"{text}, and has waited long enough, {most}: {why}"
    return _say(Deed.END if row.status == CLOSED else Deed.CLOSE, machine, row, text, EndReason.IDLE)


def _say(deed: Deed, machine: Machine, row: Host, text: str, reason: EndReason | None = None) -> Verdict:
    return Verdict(machine=machine, host=row.name, deed=deed, text=text, reason=reason)
