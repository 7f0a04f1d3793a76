from __future__ import annotations

from dataclasses import replace as changed

import numpy as np
import pytest

from burst.replay.engine import DONE, MORE, advance
from burst.replay.layout import column, laid_out
from burst.replay.metrics import measure, nodes_up
from burst.replay.peers import grid, shipped
from burst.replay.run import replay
from burst.replay.values import Outcome, Policy, ReplayPool, Site, Workload

HOUR = 3600.0
POOL = ReplayPool(name="small", cores=4, usd_per_hour=0.4, boot_s=120.0, max_nodes=10)
SITE = Site(capacity=4, pools=(POOL,), max_nodes=10)
PAY = Policy(kind="planned", v=1.0)


def jobs(*rows: tuple[float, float, int], limit_s: float = 0.0, queue: int = 0) -> Workload:
    """Rows of submission, run and slots; limits are runs unless one is given."""
    submitted, run, slots = (np.array(column) for column in zip(*rows, strict=True))
    return Workload(
        submitted=submitted.astype(np.float64),
        run_s=run.astype(np.float64),
        limit_s=np.maximum(run, limit_s).astype(np.float64),
        slots=slots,
        queue=np.full(len(rows), queue),
        lab=np.arange(len(rows)) % 2,
        recorded_wait_s=np.zeros(len(rows)),
        queues=("normal", "rerun"),
        labs=("kim", "lee"),
    )


def nodes(outcome: Outcome) -> int:
    return len(outcome.node_pool)


def test_a_job_worth_its_price_goes_to_a_node_that_boots_first_and_is_returned_when_idle() -> None:
    outcome = replay(jobs((0, 10 * HOUR, 4), (1, HOUR, 2)), SITE, PAY)
    assert outcome.pool.tolist() == [-1, 0]
    assert outcome.node_launched.tolist() == [30.0]  # the next tick
    assert outcome.started[1] == 150.0
    assert outcome.node_ended[0] == 150.0 + HOUR + 120.0  # idle as long as a boot
    assert outcome.usd == pytest.approx((outcome.node_ended[0] - 30.0) / HOUR * 0.4)
    assert outcome.node_used_s.tolist() == [2 * HOUR]


def test_a_job_whose_waiting_is_worth_less_than_its_price_stays() -> None:
    workload = jobs((0, HOUR, 4), (1, 10 * HOUR, 2))
    outcome = replay(workload, SITE, Policy(kind="planned", v=0.05))
    assert (nodes(outcome), outcome.started[1]) == (0, HOUR)
    assert nodes(replay(workload, SITE, Policy(kind="planned", v=0.0))) == 0


def test_a_chosen_job_starts_on_premises_when_there_is_room_before_its_node_has_joined() -> None:
    workload = jobs((0, 100.0, 4), (1, HOUR, 2), limit_s=20 * HOUR)
    outcome = replay(workload, SITE, Policy(kind="planned", v=5.0))
    assert outcome.pool.tolist() == [-1, -1]
    assert measure(workload, SITE, outcome, 5.0).wasted_node_hours > 0


def test_with_real_run_times_the_planner_knows_better() -> None:
    workload = jobs((0, 100.0, 4), (1, HOUR, 2), limit_s=20 * HOUR)
    assert nodes(replay(workload, SITE, Policy(kind="perfect", v=5.0))) == 0


def test_a_job_over_several_nodes_gets_all_of_them_or_none() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 10), (2, HOUR, 1))
    outcome = replay(workload, SITE, PAY)
    assert nodes(outcome) == 4
    assert outcome.started[1] == 150.0
    assert sorted(outcome.node_used_s.tolist()) == pytest.approx([HOUR, 10 * HOUR / 3, 10 * HOUR / 3, 10 * HOUR / 3])
    few = changed(SITE, max_nodes=3)
    outcome = replay(changed(workload, slots=np.array([4, 4, 12])), few, PAY)
    assert np.isnan(outcome.started).sum() == 0
    assert nodes_up(outcome)[1].max() <= 3


def test_idle_nodes_wait_for_a_wide_job_that_still_gathers_its_nodes() -> None:
    rows = ((0, 20 * HOUR, 4), (1, 600.0, 4), (2, 900.0, 4), (3, HOUR, 8))
    capped = changed(SITE, pools=(changed(POOL, max_nodes=2),), capacity=7)
    outcome = replay(jobs(*rows), capped, PAY)
    assert not np.isnan(outcome.started).any()
    assert nodes_up(outcome)[1].max() <= 2


def test_where_a_cap_binds_the_jobs_worth_most_for_the_money_go() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, 8 * HOUR, 4), (2, HOUR, 4))
    outcome = replay(workload, changed(SITE, max_nodes=1), PAY)
    assert outcome.pool[2] == 0
    assert outcome.started[2] == 150.0
    assert nodes_up(outcome)[1].max() == 1


def test_a_budget_stops_launches_and_kills_nothing() -> None:
    workload = jobs(*((float(at), 5 * HOUR, 4) for at in range(6)))
    assert nodes(replay(workload, changed(SITE, usd_per_month=0.9), Policy(kind="count"))) == 2  # 0.40 $ an hour
    outcome = replay(workload, changed(SITE, usd_per_month=4.1), PAY)
    assert nodes(outcome) == 2  # five hours of a node are 2.00 $, and its boot
    assert not np.isnan(outcome.started).any()
    free = replay(workload, changed(SITE, usd_per_month=4.1), Policy(kind="planned", v=1.0, figures={"pacing": 0}))
    assert nodes(free) == 2


def test_money_holds_the_runs_of_jobs_that_share_nodes_which_are_there() -> None:
    workload = jobs((0, 100 * HOUR, 4), (1, 20 * HOUR, 1), (1, 20 * HOUR, 1), (600, 20 * HOUR, 2), (600, 20 * HOUR, 4))
    pay = Policy(kind="planned", v=9.0, figures={"pacing": 0})
    # The node costs 8 $ with jobs on all of it; for one node more 5 $ are not left.
    outcome = replay(workload, changed(SITE, usd_per_month=13.0), pay)
    assert nodes(outcome) == 1
    assert outcome.started[4] > 20 * HOUR  # on the node that is there already
    assert nodes(replay(workload, changed(SITE, usd_per_month=17.0), pay)) == 2


def test_a_new_month_brings_new_money() -> None:
    day = 24 * HOUR
    workload = jobs((0, 40 * day, 4), (1, HOUR, 4), (29 * day, HOUR, 4), (31 * day, HOUR, 4))
    site = changed(SITE, usd_per_month=0.6, tick_s=3600.0)
    outcome = replay(workload, site, PAY)
    assert outcome.pool.tolist() == [-1, 0, 0, -1]
    assert outcome.started[2] >= 30 * day
    dated = replay(changed(workload, began=1_780_000_000.0), site, PAY)  # 28 May
    assert dated.pool.tolist() == [-1, 0, 0, 0]
    assert dated.started[2] < 30 * day


def test_a_spot_node_that_is_taken_starts_its_jobs_again_and_takes_rerunnable_ones_only() -> None:
    spot = changed(SITE, pools=(changed(POOL, spot=True),), spot_hazard=2.0, rerunnable_queues=("rerun",), seed=3)
    rows = ((0, 20 * HOUR, 4), (1, 2 * HOUR, 2), (2, 2 * HOUR, 2), (3, HOUR, 8))
    outcome = replay(jobs(*rows, queue=1), spot, Policy(kind="planned", v=9.0))
    assert outcome.restarts > 0
    assert np.allclose(outcome.ended - outcome.started, [20 * HOUR, 2 * HOUR, 2 * HOUR, HOUR])
    assert nodes(replay(jobs(*rows), spot, Policy(kind="planned", v=9.0))) == 0


def test_nodes_of_a_lab_take_jobs_of_that_lab() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 1), (2, HOUR, 1))
    assert nodes(replay(workload, SITE, PAY)) == 1
    assert nodes(replay(workload, changed(SITE, nodes_by_lab=True), PAY)) == 2


def test_a_pool_serves_its_queues_and_labs_and_the_cheapest_one_is_taken() -> None:
    other = changed(POOL, name="cheap", usd_per_hour=0.2, labs=("lee",))
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 1), (2, HOUR, 1))
    site = changed(SITE, pools=(POOL, other))
    assert replay(workload, site, PAY).pool.tolist() == [-1, 1, 0]
    closed = changed(SITE, pools=(changed(POOL, queues=("rerun",)),))
    assert nodes(replay(workload, closed, PAY)) == 0


def test_without_reservations_whatever_fits_starts() -> None:
    rows = ((0, HOUR, 3), (1, HOUR, 4), (2, 2 * HOUR, 1))
    assert replay(jobs(*rows), SITE, Policy(kind="none")).started.tolist() == [0.0, HOUR, 2 * HOUR]
    fit = replay(jobs(*rows), changed(SITE, scheduling="fit"), Policy(kind="none"))
    assert fit.started.tolist() == [0.0, 2 + 2 * HOUR, 2.0]


def test_slots_beside_the_reserved_job_are_given_once() -> None:
    rows = ((0, HOUR, 5), (1, HOUR, 6), (2, 9 * HOUR, 1), (3, 9 * HOUR, 1), (4, 9 * HOUR, 1))
    outcome = replay(jobs(*rows), changed(SITE, capacity=8), Policy(kind="none"))
    assert outcome.started.tolist() == [0.0, HOUR, 2.0, 3.0, 2 * HOUR]


def test_lsf_asks_when_a_pair_is_met_and_no_more_than_its_step_allows() -> None:
    workload = jobs((0, 10 * HOUR, 4), *((float(at), HOUR, 4) for at in range(1, 8)))
    gate = Policy(kind="lsf", figures={"pairs": (5, 600.0), "step_nodes": 2, "step_s": 600.0, "idle_s": 60.0})
    launched = replay(workload, SITE, gate).node_launched
    assert launched[0] == 630.0  # five jobs for ten minutes, at the next look
    assert launched[:4].tolist() == [630.0, 630.0, 1230.0, 1230.0]
    assert nodes(replay(workload, SITE, Policy(kind="lsf", figures={"pairs": (99, 0.0)}))) == 0


def test_a_count_opens_for_all_that_pends() -> None:
    workload = jobs((0, 10 * HOUR, 4), *((float(at), HOUR, 4) for at in range(1, 4)))
    assert nodes(replay(workload, SITE, Policy(kind="count", figures={"jobs": 3}))) == 3
    assert nodes(replay(workload, SITE, Policy(kind="count", figures={"jobs": 9}))) == 0


def test_immediate_asks_at_once_and_may_give_each_job_a_node() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 1), (2, HOUR, 1))
    assert replay(workload, SITE, Policy(kind="immediate")).node_launched.tolist() == [1.0]
    alone = replay(workload, SITE, Policy(kind="immediate", figures={"shared": 0}))
    assert alone.node_launched.tolist() == [1.0, 2.0]


def test_karpenter_waits_for_its_batch_and_ends_empty_nodes_at_once() -> None:
    outcome = replay(jobs((0, 10 * HOUR, 4), (1.5, HOUR, 1), (2, HOUR, 8)), SITE, Policy(kind="karpenter"))
    assert set(outcome.node_launched.tolist()) == {3.0}
    assert nodes(outcome) == 3
    assert outcome.node_ended.max() == 3.0 + 120.0 + HOUR + 1.0


def test_aqtp_looks_at_more_jobs_while_they_wait_too_long_and_at_fewer_after() -> None:
    rows = ((0, 10 * HOUR, 4), *((float(at), HOUR, 4) for at in range(1, 6)))
    eager = Policy(kind="aqtp", figures={"target_s": 60.0, "band_s": 0.0, "first": 0})
    calm = Policy(kind="aqtp", figures={"target_s": 1e7, "band_s": 0.0, "first": 1})
    assert nodes(replay(jobs(*rows), SITE, eager)) == 5
    assert nodes(replay(jobs(*rows), SITE, calm)) == 0


@pytest.mark.parametrize("policy", [PAY, *shipped()], ids=lambda one: one.name)
def test_a_job_that_fits_nowhere_never_starts_and_ends_the_replay_all_the_same(policy: Policy) -> None:
    workload = jobs((0, HOUR, 4), (1, HOUR, 99))
    outcome = replay(workload, SITE, policy)
    assert np.isnan(outcome.started).tolist() == [False, True]
    assert measure(workload, SITE, outcome, 0.1).never_started == 1


def test_more_nodes_than_were_reckoned_with_find_room() -> None:
    workload = jobs((0, 5e6, 4), *((1000.0 * at, 60.0, 4) for at in range(1, 1400)))
    seen: list[tuple[int, int]] = []
    policy = Policy(kind="immediate", figures={"idle_s": 60.0})
    outcome = replay(workload, SITE, policy, lambda done, of: seen.append((done, of)))
    assert nodes(outcome) == 1399
    assert seen[-1] == (1400, 1400)


def test_more_restarts_than_were_reckoned_with_find_room() -> None:
    spot = changed(SITE, pools=(changed(POOL, spot=True, boot_s=1.0),), spot_hazard=60.0, rerunnable_queues=("rerun",))
    rows = ((0, 4e5, 4), *((1.0, 400.0, 1) for _ in range(12)))
    outcome = replay(jobs(*rows, queue=1), spot, Policy(kind="immediate", figures={"idle_s": 60.0}))
    assert outcome.restarts > 1000
    assert not np.isnan(outcome.started).any()


def test_the_loop_can_stop_anywhere_and_go_on() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 2))
    world, sheet = laid_out(workload, SITE, PAY, compiled=False)
    assert advance(world, sheet, 3) == MORE
    while advance(world, sheet, 1) != DONE:
        assert world.state.arrived == 2
    assert column(world.work, "started", 2).tolist() == replay(workload, SITE, PAY).started.tolist()


def test_rows_for_the_compiled_loop_are_those_of_the_plain_one() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 2))
    records, _ = laid_out(workload, SITE, PAY, compiled=True)
    objects, _ = laid_out(workload, SITE, PAY, compiled=False)
    for name in ("slots", "cost", "group", "plan"):
        assert column(records.jobs, name, 2).tolist() == column(objects.jobs, name, 2).tolist()
    assert records.rule.value == objects.rule.value


def test_figures_say_what_was_burst_and_for_whom() -> None:
    workload = jobs((0, 10 * HOUR, 4), (1, HOUR, 2))
    outcome = replay(workload, SITE, PAY)
    found = measure(workload, SITE, outcome, 1.0)
    assert (found.jobs_burst, found.burst_by_queue, found.burst_by_lab) == (1, {"normal": 1}, {"lee": 1})
    assert found.j == pytest.approx(outcome.usd + 2 * 149.0 / HOUR)
    assert found.mean_wait_s == pytest.approx(149.0 / 2)
    assert found.core_hours_burst_share == pytest.approx(2 / 42)
    assert (found.launches, found.peak_nodes) == (1, 1)


def test_nothing_at_all_is_replayed_to_nothing() -> None:
    none = np.zeros(0)
    whole = none.astype(np.int64)
    empty = Workload(
        submitted=none, run_s=none, limit_s=none, slots=whole, queue=whole, lab=whole, recorded_wait_s=none,
        queues=(), labs=(),
    )  # fmt: skip
    for policy in (PAY, *shipped()):
        assert measure(empty, SITE, replay(empty, SITE, policy), 0.1).j == 0.0


def test_a_site_can_tune_its_peers() -> None:
    counts = {kind: len(grid(kind)) for kind in ("lsf", "count", "immediate", "karpenter", "aqtp")}
    assert counts == {"lsf": 270, "count": 105, "immediate": 4, "karpenter": 3, "aqtp": 30}
    assert len({policy.name for policy in grid("lsf")}) == 270


@pytest.mark.parametrize("policy", [Policy(kind="immediate"), Policy(kind="count"), Policy(kind="karpenter")])
def test_jobs_that_outlast_every_spot_node_stay_in_the_end(policy: Policy) -> None:
    spot = changed(SITE, pools=(changed(POOL, spot=True),), spot_hazard=60.0, rerunnable_queues=("rerun",))
    outcome = replay(jobs(*((0, 100 * HOUR, 4) for _ in range(12)), queue=1), spot, policy)
    assert outcome.restarts == 11 * 100  # each but the one that starts on-premises at once
    assert outcome.pool.tolist() == [-1] * 12


def test_immediate_gives_a_job_a_node_though_cores_enough_are_free_on_several() -> None:
    workload = jobs((0, HOUR, 4), (0, HOUR, 3), (0, HOUR, 3), (600, HOUR, 2))
    outcome = replay(workload, SITE, Policy(kind="immediate"))
    assert nodes(outcome) == 3
    assert outcome.started[3] == 600 + POOL.boot_s


def test_a_record_of_centuries_ends_all_the_same() -> None:
    outcome = replay(jobs((0, 5e9, 4), (1, 5e9, 4)), SITE, Policy(kind="planned", v=0.1))
    assert outcome.ended.max() >= 5e9


def test_a_choice_that_comes_through_later_starts_later_and_is_paid_from_then() -> None:
    slow = Policy(kind="planned", v=1.0, figures={"steer_s": 90.0})
    outcome = replay(jobs((0, 10 * HOUR, 4), (1, HOUR, 2), (600, HOUR, 2)), SITE, slow)
    assert outcome.node_launched.tolist() == [120.0]
    assert outcome.started.tolist() == [0.0, 240.0, 690.0]  # the last one on the node that is there
