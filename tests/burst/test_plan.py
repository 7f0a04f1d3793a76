"""The plan of one turn: which pending jobs are worth a node, and what always holds of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.planner.candidates import Sight, id_order, in_order
from burst.planner.kernel import NEVER
from burst.planner.live import plan
from burst.planner.own_queue import homed
from burst.planner.runtimes import History, Runs
from burst.planner.values import Want
from burst.pressure import measure
from burst.steering.memory import Memory
from ris_hybrid.data.readiness import JobData
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import Event, JobStatus, PoolMarks
from ris_hybrid.planner_settings import Exclude, Planner, Steering
from ris_hybrid.settings import Budget, Caps, Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from burst.planner.values import Plan, PlannedJob
    from ris_hybrid.settings import BurstSettings

SHARE = 1.0 - (14 * 86_400 + 8 * 3600) / (31 * 86_400)
"""Of the month that is left."""
STEERING = Steering(queues={"general": "burst", "short": "burst-short"})


def steered(make: Any, *, planner: Any = None, **fields: Any) -> BurstSettings:
    """Mode planned; a core of pool cpu costs 8.5 cents an hour."""
    planner = {"value": 0.1, "steering": STEERING, **(planner or {})}
    return make.settings(**{"mode": "planned", "planner": Planner(**planner), **fields})  # type: ignore[no-any-return]


def seen(make: Any, settings: BurstSettings, jobs: Sequence[Any], machines: Any = (), **fields: Any) -> Sight:
    """One host of 16 slots; queues general and short, each with its burst queue."""
    plain: dict[str, Any] = {
        "jobs": tuple(jobs),
        "queues": tuple(make.queue(name) for name in ("general", "short", "burst", "burst-short")),
        "hosts": (make.host(),),
        "fleet": make.fleet(*machines),
    }
    sight = {**plain, **fields}
    data = sight.get("data")
    told = measure(homed(sight["jobs"], settings), sight["queues"], sight["hosts"], data=data)
    return Sight(**{"pressure": told, **sight})


def full(make: Any, hours: float = 10.0) -> Any:
    """What keeps the host full for so long."""
    fields = {"status": JobStatus.RUN, "pend_s": 0.0, "run_limit_s": hours * 3600.0}
    return make.job("900", slots=16, exec_host="16*node1", **fields)


def of(made: Plan, job_id: str) -> PlannedJob:
    one = made.job(job_id)
    assert one is not None
    return one


@pytest.fixture
def planned(make: Any) -> Callable[..., Plan]:
    """The plan for these pending jobs behind a host that is full for ten hours."""

    def run(*jobs: Any, settings: Any = None, **fields: Any) -> Plan:
        told = settings or steered(make)
        return plan(seen(make, told, [full(make), *jobs], **fields), told)

    return run


def test_a_job_goes_when_its_wait_is_worth_its_price(make: Any, planned: Any) -> None:
    made = planned(make.job("1", slots=8, run_limit_s=7200.0))
    one = of(made, "1")
    assert (one.wait_s, one.boot_s, one.pool, one.cores, one.purchase) == (36_000.0, 300.0, "cpu", 8, "on-demand")
    assert one.usd_per_core_hour == pytest.approx(0.085)
    assert one.worth_usd == pytest.approx(0.1 * 8 * (36_000 - 300) / 3600)
    assert one.cost_usd == pytest.approx(0.085 * 8 * (7200 + 300) / 3600)
    assert one.why == "worth it: its wait of 10.0 h is worth $7.93, a run of 2.0 h on a node of cpu costs $1.42"
    assert made.wants == {("cpu", "lee"): Want(nodes=1, jobs=1, slots=8)}
    assert [(one.pool, one.lab, one.nodes) for one in made.decisions] == [("cpu", "lee", 1)]
    assert made.decisions[0].reasons[-1].text == "1 chosen jobs with 8 slots: 1 new nodes of 8"
    assert (made.usd, made.chosen, made.capacity) == (pytest.approx(one.cost_usd), {"1"}, 16)


def test_a_job_stays_when_it_is_not(make: Any, planned: Any) -> None:
    made = planned(make.job("1", slots=8, run_limit_s=172_800.0))
    assert of(made, "1").why.startswith("not worth it: its wait of 10.0 h is worth $7.93, a run of 48.0 h")
    assert (made.wants, made.usd) == ({}, 0)
    assert [one.nodes for one in made.decisions] == [0]


def test_a_job_wider_than_the_site_waits_for_ever(make: Any, planned: Any) -> None:
    made = planned(make.job("1", slots=32, run_limit_s=172_800.0))
    one = of(made, "1")
    assert (one.wait_s, one.chosen, one.cores) == (NEVER, True, 32)
    assert "wait of for ever, as it is wider than the site, is worth more than any price" in one.why
    assert "on 4 nodes of cpu" in one.why
    assert made.wants["cpu", "lee"].nodes == 4


def test_hosts_that_are_down_do_not_make_every_wait_endless(make: Any) -> None:
    settings, down = steered(make), make.host("node2", "unavail", 64)
    made = plan(seen(make, settings, [make.job("1", slots=32)], hosts=(make.host(), down)), settings)
    assert of(made, "1").why == "its wait cannot be planned while only 16 of its 80 slots are in service"
    assert made.notes == ("1 hosts of the site take no jobs now: their slots are not counted",)


@pytest.mark.parametrize(
    ("fields", "traits", "why"),
    [
        ({"user": "eve"}, {}, "eve users are excluded (planner.exclude.users)"),
        ({"queue": "condo"}, {}, "queue condo has no burst queue (planner.steering.queues)"),
        ({"queue": "short"}, {}, "no pool may run it: cpu: does not serve queue short for lee"),
        ({"lab": ""}, {}, "no pool may run it: cpu: does not serve queue general for jobs without a lab"),
        ({}, {"gpus": 1}, "no pool may run it: cpu: has no GPUs, the job asks for 1"),
        (
            {"slots": 9},
            {"one_host": True},
            "no pool may run it: cpu: one node has 8 slots, 30000 MiB and 0 GPUs, and the job needs one host",
        ),
        ({"slots": 16}, {"memory_mib": 90_001}, "no pool may run it: cpu: wider than the pool may grow: 3 nodes"),
    ],
)
def test_what_may_not_go_stays_and_says_why(make: Any, planned: Any, fields: Any, traits: Any, why: str) -> None:
    pool = make.pool(queues=("general",), labs=("lee",), max_nodes=3)
    settings = steered(make, planner={"exclude": Exclude(users=("eve",))}, pools=(pool,))
    queues = tuple(make.queue(name) for name in ("general", "short", "condo", "burst", "burst-short"))
    job = make.job("1", run_limit_s=60.0, **fields)
    told = {"1": JobTraits(**traits)} if traits else {}
    one = of(planned(job, settings=settings, traits=told, queues=queues), "1")
    assert (one.chosen, one.pool) == (False, "")
    assert one.why.startswith(why)


def test_a_closed_gate_a_held_pool_and_missing_data_keep_jobs(make: Any, planned: Any) -> None:
    job = make.job("1", run_limit_s=60.0)
    shut = planned(job, settings=steered(make, gates=(Gate(pending_jobs=2),)))
    assert "cpu: gate: general closed: 1 jobs, 1 slots meet no gate" in of(shut, "1").why
    held = make.fleet(marks={"cpu": PoolMarks(off="nodes do not join")})
    assert of(planned(job, fleet=held), "1").why == "no pool may run it: cpu: the pool is off"
    there = {
        "1": JobData(verdict="staged", reason="there", eligible=True, usd=0.5),
        "2": JobData(verdict="not staged", reason="1 path"),
    }
    made = planned(job, make.job("2", run_limit_s=60.0), data=there)
    assert of(made, "2").why == "data: not staged: 1 path"
    assert (of(made, "1").chosen, made.wants["cpu", "lee"].data_usd) == (True, 0.5)
    nothing = planned(make.job("2", run_limit_s=60.0), data=there)  # what is not there is no pressure, for no gate
    assert of(nothing, "2").why == "data: not staged: 1 path"


def test_a_gate_that_nothing_presses_says_so(make: Any) -> None:
    settings = steered(make)
    sight = seen(make, settings, [full(make), make.job("1")])
    made = plan(replace(sight, pressure=make.pressure()), settings)
    assert of(made, "1").why == "no pool may run it: cpu: gate: general closed: nothing of it is pressure"


def test_the_pools_of_least_cost_for_all_are_chosen(make: Any, planned: Any) -> None:
    big = make.pool("big", instance_types=("fake.large",), slots=16, memory_mib=60_000)
    settings = steered(make, pools=(make.pool(), big), prices={"c6i.4xlarge": 0.68, "fake.large": 0.96})
    jobs = [make.job(str(n), slots=8, run_limit_s=7200.0) for n in (1, 2)]
    made = planned(*jobs, settings=settings)
    assert made.wants == {
        ("big", "lee"): Want(nodes=1, jobs=2, slots=16),
        ("cpu", "lee"): Want(instead=2),  # LSF may start the other: it is worth it too
    }
    alone = planned(jobs[0], settings=settings)  # half a big node would be its own, and the other half nobody's
    assert (alone.wants["cpu", "lee"].nodes, alone.wants["big", "lee"].instead) == (1, 1)


@pytest.mark.parametrize(
    ("caps", "most", "instead"),
    [
        (Caps(nodes=9), 9, 4),  # two jobs of two nodes each
        (Caps(nodes=9, per_lab=3), 9, 2),  # three nodes would be one job and half of another
        (Caps(nodes=3, per_lab=9), 9, 2),
        (Caps(nodes=9, per_lab=9), 3, 2),
        (Caps(nodes=9), 1, 0),  # half of a job only: none of it is let through
    ],
)
def test_a_job_over_several_nodes_has_all_of_them_in_place_of_others_or_none(
    make: Any, planned: Any, caps: Any, most: int, instead: int
) -> None:
    big = make.pool("big", instance_types=("fake.large",), slots=16, memory_mib=60_000)
    pools = (make.pool(max_nodes=most), big)
    settings = steered(make, pools=pools, caps=caps, prices={"c6i.4xlarge": 0.68, "fake.large": 0.96})
    made = planned(*(make.job(str(n), slots=16, run_limit_s=7200.0) for n in (1, 2)), settings=settings)
    assert made.wants["big", "lee"].nodes == 2
    assert made.wants.get(("cpu", "lee"), Want()).instead == instead


def test_memory_makes_a_job_take_more_of_a_node(make: Any, planned: Any) -> None:
    jobs = [make.job(str(n), run_limit_s=3600.0) for n in (1, 2)]
    traits = {"1": JobTraits(memory_mib=20_000), "2": JobTraits(memory_mib=20_000)}
    made = planned(*jobs, traits=traits)
    assert [of(made, one).cores for one in ("1", "2")] == [6, 6]
    assert made.wants["cpu", "lee"].nodes == 2


def test_small_jobs_share_nodes(make: Any, planned: Any) -> None:
    made = planned(*(make.job(str(n), slots=n, run_limit_s=3600.0) for n in range(1, 6)))
    assert made.wants["cpu", "lee"] == Want(nodes=2, jobs=5, slots=15)


def test_a_node_that_is_coming_costs_no_boot_and_asks_for_no_other(make: Any, planned: Any) -> None:
    coming = make.machine(launched=make.now - 100, name="")
    made = planned(make.job("1", slots=8, run_limit_s=7200.0), machines=(coming,))
    one = of(made, "1")
    assert (one.boot_s, one.chosen, one.cores) == (0.0, True, 8)
    assert one.cost_usd == pytest.approx(0.085 * 8 * 2)
    assert "on a node of cpu that is there or on its way costs" in one.why
    assert made.wants["cpu", "lee"] == Want(nodes=0, jobs=1, slots=8)


def test_room_is_given_once(make: Any, planned: Any) -> None:
    free = make.machine(joined=make.now - 1000)
    row = make.row("ip-10-0-0-1", jobs=4)
    jobs = [make.job(str(n), slots=4, run_limit_s=3600.0) for n in (1, 2)]
    made = planned(*jobs, machines=(free,), hosts=(make.host(), row))
    assert [of(made, one).boot_s for one in ("1", "2")] == [0.0, 300.0]
    assert (made.wants["cpu", "lee"].nodes, made.capacity) == (1, 16)


def test_what_was_chosen_stays_so_until_it_falls_below_the_ratio(make: Any, planned: Any) -> None:
    # worth 0.1 * (36000 - 300), cost 0.085 * (r + 300): as much at r = 41,700 s, and 0.8 of it at 52,200 s
    for limit, fresh, kept in ((41_000.0, True, True), (45_000.0, False, True), (53_000.0, False, False)):
        for queue, expected in (("general", fresh), ("burst", kept)):
            made = planned(make.job("1", slots=8, run_limit_s=limit, queue=queue))
            assert of(made, "1").chosen is expected, (limit, queue)
    assert of(planned(make.job("1", slots=8, run_limit_s=45_000.0, queue="burst")), "1").why.startswith("stays chosen")
    lost = of(planned(make.job("1", slots=8, run_limit_s=53_000.0, queue="burst")), "1")
    assert (lost.why.startswith("no longer worth it"), lost.job.queue, lost.job.chosen) == (True, "general", True)


def test_flag_way_reads_what_is_chosen_from_the_requirement(make: Any, planned: Any) -> None:
    settings = steered(make, planner={"steering": Steering(way="flag")})
    jobs = make.job("1", run_limit_s=60.0), make.job("2", run_limit_s=60.0), make.job("3", run_limit_s=60.0)
    traits = {"1": JobTraits(resreq="select[(risburst)]"), "2": JobTraits()}
    made = planned(*jobs, settings=settings, traits=traits)
    assert [of(made, one).job.chosen for one in "123"] == [True, False, False]
    assert [of(made, one).chosen for one in "123"] == [True, True, False]
    assert of(made, "3").why == "its own resource requirement is not known"


def test_lab_and_queue_have_their_own_v(make: Any, planned: Any) -> None:
    settings = steered(make, planner={"value": 0.0, "queues": {"short": 0.1}, "labs": {"roe": 0.2}})
    jobs = (
        make.job("1", run_limit_s=60.0),
        make.job("2", run_limit_s=60.0, queue="short"),
        make.job("3", run_limit_s=60.0, queue="short", lab="roe"),
    )
    made = planned(*jobs, settings=settings)
    assert [(one.job.value, one.job.value_source, one.chosen) for one in made.jobs] == [
        (0.0, "planner.value", False),
        (0.1, "queue short", True),
        (0.2, "lab roe", True),
    ]


def test_money_that_goes_faster_than_the_month_lowers_v(make: Any, planned: Any) -> None:
    job = make.job("1", slots=8, run_limit_s=7200.0)
    settings = steered(make, budget=Budget(usd_per_month=1000.0, labs={"lee": 100.0}))
    spent = make.fleet(spent={"roe": 750.0})  # 17 of 31 days are left: 541 dollars should be
    made = planned(job, settings=settings, fleet=spent)
    assert made.values[""] == pytest.approx(250 / (1000 * SHARE))
    assert of(made, "1").job.value == pytest.approx(0.1 * made.values[""])
    assert "lowered to 46%" in of(made, "1").job.value_source
    own = planned(job, settings=settings, fleet=make.fleet(spent={"lee": 99.0}))
    assert own.values["lee"] < 0.02
    assert own.values[""] == 1.0
    assert of(own, "1").chosen is False
    loose = replace(settings, planner=replace(settings.planner, pacing=False))
    assert planned(job, settings=loose, fleet=spent).values == {"": 1.0}


def test_a_cap_gives_the_nodes_to_those_who_gain_most(make: Any, planned: Any) -> None:
    settings = steered(make, caps=Caps(nodes=2))
    long, short = make.job("1", slots=8, run_limit_s=18_000.0), make.job("2", slots=8, run_limit_s=1800.0)
    wide = make.job("3", slots=24, run_limit_s=60.0)
    made = planned(long, wide, short, settings=settings)
    assert {one.job.job_id for one in made.jobs if one.chosen} == {"1", "2"}
    assert of(made, "3").why.startswith("no pool may run it: cpu: wider than the pool may grow: 2 nodes")
    one = planned(long, short, settings=replace(settings, caps=Caps(nodes=1)))
    assert [of(one, job).chosen for job in ("1", "2")] == [False, True]
    assert of(one, "1").why.startswith(
        "worth it, but cap: all pools, 1 nodes: 0 nodes are left for it, it needs 1 more"
    )
    assert one.chosen_by_cap == {"1": "cap: all pools, 1 nodes: 0 nodes are left for it, it needs 1 more"}


def test_a_wide_job_gets_all_its_nodes_or_none(make: Any, planned: Any) -> None:
    settings = steered(make, caps=Caps(nodes=100, labs={"lee": 3}))
    up = make.machine(joined=make.now - 1000)
    wide, small = make.job("1", slots=24, run_limit_s=60.0), make.job("2", slots=8, run_limit_s=600.0)
    rows = (make.host(), make.row("ip-10-0-0-1", jobs=8))
    made = planned(wide, small, settings=settings, machines=(up,), hosts=rows)
    assert [of(made, one).chosen for one in "12"] == [False, True]
    assert made.chosen_by_cap["1"] == "lab cap: lee: 2 nodes are left for it, it needs 3 more"


def test_the_budget_stops_what_it_cannot_pay_and_pools_follow_each_other(make: Any, planned: Any) -> None:
    job = make.job("1", slots=8, run_limit_s=60.0)
    poor = steered(make, planner={"pacing": False}, budget=Budget(usd_per_month=0.5))
    assert of(planned(job, settings=poor), "1").why.startswith("worth it, but budget: $0.50 of this month is left")
    lab = steered(make, planner={"pacing": False}, budget=Budget(usd_per_month=100.0, labs={"lee": 0.1}))
    assert of(planned(job, settings=lab), "1").why.startswith("worth it, but lab budget: lee: $0.10")
    two = (make.pool(max_nodes=1), make.pool("dear", instance_types=("fake.large",)))
    both = steered(make, pools=two, prices={"c6i.4xlarge": 0.68, "fake.large": 0.7})
    made = planned(job, make.job("2", slots=8, run_limit_s=60.0), settings=both)
    assert sorted(of(made, one).pool for one in "12") == ["cpu", "dear"]
    assert made.chosen == {"1", "2"}


def test_a_dearer_pool_is_not_taken_beyond_a_jobs_worth(make: Any, planned: Any) -> None:
    pools = make.pool(max_nodes=0), make.pool("dear", instance_types=("fake.large",))
    settings = steered(make, pools=pools, prices={"c6i.4xlarge": 0.68, "fake.large": 680.0})
    made = planned(make.job("1", slots=8, run_limit_s=7200.0), settings=settings)
    assert of(made, "1").chosen is False
    full_pool = make.pool(max_nodes=1), make.pool("dear", instance_types=("fake.large",))
    jobs = [make.job(str(n), slots=8, run_limit_s=7200.0) for n in (1, 2)]
    made = planned(*jobs, settings=replace(settings, pools=full_pool))
    assert made.chosen_by_cap == {"2": "pool cap: cpu: 0 nodes are left for it, it needs 1 more"}


def test_spot_is_for_jobs_that_may_be_started_again_and_name_its_flag(make: Any, planned: Any) -> None:
    pools = make.pool(), make.pool("spot", purchase="spot")
    settings = steered(make, pools=pools, rerunnable_queues=("general",))
    job = make.job("1", slots=8, run_limit_s=7200.0)
    named = JobTraits(combined="select[risspot]")
    one = of(planned(job, settings=settings, traits={"1": named}), "1")
    assert (one.pool, one.purchase) == ("spot", "spot")
    assert one.usd_per_core_hour == pytest.approx(0.085 * 0.35)
    assert of(planned(job, settings=settings), "1").pool == "cpu"
    never = replace(named, rerunnable=False)
    assert of(planned(job, settings=settings, traits={"1": never}), "1").pool == "cpu"
    alone = replace(settings, pools=pools[1:])
    assert of(planned(job, settings=alone), "1").why.endswith("its nodes are spot and the job does not name risspot")
    assert of(planned(job, settings=alone, traits={"1": never}), "1").why.endswith("the job is not rerunnable")
    held = replace(settings, rerunnable_queues=())
    assert of(planned(job, settings=held, traits={"1": replace(named, rerunnable=True)}), "1").pool == "cpu"


def test_long_jobs_are_too_likely_to_lose_their_spot_node(make: Any, planned: Any) -> None:
    pools = make.pool(), make.pool("spot", purchase="spot")
    settings = steered(make, planner={"value": 3.0, "spot_hazard": 0.1}, pools=pools, rerunnable_queues=("general",))
    traits = {"1": JobTraits(combined="select[risspot]")}
    pools_of = [
        of(planned(make.job("1", slots=8, run_limit_s=hours * 3600), settings=settings, traits=traits), "1").pool
        for hours in (0.1, 24.0)
    ]
    assert pools_of == ["spot", "cpu"]


def test_what_cannot_be_moved_makes_no_node_wanted(make: Any, planned: Any) -> None:
    refused = Event(at=make.now - 30, kind="not moved", fields={"jobs": ["1"], "why": "User cannot use the queue"})
    put = Event(at=make.now - 60, kind="moved", fields={"jobs": ["2"], "target": "burst"})
    memory = Memory().after([put, refused])
    made = planned(*(make.job(one, run_limit_s=60.0) for one in "123"), memory=memory)
    assert of(made, "1").why == "LSF refused to move it, and is asked again later: User cannot use the queue"
    assert of(made, "2").why == "its owner or an admin took it back after we had chosen it: left alone"
    assert made.chosen == {"3"}


def test_shadow_looks_at_what_is_excluded_and_not_at_how_it_would_move(make: Any, planned: Any) -> None:
    shadow = make.settings(mode="shadow", planner=Planner(exclude=Exclude(users=("eve",))))
    jobs = make.job("1", run_limit_s=60.0), make.job("2", run_limit_s=60.0, user="eve")
    made = planned(*jobs, settings=shadow)
    assert made.chosen == {"1"}
    assert homed(jobs, shadow) is jobs


def test_run_times_of_the_past_stand_in_for_a_limit(make: Any, planned: Any) -> None:
    history = History(classes={("ann", "align", 8): Runs(count=12, q80_s=1800.0)})
    job = make.job("1", slots=8, run_limit_s=None)
    made = planned(job, traits={"1": JobTraits(name="align[1-5]")}, history=history)
    assert of(made, "1").job.length.seconds == 1800.0
    assert of(made, "1").job.length.source == "four of five of the last 12 runs of ann's align with 8 slots"


def test_depth_keeps_the_rest_for_later_and_order_is_that_of_time(make: Any, planned: Any) -> None:
    jobs = [make.job(str(n), pend_s=float(pend)) for n, pend in ((10, 5), (2, 5), (7, 9), (8, 1))]
    made = planned(*jobs, settings=steered(make, planner={"depth": 2}))
    assert ([one.job.job_id for one in made.jobs], made.beyond) == (["7", "2"], 2)
    assert in_order([], [make.queue()], 5) == ([], 0)
    assert in_order([], [make.queue()], 0) == ([], 0)  # a job that has ended is asked for, and none is left
    assert sorted(["10", "2[10]", "x", "2[9]", "2"], key=id_order) == ["2", "2[9]", "2[10]", "10", "x"]


JOB = st.fixed_dictionaries(
    {
        "slots": st.sampled_from((1, 2, 4, 8, 9, 16, 24, 64)),
        "run_limit_s": st.sampled_from((None, 60.0, 1800.0, 7200.0, 90_000.0)),
        "pend_s": st.sampled_from((0.0, 30.0, 600.0, 90_000.0)),
        "queue": st.sampled_from(("general", "short", "burst", "burst-short")),
        "lab": st.sampled_from(("lee", "roe", "")),
        "user": st.sampled_from(("ann", "eve")),
    }
)
JOBS = st.lists(JOB, max_size=12)
CAPS = st.builds(
    Caps,
    nodes=st.integers(0, 6),
    per_lab=st.one_of(st.none(), st.integers(0, 3)),
    labs=st.dictionaries(st.sampled_from(("lee", "roe")), st.integers(0, 3)),
)
BUDGET = st.builds(
    Budget,
    usd_per_month=st.sampled_from((0.1, 3.0, 1000.0)),
    labs=st.dictionaries(st.sampled_from(("lee", "roe")), st.sampled_from((0.0, 1.0, 100.0))),
)
MACHINES = st.lists(
    st.tuples(st.sampled_from(("cpu", "big")), st.sampled_from(("lee", "roe")), st.booleans()), max_size=3
)


def site_of(make: Any, v: float, **fields: Any) -> BurstSettings:
    pools = make.pool(max_nodes=4), make.pool("big", slots=16, max_nodes=2, instance_types=("fake.large",))
    exclude = Exclude(users=("eve",))
    prices = {"c6i.4xlarge": 0.68, "fake.large": 1.2}
    return steered(make, planner={"value": v, "exclude": exclude}, pools=pools, prices=prices, **fields)


def sight_of(make: Any, settings: BurstSettings, rows: Sequence[Any], machines: Sequence[Any] = ()) -> Sight:
    jobs = [make.job(str(number), **row) for number, row in enumerate(rows, start=1)]
    up = [
        make.machine(n, pool=pool, lab=lab, launched=make.now - 60, joined=make.now - 30 if joined else 0.0)
        for n, (pool, lab, joined) in enumerate(machines, start=1)
    ]
    hosts = make.host(), *(make.row(machine.name, jobs=3) for machine in up if machine.joined)
    return seen(make, settings, [full(make, 2.0), *jobs], machines=up, hosts=hosts)


@given(rows=JOBS, machines=MACHINES, v=st.sampled_from((0.0, 0.03, 0.1, 3.0)))
def test_excluded_jobs_never_go_and_a_worthless_wait_sends_nobody(
    make: Any, rows: Any, machines: Any, v: float
) -> None:
    settings = site_of(make, v)
    made = plan(sight_of(make, settings, rows, machines), settings)
    barred = {str(number) for number, row in enumerate(rows, start=1) if row["user"] == "eve"}
    assert not made.chosen & barred
    if v == 0.0:
        assert not made.chosen
        assert not any(decision.nodes for decision in made.decisions)


@given(rows=JOBS, machines=MACHINES, shuffle=st.randoms(use_true_random=False))
def test_the_order_in_which_lsf_lists_jobs_changes_nothing(make: Any, rows: Any, machines: Any, shuffle: Any) -> None:
    settings = site_of(make, 0.1, caps=Caps(nodes=3))
    sight = sight_of(make, settings, rows, machines)
    mixed = list(sight.jobs)
    shuffle.shuffle(mixed)
    assert plan(replace(sight, jobs=mixed), settings) == plan(sight, settings)


@given(rows=JOBS, machines=MACHINES, caps=CAPS, budget=BUDGET)
def test_no_cap_is_exceeded_and_limits_find_nothing_left_to_lower(
    make: Any, rows: Any, machines: Any, caps: Caps, budget: Budget
) -> None:
    settings = site_of(make, 3.0, caps=caps, budget=budget)
    sight = sight_of(make, settings, rows, machines)
    made = plan(sight, settings)
    nodes = {place: want.nodes for place, want in made.wants.items() if want.nodes}
    assert nodes == {(one.pool, one.lab): one.nodes for one in made.decisions if one.nodes}
    fleet = sight.fleet
    if nodes:
        assert fleet.count() + sum(nodes.values()) <= caps.nodes
        assert fleet.committed_usd(settings) + sum(one.usd_committed for one in made.decisions) <= budget.usd_per_month
    for pool in settings.pools:
        new = sum(count for (name, _), count in nodes.items() if name == pool.name)
        assert not new or fleet.count(pool=pool.name) + new <= pool.max_nodes
    for lab in ("lee", "roe", ""):
        new = sum(count for (_, name), count in nodes.items() if name == lab)
        cap = caps.labs.get(lab, caps.per_lab)
        assert not new or cap is None or fleet.count(lab=lab) + new <= cap


@given(rows=JOBS)
def test_chosen_jobs_stay_while_nothing_changes(make: Any, rows: Any) -> None:
    """What one turn chooses the next one keeps, though the jobs are in burst queues now: no flapping."""
    settings = site_of(make, 0.1)
    first = plan(sight_of(make, settings, rows), settings)
    queues = {"general": "burst", "short": "burst-short"}
    moved = [
        {**row, "queue": queues.get(row["queue"], row["queue"])} if str(number) in first.chosen else row
        for number, row in enumerate(rows, start=1)
    ]
    assert first.chosen <= plan(sight_of(make, settings, moved), settings).chosen


@given(row=JOB, low=st.floats(0, 2), more=st.floats(0, 2))
def test_more_v_never_keeps_a_job_that_went_by_less(make: Any, row: Any, low: float, more: float) -> None:
    sent = []
    for v in (low, low + more):
        settings = site_of(make, v)
        sent.append(len(plan(sight_of(make, settings, [row]), settings).chosen))
    assert sent[0] <= sent[1]


def test_of_several_jobs_more_v_may_send_fewer(make: Any) -> None:
    """One of the first goes by more v and leaves its room to later ones, which then wait too little to go."""
    shapes = ((8, 20e3), (1, 1800.0), (4, 20e3), (16, 90e3), (16, 20e3), (8, 7200.0), (16, 20e3), (16, 90e3))
    shapes += ((16, 90e3), (8, 90e3))
    rows = [{"slots": n, "run_limit_s": r, "pend_s": 99.0 - at} for at, (n, r) in enumerate(shapes)]
    sent = []
    for v in (0.03, 0.06):
        settings = site_of(make, v)
        sent.append(len(plan(sight_of(make, settings, rows), settings).chosen))
    assert sent == [5, 4]


def test_jobs_that_stay_on_premises_hide_none_behind_them(make: Any, planned: Any) -> None:
    """A lab without a pool has an array of thousands before the others."""
    theirs = [make.job(f"1[{n}]", lab="clinic", slots=1, pend_s=9000.0, run_limit_s=7200.0) for n in range(30)]
    ours = [make.job(str(n), slots=8, pend_s=3600.0, run_limit_s=7200.0) for n in (2, 3, 4)]
    pools = (make.pool(labs=("lee",)),)
    made = planned(*theirs, *ours, settings=steered(make, pools=pools, planner={"depth": 2}))
    assert {"2", "3"} <= {one.job.job_id for one in made.jobs}
    assert made.beyond == 1
    far = planned(*theirs, *ours, settings=steered(make, pools=pools, planner={"depth": 1}))
    assert [one.job.job_id for one in far.jobs] == [f"1[{n}]" for n in range(20)]  # so far and no further
