from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.holdings import Holding, Stage
from ris_hybrid.sandbox.lsf.rcpolicies import Borrower
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, JobRequest, QueueSpec
from ris_hybrid.sandbox.lsf.swf import Arrival
from ris_hybrid.sandbox.simulation import PATIENCE_S, SAMPLE_EVERY_S, Simulation

if TYPE_CHECKING:
    from ris_hybrid.sandbox.history import History

START = 1_800_000_000.0
SLOTS = 4


def cluster() -> Cluster:
    hosts = (HostSpec(prefix="n", count=SLOTS, slots=1),)
    return Cluster(ClusterSpec(name="c1", hosts=hosts, queues=(QueueSpec(name="q"),), default_queue="q"), START)


def arrival(at: float, run_s: float = 60.0, slots: int = 1, **fields: Any) -> Arrival:
    return Arrival(at=at, request=JobRequest(run_s=run_s, slots=slots, **fields))


class NoDemand:
    """An ebrokerd that borrows what it is told and ticks every minute."""

    def __init__(self, cluster: Cluster, stages: tuple[Stage, ...] = (), asked: int = 0) -> None:
        self._cluster, self._stages, self._asked = cluster, stages, asked
        self.due = cluster.now
        self.ticks: list[float] = []

    def next_tick(self) -> float:
        return self.due

    def tick(self) -> None:
        self.ticks.append(self._cluster.now)
        self.due = self._cluster.now + 3600.0

    def idle(self) -> bool:
        return not self._stages

    def holdings(self) -> tuple[Holding, ...]:
        borrower = Borrower(provider="aws", template="cpu", account="lee")
        return tuple(
            Holding(
                borrower=borrower,
                machine_id=f"i-{number}",
                name=f"ip-{number}",
                slots=4,
                allocated_at=START,
                join_at=START,
                updated_at=START,
                stage=stage,
            )
            for number, stage in enumerate(self._stages)
        )

    def asked_for(self) -> int:
        return self._asked


def simulation(*arrivals: Arrival, ebrokerd: Any = None, **fields: Any) -> Simulation:
    lsf = fields.pop("cluster", None) or cluster()
    return Simulation(cluster=lsf, arrivals=arrivals, ebrokerd=ebrokerd, **fields)


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 900), st.integers(1, SLOTS)), max_size=25))
def test_without_a_cloud_every_job_ends_and_no_slot_is_made_up(jobs: list[tuple[int, int, int]]) -> None:
    arrivals = [arrival(float(at), float(run_s), slots) for at, run_s, slots in sorted(jobs)]
    found = simulation(*arrivals)
    found.run()
    ended = found.cluster.finished()
    assert found.done
    assert len(ended) == len(arrivals)
    assert sum(job.slots * (job.ended - job.started) for job in ended) == sum(run * n for _, run, n in jobs)
    assert all(job.started >= job.submitted for job in ended)
    samples = found.history.samples
    assert all(0 <= sample.onprem_used <= SLOTS for sample in samples)
    assert [sample.at for sample in samples] == sorted(sample.at for sample in samples)
    assert all(sample.cloud_slots == sample.nodes == 0 for sample in samples)
    assert (samples[-1].pending_jobs, samples[-1].onprem_used) == (0, 0)


def test_jobs_are_submitted_at_their_own_time() -> None:
    found = simulation(arrival(10), arrival(10), arrival(75.5))
    found.run()
    assert [job.submitted - START for job in found.cluster.finished()] == [10, 10, 75.5]


def test_there_is_a_sample_each_minute_and_one_at_the_end() -> None:
    seen: list[int] = []
    found = simulation(arrival(0, 150.0), watch=lambda history: seen.append(len(history.samples)))
    found.run()
    assert [sample.at - START for sample in found.history.samples] == [0, 60, 120, 150]
    assert found.history.minutes(START + 90) == 1.5
    assert seen == [1, 2, 3, 4]
    assert SAMPLE_EVERY_S == 60


def test_nothing_to_replay_is_done_at_once() -> None:
    found = simulation()
    found.run()
    assert len(found.history.samples) == 1
    assert found.history.happenings == []


def test_the_cloud_is_told_the_time_before_ebrokerd_acts() -> None:
    lsf = cluster()
    ebrokerd, clock = NoDemand(lsf), []
    found = simulation(arrival(0, 90.0), arrival(4000), cluster=lsf, ebrokerd=ebrokerd, set_clock=clock.append)
    found.run()
    assert clock == ebrokerd.ticks == [START, START + 3600]


def test_samples_count_nodes_by_what_they_are_doing() -> None:
    lsf = cluster()
    ebrokerd = NoDemand(lsf, tuple(Stage), asked=3)
    found = simulation(cluster=lsf, ebrokerd=ebrokerd)
    found.step(START)
    (sample,) = found.history.samples
    assert (sample.nodes_starting, sample.nodes_joined, sample.nodes_leaving, sample.nodes) == (4, 2, 2, 8)
    assert not found.done  # something is still borrowed


@pytest.mark.parametrize("fields", [{"slots": SLOTS + 1}, {"hold": True}])
def test_a_job_that_nothing_can_start_is_given_up(fields: dict[str, Any]) -> None:
    found = simulation(arrival(0, **fields), arrival(30, 100.0))
    found.run()
    assert len(found.cluster.finished()) == 1
    assert not found.done
    assert found.stuck
    (last,) = found.history.happenings
    assert (last.kind, last.text) == ("stuck", "given up: 1 jobs that nothing in this cluster can start")


def test_with_a_cloud_a_job_is_given_up_after_a_while() -> None:
    lsf = cluster()
    found = simulation(arrival(100, slots=SLOTS + 1), cluster=lsf, ebrokerd=NoDemand(lsf))
    found.run()
    assert PATIENCE_S <= lsf.now - START - 100 <= PATIENCE_S + 60
    assert found.history.happenings[-1].kind == "stuck"


def test_a_history_that_goes_on_for_ever_forgets(told: Any) -> None:
    history: History = told.history()
    history.forget(2)
    assert [sample.at for sample in history.samples] == [told.start + 600, told.start + 4500]
    assert [happening.kind for happening in history.happenings] == ["refused", "joined"]
    history.forget(2)
    assert len(history.samples) == 2
