"""The broker in modes planned and shadow: it moves the jobs that are worth it, and launches for those alone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.errors import of_code
from burst.broker import Site, turn
from burst.plan_file import PlanFile, plan_path
from burst.planning import Desk, Ground, Hands, Planning
from onprem.lsf.traits_fake import FakeSteers, FakeTraits
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Host, JobStatus
from ris_hybrid.planner_settings import Planner, Steering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from burst.broker import Made

    World = Any  # tests/broker/conftest.py


class Broken(FakeTraits):
    """LSF does not say what jobs ask for."""

    def traits(self, job_ids: Any) -> Any:
        raise SiteUnavailable(f"bjobs -UF {' '.join(job_ids)} did not answer")


class Site1:
    """A full host of the site's own, a burst queue, and a broker that plans."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, make = world, world.make
        self.path = plan_path(folder, "aws")
        fields = {"status": JobStatus.RUN, "pend_s": 0.0, "run_limit_s": 36_000.0}
        world.scheduler.all_hosts = (Host(name="node1", status="closed_Full", max_slots=16, jobs=16, running=16),)
        full = make.job("900", slots=16, exec_host="16*node1", **fields)
        world.scheduler.all_jobs = (full, *self.jobs(make))
        world.scheduler.all_queues = (make.queue(), make.queue("burst"))
        self.traits = FakeTraits(world.scheduler)
        self.planning = Planning(self.path, lambda: world.audit.events)
        self.hand: type[FakeSteers] = FakeSteers

    @staticmethod
    def jobs(make: Any) -> tuple[Any, ...]:
        """One that is worth it, and one that is not."""
        return make.job("1", slots=8, run_limit_s=7200.0), make.job("2", slots=8, run_limit_s=172_800.0)

    def turn(self, *, dry_run: bool = False, desk: bool = True) -> Made:
        world = self.world
        steers = self.hand(world.scheduler, self.traits)
        hands = Hands(scheduler=world.scheduler, steers=steers, ground=Ground(traits=self.traits))
        site = Site(
            scheduler=world.scheduler,
            hosts=world.hosts,
            launch_lock=nullcontext,
            notices=world.notices,
            planner=Desk(planning=self.planning, hands=hands) if desk else None,
        )
        provider = replace(world.provider, plans=PlanFile(self.path, world.settings))
        return turn(provider, site, dry_run=dry_run)

    def queues(self) -> list[str]:
        return [job.queue for job in self.world.scheduler.all_jobs if job.job_id in {"1", "2"}]


@pytest.fixture
def site(build: Callable[..., World], tmp_path: Path) -> Callable[..., Site1]:
    def made(mode: str = "planned", **fields: Any) -> Site1:
        planner = Planner(steering=Steering(queues={"general": "burst"}))
        return Site1(build(mode=mode, planner=planner, **fields), tmp_path)

    return made


def test_only_what_is_worth_it_is_moved_and_gets_a_node(site: Any) -> None:
    one = site()
    made = one.turn()
    assert one.queues() == ["burst", "general"]
    assert [(done.decision.pool, done.nodes) for done in made.launches] == [("cpu", 1)]
    assert made.watched is not None
    assert made.watched.planned.plan.chosen == {"1"}
    assert len(one.world.alive) == 1
    assert one.turn().launches == ()  # the node that boots has room for it


def test_shadow_launches_by_thresholds_and_moves_nothing(site: Any) -> None:
    one = site("shadow")
    made = one.turn()
    assert (one.queues(), sum(done.nodes for done in made.launches)) == (["general", "general"], 2)
    assert made.watched is not None
    assert made.watched.planned.plan.chosen == {"1"}
    assert [done.nodes for done in site("thresholds").turn().launches] == [2]


def test_a_dry_run_plans_and_leaves_no_trace(site: Any) -> None:
    one = site()
    made = one.turn(dry_run=True)
    assert [decision.nodes for decision in made.decisions] == [1]
    assert (one.queues(), one.path.exists(), one.world.audit.events) == (["general", "general"], False, [])


def test_without_a_plan_nothing_is_launched(site: Any) -> None:
    one = site()
    assert one.turn(desk=False).unknown == "nothing is launched on missing knowledge: nobody plans here"
    one.traits = Broken(one.world.scheduler)
    made = one.turn()
    assert made.unknown == "nothing is launched on missing knowledge: bjobs -UF 1 2 did not answer"
    assert [problem.what for problem in made.watched.problems] == ["plan"]
    assert one.world.alive == []


class Denied(FakeSteers):
    """Whoever runs the broker may not move others' jobs."""

    def switch(self, job_ids: Any, queue: str) -> Any:
        raise SiteUnavailable(f"bswitch {queue} {' '.join(job_ids)} failed (exit code 255): Permission denied")


def test_no_node_is_launched_for_jobs_that_could_not_be_moved(site: Any) -> None:
    one = site()
    one.hand = Denied
    made = one.turn()
    assert (one.queues(), one.world.alive, made.launches) == (["general", "general"], [], ())
    assert [problem.what for problem in made.watched.problems] == ["steering"]
    one.hand = FakeSteers
    one.path.with_name(f".{one.path.name}.new").mkdir()  # the plan cannot be written, so nothing is moved
    made = one.turn()
    assert (one.queues(), one.world.alive, made.launches) == (["general", "general"], [], ())
    one.path.with_name(f".{one.path.name}.new").rmdir()
    one.world.now += 3600.0
    assert [done.nodes for done in one.turn().launches] == [1]


def test_a_pool_that_is_empty_is_planned_around_in_the_same_turn(site: Any, make: Any) -> None:
    dear = make.pool("dear", instance_types=("fake.large",))
    one = site(pools=(make.pool(), dear), prices={"c6i.4xlarge": 0.68, "fake.large": 0.7})
    one.world.cloud.refuses["cpu"] = of_code("InsufficientInstanceCapacity", "none left")
    made = one.turn()
    assert [(done.decision.pool, done.nodes) for done in made.launches] == [("cpu", 0), ("dear", 1)]
