from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.decide import decide, decide_all, gate_met, serves
from burst.fleet import commit_usd
from ris_hybrid.model import MachineState, PoolMarks
from ris_hybrid.settings import Budget, Caps, Gate, Release


def said(decision: Any) -> list[tuple[str, str]]:
    return [(reason.stage, reason.text) for reason in decision.reasons]


def test_a_decision_with_every_reason(make: Any) -> None:
    pressure = make.pressure(make.group(jobs=20, slots=100))
    settings = make.settings(caps=Caps(nodes=10), gates=(Gate(pending_jobs=5, for_minutes=10),))
    fleet = make.fleet(make.machine(launched=make.now - 10))

    decision = decide(settings.pools[0], "lee", pressure, fleet, settings, new_demand=11)

    assert said(decision) == [
        ("gate", "general open: 20 jobs pending for 10 min (gate 5)"),
        ("pressure", "20 jobs wait for 100 slots, 8 slots are starting: 12 nodes of 8"),
        ("demand", "LSF asks for 11 new nodes"),
        ("cap", "all pools: 1 of 10 nodes are up"),
    ]
    assert (decision.nodes, decision.pending_jobs, decision.pending_slots) == (9, 20, 100)
    assert decision.usd_committed == pytest.approx(9 * 0.68)
    assert decision.why.startswith("gate: general open: 20 jobs")
    assert decision.why.endswith("; cap: all pools: 1 of 10 nodes are up")


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate(), ""),  # no figure, never met
        (Gate(pending_jobs=3), "3 jobs pending for 0 min (gate 3)"),
        (Gate(pending_jobs=4), ""),
        (Gate(pending_jobs=2, for_minutes=10), "2 jobs pending for 10 min (gate 2)"),
        (Gate(pending_jobs=3, for_minutes=10), ""),
        (Gate(pending_slots=24), "24 pending slots (gate 24)"),
        (Gate(pending_slots=25), ""),
        (Gate(expected_wait_minutes=90), "expected wait 90 min (gate 90)"),
        (Gate(expected_wait_minutes=91), ""),
        (Gate(pending_jobs=1, pending_slots=25), ""),
        (
            Gate(pending_jobs=1, pending_slots=1, expected_wait_minutes=0.5),
            "3 jobs pending for 0 min (gate 1), 24 pending slots (gate 1), expected wait 90 min (gate 0.5)",
        ),
    ],
)
def test_a_gate_is_met_when_every_figure_is_reached(make: Any, gate: Gate, words: str) -> None:
    groups = [
        make.group(jobs=2, slots=20, waits_s=(600.0, 60.0), expected_wait_s=5400.0),
        make.group(lab="wu", jobs=1, slots=4, waits_s=(700.0,), expected_wait_s=60.0),
    ]
    assert gate_met(gate, groups) == words
    assert gate_met(gate, []) == ""


GATE = (Gate(pending_jobs=10, pending_slots=100), Gate(pending_slots=50))
RELEASE = Release(pending_jobs=4, pending_slots=20)


@pytest.mark.parametrize(
    ("jobs", "slots", "state", "opened"),
    [
        (9, 49, None, False),
        (9, 50, None, True),  # the second gate alone
        (10, 100, None, True),
        (9, 49, MachineState.RUNNING, True),  # nodes are up: held open until below release
        (4, 4, MachineState.RUNNING, True),
        (3, 20, MachineState.PENDING, True),
        (3, 19, MachineState.RUNNING, False),
        (9, 49, MachineState.TERMINATED, False),  # the last node is gone: the launch gates hold again
        (9, 49, "returned", False),  # a node asked back is none
        (9, 49, "other pool", False),
    ],
)
def test_gate_and_release(make: Any, jobs: int, slots: int, state: Any, opened: bool) -> None:
    fields = {"returned": {"return_id": "ret-1"}, "other pool": {"pool": "gpu"}}.get(state, {"state": state})
    fleet = make.fleet(*([] if state is None else [make.machine(**fields)]))
    settings = make.settings(gates=GATE, release=RELEASE)
    decision = decide(settings.pools[0], "lee", make.pressure(make.group(jobs=jobs, slots=slots)), fleet, settings)
    assert (decision.nodes > 0) == opened
    stage, text = said(decision)[0]
    assert stage == "gate"
    assert text.startswith("general open" if opened else f"general closed: {jobs} jobs, {slots} slots meet no gate")


def test_a_gate_kept_open_says_why(make: Any) -> None:
    settings = make.settings(gates=GATE, release=RELEASE)
    pressure = make.pressure(make.group(jobs=5, slots=9))
    decision = decide(settings.pools[0], "lee", pressure, make.fleet(make.machine()), settings)
    assert said(decision)[0][1] == "general open: nodes are up and 5 jobs, 9 slots are not below release"


@pytest.mark.parametrize(
    ("held_s", "serves", "queue", "opened"),
    [
        (60.0, ("general",), "general", True),
        (0.0, ("general",), "general", False),  # it may still give some itself
        (60.0, ("other",), "general", False),  # it serves none of them
        (60.0, ("general",), "night", False),  # a queue it does not serve keeps its own gate
    ],
)
def test_a_pool_without_capacity_hands_its_open_gate_on(
    make: Any, held_s: float, serves: tuple[str, ...], queue: str, opened: bool
) -> None:
    """Two jobs are left of many, too few to open a gate anew; the first pool has a node up and no more to give."""
    settings = make.settings(
        gates=(Gate(pending_jobs=10),), pools=(make.pool(queues=serves), make.pool("next")), release=Release()
    )
    marks = {"cpu": PoolMarks(held_until=make.now + held_s, held_for="NoValidHost")}
    fleet = make.fleet(make.machine(joined=make.now - 600), marks=marks)
    pressure = make.pressure(make.group(jobs=2, slots=16, queue=queue))
    decision = decide(settings.pools[1], "lee", pressure, fleet, settings)
    assert (decision.nodes > 0) is opened


def test_a_gate_looks_at_a_queue_with_all_its_labs(make: Any) -> None:
    settings = make.settings(gates=(Gate(pending_jobs=10),))
    pressure = make.pressure(make.group(jobs=9), make.group(lab="wu", jobs=1), make.group(queue="slow", jobs=9))
    fleet = make.fleet()
    assert decide(settings.pools[0], "wu", pressure, fleet, settings).nodes == 1
    assert decide(settings.pools[0], "lee", pressure, fleet, settings).pending_jobs == 9  # not those of slow


@pytest.mark.parametrize(
    ("groups", "text"),
    [
        ([], "no eligible pending job of lee that cpu serves"),
        ([{"lab": "wu", "jobs": 9}], "no eligible pending job of lee that cpu serves"),
        ([{"jobs": 1}], "no open queue for lee"),
        ([{"lab": "wu", "jobs": 9}, {"queue": "slow", "jobs": 1}], "lee has no job in an open queue"),
    ],
)
def test_no_nodes_is_a_decision_with_a_reason(make: Any, groups: list[dict[str, Any]], text: str) -> None:
    settings = make.settings(gates=(Gate(pending_jobs=5),))
    pressure = make.pressure(*(make.group(**fields) for fields in groups))
    decision = decide(settings.pools[0], "lee", pressure, make.fleet(), settings)
    assert (decision.nodes, said(decision)[-1]) == (0, ("pressure", text))


def test_jobs_without_a_lab_are_named_by_lsfs_word(make: Any) -> None:
    settings = make.settings()
    decision = decide(settings.pools[0], "", make.pressure(), make.fleet(), settings)
    assert decision.why == "pressure: no eligible pending job of default that cpu serves"


@pytest.mark.parametrize(
    ("queues", "labs", "served"),
    [
        ((), (), True),
        (("general",), (), True),
        (("slow",), (), False),
        ((), ("wu",), False),
        (("general",), ("lee",), True),
    ],
)
def test_which_jobs_a_pool_serves(make: Any, queues: tuple[str, ...], labs: tuple[str, ...], served: bool) -> None:
    assert serves(make.pool(queues=queues, labs=labs), "general", "lee") is served


def test_pools_are_asked_by_priority_and_share_the_caps(make: Any) -> None:
    pools = (make.pool("b"), make.pool("a"), make.pool("first", priority=20, max_nodes=2))
    settings = make.settings(pools=pools, caps=Caps(nodes=5))
    decisions = decide_all(make.pressure(make.group(jobs=48)), make.fleet(), settings)
    assert [(decision.pool, decision.nodes) for decision in decisions] == [("first", 2), ("a", 3), ("b", 0)]
    assert said(decisions[-1])[-1] == ("cap", "all pools: 5 of 5 nodes are up")


def test_two_pools_do_not_both_launch_for_the_same_jobs(make: Any) -> None:
    settings = make.settings(pools=(make.pool("a"), make.pool("b")), caps=Caps(nodes=100))
    decisions = decide_all(make.pressure(make.group(jobs=32)), make.fleet(), settings)
    assert [(decision.pool, decision.nodes) for decision in decisions] == [("a", 4), ("b", 0)]


def test_starting_nodes_of_a_pool_that_cannot_serve_the_jobs_do_not_count(make: Any) -> None:
    pools = (make.pool("mine"), make.pool("other", queues=("elsewhere",)))
    fleet = make.fleet(make.machine(pool="other", launched=make.now - 10))
    decision = decide(pools[0], "lee", make.pressure(make.group(jobs=16)), fleet, make.settings(pools=pools))
    assert decision.nodes == 2


def test_planned_nodes_are_paid_at_the_pools_dearest_type(make: Any) -> None:
    pools = tuple(make.pool(name, instance_types=("cheap", "dear"), purchase="spot") for name in "ab")
    settings = make.settings(
        pools=pools,
        prices={"cheap": 1.0, "dear": 10.0},
        budget=Budget(usd_per_month=25.0),
        rerunnable_queues=("general",),
    )
    decisions = decide_all(make.pressure(make.group(jobs=16)), make.fleet(), settings)
    assert [(decision.nodes, decision.usd_committed) for decision in decisions] == [(2, 20.0), (0, 0.0)]


@pytest.mark.parametrize(
    ("marks", "stage"),
    [(PoolMarks(off="broken image"), "off"), (PoolMarks(held_until=1_800_000_060.0, held_for="NoMore"), "hold")],
)
def test_demand_of_a_pool_that_is_off_or_held_goes_to_the_next(make: Any, marks: PoolMarks, stage: str) -> None:
    settings = make.settings(pools=(make.pool("a", priority=20), make.pool("b")))
    pressure = make.pressure(make.group(jobs=16))
    first, second = decide_all(pressure, make.fleet(marks={"a": marks}), settings)
    assert [(first.pool, first.nodes), (second.pool, second.nodes)] == [("a", 0), ("b", 2)]
    assert first.reasons[-1].stage == stage
    later = make.fleet(marks={"a": marks}, now=make.now + 60)
    nodes = [decision.nodes for decision in decide_all(pressure, later, settings)]
    assert nodes == ([0, 2] if stage == "off" else [2, 0])


@pytest.mark.parametrize(
    ("purchase", "queues", "nodes"),
    [
        ("on-demand", (), 1),
        ("spot", (), 0),
        ("mixed", (), 0),
        ("spot", ("general",), 1),
        ("mixed", ("general", "slow"), 1),
        ("spot", ("slow",), 0),
    ],
)
def test_a_spot_pool_takes_only_jobs_that_may_start_again(
    make: Any, purchase: str, queues: tuple[str, ...], nodes: int
) -> None:
    pools = (make.pool("cheap", purchase=purchase, priority=20), make.pool("cpu"))
    settings = make.settings(pools=pools, rerunnable_queues=queues)
    pressure = make.pressure(make.group(jobs=8))
    first, second = decide_all(pressure, make.fleet(), settings)
    assert (first.pool, first.nodes, second.nodes) == ("cheap", nodes, 1 - nodes)
    left_out = ("spot", "cheap takes no jobs of queue general: not rerunnable")
    assert (left_out in said(first)) == (nodes == 0)
    assert decide(pools[0], "lee", pressure, make.fleet(), settings).nodes == nodes


def test_spot_nodes_on_their_way_are_none_for_jobs_they_may_not_run(make: Any) -> None:
    pools = (make.pool("cheap", purchase="spot"), make.pool("cpu"))
    fleet = make.fleet(make.machine(pool="cheap", launched=make.now - 10))
    pressure = make.pressure(make.group(jobs=8))
    assert decide(pools[1], "lee", pressure, fleet, make.settings(pools=pools)).nodes == 1
    rerunnable = make.settings(pools=pools, rerunnable_queues=("general",))
    assert decide(pools[1], "lee", pressure, fleet, rerunnable).nodes == 0


GROUPS = st.lists(
    st.fixed_dictionaries(
        {
            "queue": st.sampled_from(["general", "slow"]),
            "lab": st.sampled_from(["", "lee", "wu"]),
            "jobs": st.integers(1, 40),
            "slots": st.integers(1, 400),
        }
    ),
    max_size=6,
    unique_by=lambda row: (row["queue"], row["lab"]),
)


@given(
    groups=GROUPS,
    cap=st.integers(0, 40),
    budget=st.floats(0, 100),
    pools=st.lists(st.integers(1, 64), min_size=1, max_size=3),
)
def test_all_decisions_together_keep_the_caps_and_a_second_turn_adds_only_what_is_missing(
    make: Any, groups: list[dict[str, Any]], cap: int, budget: float, pools: list[int]
) -> None:
    named = tuple(make.pool(f"p{number}", slots=slots, max_nodes=20) for number, slots in enumerate(pools))
    settings = make.settings(pools=named, caps=Caps(nodes=cap), budget=Budget(usd_per_month=budget))
    pressure = make.pressure(*(make.group(**row) for row in groups))
    first = decide_all(pressure, make.fleet(), settings)

    total = sum(decision.nodes for decision in first)
    assert total <= cap
    assert total * commit_usd("c6i.4xlarge", settings) <= budget + 1e-9
    assert all(decision.nodes >= 0 and decision.reasons for decision in first)

    launched = [
        make.machine(launched=make.now, pool=decision.pool, lab=decision.lab)
        for decision in first
        for _ in range(decision.nodes)
    ]
    second = decide_all(pressure, make.fleet(*launched), settings)
    for before, after in zip(first, second, strict=True):
        slots = settings.pool(before.pool).slots
        assert before.nodes + after.nodes <= -(-before.pending_slots // slots)
        given = sum(each.nodes * settings.pool(each.pool).slots for each in first if each.lab == before.lab)
        most_pending = max(each.pending_slots for each in first if each.lab == before.lab)
        assert given < most_pending + max(pools) or given == 0  # two pools do not serve the same jobs twice
        if before.reasons[-1].stage == "pressure":  # nothing held it back: the second turn has nothing to add
            assert after.nodes == 0


@given(groups=GROUPS, new_demand=st.integers(0, 50), step=st.none() | st.integers(1, 5))
def test_lsf_is_never_given_more_than_it_asks_for(
    make: Any, groups: list[dict[str, Any]], new_demand: int, step: int | None
) -> None:
    settings = make.settings(caps=Caps(nodes=1000, step_nodes=step))
    pressure = make.pressure(*(make.group(**row) for row in groups))
    decision = decide(settings.pools[0], "lee", pressure, make.fleet(), settings, new_demand=new_demand)
    unasked = decide(settings.pools[0], "lee", pressure, make.fleet(), settings)
    assert decision.nodes == min(unasked.nodes, new_demand)
