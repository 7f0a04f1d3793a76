"""``burst disable --drain``: our hosts closed, machines without jobs ended, the others waited for."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from ris_hybrid import wiring
from ris_hybrid.cli import show
from ris_hybrid.errors import CloudError, RisHybridError
from ris_hybrid.model import EndReason, PoolMarks

if TYPE_CHECKING:
    from pathlib import Path

    from burst.draining import Draining
    from burst.provider import Provider
    from ris_hybrid.cli.burst_site import BurstSite

OFF = "drained by `burst disable`"
_LOOK_S = 15.0
_SHORT_S = 1.0  # for LSF and EC2 to show what was just done
_MOST_TURNS = 60


class StillBusy(RisHybridError):
    """Hosts still have jobs: nothing was switched off."""

    exit_code = 6


def drain(conf: Path | None, *, wait_s: float, dry_run: bool) -> None:
    """Empty the pools. Raises ``StillBusy`` when hosts have jobs after so long; they stay closed.

    Raises:
        SiteUnavailable: LSF did not answer; nothing more is ended.
        CloudError: EC2 did not.
    """
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    if dry_run:
        _say(_look(site), "would ")
        return
    _switch_off_pools(site.provider)
    waited, unlisted = 0.0, frozenset[str]()
    for turn in count():
        seen = _turn(site, unlisted)
        if seen.done:
            return
        if waited >= wait_s if seen.only_busy else turn > _MOST_TURNS:
            raise _still_busy(seen)
        pause = min(_LOOK_S, wait_s - waited) if seen.only_busy else _SHORT_S
        if seen.only_busy:
            show.note(f"waiting for {len(seen.busy)} hosts with {sum(seen.busy.values())} jobs")
            waited += pause
        unlisted = frozenset(seen.unlisted)
        wiring.wait(pause)


def release(conf: Path | None) -> None:
    """Let the pools launch again, once the files no longer name us; a cloud that does not answer is told."""
    from ris_hybrid.cli.burst_site import open_site

    ledger = open_site(conf).provider.ledger
    try:
        for name, marks in ledger.pools().items():
            if marks.off == OFF:
                ledger.mark_pool(name, replace(marks, off=""), marks)
    except CloudError as failure:
        show.warn(f"the pools stay switched off: {failure.message}: clear them with `burst clear POOL`")


def say_left(conf: Path | None) -> None:
    """Name the machines nothing returns any more."""
    from ris_hybrid.cli.burst_site import open_site

    try:
        alive = [
            machine.name or machine.machine_id for machine in open_site(conf).provider.cloud.machines() if machine.alive
        ]
    except CloudError as failure:
        show.warn(f"which machines are left is unknown: {failure.message}")
        return
    if alive:
        show.warn(
            f"left running: {', '.join(alive)}: LSF no longer returns them; end them with `burst reap` or --drain"
        )


def _still_busy(seen: Draining) -> StillBusy:
    named = [f"{name} ({jobs} jobs)" for name, jobs in seen.busy.items()]
    rest = [*seen.close, *seen.end, *seen.unlisted]
    return StillBusy(
        f"still there: {', '.join(named or rest)}",
        "hosts with jobs stay closed and finish them; run it again, with --wait MINUTES to wait for them",
    )


def _switch_off_pools(provider: Provider) -> None:
    """While hosts drain nothing new may come."""
    marks = provider.ledger.pools()
    for pool in provider.settings.pools:
        known = marks.get(pool.name, PoolMarks())
        if not known.off:
            provider.ledger.mark_pool(pool.name, replace(known, off=OFF), known)


def _look(site: BurstSite) -> Draining:
    from burst import draining

    return draining.decide(site.provider.cloud.machines(), site.scheduler.hosts())


def _turn(site: BurstSite, unlisted: frozenset[str]) -> Draining:
    """Close what takes jobs, end what has none; unlisted machines only when they were so the last time too."""
    seen = _look(site)
    if seen.close:
        wiring.hosts().close(seen.close, OFF)
    _say(seen, "")
    gone = [*seen.end, *(one for one in seen.unlisted if one in unlisted)]
    if gone:
        site.provider.cloud.end(gone, f"ret-disable-{site.provider.now:.0f}", EndReason.IDLE)
        site.provider.note("drained", machines=gone)
    return seen


def _say(seen: Draining, would: str) -> None:
    if seen.close:
        show.note(f"{would}close {', '.join(seen.close)}")
    if seen.end or seen.unlisted:
        show.note(f"{would}end {', '.join((*seen.end, *seen.unlisted))}")
    if would and seen.busy:
        show.note(f"would wait for {', '.join(seen.busy)}")
