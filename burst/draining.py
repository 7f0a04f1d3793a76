"""Emptying the pools when the burst is switched off: the reaper's own judgement, with a lifetime of nothing.

A machine past its lifetime takes no new jobs and is ended once LSF says that its host is closed and empty, which is
what draining means. What LSF does not have is not so plain. A machine that never joined goes when two looks do not
find its host; one that has joined may have jobs LSF cannot see just now, so it waits out ``life.unlisted_minutes``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst.clouds import partly
from burst.lifecycle import by_name, has_jobs, is_here, short_name
from burst.reap import Action
from burst.reaping import Reaped, reap
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from burst.provider import Provider
    from burst.reap import Verdict
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.ports import Hosts

NOBODY = frozenset[str]()
"""What ebrokerd holds, once it is not asked any more: nothing."""
OFF = "drained by `burst disable`"
_SHORT_S = 1.0  # for LSF and the cloud to show what was just done
_SETTLE_S = 5.0  # a cloud lists a machine some seconds after its launch
_LOOK_S = 15.0  # while jobs are waited for
_MOVING_S = 60.0  # what was done shows by then, or does not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The machines of one look, by what may be done about them."""

    retired: tuple[Machine, ...]
    """To be closed, and ended when empty."""
    counted: tuple[Machine, ...]
    """LSF does not have them: left to the time that takes. Known to be closed and busy, a machine is in neither."""
    unseen: frozenset[str]
    """Ids of those that never joined and were not found now: found neither next time, they go."""
    left: Mapping[str, int]
    """Host, or machine without one, to its jobs: all that are alive."""
    leaving: bool
    """Whether the cloud still says alive of one that was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """One look, and what was done."""

    seen: Sorted
    verdicts: tuple[Verdict, ...]
    refused: tuple[str, ...]
    moved: bool
    """Whether a look soon may find something else although no job has ended."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer, with the reason: whether machines of theirs are left is unknown."""

    @property
    def done(self) -> bool:
        """Whether no machine was left on any cloud. One lists a new machine late: one such look proves nothing."""
        return not self.seen.left and not self.unread


def switch_off(provider: Provider, launch_lock: Callable[[], AbstractContextManager[None]]) -> Mapping[str, str]:
    """Nothing new may come while hosts drain. Under the launch lock: a launch that has seen its pool on is over then.

    Gives the clouds that do not answer, with the reason: their pools are not marked. Raises ``SiteUnavailable`` when
    the lock is not free in time, and what the ledger raises where no cloud answers.
    """
    with launch_lock():
        marked = partly.marks(provider.ledger)
        for pool in provider.settings.pools:
            known = marked.pools.get(pool.name, PoolMarks())
            if not known.off and pool.cloud not in marked.unread:
                provider.ledger.mark_pool(pool.name, replace(known, off=OFF), known)
    return marked.unread


def switch_on(provider: Provider) -> None:
    """Take back what ``switch_off`` wrote, and no other reason for a pool to be off.

    Raises what the ledger raises; when only some clouds answer, their pools are switched on first.
    """
    marked = partly.marks(provider.ledger)
    for name, marks in marked.pools.items():
        if marks.off == OFF:
            provider.ledger.mark_pool(name, replace(marks, off=""), marks)
    if marked.unread:
        raise partly.PartlyUnknown(marked.pools, marked.unread)


def until_empty(look: Callable[[frozenset[str]], Drained], wait_s: float, wait: Callable[[float], object]) -> Drained:
    """The last look: the second of two that found no machine, or the one after which patience was over.

    Args:
        look: one look and what is to be done at it, given the ids not found at the one before.
        wait_s: how long busy hosts are waited for.
        wait: lets so many seconds pass.
    """
    waited, seen = 0.0, look(NOBODY)
    while True:
        before = seen
        pause = _pause(before, waited, wait_s)
        if pause <= 0:
            return before
        wait(pause)
        waited += pause
        seen = look(before.seen.unseen)
        if seen.refused or (before.done and seen.done):
            return seen


def _pause(seen: Drained, waited: float, wait_s: float) -> float:
    """Seconds to the next look; none when there is nothing to wait for any longer."""
    if seen.refused:
        return 0.0
    if seen.done:
        return _SETTLE_S
    if seen.moved and waited < _MOVING_S:
        return _SHORT_S
    return min(_LOOK_S, wait_s - waited)


def sort(machines: Iterable[Machine], hosts: Sequence[Host], unseen: frozenset[str] = NOBODY) -> Sorted:
    """Who is to be retired now, from bhosts' rows of just now; ``unseen`` is of the look before.

    Raises ``SiteUnavailable`` for no rows at all: a cluster has hosts, so that is no answer.
    """
    if not hosts:
        raise SiteUnavailable("LSF lists no host at all, which cannot be", "see whether LSF is up with `lsid`")
    rows = by_name(hosts)
    pairs = [(machine, rows.get(short_name(machine.name)) if machine.name else None) for machine in machines]
    missed = {m.machine_id for m, row in pairs if m.alive and not m.joined and row is None}
    known = {m.machine_id for m, row in pairs if is_here(row) or m.machine_id in missed & unseen}
    rest = [m for m, row in pairs if not _only_waits(m, row)]
    return Sorted(
        retired=tuple(m for m in rest if m.machine_id in known),
        counted=tuple(m for m in rest if m.machine_id not in known),
        unseen=frozenset(missed),
        left={row.name if row else m.name or m.machine_id: _jobs(row) for m, row in pairs if m.alive},
        leaving=any(m.alive and m.return_id for m, _ in pairs),
    )


def _only_waits(machine: Machine, row: Host | None) -> bool:
    """Whether there is nothing to do but to let its jobs end, and nothing to write down."""
    marked = machine.joined > 0 and not machine.unlisted
    return row is not None and has_jobs(row) and not row.takes_jobs and marked


def _jobs(row: Host | None) -> int:
    return max(row.jobs, row.running) if row else 0


def turn(
    provider: Provider,
    hosts: Sequence[Host],
    control: Hosts | None,
    unseen: frozenset[str] = NOBODY,
    *,
    dry_run: bool = False,
) -> Drained:
    """Close what takes jobs, end what is closed and empty, on every cloud that answers.

    Raises what ``Cloud.machines`` raises where none does, and ``SiteUnavailable`` as ``sort`` does; then nothing was
    done.
    """
    looked = partly.look(provider.cloud)
    seen = sort(looked.machines, hosts, unseen)
    life = replace(provider.settings.life, lifetime_hours=0.0)
    retiring = replace(provider, settings=replace(provider.settings, life=life))
    done = Reaped()
    for to, machines in ((retiring, seen.retired), (provider, seen.counted)):
        # One deed a look: another reaper, the service say, takes its turn in between.
        if machines and not done.verdicts:
            done = reap(to, hosts, held=NOBODY, control=control, machines=machines, dry_run=dry_run)
    return Drained(
        seen=seen,
        verdicts=done.verdicts,
        refused=done.refused,
        moved=bool(seen.unseen) or seen.leaving or _moved(done),
        unread=looked.unread,
    )


def _moved(reaped: Reaped) -> bool:
    """Suspicions that are kept, or counted from now on, change with time alone."""
    still = {Action.KEEP, Action.UNLISTED}
    return any(verdict.action not in still for verdict in reaped.verdicts)
