"""Chosen jobs back to their own queues and requirements, before burst queues or the flag are taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.cli import show
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from burst.steering.moves import Move
    from onprem.shell import Shell
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.planner_settings import Steering
    from ris_hybrid.settings import BurstSettings


def send_home(conf: Path | None, settings: BurstSettings, shell: Shell, *, dry_run: bool) -> None:
    """Move every waiting job back that is in a burst queue, or has the flag; what runs goes on.

    Raises ``SiteUnavailable`` when LSF does not answer or refuses: then nothing may be taken away yet.
    """
    from burst.steering.homeward import homeward, waiting
    from onprem.lsf.traits import LsfTraits
    from ris_hybrid.cli.burst_site import open_site

    steering = settings.planner.steering
    if steering.way == "queue" and not steering.queues:
        return
    site = open_site(conf)
    jobs = site.scheduler.jobs()
    ids = [job.job_id for job in waiting(jobs)] if steering.way == "flag" else []
    moves = homeward(jobs, LsfTraits(shell).traits(ids) if ids else {}, steering)
    running = [job.job_id for job in jobs if job.queue in steering.queues.values() and job.exec_host]
    if running:
        show.warn(f"{_count(len(running))} in burst queues run on: LSF has them in lost_and_found until they end")
    if moves and dry_run:
        show.note(f"would send {_count(len(moves))} back to {_where(steering)}")
    elif moves:
        _move(site, moves, shell)


def _move(site: BurstSite, moves: tuple[Move, ...], shell: Shell) -> None:
    from burst.steering.memory import Memory
    from burst.steering.moves import Moves
    from burst.steering.turn import carry_out
    from onprem.lsf.steer import LsfSteers

    done = carry_out(Moves(moves=moves), Memory(), site.provider, LsfSteers(shell))
    show.line(f"sent back to {_where(site.settings.planner.steering)}: {_count(len(done.back))}")
    for job_id, why in done.refused.items():
        show.warn(f"job {job_id} stays: {why}")
    if done.refused or done.problems:
        raise SiteUnavailable(
            "; ".join(done.problems) or f"{_count(len(done.refused))} could not be sent back",
            "the files are as they were: stop the service if it runs, mend that, then run it again",
        )


def _where(steering: Steering) -> str:
    return "their own queues" if steering.way == "queue" else f"requirements without {steering.flag}"


def _count(jobs: int) -> str:
    return "1 job" if jobs == 1 else f"{jobs} jobs"
