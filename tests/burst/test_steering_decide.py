"""Which jobs are moved, and why the others stay: the matrix of what LSF shows against what the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.planner.values import Candidate, Length, Plan, PlannedJob
from burst.steering.decide import decide
from burst.steering.memory import BACK, MOVED, MOVING, NOT_MOVED, Memory, Refusal, Trace
from burst.steering.moves import Moves, Seen
from burst.steering.words import barred, excluded, home, is_chosen, steerable
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import Event, JobStatus
from ris_hybrid.planner_settings import Exclude, Planner, Steering
from tests.conftest import NOW, Make

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.model import Job, Queue

QUEUES = {"general": "general-burst", "long": "long-burst"}
BY_QUEUE = Planner(steering=Steering(queues=QUEUES))
BY_FLAG = Planner(steering=Steering(way="flag"))
DOORS = tuple(Make.queue(name) for name in (*QUEUES, *QUEUES.values()))
OURS, THEIRS = "select[(risburst) && (mem>9)]", "select[risburst]"


def planned(job_id: str, *, chosen: bool) -> PlannedJob:
    candidate = Candidate(
        job_id=job_id, queue="general", lab="lee", slots=1, length=Length(seconds=60, source=""), pend_s=1, value=0.1
    )
    return PlannedJob(
        job=candidate,
        wait_s=1,
        pool="cpu",
        purchase="on-demand",
        boot_s=1,
        cores=1,
        usd_per_core_hour=1,
        worth_usd=1,
        cost_usd=1,
        chosen=chosen,
        why="worth it" if chosen else "not worth it",
    )


def plan_of(**chosen: bool) -> Plan:
    return Plan(at=NOW, jobs=tuple(planned(name.removeprefix("j"), chosen=word) for name, word in chosen.items()))


def seen(*jobs: Job, **fields: Any) -> Seen:
    return Seen(**{"now": NOW, "jobs": jobs, "queues": DOORS, "memory": Memory(since=0.0)} | fields)


def one(moves: Moves) -> tuple[str, str]:
    """What is done with the only job: kind and target, or ``stays`` and why, or nothing."""
    if moves.moves:
        (move,) = moves.moves
        return move.kind, move.target
    return ("stays", moves.stays[0].why) if moves.stays else ("", "")


def memory(kind: str, target: str) -> Memory:
    return Memory(since=0.0, traces={"1": Trace(kind=kind, target=target)})


HOME, THERE = "general", "general-burst"
LEFT_THERE, LEFT_OUT = "put it into general-burst: left there", "took the job out of the burst queue"
MATRIX: tuple[tuple[str, bool, Memory, tuple[str, str]], ...] = (
    (HOME, True, Memory(since=0.0), ("chosen", THERE)),
    (HOME, True, Memory(), ("chosen", THERE)),
    (HOME, True, memory(MOVING, THERE), ("chosen", THERE)),  # killed before the command
    (HOME, True, memory(MOVED, THERE), ("stays", LEFT_OUT)),
    (HOME, True, memory(MOVING, HOME), ("chosen", THERE)),  # killed behind the command that took it back
    (HOME, True, memory(BACK, HOME), ("chosen", THERE)),
    (HOME, False, Memory(), ("", "")),
    (HOME, False, memory(MOVED, THERE), ("", "")),
    (THERE, True, Memory(), ("", "")),
    (THERE, True, Memory(since=0.0), ("", "")),
    (THERE, False, memory(MOVED, THERE), ("released", HOME)),
    (THERE, False, memory(MOVING, THERE), ("released", HOME)),  # killed behind the command
    (THERE, False, memory(MOVING, HOME), ("released", HOME)),  # killed before the command that takes it back
    (THERE, False, memory(BACK, HOME), ("stays", LEFT_THERE)),
    (THERE, False, Memory(since=0.0), ("stays", LEFT_THERE)),
    (THERE, False, Memory(), ("released", HOME)),  # nothing is remembered
    (THERE, False, Memory(since=NOW - 600), ("released", HOME)),  # as old as all we know
    (THERE, False, Memory(since=NOW - 601), ("stays", LEFT_THERE)),
)


@pytest.mark.parametrize(("queue", "chosen", "remembered", "expected"), MATRIX)
def test_where_a_job_is_and_where_the_plan_wants_it(
    queue: str, chosen: bool, remembered: Memory, expected: tuple[str, str]
) -> None:
    kind, what = one(decide(plan_of(j1=chosen), seen(Make.job(queue=queue), memory=remembered), BY_QUEUE))
    assert kind == expected[0]
    assert expected[1] in what


FLAGS: tuple[tuple[str | None, bool, Memory, tuple[str, str]], ...] = (
    ("mem>9", True, Memory(), ("chosen", "risburst")),
    ("", True, memory(BACK, "risburst"), ("chosen", "risburst")),
    ("", True, memory(MOVED, "risburst"), ("stays", "took the flag out of its requirement")),
    ("", False, Memory(), ("", "")),
    (OURS, True, Memory(), ("", "")),
    (OURS, False, Memory(since=0.0), ("released", "risburst")),
    (THEIRS, True, Memory(), ("stays", "its owner's own requirement names risburst")),
    (THEIRS, False, Memory(), ("", "")),
    ("1*{a} + 2*{b}", True, Memory(), ("stays", "cannot be edited safely: it is compound")),
    (None, True, Memory(), ("stays", "its own resource requirement is not known")),
    (None, False, Memory(), ("", "")),
)


@pytest.mark.parametrize(("resreq", "chosen", "remembered", "expected"), FLAGS)
def test_the_flag_of_a_job_and_what_the_plan_wants(
    resreq: str | None, chosen: bool, remembered: Memory, expected: tuple[str, str]
) -> None:
    world = seen(Make.job(), memory=remembered, traits={"1": JobTraits(resreq=resreq)})
    kind, what = one(decide(plan_of(j1=chosen), world, BY_FLAG))
    assert kind == expected[0]
    assert expected[1] in what


def test_a_move_by_flag_carries_the_whole_requirement() -> None:
    traits = {"1": JobTraits(resreq="mem>9 order[ut]"), "2": JobTraits(resreq=OURS)}
    moves = decide(plan_of(j1=True, j2=False), seen(Make.job("1"), Make.job("2"), traits=traits), BY_FLAG).moves
    assert [move.resreq for move in moves] == ["select[mem>9]", "(risburst) && (mem>9) order[ut]"]


def test_a_job_nothing_is_known_of_and_one_under_a_compound_queue_are_left() -> None:
    compound = {"2": JobTraits(combined="1*{select[a]} + 3*{select[b]}")}
    moves = decide(plan_of(j1=True, j2=True), seen(Make.job("1"), Make.job("2"), traits=compound), BY_FLAG)
    assert [stay.why[:40] for stay in moves.stays] == [
        "its own resource requirement is not know",
        "its queue or application requires someth",
    ]


@pytest.mark.parametrize(
    "exclude",
    [
        Exclude(jobs=("7",)),
        Exclude(jobs=("7[3]",)),
        Exclude(users=("ann",)),
        Exclude(labs=("lee",)),
        Exclude(queues=("general",)),
        Exclude(projects=("p",)),
    ],
)
@pytest.mark.parametrize(("queue", "chosen"), [(HOME, True), (THERE, False)])
def test_a_job_the_admin_excluded_is_never_touched(exclude: Exclude, queue: str, chosen: bool) -> None:
    planner = Planner(steering=BY_QUEUE.steering, exclude=exclude)
    job = Make.job("7[3]", queue=queue, project="p")
    plan = Plan(at=NOW, jobs=(planned("7[3]", chosen=chosen),))
    moves = decide(plan, seen(job, memory=Memory()), planner)
    assert not moves.moves
    assert "excluded (planner.exclude." in moves.stays[0].why
    assert "excluded" in barred(job, None, DOORS, planner)
    assert not decide(Plan(at=NOW, jobs=(planned("7[3]", chosen=not chosen),)), seen(job), planner).stays


def test_a_burst_queue_can_be_excluded_by_its_own_name() -> None:
    assert excluded(Make.job(queue=THERE), Exclude(queues=(THERE,)), BY_QUEUE.steering)
    assert not excluded(Make.job("70"), Exclude(jobs=("7",)), BY_QUEUE.steering)


@pytest.mark.parametrize("status", [word for word in JobStatus if word is not JobStatus.PEND])
@pytest.mark.parametrize(("queue", "chosen"), [(HOME, True), (THERE, False)])
def test_only_pending_jobs_are_moved(status: JobStatus, queue: str, chosen: bool) -> None:
    moves = decide(plan_of(j1=chosen), seen(Make.job(status=status, queue=queue), memory=Memory()), BY_QUEUE)
    assert one(moves) == ("stays", f"it is {status}, only PEND jobs are moved")


def shut(name: str, **fields: bool) -> tuple[Queue, ...]:
    return tuple(Make.queue(one.name, **(fields if one.name == name else {})) for one in DOORS)


@pytest.mark.parametrize(
    ("doors", "why"),
    [
        (shut(THERE, is_open=False), "queue general-burst is closed"),
        (shut(THERE, is_active=False), "queue general-burst is inactive"),
        (DOORS[:3], "LSF has no queue long-burst"),
    ],
)
def test_nothing_is_moved_into_a_queue_that_takes_or_starts_no_jobs(doors: tuple[Queue, ...], why: str) -> None:
    queue = "long" if "long" in why else HOME
    job = Make.job(queue=queue)
    assert one(decide(plan_of(j1=True), seen(job, queues=doors), BY_QUEUE)) == (
        "stays",
        f"{why}: nothing is moved into it",
    )
    assert barred(job, None, doors, BY_QUEUE) == why
    there = why if "inactive" in why else ""  # no node would be used by those in it, so they go back
    assert barred(Make.job(queue=QUEUES[queue]), None, doors, BY_QUEUE) == there


def test_a_closed_home_keeps_its_jobs_in_the_burst_queue() -> None:
    world = seen(Make.job(queue=THERE), queues=shut(HOME, is_open=False), memory=Memory())
    assert one(decide(plan_of(j1=False), world, BY_QUEUE)) == (
        "stays",
        "queue general is closed: nothing is moved into it",
    )


def test_jobs_of_a_queue_without_a_burst_queue_are_not_chosen_in_the_first_place() -> None:
    why = "queue other has no burst queue (planner.steering.queues)"
    assert steerable("other", BY_QUEUE) == barred(Make.job(queue="other"), None, DOORS, BY_QUEUE) == why
    assert one(decide(plan_of(j1=True), seen(Make.job(queue="other")), BY_QUEUE)) == ("stays", why)
    assert steerable(HOME, BY_QUEUE) == steerable(THERE, BY_QUEUE) == steerable("other", BY_FLAG) == ""
    assert (home(THERE, BY_QUEUE.steering), home("other", BY_QUEUE.steering)) == (HOME, "other")
    assert home(THERE, BY_FLAG.steering) == THERE


def test_what_bars_a_job_by_flag() -> None:
    assert barred(Make.job(), JobTraits(), (), BY_FLAG) == ""
    assert barred(Make.job(), JobTraits(resreq=OURS, combined="{"), (), BY_FLAG) == ""
    assert "not known" in barred(Make.job(), None, (), BY_FLAG)
    assert is_chosen(Make.job(), JobTraits(resreq=OURS), BY_FLAG.steering)
    assert not is_chosen(Make.job(queue=THERE), JobTraits(resreq=THEIRS), BY_FLAG.steering)


def test_a_job_that_lsf_refused_is_asked_for_again_later_and_later() -> None:
    for times, pause in ((1, 60), (2, 120), (4, 480), (99, 3600)):
        refusal = Refusal(at=NOW - pause, times=times, why="User cannot use the queue")
        again = seen(Make.job(), memory=Memory(since=0.0, refusals={"1": refusal}))
        assert one(decide(plan_of(j1=True), again, BY_QUEUE))[0] == "chosen"
        early = Seen(now=NOW - 1, jobs=again.jobs, queues=DOORS, memory=again.memory)
        assert "LSF refused lately" in one(decide(plan_of(j1=True), early, BY_QUEUE))[1]


def test_jobs_that_ended_since_are_passed_over() -> None:
    assert decide(plan_of(j1=True, j2=False), seen(), BY_QUEUE) == Moves()


def test_memory_is_made_of_the_audit_log_and_forgets_ended_jobs() -> None:
    events = [
        Event(at=NOW - 9, kind="launched", fields={"jobs": ["9"]}),
        Event(at=NOW - 8, kind=MOVING, fields={"jobs": ["1", "2"], "target": THERE}),
        Event(at=NOW - 8, kind=MOVED, fields={"jobs": ["1"], "target": THERE}),
        Event(at=NOW - 8, kind=NOT_MOVED, fields={"jobs": ["2"], "target": THERE, "why": "no"}),
        Event(at=NOW - 7, kind=NOT_MOVED, fields={"jobs": ["2"], "target": THERE, "why": "no again"}),
        Event(at=NOW - 7, kind=NOT_MOVED, fields={"unsure": ["3"], "target": THERE, "why": "LSF is down"}),
        Event(at=NOW - 6, kind=BACK, fields={"jobs": "odd"}),
    ]
    found = Memory().after(events)
    assert found.since == NOW - 9
    assert found.traces == {"1": Trace(kind=MOVED, target=THERE), "2": Trace(kind=MOVING, target=THERE)}
    assert found.refusals == {"2": Refusal(at=NOW - 7, times=2, why="no again")}
    later = found.after([Event(at=NOW, kind=BACK, fields={"jobs": ["2"], "target": HOME})])
    assert (later.since, later.refusals) == (NOW - 9, {})
    assert later.within(["2"]).traces == {"2": Trace(kind=BACK, target=HOME)}


def test_what_was_done_to_a_job_that_had_the_number_before_does_not_count() -> None:
    week = 7 * 86_400
    found = Memory(since=0.0).after([Event(at=NOW - week, kind=MOVED, fields={"jobs": ["1"], "target": THERE})])
    assert found.taken_from("1", THERE, NOW)
    assert found.put_there("1", NOW)
    assert not found.taken_from("1", THERE, NOW + 1)
    assert not found.put_there("1", NOW + 1)


IDS = st.lists(st.integers(1, 9).map(str), max_size=12)


@given(
    chosen=st.lists(st.tuples(st.integers(1, 9).map(str), st.booleans()), max_size=12),
    queues=st.dictionaries(st.integers(1, 9).map(str), st.sampled_from([*QUEUES, *QUEUES.values(), "other"])),
    excluded_ids=IDS,
    most=st.integers(0, 5),
)
def test_never_twice_never_an_excluded_job_and_never_more_than_allowed(
    chosen: list[tuple[str, bool]], queues: Mapping[str, str], excluded_ids: list[str], most: int
) -> None:
    planner = Planner(steering=Steering(queues=QUEUES, moves_per_turn=most), exclude=Exclude(jobs=tuple(excluded_ids)))
    jobs = [Make.job(job_id, queue=queue) for job_id, queue in queues.items()]
    plan = Plan(at=NOW, jobs=tuple(planned(job_id, chosen=word) for job_id, word in chosen))
    moves = decide(plan, seen(*jobs, memory=Memory()), planner)
    ids = [move.job_id for move in moves.moves]
    assert len(ids) == len(set(ids)) <= most
    assert not set(ids) & set(excluded_ids)
    assert not set(ids) & {stay.job_id for stay in moves.stays}
    for move in moves.moves:
        there = queues[move.job_id] in QUEUES.values()
        assert move.kind == ("released" if there else "chosen")
        assert (move.target in QUEUES) == there
    kinds = [move.kind for move in moves.moves]
    assert kinds == sorted(kinds, reverse=True)
