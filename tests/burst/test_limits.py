from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.limits import Ask, apply_all, apply_caps
from ris_hybrid.model import MachineState, PoolMarks
from ris_hybrid.settings import Budget, Caps

OFF = PoolMarks(off="10 nodes in a row did not join LSF within 15 min")
HELD = PoolMarks(held_until=1_800_000_090.0, held_for="InsufficientHostCapacity")


@pytest.mark.parametrize(
    ("marks", "nodes", "stage", "text"),
    [
        (
            OFF,
            0,
            "off",
            "cpu is off: 10 nodes in a row did not join LSF within 15 min; clear it with: ris-hybrid burst clear cpu",
        ),
        (HELD, 0, "hold", "cpu is left alone until 08:01 UTC (2 min): InsufficientHostCapacity"),
        (replace(HELD, held_until=1_800_000_000.0), 5, "", ""),
        (PoolMarks(join_failures=9, boot_s=100.0), 5, "", ""),
    ],
)
def test_a_pool_that_is_off_or_held_gets_nothing(
    make: Any, *, marks: PoolMarks, nodes: int, stage: str, text: str
) -> None:
    ask = Ask(pool=make.pool(), lab="lee", nodes=5)
    for limit in (apply_all, apply_caps):
        got, reasons = limit(ask, make.fleet(marks={"cpu": marks, "gpu": OFF}), make.settings())
        assert (got, [(one.stage, one.text) for one in reasons]) == (nodes, [(stage, text)] if stage else [])


PRICES = {"cheap": 1.0, "dear": 2.0}


@pytest.mark.parametrize(
    ("fields", "new_demand", "nodes", "stage", "text"),
    [
        ({}, None, 10, "", ""),
        ({}, 10, 10, "", ""),
        ({}, 4, 4, "demand", "LSF asks for 4 new nodes"),
        ({}, 0, 0, "demand", "LSF asks for 0 new nodes"),
        ({"caps": Caps(nodes=99, step_nodes=3)}, None, 3, "step", "at most 3 new nodes at a time"),
        ({"caps": Caps(nodes=99, cooldown_s=3601)}, None, 0, "cool-down", "launched 3600 s ago, 1 s to go"),
        ({"caps": Caps(nodes=99, cooldown_s=3600)}, None, 10, "", ""),
        ({"caps": Caps(nodes=6)}, None, 4, "cap", "all pools: 2 of 6 nodes are up"),
        ({"caps": Caps(nodes=1)}, None, 0, "cap", "all pools: 2 of 1 nodes are up"),
        ({"caps": Caps(nodes=99, per_lab=5)}, None, 4, "lab cap", "lee: 1 of 5 nodes are up"),
        ({"caps": Caps(nodes=99, per_lab=5, labs={"lee": 3})}, None, 2, "lab cap", "lee: 1 of 3 nodes are up"),
        ({"caps": Caps(nodes=99, per_lab=5, labs={"lee": 50})}, None, 10, "", ""),
        # lee's node has cost $1 so far and commits $1 more; so has wu's; a new node may be the dear one: $2
        (
            {"budget": Budget(usd_per_month=99.0, labs={"lee": 7.0})},
            None,
            2,
            "lab budget",
            "$5.00 of this month is not committed, a node commits $2.00",
        ),
        (
            {"budget": Budget(usd_per_month=7.0)},
            None,
            1,
            "budget",
            "$3.00 of this month is not committed, a node commits $2.00",
        ),
        (
            {"budget": Budget(usd_per_month=3.0)},
            None,
            0,
            "budget",
            "$0.00 of this month is not committed, a node commits $2.00",
        ),
    ],
)
def test_each_stage_lowers_with_its_own_reason(
    make: Any, fields: dict[str, Any], new_demand: int | None, nodes: int, stage: str, text: str
) -> None:
    pool = make.pool(instance_types=("cheap", "dear"))
    settings = make.settings(pools=(pool,), prices=PRICES, **fields)
    fleet = make.fleet(make.machine(1, instance_type="cheap"), make.machine(2, instance_type="cheap", lab="wu"))

    got, reasons = apply_all(Ask(pool=pool, lab="lee", nodes=10, new_demand=new_demand), fleet, settings)

    assert got == nodes
    assert [(reason.stage, reason.text, reason.nodes) for reason in reasons] == (
        [(stage, text, nodes)] if stage else []
    )


def test_the_pools_own_cap_and_a_lab_without_a_name(make: Any) -> None:
    pool = make.pool(max_nodes=3)
    fleet = make.fleet(make.machine(1, lab=""), make.machine(2, state=MachineState.TERMINATED))
    nodes, (reason,) = apply_caps(Ask(pool=pool, lab="", nodes=5), fleet, make.settings())
    assert (nodes, reason.text) == (2, "cpu: 1 of 3 nodes are up")
    capped = make.settings(caps=Caps(nodes=99, per_lab=2))
    assert apply_caps(Ask(pool=pool, lab="", nodes=5), fleet, capped)[1][-1].text == "no lab: 1 of 2 nodes are up"


def test_what_a_request_may_be_given_ignores_step_and_cooldown(make: Any) -> None:
    settings = make.settings(caps=Caps(nodes=99, step_nodes=1, cooldown_s=9999.0))
    ask = Ask(pool=make.pool(), lab="lee", nodes=10, new_demand=1)
    assert apply_caps(ask, make.fleet(make.machine()), settings) == (10, ())


@pytest.mark.parametrize(("budget", "nodes"), [(0.01, 10), (1e300, 10), (0.0, 0), (-1.0, 0)])
def test_nodes_that_commit_nothing_need_only_some_budget_left(make: Any, budget: float, nodes: int) -> None:
    settings = make.settings(budget=Budget(usd_per_month=budget, commit_hours=0.0))
    assert apply_caps(Ask(pool=make.pool(), lab="lee", nodes=10), make.fleet(), settings)[0] == nodes


def test_every_stage_that_lowers_is_told_in_order(make: Any) -> None:
    settings = make.settings(caps=Caps(nodes=2, step_nodes=7, per_lab=4))
    ask = Ask(pool=make.pool(max_nodes=6), lab="lee", nodes=20, new_demand=10)
    nodes, reasons = apply_all(ask, make.fleet(), settings)
    assert nodes == 2
    assert [(reason.stage, reason.nodes) for reason in reasons] == [
        ("demand", 10),
        ("step", 7),
        ("pool cap", 6),
        ("lab cap", 4),
        ("cap", 2),
    ]


MONEY = st.floats(0, 1e4)
SETTINGS = st.fixed_dictionaries(
    {
        "caps": st.builds(
            Caps,
            nodes=st.integers(0, 30),
            per_lab=st.none() | st.integers(0, 30),
            labs=st.dictionaries(st.sampled_from(["lee", "wu"]), st.integers(0, 30)),
            step_nodes=st.none() | st.integers(0, 30),
            cooldown_s=st.floats(0, 1e4),
        ),
        "budget": st.builds(
            Budget,
            usd_per_month=MONEY,
            labs=st.dictionaries(st.sampled_from(["lee", "wu"]), MONEY),
            commit_hours=st.floats(0, 10),
        ),
        "prices": st.fixed_dictionaries({"cheap": st.floats(0, 10), "dear": st.floats(0, 10)}),
    }
)
MACHINES = st.lists(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(MachineState),
            "launched": st.integers(0, 10_000).map(lambda age: 1_800_000_000.0 - age),
            "instance_type": st.sampled_from(["cheap", "dear", "unpriced"]),
            "pool": st.sampled_from(["cpu", "gpu"]),
            "lab": st.sampled_from(["lee", "wu", ""]),
        }
    ),
    max_size=8,
)


@given(
    fields=SETTINGS,
    machines=MACHINES,
    spent=st.dictionaries(st.sampled_from(["lee", "wu", ""]), MONEY),
    lab=st.sampled_from(["lee", "wu", ""]),
    asked=st.integers(0, 60),
    new_demand=st.none() | st.integers(0, 60),
    max_nodes=st.integers(1, 30),
)
def test_no_limit_is_ever_exceeded(
    make: Any,
    *,
    fields: dict[str, Any],
    machines: list[dict[str, Any]],
    spent: dict[str, float],
    lab: str,
    asked: int,
    new_demand: int | None,
    max_nodes: int,
) -> None:
    pool = make.pool(instance_types=("cheap", "dear"), max_nodes=max_nodes)
    settings = make.settings(pools=(pool,), **fields)
    fleet = make.fleet(*(make.machine(number, **row) for number, row in enumerate(machines)), spent=spent)
    nodes, reasons = apply_all(Ask(pool=pool, lab=lab, nodes=asked, new_demand=new_demand), fleet, settings)

    assert 0 <= nodes <= asked
    said = [asked, *(reason.nodes for reason in reasons)]
    assert said == sorted(set(said), reverse=True)
    assert nodes == said[-1]
    if nodes == 0:
        return
    caps, budget = settings.caps, settings.budget
    assert nodes <= (asked if new_demand is None else new_demand)
    assert caps.step_nodes is None or nodes <= caps.step_nodes
    assert fleet.count() + nodes <= caps.nodes
    assert fleet.count(pool="cpu") + nodes <= max_nodes
    lab_cap = caps.labs.get(lab, caps.per_lab)
    assert lab_cap is None or fleet.count(lab=lab) + nodes <= lab_cap
    for kind in pool.instance_types:  # whichever comes
        commits = nodes * settings.prices[kind] * budget.commit_hours
        assert fleet.committed_usd(settings) + commits <= budget.usd_per_month * (1 + 1e-9)
        if lab in budget.labs:
            assert fleet.committed_usd(settings, lab) + commits <= budget.labs[lab] * (1 + 1e-9)


def test_a_clock_of_ec2_that_is_ahead_of_ours_does_not_lengthen_the_cooldown(make: Any) -> None:
    settings = make.settings(caps=Caps(nodes=99, cooldown_s=120.0))
    fleet = make.fleet(make.machine(launched=make.now + 119))
    _, (reason,) = apply_all(Ask(pool=settings.pools[0], lab="lee", nodes=3), fleet, settings)
    assert reason.text == "launched 0 s ago, 120 s to go"


@pytest.mark.parametrize(
    ("asked", "new_demand", "most", "nodes"),
    [(8, None, 8, 8), (8, None, 7, 0), (8, None, 0, 0), (8, 4, 7, 4), (8, 4, 4, 4), (8, 4, 3, 0), (3, 8, 3, 3)],
)
def test_a_pool_that_launches_all_or_none_is_allowed_all_or_none(
    make: Any, *, asked: int, new_demand: int | None, most: int, nodes: int
) -> None:
    ask = Ask(pool=make.pool(all_or_none=True), lab="lee", nodes=asked, new_demand=new_demand)
    got, reasons = apply_all(ask, make.fleet(), make.settings(caps=Caps(nodes=99, step_nodes=most)))
    assert got == nodes
    if 0 < most < min(asked, new_demand or asked):
        wanted = min(asked, new_demand or asked)
        assert reasons[-1].text == f"cpu launches all or none, and only {most} of {wanted} nodes are allowed"
