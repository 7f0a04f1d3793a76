"""Steering by bswitch, bmod and bjobs lines against the virtual LSF: there and back, and killed at every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.planner.values import Plan
from burst.steering.memory import Memory
from burst.steering.moves import Seen
from burst.steering.turn import Steered, take
from burst.steering.words import is_chosen
from onprem.lsf.read import LsfScheduler
from onprem.lsf.steer import LsfSteers
from onprem.lsf.traits import LsfTraits
from onprem.shell import Command, Completed
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec
from tests.burst.test_steering_decide import planned

if TYPE_CHECKING:
    from collections.abc import Mapping

WAYS = {"queue": Steering(queues={"general": "burst"}), "flag": Steering(way="flag")}
OWN = {"2": "select[mem>9] rusage[mem=4GB]", "3": "rusage[mem=1] span[hosts=1]", "4": "", "5": "mem>9 order[ut]"}
"""What the jobs that wait require; job 1 fills the only host."""


class Killed(BaseException):
    """The service is gone."""


class Site:
    """A virtual LSF with four jobs that wait, and the service's commands on it."""

    def __init__(self, way: str, room: Any) -> None:
        self.steering, self.room = WAYS[way], room
        spec = ClusterSpec(
            name="c1",
            hosts=(HostSpec(prefix="n", count=1, slots=2),),
            queues=(QueueSpec(name="general"), QueueSpec(name="burst")),
            default_queue="general",
        )
        self.cluster = Cluster(spec, room.now)
        self.kill_at = 10**9
        for options in (["-n", "2"], *(["-R", text] if text else [] for text in OWN.values())):
            assert not run_command(self.cluster, ("bsub", *options, "sleep", "90000"), {"USER": "kim"}).rc
            self.cluster.advance(self.cluster.now + 30)

    def run(self, command: Command) -> Completed:
        """A command, and a place to be killed before it and behind it where it changes something."""
        changes = command.argv[0] in {"bswitch", "bmod"}
        self._step(changes)
        reply = run_command(self.cluster, command.argv, {"USER": "lsfadmin"})
        self._step(changes)
        return Completed(rc=reply.rc, stdout=reply.stdout, stderr=reply.stderr)

    def _step(self, changes: bool) -> None:
        self.kill_at -= changes
        if self.kill_at < 0:
            raise Killed

    def seen(self) -> Seen:
        jobs = LsfScheduler(self).jobs()
        ids = [job.job_id for job in jobs]
        return Seen(
            now=self.room.now,
            jobs=jobs,
            queues=LsfScheduler(self).queues(),
            traits=LsfTraits(self).traits(ids),
            memory=Memory().after(self.room.audit.events),
        )

    def turn(self, chosen: str) -> Steered:
        seen = self.seen()
        self.room.change(mode="planned", planner=Planner(steering=self.steering))
        waiting = [job for job in seen.jobs if not job.exec_host]
        plan = Plan(at=self.room.now, jobs=tuple(planned(job.job_id, chosen=job.job_id in chosen) for job in waiting))
        return take(plan, seen, self.room.provider, LsfSteers(self))

    def there(self) -> set[str]:
        seen = self.seen()
        return {job.job_id for job in seen.jobs if is_chosen(job, seen.traits[job.job_id], self.steering)}

    def requirements(self) -> Mapping[str, str | None]:
        return {job_id: found.resreq for job_id, found in self.seen().traits.items() if job_id in OWN}


@pytest.mark.parametrize("way", WAYS)
def test_there_and_back_by_lsfs_own_commands(way: str, new_room: Any) -> None:
    site = Site(way, new_room())
    found = site.turn("2345")
    assert (set(found.moved), found.refused, found.problems) == (set(OWN), {}, ())
    assert site.there() == set(OWN)
    assert site.turn("2345").moves.moves == ()
    assert set(site.turn("3").back) == {"2", "4", "5"}
    assert site.there() == {"3"}
    site.turn("")
    assert site.there() == set()
    assert site.requirements() == OWN


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_any_command_the_next_turn_ends_in_the_same_state(way: str, new_room: Any) -> None:
    places = 0
    while True:
        site = Site(way, new_room())
        site.turn("23")
        site.kill_at = places
        try:
            site.turn("45")
        except Killed:
            site.kill_at = 10**9
            site.turn("45")
        else:
            break
        assert site.there() == {"4", "5"}, f"killed at place {places}"
        site.turn("")
        assert (site.there(), site.requirements()) == (set(), OWN), f"killed at place {places}"
        places += 1
    assert places == {"queue": 4, "flag": 8}[way]


def test_the_flag_keeps_a_job_for_hosts_that_carry_it(new_room: Any) -> None:
    """On-premises hosts have no flag: a job that is chosen waits, and starts there as soon as it is let go."""
    site = Site("flag", new_room())
    site.turn("3")
    run_command(site.cluster, ("bkill", "1"), {"USER": "kim"})
    site.cluster.advance(site.cluster.now + 120)
    assert site.there() == {"3"}
    assert {job.job_id: bool(job.exec_host) for job in site.seen().jobs}["3"] is False
    site.turn("")
    for job_id in ("2", "4", "5"):
        run_command(site.cluster, ("bkill", job_id), {"USER": "kim"})
    site.cluster.advance(site.cluster.now + 120)
    assert {job.job_id: bool(job.exec_host) for job in site.seen().jobs} == {"3": True}
