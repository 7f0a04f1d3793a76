"""``burst disable --drain``: our hosts closed, machines without jobs ended, the others waited for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid import clocks, wiring
from ris_hybrid.cli import show
from ris_hybrid.errors import CloudError, RisHybridError, TryAgain

if TYPE_CHECKING:
    from pathlib import Path

    from burst.draining import Drained
    from ris_hybrid.cli.burst_site import BurstSite


class StillBusy(RisHybridError):
    """Machines are left: nothing was switched off."""

    exit_code = 6


def drain(conf: Path | None, *, wait_s: float, dry_run: bool) -> None:
    """Empty the pools. Raises ``StillBusy`` when machines are left after so long; their hosts stay closed.

    Raises:
        SiteUnavailable: LSF did not answer, or a launch holds its lock; nothing more is ended.
        CloudError: a cloud did not, or refused to end a machine. The machines of clouds that answer are ended.
    """
    from burst import draining
    from burst.clouds import partly
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    if dry_run:
        _say(_look(site, draining.NOBODY, dry_run=True), "would ")
        return
    unmarked = draining.switch_off(site.provider, partial(wiring.launch_lock_in, site.data, site.settings))
    last = draining.until_empty(partial(_look, site), wait_s, clocks.wait)
    unread = {**unmarked, **last.unread}
    refused = [*last.refused, *([f"which machines are left is unknown: {partly.reasons(unread)}"] if unread else [])]
    if refused:
        raise TryAgain("\n".join(refused), "the files are as they were; run it again")
    if not last.done:
        raise _still_busy(last)


def release(conf: Path | None) -> None:
    """Let the pools launch again, once the files no longer name us; a cloud that does not answer is told."""
    from burst import draining
    from ris_hybrid.cli.burst_site import open_site

    try:
        draining.switch_on(open_site(conf).provider)
    except CloudError as failure:
        show.warn(f"pools stay switched off: {failure.message}: clear them with `burst clear POOL`")


def say_left(conf: Path | None) -> None:
    """Name the machines nothing returns any more."""
    from burst.clouds import partly
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    try:
        seen = partly.look(site.provider.cloud)
    except CloudError as failure:
        show.warn(f"which machines are left is unknown: {failure.message}")
        return
    if seen.unread:
        show.warn(f"which machines are left is known in part: {partly.reasons(seen.unread)}")
    alive = [machine.name or machine.machine_id for machine in seen.machines if machine.alive]
    if alive:
        show.warn(
            f"left running: {', '.join(alive)}: LSF no longer returns them; end them with `burst disable --drain`,"
            f" or run `burst reap` every few minutes: what is empty goes after"
            f" {site.settings.life.unlisted_minutes:g} minutes"
        )


def _still_busy(last: Drained) -> StillBusy:
    named = [f"{name} ({f'{jobs} jobs' if jobs else 'no jobs seen'})" for name, jobs in last.seen.left.items()]
    return StillBusy(
        f"still there: {', '.join(named)}",
        "hosts with jobs stay closed and finish them; run it again, with --wait MINUTES to wait for them",
    )


def _look(site: BurstSite, unseen: frozenset[str], *, dry_run: bool = False) -> Drained:
    """One look at the site as it is now."""
    from burst import draining

    provider = replace(site.provider, now=site.clock.now())
    drained = draining.turn(provider, site.scheduler.hosts(), wiring.hosts(), unseen, dry_run=dry_run)
    if not dry_run:
        _say(drained, "")
    return drained


def _say(drained: Drained, would: str) -> None:
    from burst.reap import Action

    # One that is seen with jobs for the first time is marked as joined first, and closed at the next look.
    first = {Action.CLOSE, Action.JOINED} if would else {Action.CLOSE}
    close = [verdict.host for verdict in drained.verdicts if verdict.action in first]
    end = [verdict.machine.machine_id for verdict in drained.verdicts if verdict.action is Action.END]
    if would:
        end += sorted(drained.seen.unseen.difference(end))
    busy = {name: jobs for name, jobs in drained.seen.left.items() if jobs}
    for verb, names in (("close", close), ("end", end)):
        if names:
            show.note(f"{would}{verb} {', '.join(names)}")
    if busy:
        show.note(
            f"would wait for {', '.join(busy)}" if would else f"left: {len(busy)} hosts with {sum(busy.values())} jobs"
        )
