"""The planner's part of a turn: plan, file, moves, log; and what it leaves alone when something fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.engine import observe
from burst.lock import if_free
from burst.plan_file import PlanFile, plan_path
from burst.planning import Ground, Hands, Planning, place_of
from burst.planning import make as make_plan
from onprem.lsf.fake import FakeScheduler
from onprem.lsf.traits_fake import FakeSteers, FakeTraits
from ris_hybrid.errors import SiteUnavailable, TryAgain
from ris_hybrid.model import JobStatus
from ris_hybrid.planner_settings import Planner, Steering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from burst.planning import Planned
    from ris_hybrid.job_ask import JobTraits


class Silent(FakeTraits):
    """LSF does not say what jobs ask for."""

    def traits(self, job_ids: Sequence[str]) -> Mapping[str, JobTraits]:
        raise SiteUnavailable(f"bjobs -UF {' '.join(job_ids)} did not answer in time")


class Desk:
    """A site in memory, its planner, and the room of the provider."""

    def __init__(self, make: Any, room: Any, folder: Path) -> None:
        fields = {"status": JobStatus.RUN, "pend_s": 0.0, "run_limit_s": 36_000.0}
        full = make.job("900", slots=16, exec_host="16*node1", **fields)
        self.room = room
        self.scheduler = FakeScheduler([full], [make.host()], [make.queue(), make.queue("burst")])
        self.traits = FakeTraits(self.scheduler)
        self.steers = FakeSteers(self.scheduler, self.traits)
        self.path = plan_path(folder, "aws")
        self.start()
        room.change(mode="planned", planner=Planner(steering=Steering(queues={"general": "burst"})))

    def start(self, by: str = "") -> None:
        """The service, from nothing but the audit log."""
        self.planning = Planning(self.path, lambda: list(self.room.audit.events), by)

    @property
    def provider(self) -> Any:
        return replace(self.room.provider, plans=PlanFile(self.path, self.room.settings))

    def submit(self, *jobs: Any) -> None:
        self.scheduler.all_jobs = (*self.scheduler.all_jobs, *jobs)

    def turn(self) -> Planned:
        hands = Hands(scheduler=self.scheduler, steers=self.steers, ground=Ground(traits=self.traits))
        return self.planning.take(self.provider, hands)

    def queue_of(self, job_id: str) -> str:
        return next(job.queue for job in self.scheduler.all_jobs if job.job_id == job_id)

    def told(self, kind: str) -> list[Any]:
        return [event.fields for event in self.room.audit.events if event.kind == kind]


@pytest.fixture
def desk(make: Any, room: Any, tmp_path: Path) -> Desk:
    return Desk(make, room, tmp_path)


def test_worthy_jobs_are_told_put_into_the_file_and_moved(desk: Desk, make: Any) -> None:
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0), make.job("2", slots=8, run_limit_s=172_800.0))
    made = desk.turn()
    assert made.problems == ()
    assert made.steered is not None
    assert (made.steered.moved, [desk.queue_of(one) for one in "12"]) == (("1",), ["burst", "general"])
    standing = desk.provider.standing()
    assert (standing.problem, standing.chosen, standing.reached) == ("", {"1"}, 2)
    assert standing.wants["cpu", "lee"].nodes == 1
    assert desk.room.kinds == ["plan", "chosen", "moving", "moved"]
    (whole,) = desk.told("plan")
    assert (whole["mode"], whole["chosen"], whole["reached"], whole["nodes"]) == ("planned", 1, 2, [["cpu", "lee", 1]])
    (chosen,) = desk.told("chosen")
    assert {key: chosen[key] for key in ("job", "wait_s", "run_s", "run_from", "boot_s", "to_pool", "v", "v_from")} == {
        "job": "1",
        "wait_s": 36_000.0,
        "run_s": 7200.0,
        "run_from": "RUNLIMIT",
        "boot_s": 300.0,
        "to_pool": "cpu",
        "v": 0.1,
        "v_from": "planner.value",
    }


def test_a_turn_without_news_says_nothing_more(desk: Desk, make: Any) -> None:
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    desk.turn()
    said = len(desk.room.audit.events)
    desk.turn()
    assert len(desk.room.audit.events) == said
    desk.start()  # as after a fail-over with the same files
    desk.turn()
    assert desk.room.kinds[said:] == ["plan"]


def test_what_is_no_longer_worth_it_goes_back(desk: Desk, make: Any) -> None:
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    desk.turn()
    first = desk.scheduler.all_jobs[0]
    desk.scheduler.all_jobs = tuple(job for job in desk.scheduler.all_jobs if job is not first)  # the host is free
    made = desk.turn()
    assert made.steered is not None
    assert (made.steered.back, desk.queue_of("1")) == (("1",), "general")
    assert [fields["why"] for fields in desk.told("unchosen")] == [
        "no longer worth it: its wait of 0 s is worth $0.00, a run of 2.0 h on a node of cpu costs $1.42"
    ]


def test_shadow_plans_and_tells_and_moves_nothing(desk: Desk, make: Any) -> None:
    desk.room.change(mode="shadow")
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    made = desk.turn()
    assert made.mode == "shadow"
    assert made.plan is not None
    assert made.plan.chosen == {"1"}
    assert desk.queue_of("1") == "general"
    assert desk.room.kinds == ["plan", "chosen"]
    desk.turn()
    assert desk.room.kinds == ["plan", "chosen"]


def test_what_cannot_be_asked_plans_and_moves_nothing_and_keeps_the_last_plan(desk: Desk, make: Any) -> None:
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    desk.turn()
    before = desk.path.read_bytes()
    desk.scheduler.down = True
    made = desk.turn()
    assert (made.plan, made.observed) == (None, None)
    text = "nothing is planned or moved: bjobs gave no answer: LSF is down"
    assert [(one.what, one.text) for one in made.problems] == [("plan", text)]
    assert desk.room.audit.events[-1].fields == {"what": "plan", "message": text}
    desk.scheduler.down = False
    desk.room.cloud.fail_next = TryAgain("EC2 is down")
    assert "EC2 is down" in desk.turn().problems[0].text
    desk.traits = Silent(desk.scheduler)
    assert "bjobs -UF 1 did not answer in time" in desk.turn().problems[0].text
    assert desk.path.read_bytes() == before


def test_a_plan_that_cannot_be_written_moves_nothing(desk: Desk, make: Any) -> None:
    desk.path.mkdir(parents=True)
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    made = desk.turn()
    assert "cannot be written" in made.problems[0].text
    assert made.plan is not None
    assert (made.steered, desk.queue_of("1")) == (None, "general")


def test_lsf_that_goes_away_while_jobs_are_moved_is_a_problem_of_steering(desk: Desk, make: Any) -> None:
    class Broken(FakeSteers):
        def switch(self, job_ids: Sequence[str], queue: str) -> Mapping[str, str]:
            raise SiteUnavailable(f"bswitch {queue} {' '.join(job_ids)} gave no answer")

    desk.steers = Broken(desk.scheduler, desk.traits)
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    made = desk.turn()
    assert [one.what for one in made.problems] == ["steering"]


def test_a_refused_job_makes_no_node_wanted_in_the_next_turn(desk: Desk, make: Any) -> None:
    desk.steers.refusing["1"] = "User cannot use the queue"
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    desk.turn()
    desk.room.now += 30
    made = desk.turn()
    assert made.plan is not None
    assert made.plan.wants == {}
    assert made.plan.jobs[0].why.startswith("LSF refused to move it")


def test_a_plan_reaches_the_job_that_is_asked_about(desk: Desk, make: Any) -> None:
    settings = replace(desk.room.settings, planner=replace(desk.room.settings.planner, depth=1))
    desk.room.settings = settings
    desk.submit(*(make.job(str(n), slots=8, run_limit_s=7200.0) for n in (1, 2, 3, 4)))
    seen = observe(desk.scheduler, desk.provider)
    assert (place_of("3", seen, settings), place_of("900", seen, settings)) == (2, -1)
    ground = Ground(traits=desk.traits)
    assert [one.job.job_id for one in make_plan(seen, settings, ground, "3").jobs] == ["1", "2", "3"]
    assert [one.job.job_id for one in make_plan(seen, settings, ground, "1").jobs] == ["1"]
    assert len(make_plan(seen, settings, Ground()).jobs) == 1


def test_of_two_services_on_one_directory_one_plans_and_the_other_knows_its_moves(desk: Desk, make: Any) -> None:
    desk.start("master1")
    first = desk.planning
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    assert (desk.turn().standby, desk.queue_of("1")) == ("", "burst")
    desk.room.now += 30
    desk.start("master2")
    assert desk.turn().standby == "the service of master1 planned 30 s ago"
    desk.room.now += 300  # master1 has ended
    full, *others = desk.scheduler.all_jobs
    desk.scheduler.all_jobs = tuple(others)
    assert (desk.turn().standby, desk.queue_of("1")) == ("", "general")
    desk.scheduler.all_jobs = (full, *desk.scheduler.all_jobs)
    desk.room.now += 300
    desk.planning = first
    assert (desk.turn().standby, desk.queue_of("1")) == ("", "burst")


def test_two_services_never_plan_at_once(desk: Desk, make: Any) -> None:
    desk.submit(make.job("1", slots=8, run_limit_s=7200.0))
    with if_free(desk.path.with_suffix(".lock")):
        assert (desk.turn().standby, desk.queue_of("1")) == ("another service plans now", "general")
    assert (desk.turn().standby, desk.queue_of("1")) == ("", "burst")
