from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, HostSpec, JobRequest, QueueSpec

LABS = ("abc", "xyz")
SPEC = ClusterSpec(
    name="c",
    hosts=(HostSpec(prefix="n", count=2, slots=4), HostSpec(prefix="k", count=1, slots=4, queues=("condo",))),
    queues=(
        QueueSpec(name="general", rc_hosts="all"),
        QueueSpec(name="condo", priority=50, rc_hosts="all"),
        QueueSpec(name="small", max_slots=2),
    ),
    default_queue="general",
)

JOBS = st.lists(
    st.tuples(
        st.floats(0, 50),
        st.builds(
            JobRequest,
            run_s=st.integers(0, 60).map(float),
            slots=st.integers(1, 4),
            queue=st.sampled_from(["general", "condo", "small"]),
            user_group=st.sampled_from([f"compute-{lab}" for lab in LABS]),
            run_limit_s=st.none() | st.integers(1, 50).map(float),
            begin=st.none() | st.integers(0, 100).map(float),
            rerunnable=st.booleans(),
            resreq=st.sampled_from(["", "span[hosts=1]"]),
        ),
    ),
    max_size=25,
)


def check_capacity(cluster: Cluster) -> None:
    held: dict[str, int] = {}
    for job in cluster.jobs():
        assert sum(slots for _, slots in job.hosts) == (job.request.slots if job.started is not None else 0)
        for host, slots in job.hosts:
            held[host] = held.get(host, 0) + slots
    for shown in cluster.hosts():
        assert held.get(shown.name, 0) == shown.used <= shown.slots
        assert (shown.idle_since is None) == (shown.used > 0)
    counts = cluster.counts()
    assert counts.running_slots == counts.onprem_slots_used + counts.cloud_slots_used == sum(held.values())
    small = sum(job.request.slots for job in cluster.jobs() if job.queue == "small" and job.started is not None)
    assert small <= 2


@settings(max_examples=40, deadline=None)
@given(jobs=JOBS, join=st.integers(0, 60), leave=st.integers(0, 60), account=st.sampled_from(LABS))
def test_slots_are_never_exceeded_and_every_job_ends(
    jobs: list[tuple[float, JobRequest]], join: int, leave: int, account: str
) -> None:
    cluster = Cluster(SPEC, 0.0)
    host = BorrowedHost(name="z", slots=6, account=account, provider="p", template="t", machine_id="i-1")
    steps: list[tuple[float, JobRequest | str]] = sorted(
        [*jobs, (float(join), "borrow"), (float(join + leave), "release")], key=lambda step: step[0]
    )
    for at, step in steps:
        while (event := cluster.next_event()) is not None and event <= at:
            cluster.advance(event)
            check_capacity(cluster)
        cluster.advance(at)
        if step == "borrow":
            cluster.borrow(host)
        elif step == "release":
            cluster.release("z")
        elif isinstance(step, JobRequest):
            cluster.submit(step)
        check_capacity(cluster)
    while (event := cluster.next_event()) is not None:
        cluster.advance(event)
        check_capacity(cluster)
    assert cluster.pending() == ()
    left = cluster.jobs()
    assert {job.job_id for job in left} == {
        job.job_id for job in left if job.queue == "small" and job.request.slots > 2
    }
    done = [record.job_id for record in cluster.finished()]
    assert len(done) == len(set(done)) == len(jobs) - len(left)
    counts = cluster.counts()
    assert (counts.running_jobs, counts.pending_jobs) == (0, len(left))


@settings(max_examples=40, deadline=None)
@given(
    arrivals=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), max_size=30),
    slots=st.integers(1, 8),
)
def test_equal_jobs_start_in_the_order_they_came(arrivals: list[tuple[int, int]], slots: int) -> None:
    cluster = Cluster(SPEC, 0.0)
    for at, run_s in sorted(arrivals, key=lambda arrival: arrival[0]):
        cluster.advance(float(at))
        cluster.submit(JobRequest(run_s=float(run_s), slots=slots))
    while (event := cluster.next_event()) is not None:
        cluster.advance(event)
    starts = sorted((int(record.job_id), record.started) for record in cluster.finished())
    assert len(starts) == len(arrivals)
    assert [start for _, start in starts] == sorted(start for _, start in starts)


def test_a_thousand_hosts_and_a_thousand_jobs_are_replayed_quickly() -> None:
    queues = (QueueSpec(name="general", rc_hosts="all"), QueueSpec(name="condo", priority=50, rc_hosts="all"))
    hosts = (
        HostSpec(prefix="n", count=1000, slots=16),
        HostSpec(prefix="k", count=10, slots=32, queues=("condo",)),
    )
    cluster = Cluster(ClusterSpec(name="c", hosts=hosts, queues=queues, default_queue="general"), 0.0)
    began = time.process_time()
    for number in range(1000):
        cluster.advance(number * 10.0)
        cluster.submit(
            JobRequest(
                run_s=1000.0 + number * 7919 % 30000,
                slots=(1, 2, 4, 16, 17, 64, 128)[number % 7],
                queue="condo" if number % 5 == 0 else "general",
                user_group=f"compute-lab{number % 60}",
            )
        )
    while (event := cluster.next_event()) is not None:
        cluster.advance(event)
    assert len(cluster.finished()) == 1000
    assert time.process_time() - began < 2.0  # about 0.1 s on an idle machine without coverage
