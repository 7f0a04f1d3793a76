from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from burst.fleet import account_of, by_pool_and_lab, commit_usd, dearest, price_of, with_coming
from ris_hybrid.model import Begun, MachineState, PoolMarks, UnknownWord
from ris_hybrid.settings import Budget


def test_no_lab_is_the_default_account() -> None:
    assert (account_of("lee"), account_of("")) == ("lee", "default")


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (MachineState.PENDING, 1),
        (MachineState.RUNNING, 1),
        (MachineState.STOPPING, 1),
        (MachineState.STOPPED, 1),
        (UnknownWord("hibernating"), 1),  # not known to have ended
        (MachineState.SHUTTING_DOWN, 0),
        (MachineState.TERMINATED, 0),
    ],
)
def test_a_machine_counts_until_it_is_known_to_have_ended(make: Any, state: Any, counts: int) -> None:
    fleet = make.fleet(make.machine(state=state))
    assert fleet.count() == fleet.count(pool="cpu") == fleet.count(lab="lee") == counts
    assert fleet.count(pool="gpu") == fleet.count(lab="wu") == 0
    assert (fleet.committed_usd(make.settings()) > 0) == bool(counts)


def test_a_machine_asked_back_counts_but_brings_no_slots(make: Any) -> None:
    pool, young = make.pool(boot_s=300.0), {"launched": make.now - 10}
    fleet = make.fleet(make.machine(1, **young), make.machine(2, return_id="ret-1", **young))
    assert (fleet.count(), fleet.starting(pool, "lee")) == (2, 1)


@pytest.mark.parametrize(
    ("age", "joined_ago", "boot_s", "starting"),
    [
        (0, None, 0, 1),
        (599, None, 0, 1),  # twice what is expected ...
        (600, None, 0, 0),  # ... and it counts as coming no more
        (399, None, 200, 1),  # what was measured stands before what was expected
        (400, None, 200, 0),
        (400, 59, 0, 1),  # joined: LSF has not filled it yet
        (400, 60, 0, 0),
    ],
)
def test_how_long_a_machine_is_starting(
    make: Any, age: float, joined_ago: float | None, boot_s: float, starting: int
) -> None:
    joined = 0.0 if joined_ago is None else make.now - joined_ago
    marks = {"cpu": PoolMarks(boot_s=boot_s)}
    fleet = make.fleet(make.machine(launched=make.now - age, joined=joined), marks=marks)
    assert fleet.starting(make.pool(boot_s=300.0), "lee") == starting
    assert fleet.starting(make.pool(boot_s=300.0), "wu") == 0


def test_the_last_launch_counts_ended_machines_too(make: Any) -> None:
    ended = make.machine(2, launched=make.now - 5, state=MachineState.TERMINATED)
    fleet = make.fleet(make.machine(1, launched=make.now - 50), ended)
    assert fleet.last_launch("cpu", "lee") == make.now - 5
    assert fleet.last_launch("gpu", "lee") is None


def test_money_of_ended_running_and_coming_hours(make: Any) -> None:
    settings = make.settings(prices={"c6i.4xlarge": 2.0}, budget=Budget(usd_per_month=100.0, commit_hours=0.5))
    fleet = make.fleet(
        make.machine(1, launched=make.now - 7200),  # 2 h at $2, and half an hour more
        make.machine(2, launched=make.now - 3600, lab="wu"),
        make.machine(3, state=MachineState.TERMINATED),  # its cost is in spent
        spent={"lee": 7.0, "wu": 1.0},
    )
    assert fleet.committed_usd(settings, "lee") == 7 + 4 + 1
    assert fleet.committed_usd(settings, "wu") == 1 + 2 + 1
    assert fleet.committed_usd(settings) == 16
    assert fleet.committed_usd(settings, "kim") == 0


def test_a_machine_costs_a_minute_at_least_and_only_this_month(make: Any) -> None:
    prices = {"c6i.4xlarge": 60.0}
    assert make.fleet().cost(make.machine(launched=make.now - 5), prices) == 1.0
    assert make.fleet().cost(make.machine(launched=make.now + 5), prices) == 1.0  # clocks differ
    assert make.fleet(month_start=make.now - 120).cost(make.machine(launched=0.0), prices) == 2.0


def test_an_unknown_price_is_the_dearest_known_one(make: Any) -> None:
    prices = {"a": 1.0, "b": 3.0}
    assert [price_of(name, prices) for name in ("a", "new")] == [1.0, 3.0]
    assert price_of("new", {}) == 0.0
    settings = make.settings(prices=prices, budget=Budget(usd_per_month=1.0, commit_hours=2.0))
    assert commit_usd("a", settings) == 2.0
    assert dearest(make.pool(instance_types=("a", "b")), prices) == "b"
    assert dearest(make.pool(instance_types=("a", "new")), prices) == "new"


def test_machines_by_pool_and_lab_oldest_first(make: Any) -> None:
    older, newer = make.machine(2, launched=1.0), make.machine(1, launched=2.0)
    gone, other = make.machine(3, state=MachineState.TERMINATED), make.machine(4, pool="gpu", lab="")
    groups = by_pool_and_lab([newer, other, gone, older])
    assert groups == {("cpu", "lee"): [older, newer], ("gpu", ""): [other]}


def test_what_is_not_listed_yet_is_counted_and_priced_for_two_minutes(make: Any) -> None:
    settings = make.settings(prices={"cheap": 1.0, "dear": 2.0}, pools=(make.pool(instance_types=("cheap", "dear")),))
    fleet = make.fleet()
    fleet = replace(fleet, machines=(make.machine(1, request_id="add-1-a"), make.machine(2, adopted="add-1-a")))
    begun = [
        Begun(request_id="add-1-a", pool="cpu", lab="lee", nodes=3, at=fleet.now - 119),
        Begun(request_id="add-1-b", pool="cpu", lab="wu", nodes=5, at=fleet.now - 120),
        Begun(request_id="add-1-c", pool="taken out", lab="wu", nodes=2, at=fleet.now),
        Begun(request_id="add-1-d"),
    ]
    seen = with_coming(fleet, begun, settings)
    new = seen.machines[2:]
    assert [(one.pool, one.lab, one.instance_type) for one in new] == [("cpu", "lee", "dear")] + 2 * [("", "wu", "")]
    assert (seen.count(), seen.count(pool="cpu", lab="lee")) == (5, 3)
