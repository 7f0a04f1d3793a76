"""The policy script in mode planned: by the service's plan, and by what burst.yaml says where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from burst.plan_file import Standing
from burst.planner.values import Want
from burst.rc import policy, wire
from ris_hybrid.errors import NoCapacity, SiteUnavailable
from ris_hybrid.model import PoolMarks
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.settings import Caps

NOBODY = "nothing is launched on missing knowledge: "
STALE = "the plan is 7 min old (at most 5)"


@dataclass(slots=True, kw_only=True)
class Lsf:
    jobs_told: tuple[Any, ...] = ()
    queues_told: tuple[Any, ...] = ()
    hosts_told: tuple[Any, ...] = ()
    answers: bool = True
    asked: int = 0

    def jobs(self) -> tuple[Any, ...]:
        self.asked += 1
        return self.jobs_told

    def queues(self) -> tuple[Any, ...]:
        return self.queues_told

    def hosts(self) -> tuple[Any, ...]:
        if not self.answers:
            raise SiteUnavailable("bhosts did not answer in time")
        return self.hosts_told


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    told: Standing

    def standing(self, _now: float) -> Standing:
        return self.told


@pytest.fixture
def lsf(make: Any) -> Lsf:
    """Twelve jobs of eight slots: thresholds would launch twelve nodes."""
    return Lsf(jobs_told=tuple(make.job(str(n), slots=8) for n in range(12)), queues_told=(make.queue(),))


def asked(new_demand: int, template: str = "cpu", lab: str = "lee") -> Any:
    raw = {"providerName": "aws", "templateName": template, "rcAccount": lab, "newDemand": new_demand}
    return wire.read_demand({"request": raw})


def answer(room: Any, lsf: Lsf, told: Standing | None, new_demand: int = 20, **request: str) -> tuple[int, str]:
    provider = replace(room.provider, plans=Plans(told=told) if told else None)
    got = policy.answer(asked(new_demand, **request), lsf, provider)
    return got["request"]["newDemand"], got["message"]


def planned(room: Any, fallback: str = "none", **fields: Any) -> None:
    way = "flag" if fallback == "thresholds" else "queue"
    steering = Steering(way=way, fallback=fallback, queues={"general": "burst"})  # type: ignore[arg-type]  # both are words of it
    room.change(mode="planned", planner=Planner(steering=steering), **fields)


@pytest.mark.parametrize("fallback", ["none", "thresholds"])
@pytest.mark.parametrize(
    ("problem", "nodes"),
    [
        ("", 3),
        (STALE, None),
        ("there is no plan", None),
        ("the plan is of cluster other, not of c1", None),
        ("the plan is of provider gcp, not of aws", None),
        ("the plan is of mode shadow, not of planned", None),
        ("the plan is of 60 min ahead", None),
        ("x is no plan of this version: KeyError", None),
    ],
)
def test_a_fresh_plan_decides_and_any_other_falls_back(
    room: Any, lsf: Lsf, make: Any, fallback: str, problem: str, nodes: int | None
) -> None:
    planned(room, fallback)
    told = Standing(
        at=make.now - 30, wants={} if problem else {("cpu", "lee"): Want(nodes=3, jobs=4, slots=20)}, problem=problem
    )
    got, why = answer(room, lsf, told)
    if nodes is not None:
        assert (got, lsf.asked) == (nodes, 0)
        assert why == "plan: the plan of 30 s ago wants 3 nodes; 4 chosen jobs with 20 slots: 3 new nodes of 8"
    elif fallback == "none":
        assert (got, why) == (0, f"{NOBODY}{problem}; planner.steering.fallback is none")
    else:
        assert got == 12
        assert why.startswith(f"fallback: {problem}; thresholds decide as long; gate: general open")
    (event,) = room.audit.events
    assert (event.kind, event.fields["allowed"], event.fields["why"]) == ("decision", got, why)


def test_where_nobody_plans_nothing_is_launched(room: Any, lsf: Lsf) -> None:
    planned(room)
    assert answer(room, lsf, None) == (0, f"{NOBODY}nobody plans here; planner.steering.fallback is none")


@pytest.mark.parametrize("mode", ["thresholds", "shadow"])
def test_other_modes_do_not_look_at_a_plan(room: Any, lsf: Lsf, mode: str) -> None:
    room.change(mode=mode)
    assert answer(room, lsf, Standing(problem="broken"))[0] == 12


def test_what_lsf_asks_and_limits_on_the_fleet_of_now_still_lower(room: Any, lsf: Lsf, make: Any) -> None:
    planned(room, caps=Caps(nodes=2))
    told = Standing(at=make.now, wants={("cpu", "lee"): Want(nodes=3, jobs=3, slots=24, data_usd=0.6)})
    got, why = answer(room, lsf, told)
    assert got == 2
    assert "; cap: all pools: 0 of 2 nodes are up" in why
    assert "$0.60 of data" in why
    assert room.audit.events[-1].fields["data_usd"] == pytest.approx(0.4)
    assert answer(room, lsf, told, 1)[0] == 1
    assert answer(room, lsf, told, lab="roe") == (
        0,
        "plan: the plan of 0 s ago wants 0 nodes; 0 chosen jobs with 0 slots: 0 new nodes of 8",
    )


def test_machines_that_came_since_the_plan_count_against_it(room: Any, lsf: Lsf, make: Any) -> None:
    planned(room)
    room.request(1)
    up = {("cpu", "lee"): frozenset(room.ids())}
    told = Standing(at=make.now, wants={("cpu", "lee"): Want(nodes=3, jobs=3, slots=24)}, up=up)
    assert answer(room, lsf, told)[0] == 3
    room.request(2, key="in-2.json")
    got, why = answer(room, lsf, told)
    assert got == 1
    assert "wants 3 nodes, 2 came since; " in why


def test_lsf_may_take_another_pool_that_is_worth_it_too(room: Any, lsf: Lsf, make: Any) -> None:
    planned(room, pools=(make.pool(), make.pool("big")))
    wants = {
        ("cpu", "lee"): Want(nodes=1, jobs=2, slots=16, instead=2),
        ("big", "lee"): Want(nodes=2, jobs=2, slots=16),
    }
    told = Standing(at=make.now, wants=wants)
    got, why = answer(room, lsf, told)
    assert got == 3
    assert "wants 1 nodes and 2 in place of other pools'; " in why
    room.request(2, template="big")
    assert answer(room, lsf, told)[0] == 1


def test_unknown_hosts_or_machines_launch_nothing(room: Any, lsf: Lsf, make: Any) -> None:
    planned(room)
    told = Standing(at=make.now, wants={("cpu", "lee"): Want(nodes=3)})
    lsf.answers = False
    assert answer(room, lsf, told) == (0, f"{NOBODY}bhosts did not answer in time")


def test_a_held_pool_is_let_through_for_request_machines_to_refuse(room: Any, lsf: Lsf, make: Any) -> None:
    planned(room)
    room.ledger.mark_pool("cpu", PoolMarks(off="3 nodes did not join"), PoolMarks())
    got, why = answer(room, lsf, Standing(at=make.now, wants={("cpu", "lee"): Want(nodes=3, jobs=3, slots=24)}))
    assert got == 3
    assert why.endswith("; requestMachines will refuse, so that LSF turns to its next template")


def test_a_pool_on_hold_of_which_nothing_is_planned_turns_lsf_to_the_pool_that_is(
    room: Any, lsf: Lsf, make: Any
) -> None:
    planned(room, pools=(make.pool(), make.pool("big")))
    wants = {("big", "lee"): Want(nodes=3, jobs=3, slots=24), ("big", "roe"): Want(nodes=9)}
    told = Standing(at=make.now, wants=wants)
    assert answer(room, lsf, told)[0] == 0
    room.ledger.mark_pool("cpu", PoolMarks(held_until=make.now + 900, held_for="InsufficientCapacity"), PoolMarks())
    got, why = answer(room, lsf, told)
    assert got == 3
    assert why.endswith("; requestMachines will refuse, so that LSF turns to its next template")
    with pytest.raises(NoCapacity) as refused:
        room.request(got)
    assert wire.error_text(refused.value).endswith("Error Code: InsufficientCapacity")
    room.request(3, key="in-2.json", template="big")
    assert answer(room, lsf, told)[0] == 0  # nobody waits for nodes any more


def test_nodes_that_have_joined_are_noted_in_passing(room: Any, lsf: Lsf, make: Any) -> None:
    planned(room)
    room.request(1)
    room.now += 100
    lsf.hosts_told = (make.row(room.cloud.machines()[0].name),)
    answer(room, lsf, Standing(at=room.now))
    assert room.cloud.machines()[0].joined == room.now
