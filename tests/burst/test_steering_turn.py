"""One turn's moves carried out: what is written before and after, what a refusal leaves, and a kill at every step."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit
from burst.history import concerns
from burst.planner.values import Plan
from burst.steering.memory import BACK, MOVED, MOVING, NOT_MOVED, Memory
from burst.steering.moves import Seen
from burst.steering.turn import Steered, take
from onprem.lsf.fake import FakeScheduler
from onprem.lsf.traits_fake import FakeSteers, FakeTraits
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import JobStatus
from ris_hybrid.planner_settings import Planner, Steering
from tests.burst.test_steering_decide import QUEUES, planned
from tests.conftest import NOW, Make

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.provider import Provider
    from ris_hybrid.model import Event

WAYS = {"queue": Steering(queues=QUEUES), "flag": Steering(way="flag")}
OWN = "mem>9 order[ut]"


class Killed(BaseException):
    """The service is gone: no handler of ours may see it."""


class World:
    """An LSF with jobs 1 to 4 and 7[1], and what the service knows; ``kill_at`` counts its steps down."""

    def __init__(self, way: str, room: Any, *, log: bool = True) -> None:
        jobs = tuple(Make.job(job_id) for job_id in ("1", "2", "3", "4", "7[1]"))
        self.scheduler = FakeScheduler(jobs, queues=[Make.queue(one) for one in (*QUEUES, *QUEUES.values())])
        self.traits = FakeTraits(self.scheduler, {job.job_id: JobTraits(resreq=OWN) for job in jobs})
        self.steers = FakeSteers(self.scheduler, self.traits)
        self.steering = WAYS[way]
        self.log = log
        self.audit = Killer(self)
        self.kill_at = 10**9
        self.room = room
        self.commands: list[Sequence[str]] = []

    def step(self) -> None:
        self.kill_at -= 1
        if self.kill_at < 0:
            raise Killed

    def switch(self, job_ids: Sequence[str], queue: str) -> Mapping[str, str]:
        self.step()
        self.commands.append(job_ids)
        done = self.steers.switch(job_ids, queue)
        self.step()
        return done

    def require(self, job_id: str, resreq: str) -> str:
        self.step()
        self.commands.append([job_id])
        done = self.steers.require(job_id, resreq)
        self.step()
        return done

    def provider(self, mode: str = "planned", **steering: Any) -> Provider:
        planner = Planner(steering=dataclasses.replace(self.steering, **steering))
        self.room.audit = self.audit
        self.room.change(mode=mode, planner=planner)
        provider: Provider = self.room.provider
        return provider

    def turn(self, chosen: str, memory: Memory | None = None, **options: Any) -> Steered:
        """A turn of a service that has just started: it knows what the audit log says."""
        enough = options.pop("enough", lambda: False)
        jobs = self.scheduler.jobs()
        plan = Plan(at=NOW, jobs=tuple(planned(job.job_id, chosen=job.job_id[0] in chosen) for job in jobs))
        remembered = Memory().after(self.audit.events if self.log else ()) if memory is None else memory
        seen = Seen(
            now=NOW,
            jobs=jobs,
            queues=self.scheduler.queues(),
            traits=self.traits.traits([job.job_id for job in jobs]),
            memory=remembered,
        )
        return take(plan, seen, self.provider(**options), self, enough)

    def there(self) -> set[str]:
        """The jobs that only the cloud's nodes will run."""
        if self.steering.way == "queue":
            return {job.job_id for job in self.scheduler.jobs() if job.queue == "general-burst"}
        return {one for one, said in self.traits.said.items() if "risburst" in (said.resreq or "")}


class Killer(FakeAudit):
    """The audit log of a world; a step of its own."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def record(self, event: Event) -> None:
        self.world.step()
        super().record(event)
        self.world.step()


@pytest.fixture(params=WAYS)
def world(request: pytest.FixtureRequest, new_room: Any) -> World:
    return World(request.param, new_room())


def kinds(world: World) -> list[str]:
    return [event.kind for event in world.audit.events]


def test_chosen_jobs_go_and_come_back_and_both_are_written_down(world: World) -> None:
    first = world.turn("127")
    assert set(first.moved) == world.there() == {"1", "2", "7[1]"}
    again = world.turn("127", first.memory)
    assert (again.moves.moves, again.moved, world.there()) == ((), (), {"1", "2", "7[1]"})
    last = world.turn("1", again.memory)
    assert set(last.back) == {"2", "7[1]"}
    assert world.there() == {"1"}
    assert world.traits.said["2"].resreq == OWN
    moved = [event for event in world.audit.events if concerns(event, frozenset({"7[1]"}))]
    assert [event.kind for event in moved] == [MOVING, MOVED, MOVING, BACK]


@pytest.mark.parametrize("mode", ["thresholds", "shadow"])
def test_other_modes_move_nothing(world: World, mode: str) -> None:
    assert world.turn("12", mode=mode).moves.moves == ()
    assert (world.commands, world.audit.events) == ([], [])


def test_what_lsf_refuses_stays_is_said_and_is_not_asked_again_at_once(world: World) -> None:
    world.steers.refusing = {"2": "Job <2>: User cannot use the queue", "3": "Job <3>: User cannot use the queue"}
    found = world.turn("1234")
    assert set(found.moved) == {"1", "4"} == world.there()
    assert set(found.refused) == {"2", "3"}
    assert NOT_MOVED in kinds(world)
    world.commands.clear()
    second = world.turn("1234", found.memory)
    assert world.commands == []
    assert {stay.job_id for stay in second.moves.stays} == {"2", "3"}


def test_jobs_that_started_or_ended_meanwhile_harm_nothing(world: World) -> None:
    jobs = world.scheduler.all_jobs
    plan = Plan(at=NOW, jobs=tuple(planned(job.job_id, chosen=True) for job in jobs))
    seen = Seen(now=NOW, jobs=jobs, queues=world.scheduler.queues(), traits=dict(world.traits.said))
    world.scheduler.all_jobs = (jobs[0]._replace(status=JobStatus.RUN), *jobs[2:])
    found = take(plan, seen, world.provider(), world)
    assert "2" not in found.moved
    assert {"3", "4", "7[1]"} <= world.there()
    assert not found.problems


def test_without_an_answer_nothing_more_is_tried(world: World) -> None:
    memory = world.turn("12").memory
    world.scheduler.down = True
    world.commands.clear()
    jobs = world.scheduler.all_jobs
    plan = Plan(at=NOW, jobs=tuple(planned(job.job_id, chosen=job.job_id in "34") for job in jobs))
    seen = Seen(now=NOW, jobs=jobs, queues=world.scheduler.all_queues, traits=dict(world.traits.said), memory=memory)
    found = take(plan, seen, world.provider(), world)
    assert len(world.commands) == 1
    assert found.problems[0].startswith("steering: ")
    assert found.left
    assert not found.memory.refusals
    assert world.audit.events[-1].fields["unsure"]


def test_the_turn_ends_in_time(world: World) -> None:
    found = world.turn("1234", enough=lambda: bool(world.commands))
    assert len(world.commands) == 1
    assert set(found.left) | set(found.moved) == {"1", "2", "3", "4"}


def test_at_most_moves_per_turn_and_the_rest_follows(world: World) -> None:
    found = world.turn("1234", moves_per_turn=3)
    assert len(found.moved) == 3
    assert "moves_per_turn (3) is reached" in found.moves.stays[0].why
    assert world.turn("1234", found.memory, moves_per_turn=3).moved
    assert world.there() == {"1", "2", "3", "4"}


def test_a_hundred_jobs_go_in_one_command(new_room: Any) -> None:
    world = World("queue", new_room())
    world.scheduler.all_jobs = tuple(Make.job(f"1{number:03}") for number in range(250))
    assert len(world.turn("1").moved) == 250
    assert [len(ids) for ids in world.commands] == [100, 100, 50]


@pytest.mark.parametrize("log", [True, False], ids=["with the log", "log lost"])
@pytest.mark.parametrize("way", WAYS)
def test_killed_at_any_step_the_next_turn_ends_in_the_same_state(
    way: str, log: bool, new_room: Any, record_property: Any
) -> None:
    """First 1, 2 and 3 are chosen; in the turn that is killed 2 and 3 are let go and 4 is chosen."""
    steps = 0
    while True:
        world = World(way, new_room(), log=log)
        world.turn("123")
        world.kill_at = steps
        try:
            world.turn("14")
        except Killed:
            world.kill_at = 10**9
            world.turn("14")
        else:
            break
        assert world.there() == {"1", "4"}, f"killed at step {steps}"
        assert all(said.resreq == OWN for one, said in world.traits.said.items() if one not in {"1", "4"})
        world.turn("")
        assert world.there() == set(), f"killed at step {steps}"
        steps += 1
    assert steps > 8
    record_property("counts", f"kill matrix of steering, way {way}, log {log}: {steps} places")


@pytest.mark.parametrize("way", WAYS)
def test_killed_while_the_first_job_goes_it_is_ours_all_the_same(way: str, new_room: Any) -> None:
    steps = 0
    while True:
        world = World(way, new_room())
        world.kill_at = steps
        try:
            world.turn("1")
        except Killed:
            pass
        else:
            break
        world.kill_at = 10**9
        world.turn("")
        assert world.there() == set(), f"killed at step {steps}"
        steps += 1
    assert steps >= 6


def test_a_job_that_is_put_or_taken_by_hand_stays_where_it_was_put(world: World) -> None:
    memory = world.turn("1").memory
    if world.steering.way == "queue":
        world.steers.switch(["1"], "general")
        world.steers.switch(["2"], "general-burst")
    else:
        world.steers.require("1", OWN)
        world.steers.require("2", "select[risburst]")
    by_hand = world.there()
    young = dataclasses.replace(memory, since=NOW - 10_000)
    for chosen in ("12", "", "1"):
        young = world.turn(chosen, young).memory
        assert world.there() == by_hand == {"2"}
