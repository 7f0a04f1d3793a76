"""The planner's arithmetic, piece by piece."""

from __future__ import annotations

from dataclasses import replace
from math import exp, isfinite
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.planner.hazard import billed_s, delay_s
from burst.planner.kernel import NEVER
from burst.planner.occupied import ends_of, held, on_prem
from burst.planner.pacing import month_left, share
from burst.planner.prices import offer, quote
from burst.planner.ranking import Packing, rank
from burst.planner.room import Room, room_of
from burst.planner.runtimes import History, Runs, learn, pending_length, remaining_s
from burst.planner.telling import span, usd
from burst.planner.values import Candidate, Length, Plan
from burst.planner.weigh import nears_of
from burst.runs_file import read_runs, write_runs
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import JobStatus, PoolMarks
from ris_hybrid.past_job import PastJob
from ris_hybrid.planner_settings import Planner

if TYPE_CHECKING:
    from pathlib import Path


def candidate(**fields: Any) -> Candidate:
    plain: dict[str, Any] = {
        "job_id": "1",
        "queue": "general",
        "lab": "lee",
        "slots": 8,
        "length": Length(seconds=3600.0, source="RUNLIMIT"),
        "pend_s": 0.0,
        "value": 0.1,
    }
    return Candidate(**{**plain, **fields})


@given(run_s=st.floats(1, 1e7), hazard=st.floats(0, 5), boot_s=st.floats(0, 3600))
def test_a_hazard_only_makes_runs_longer_and_dearer(run_s: float, hazard: float, boot_s: float) -> None:
    assert billed_s(run_s, hazard) >= run_s * (1 - 1e-9) or hazard * run_s / 3600 > 40
    assert isfinite(billed_s(run_s, hazard))
    assert isfinite(delay_s(run_s, hazard, boot_s))


def test_the_hazard_formulas_are_those_of_runs_that_start_again() -> None:
    assert (billed_s(7200.0, 0.0), delay_s(7200.0, 0.0, 300.0)) == (7200.0, 0.0)
    assert billed_s(7200.0, 0.1) == pytest.approx(3600 * (exp(0.2) - 1) / 0.1)
    assert delay_s(7200.0, 0.1, 360.0) == pytest.approx(3600 * (exp(0.2) - 1) * (10 + 0.1) - 7200)
    # where spot costs 35 %, hr = 1.83 is where both bills are the same: 18 h at h = 0.1
    assert 0.35 * billed_s(18.3 * 3600, 0.1) == pytest.approx(18.3 * 3600, rel=0.01)


def test_a_month_is_left_from_all_of_it_to_nothing() -> None:
    assert month_left(1_798_761_600.0) == 1.0  # 1 January 2027, 00:00 UTC
    assert month_left(1_798_761_600.0 + 15.5 * 86_400) == 0.5
    assert [share(*row) for row in ((50, 100, 0.5), (60, 100, 0.5), (25, 100, 0.5), (-1, 100, 0.5), (9, 9, 0))] == [
        1.0,
        1.0,
        0.5,
        0.0,
        0.0,
    ]


def test_a_run_limit_goes_before_the_past_and_the_past_before_means(make: Any) -> None:
    classes = {("ann", "align", 1): Runs(count=5, q80_s=30.0), ("ann", "app", 1): Runs(count=9, q80_s=700.0)}
    history = History(classes=classes)
    job = make.job("1", run_limit_s=None)
    told = [
        pending_length(make.job("1"), JobTraits(name="align"), history, {}),
        pending_length(job, JobTraits(name="align[7]"), history, {}),
        pending_length(job, JobTraits(name="none", application="app"), history, {}),
        pending_length(job, None, history, {"general": 900.0}),
        pending_length(job, JobTraits(name="none"), history, {}),
    ]
    assert [round(one.seconds) for one in told] == [3600, 60, 700, 900, 3600]
    assert [one.source for one in told] == [
        "RUNLIMIT",
        "four of five of the last 5 runs of ann's align with 1 slots",
        "four of five of the last 9 runs of ann's app with 1 slots",
        "mean RUNLIMIT of other jobs in general",
        "no RUNLIMIT anywhere in its queue: an hour is taken",
    ]


@pytest.mark.parametrize(
    ("limit", "run_s", "mean", "left"),
    [
        (3600.0, 600.0, {}, 3000),
        (3600.0, 4000.0, {}, 0),
        (None, 600.0, {}, 3000),
        (None, 4000.0, {}, 3200),
        (None, 100.0, {"general": 40.0}, 20),
        (None, 500.0, {"general": 600.0}, 100),
    ],
)
def test_what_outlives_its_estimate_runs_on(make: Any, limit: Any, run_s: float, mean: Any, left: float) -> None:
    assert remaining_s(make.job("1", status=JobStatus.RUN, run_limit_s=limit, run_s=run_s), mean) == left


def past(number: int, **fields: Any) -> PastJob:
    plain = PastJob(
        job_id=str(number),
        submitted=0.0,
        started=100.0,
        ended=100.0 + 10 * number,
        slots=1,
        run_limit_s=None,
        queue="general",
        user="ann",
        lab="lee",
        project="",
        name="align[1-9]",
        ineligible_s=0.0,
        memory_mib=0,
        failed=False,
    )
    return plain._replace(**fields)


def test_classes_are_learnt_kept_and_read_again(tmp_path: Path) -> None:
    jobs = [past(number) for number in range(1, 101)]
    jobs += [past(1, user="bob"), past(2, name=""), past(3, started=0.0, user="eve"), past(0, user="eve")]
    history = learn(jobs, 7.0)
    assert history.classes == {("ann", "align", 1): Runs(count=50, q80_s=900.0)}
    path = tmp_path / "new" / "runs.json"
    write_runs(path, history)
    assert read_runs(path) == history


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "JSONDecodeError"),
        ("{}", "KeyError"),
        ('{"version": 2, "at": 0, "classes": []}', "ValueError"),
        ('{"version": 1, "at": 0, "classes": [["ann", 7, 1, 1, 1.0]]}', "TypeError"),
        ('{"version": 1, "at": 0, "classes": [["ann", "x", 1, 0, 1.0]]}', "ValueError"),
        ('{"version": 1, "at": 0, "classes": [["ann", "x", 1, 1, NaN]]}', "ValueError"),
    ],
)
def test_a_damaged_history_is_none_and_says_so(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "runs.json"
    path.write_text(text)
    assert read_runs(path) == History(problem=f"{path} is no history of this version: {problem}")
    assert "ris-hybrid burst learn writes it" in read_runs(tmp_path / "none.json").problem
    assert "cannot be read" in read_runs(tmp_path).problem


def test_hosts_of_ours_and_hosts_that_are_closed_hold_nothing_of_the_site(make: Any) -> None:
    hosts = [
        make.host("node1.site.edu"),
        make.host("node2", "closed_Adm"),
        make.host("node3", max_slots=None),
        make.row("ip-10-0-0-1.ec2.internal"),
    ]
    site = on_prem(hosts, [make.machine(1), make.machine(2, name="")])
    assert (site.capacity, site.built) == (16, 32)
    assert site.notes == (
        "1 hosts have no slot limit that LSF prints: they are not counted",
        "1 hosts of the site take no jobs now: their slots are not counted",
        "1 cloud nodes have no name yet: if LSF lists one already, it counts as the site's own",
    )
    jobs = {
        "8*node1:8*ip-10-0-0-1": 8,
        "node1:node1:node2": 2,
        "16*ip-10-0-0-1.other.domain": 0,
        "group1": 16,
        "": 0,
    }
    for where, slots in jobs.items():
        job = make.job("1", exec_host=where, slots=3 if where.count(":") == 2 else 16)
        assert held(job, site.away) == slots, where
    assert held(make.job("1", exec_host="3*node1", slots=3), ()) == 3


def test_what_a_job_has_for_itself_is_free_for_nobody(make: Any) -> None:
    site = on_prem([make.host("node1", "closed_Excl"), make.host("node2")], [])
    fields = {"status": JobStatus.RUN, "run_limit_s": 3600.0}
    jobs = [
        make.job("1", exec_host="4*node1.site.edu", slots=4, **fields),
        make.job("2", exec_host="2*node2", slots=2, **fields),
    ]
    assert (site.capacity, ends_of(jobs, site, {})) == (32, ([3600.0, 3600.0], [2, 16]))


def test_cores_are_priced_by_the_dearest_type_and_threads_by_half(make: Any) -> None:
    pool = make.pool(instance_types=("c6i.4xlarge", "fake.large"), slots=16, cores=8)
    settings = make.settings(prices={"c6i.4xlarge": 0.68, "fake.large": 0.8})
    one = offer(pool, make.fleet(marks={"cpu": PoolMarks(boot_s=211.0)}), settings)
    assert (one.usd_per_core_hour, one.slot_cores, one.boot_s, one.spot_usd_per_core_hour) == (0.1, 0.5, 211.0, None)
    job = candidate(slots=16)
    assert (quote(job, one).cores, quote(job, one).usd(0.0)) == (8, pytest.approx(0.8))
    assert quote(candidate(slots=17), one).cores == 16
    assert quote(candidate(slots=17), one).usd_there() == pytest.approx(0.1 * 8.5)


def test_gpus_and_memory_make_the_share(make: Any) -> None:
    pool = make.pool(slots=8, cores=8, gpus=4, memory_mib=80_000)
    one = offer(pool, make.fleet(), make.settings())
    assert quote(candidate(slots=1, gpus=1), one).slots == 2
    assert quote(candidate(slots=1, memory_mib=30_000), one).slots == 3
    assert (quote(candidate(slots=1, gpus=8), one).nodes, quote(candidate(slots=1, gpus=8), one).slots) == (2, 16)


def test_a_mixed_pool_is_spot_by_its_share(make: Any) -> None:
    settings = make.settings(planner=Planner(spot_ratio=0.5, spot_hazard=0.0))
    mixed = offer(make.pool(purchase="mixed", on_demand_ratio=0.5, cores=8), make.fleet(), settings)
    assert quote(candidate(), mixed).usd_per_core_hour == pytest.approx(0.085 * 0.75)


def test_nodes_are_filled_where_least_is_left_over(make: Any) -> None:
    one = offer(make.pool(), make.fleet(), make.settings())
    packing = Packing()
    for slots in (6, 5, 3, 2, 20, 4):
        packing.add(quote(candidate(slots=slots), one))
    assert packing.nodes == 6  # 6 + 2, 5 + 3, three for 20, one for 4
    assert packing.new(quote(candidate(slots=4), one)) == 0
    assert packing.new(quote(candidate(slots=5), one)) == 1


def test_rank_is_seconds_saved_for_a_dollar(make: Any) -> None:
    one = quote(candidate(), offer(make.pool(), make.fleet(), make.settings()))
    plain = rank(3900.0, one, candidate(), 0.8)
    assert plain == pytest.approx(3600 / (0.085 * 3900 / 3600))
    assert rank(3900.0, one, candidate(chosen=True), 0.8) == pytest.approx(plain / 0.8)
    free = replace(one, usd_per_core_hour=0.0)
    assert rank(3900.0, free, candidate(), 0.8) == float("inf")


def test_room_is_what_lsf_may_fill_now_or_soon(make: Any) -> None:
    now = make.now
    machines = [
        make.machine(1, joined=now - 900),
        make.machine(2, joined=now - 900),
        make.machine(3, launched=now - 60),
        make.machine(4, launched=now - 60, name=""),
        make.machine(5, launched=now - 3000),
        make.machine(6, notice=now),
        make.machine(7, joined=now - 900),
        make.machine(8, pool="gone"),
        make.machine(9, return_id="back"),
        make.machine(10, lab="roe", joined=now - 900),
        make.machine(11, launched=now - 60),
        make.machine(12, joined=now - 900),
    ]
    rows = [make.row("ip-10-0-0-1", jobs=3), make.row("ip-10-0-0-2", status="closed_Adm")]
    rows += [make.row("ip-10-0-0-10", max_slots=None)]
    rows += [make.row(f"ip-10-0-0-{number}", status="unavail") for number in (11, 12)]  # to come, and gone
    found = room_of(make.fleet(*machines), rows, make.settings())
    assert found == {("cpu", "lee"): Room(slots=5 + 8 + 8 + 8, widest=8), ("cpu", "roe"): Room()}
    one = quote(candidate(slots=10), offer(make.pool(), make.fleet(), make.settings()))
    assert nears_of(candidate(slots=10), [one], found) == (one,)
    assert nears_of(candidate(slots=10, one_host=True), [one], found) == ()
    assert nears_of(candidate(lab="nobody"), [one], found) == ()


def test_times_and_dollars_as_people_say_them() -> None:
    assert [span(one) for one in (0.4, 119.0, 7199.0, 7200.0)] == ["0 s", "119 s", "120 min", "2.0 h"]
    assert span(NEVER).startswith("for ever")
    assert [usd(one) for one in (0.0, 0.004, 0.01, 12.345, 1e15)] == [
        "$0.00",
        "$0.0040",
        "$0.01",
        "$12.35",
        "more than any price",
    ]


def test_a_job_the_plan_does_not_know_is_none() -> None:
    assert Plan(at=1.0).job("7") is None
