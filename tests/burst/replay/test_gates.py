"""burst.yaml's gates in a replay: open when every figure is reached, held open while nodes are up, one queue each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burst.decide import gate_met
from burst.pressure import measure
from burst.replay.run import replay
from burst.replay.values import Outcome, Policy, ReplayPool, Site, Workload
from ris_hybrid.model import Host, Job, JobStatus, Queue
from ris_hybrid.settings import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400.0
POOL = ReplayPool(name="cpu", cores=4, usd_per_hour=0.8, boot_s=240.0, max_nodes=10)
SITE = Site(capacity=2, pools=(POOL,), max_nodes=10)


@pytest.fixture(autouse=True, scope="module")
def plain() -> Iterator[None]:
    """Nothing is compiled for so few jobs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("numba.config.DISABLE_JIT", True)
        yield


def load(queues: tuple[int, ...] = (0,) * 12, minutes: float = 1.0) -> Workload:
    """Jobs of an hour, a minute apart: their planned waits grow by half an hour each."""
    jobs = len(queues)
    return Workload(
        submitted=np.arange(jobs) * minutes * 60.0,
        run_s=np.full(jobs, 3600.0),
        limit_s=np.full(jobs, 3600.0),
        slots=np.ones(jobs, dtype=np.int64),
        queue=np.array(queues),
        lab=np.zeros(jobs, dtype=np.int64),
        recorded_wait_s=np.full(jobs, np.nan),
        queues=("day", "night"),
        labs=("lee",),
    )


def first_launch(outcome: Outcome) -> float:
    return float(outcome.node_launched.min(initial=np.inf))


@pytest.mark.parametrize(
    ("gate", "opens_at"),
    [
        ((4.0, 0.0, -1.0, -1.0), 300.0),  # four pending: the sixth job
        ((2.0, 600.0, -1.0, -1.0), 780.0),  # two that have waited ten minutes: the fourth job came at 180
        ((-1.0, 0.0, 6.0, -1.0), 420.0),
        ((2.0, 0.0, 6.0, -1.0), 420.0),  # all figures of a gate
        ((-1.0, 0.0, -1.0, 3600.0), 180.0),  # the mean of an hour, and of nearly an hour and a half
        ((20.0, 0.0, -1.0, -1.0), np.inf),
    ],
)
def test_a_gate_opens_when_all_its_figures_are_reached(gate: tuple[float, ...], opens_at: float) -> None:
    outcome = replay(load(), SITE, Policy(kind="gates", figures={"gates": gate, "tick_s": 1.0}))
    assert first_launch(outcome) == opens_at
    assert (len(outcome.node_pool) > 0) == np.isfinite(opens_at)


def test_gates_are_alternatives_and_queues_have_their_own() -> None:
    both = {"gates": (3.0, 0.0, -1.0, -1.0, -1.0, 0.0, 2.0, -1.0), "tick_s": 1.0}
    assert first_launch(replay(load(), SITE, Policy(kind="gates", figures=both))) == 180.0
    mixed = load(queues=(0, 0, 0, 0, 0, 1, 0, 1))
    one = {"gates": (4.0, 0.0, -1.0, -1.0), "tick_s": 1.0}
    outcome = replay(mixed, SITE, Policy(kind="gates", figures=one))
    assert first_launch(outcome) == 360.0  # the fourth of queue day, not the fourth of all


@pytest.mark.parametrize(("release", "nodes"), [((1.0, 1.0), 3), ((9.0, 9.0), 1)])
def test_an_open_gate_is_held_until_pressure_is_below_release(release: tuple[float, float], nodes: int) -> None:
    """Four jobs open it; six that come while the node is up ask for more only where release lets them."""
    first, later = load(queues=(0,) * 6), load(queues=(0,) * 9)
    both = np.concatenate((first.submitted, 900.0 + np.arange(3) * 1.0))
    figures = {"gates": (4.0, 0.0, -1.0, -1.0), "release": release, "tick_s": 1.0, "step_nodes": 1.0, "step_s": 300.0}
    wide = Workload(
        submitted=both, run_s=later.run_s, limit_s=later.limit_s, slots=np.array([1, 1, 1, 1, 1, 1, 2, 2, 2]),
        queue=later.queue, lab=later.lab, recorded_wait_s=later.recorded_wait_s, queues=("day",), labs=("lee",),
    )  # fmt: skip
    outcome = replay(wide, SITE, Policy(kind="gates", figures=figures))
    assert int((outcome.node_launched < 1500).sum()) == nodes


def test_behind_a_closed_gate_nothing_is_chosen() -> None:
    free = replay(load(), SITE, Policy(kind="planned", v=1.0))
    same = replay(load(), SITE, Policy(kind="planned", v=1.0, figures={"gates": (1.0, 0.0, -1.0, -1.0)}))
    late = replay(load(), SITE, Policy(kind="planned", v=1.0, figures={"gates": (1.0, 1200.0, -1.0, -1.0)}))
    never = replay(load(), SITE, Policy(kind="planned", v=1.0, figures={"gates": (50.0, 0.0, -1.0, -1.0)}))
    assert list(same.started) == list(free.started)
    assert first_launch(free) < first_launch(late) == pytest.approx(1320.0, abs=30.0)
    assert len(never.node_pool) == 0


def test_jobs_no_pool_takes_open_nothing() -> None:
    pool = ReplayPool(name="cpu", cores=4, usd_per_hour=0.8, boot_s=240.0, max_nodes=10, queues=("night",))
    site = Site(capacity=2, pools=(pool,), max_nodes=10)
    assert len(replay(load(), site, Policy(kind="gates", figures={"gates": (1.0, 0.0, -1.0, -1.0)})).node_pool) == 0


FIGURE = st.one_of(st.none(), st.integers(1, 6))
GATE = st.builds(
    Gate,
    pending_jobs=st.integers(1, 6),
    for_minutes=st.sampled_from((0.0, 0.25, 0.5)),
    pending_slots=FIGURE,
    expected_wait_minutes=st.one_of(st.none(), st.floats(1.0, 400.0)),
)
ARRIVAL = st.tuples(st.integers(1, 40), st.integers(0, 1), st.integers(1, 2), st.integers(60, 6000))


@given(gates=st.lists(GATE, min_size=1, max_size=3), arrivals=st.lists(ARRIVAL, min_size=1, max_size=8))
@settings(max_examples=25)
def test_gates_open_when_production_would_open_them(
    gates: list[Gate], arrivals: list[tuple[int, int, int, int]]
) -> None:
    """Both slots are busy with one job, so that everything else pends; second by second, as bjobs would show it."""
    rows = [(0, 0, 2, 12_000), *sorted(arrivals)]
    submitted, queue, slots, limit = (np.array(column) for column in zip(*rows, strict=True))
    whole = replace(
        load((0,) * len(rows)),
        submitted=submitted.astype(np.float64),
        run_s=np.full(len(rows), 120.0),
        limit_s=limit.astype(np.float64),
        slots=slots,
        queue=queue,
    )
    flat = tuple(
        -1.0 if figure is None else figure * per
        for gate in gates
        for figure, per in (
            (gate.pending_jobs, 1.0),
            (gate.for_minutes, 60.0),
            (gate.pending_slots, 1.0),
            (gate.expected_wait_minutes, 60.0),
        )
    )
    outcome = replay(whole, SITE, Policy(kind="gates", figures={"gates": flat, "tick_s": 1.0}))
    opens = next((at for at in range(100) if opened(whole, at, gates)), np.inf)
    launched = first_launch(outcome)
    assert launched == opens or (opens == np.inf and launched >= 100)


def opened(whole: Workload, at: int, gates: list[Gate]) -> bool:
    """What production makes of it at that second."""
    jobs = [shown(whole, job, at) for job in range(whole.jobs) if whole.submitted[job] <= at]
    queues = [
        Queue(name=name, is_open=True, is_active=True, max_slots=None, pending_slots=0, running_slots=0)
        for name in whole.queues
    ]
    hosts = [Host(name="a", status="ok", max_slots=2, jobs=1, running=1)]
    pressure = measure(jobs, queues, hosts)
    return any(gate_met(gate, [group]) for group in pressure.groups for gate in gates)


def shown(whole: Workload, job: int, at: int) -> Job:
    waited = at - float(whole.submitted[job])
    return Job(
        job_id=str(job),
        status=JobStatus.PEND if job else JobStatus.RUN,
        queue=whole.queues[whole.queue[job]],
        user="ann",
        lab="lee",
        project="",
        slots=int(whole.slots[job]),
        pend_s=waited if job else 0.0,
        run_s=0.0 if job else waited,
        run_limit_s=float(whole.limit_s[job]),
        reason="",
        pend_state="EPEND" if job else "",
        dependency="",
        specified_start="",
        exec_host="" if job else "a",
    )
