from __future__ import annotations

from collections.abc import Callable

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.cluster import Cluster, JobView, UnknownQueue
from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, HostSpec, JobRequest, QueueSpec

MakeHost = Callable[..., BorrowedHost]
T0 = 1_790_800_320.0


def job(run_s: float = 100.0, slots: int = 1, **more: object) -> JobRequest:
    return JobRequest(run_s=run_s, slots=slots, **more)  # type: ignore[arg-type]  # fields by name, as in a table


def view(cluster: Cluster, job_id: str) -> JobView:
    return cluster.jobs((job_id,))[0]


def status(cluster: Cluster, job_id: str) -> JobStatus:
    return view(cluster, job_id).status


def test_a_job_runs_at_once_ends_by_itself_and_is_accounted(cluster: Cluster) -> None:
    job_id = cluster.submit(job(slots=2, user_group="compute-abc-t1"))
    assert job_id == "1"
    assert status(cluster, job_id) is JobStatus.RUN
    assert cluster.next_event() == T0 + 100
    cluster.advance(T0 + 500)
    assert cluster.now == T0 + 500
    assert status(cluster, job_id) is JobStatus.DONE
    record = cluster.finished()[0]
    assert (record.lab, record.slots, record.started, record.ended) == ("abc", 2, T0, T0 + 100)
    assert record.hosts == ("n-1",)
    assert not record.borrowed
    assert cluster.next_event() is None
    assert cluster.unfinished() == 0


def test_a_waiting_job_starts_the_moment_slots_come_free(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    waiting = cluster.submit(job(slots=8, run_s=7))
    cluster.advance(T0 + 1000)
    assert view(cluster, waiting).started == T0 + 100
    assert view(cluster, waiting).ended == T0 + 107


def test_the_queue_of_higher_priority_goes_first_then_order(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    ids = [cluster.submit(job(slots=3, queue=queue)) for queue in ("general", "general", "general", "lab1")]
    cluster.advance(T0 + 100)
    assert [status(cluster, job_id) for job_id in ids] == ["RUN", "PEND", "PEND", "RUN"]


def test_a_job_that_does_not_fit_is_skipped_not_waited_for(cluster: Cluster) -> None:
    cluster.submit(job(slots=6))
    wide, narrow = cluster.submit(job(slots=4)), cluster.submit(job(slots=2))
    assert [status(cluster, wide), status(cluster, narrow)] == ["PEND", "RUN"]


def test_a_job_over_its_run_limit_is_killed_at_the_limit(cluster: Cluster) -> None:
    over, within = cluster.submit(job(run_limit_s=60)), cluster.submit(job(run_limit_s=100))
    cluster.advance(T0 + 100)
    assert (view(cluster, over).ended, view(cluster, over).exit_code) == (T0 + 60, 140)
    assert view(cluster, over).exit_reason.startswith("TERM_RUNLIMIT")
    assert status(cluster, over) is JobStatus.EXIT
    assert status(cluster, within) is JobStatus.DONE


def test_a_job_of_no_length_ends_at_once(cluster: Cluster) -> None:
    job_id = cluster.submit(job(run_s=0))
    cluster.advance(cluster.now)
    assert status(cluster, job_id) is JobStatus.DONE


def test_a_start_time_is_kept_and_is_an_event(cluster: Cluster) -> None:
    job_id = cluster.submit(job(begin=T0 + 50))
    assert cluster.next_event() == T0 + 50
    assert cluster.pending() == ()
    cluster.advance(T0 + 50)
    assert view(cluster, job_id).started == T0 + 50
    assert view(cluster, job_id).eligible_s == 0


def test_eligible_seconds_leave_out_the_time_before_the_start_time(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    job_id = cluster.submit(job(begin=T0 + 30))
    cluster.advance(T0 + 70)
    shown = view(cluster, job_id)
    assert (shown.pend_s, shown.eligible_s, shown.pend_state) == (70, 40, "EPEND")


@pytest.mark.parametrize(
    ("word", "first", "runs"),
    [
        ("done", "ends", True),
        ("done", "killed", False),
        ("exit", "killed", True),
        ("exit", "ends", False),
        ("ended", "ends", True),
        ("ended", "killed", True),
    ],
)
def test_a_dependency_is_met_by_how_the_other_job_ended(cluster: Cluster, word: str, first: str, runs: bool) -> None:
    other = cluster.submit(job())
    job_id = cluster.submit(job(dependency=f"{word}({other})"))
    assert view(cluster, job_id).reason == "Job dependency condition not satisfied;"
    assert cluster.pending() == ()
    if first == "killed":
        cluster.kill(other)
    cluster.advance(T0 + 150)
    assert (view(cluster, job_id).started is not None) is runs
    if not runs:
        assert view(cluster, job_id).reason == "Dependency condition invalid or never satisfied;"


def test_a_dependency_on_a_job_that_has_ended_counts_at_once(cluster: Cluster) -> None:
    other = cluster.submit(job())
    cluster.advance(T0 + 100)
    assert status(cluster, cluster.submit(job(dependency=f"done({other})"))) is JobStatus.RUN


@pytest.mark.parametrize("condition", ["done(99)", "started(1)", "done(1) && done(2)"])
def test_a_condition_we_cannot_keep_is_refused(cluster: Cluster, condition: str) -> None:
    cluster.submit(job())
    with pytest.raises(ConfigError):
        cluster.submit(job(dependency=condition))
    assert cluster.unfinished() == 1


def test_a_killed_waiting_job_lets_its_dependents_know(cluster: Cluster) -> None:
    held = cluster.submit(job(hold=True))
    job_id = cluster.submit(job(dependency=f"ended({held})"))
    cluster.kill(held)
    assert status(cluster, job_id) is JobStatus.RUN
    assert [record.job_id for record in cluster.finished()] == []


def test_an_ended_job_cannot_be_killed_again(cluster: Cluster) -> None:
    job_id = cluster.submit(job())
    cluster.kill(job_id)
    with pytest.raises(ConfigError, match="already finished"):
        cluster.kill(job_id)


def test_a_dependent_that_was_killed_first_stays_ended(cluster: Cluster) -> None:
    other = cluster.submit(job())
    job_id = cluster.submit(job(dependency=f"done({other})"))
    cluster.kill(job_id)
    cluster.advance(T0 + 100)
    assert status(cluster, job_id) is JobStatus.EXIT


def test_hold_and_resume(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    job_id = cluster.submit(job())
    cluster.hold(job_id)
    assert (status(cluster, job_id), view(cluster, job_id).pend_state) == (JobStatus.PSUSP, "IPEND")
    assert cluster.counts().pending_jobs == 0
    cluster.advance(T0 + 100)
    assert status(cluster, job_id) is JobStatus.PSUSP
    cluster.resume(job_id)
    assert status(cluster, job_id) is JobStatus.RUN
    with pytest.raises(ConfigError, match="already started"):
        cluster.hold(job_id)


def test_an_inactive_queue_keeps_its_jobs_and_a_closed_one_takes_none() -> None:
    queues = (QueueSpec(name="still", rc_hosts="all", is_active=False), QueueSpec(name="shut", is_open=False))
    cluster = Cluster(ClusterSpec(name="c", hosts=(HostSpec(prefix="n", count=1, slots=1),), queues=queues), 0.0)
    job_id = cluster.submit(job())
    assert view(cluster, job_id).queue == "still"  # the first queue is the default one
    assert view(cluster, job_id).reason == "The queue is inactivated by the administrator;"
    assert cluster.pending() == ()
    with pytest.raises(ConfigError, match="closed"):
        cluster.submit(job(queue="shut"))
    with pytest.raises(UnknownQueue, match="nosuch: No such queue"):
        cluster.submit(job(queue="nosuch"))


def test_a_queues_own_limit_keeps_jobs_back_and_out_of_demand() -> None:
    queue = QueueSpec(name="q", rc_hosts="all", max_slots=4)
    cluster = Cluster(ClusterSpec(name="c", hosts=(HostSpec(prefix="n", count=1, slots=2),), queues=(queue,)), 0.0)
    ids = [cluster.submit(job(slots=2)) for _ in range(3)]
    assert [pending.job_id for pending in cluster.pending()] == [ids[1]]
    cluster.submit(job(slots=5))
    cluster.borrow(BorrowedHost(name="z", slots=9, account="default", provider="p", template="t", machine_id="i"))
    cluster.advance(1.0)
    assert [status(cluster, job_id) for job_id in ids] == ["RUN", "RUN", "PEND"]
    assert view(cluster, ids[2]).reason == "The queue has reached its job slot limit;"
    assert cluster.pending() == ()


def test_pending_is_what_more_hosts_could_start(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    seen = cluster.submit(job(slots=3, user_group="compute-abc"))
    cluster.submit(job(queue="lab1"))
    cluster.submit(job(hold=True))
    (pending,) = cluster.pending()
    assert (pending.job_id, pending.account, pending.slots, pending.submitted) == (seen, "abc", 3, T0)
    assert pending.queue == "general"


def test_reasons_are_lsfs_words(cluster: Cluster, cloud_host: MakeHost) -> None:
    cluster.submit(job(slots=7))
    huge, wide = cluster.submit(job(slots=9)), cluster.submit(job(slots=2))
    assert view(cluster, wide).reason == "New job is waiting for scheduling;"
    cluster.advance(T0 + 1)
    assert view(cluster, huge).reason == "There are no suitable hosts for the job;"
    assert view(cluster, wide).reason == "Not enough job slot(s): 2 hosts;"
    cluster.submit(job())
    assert view(cluster, wide).reason == "Job slot limit reached: 2 hosts;"
    assert view(cluster, "1").reason == ""
    cluster.borrow(cloud_host(slots=1))
    assert view(cluster, huge).reason == "Not enough job slot(s): 3 hosts;"


def test_a_borrowed_host_serves_its_account_only(cluster: Cluster, cloud_host: MakeHost) -> None:
    cluster.submit(job(slots=8))
    mine, other = (cluster.submit(job(user_group=group)) for group in ("compute-abc", "compute-xyz"))
    none = cluster.submit(job(queue="lab1", user_group="compute-abc"))
    cluster.borrow(cloud_host(account="abc"))
    assert [status(cluster, job_id) for job_id in (mine, other, none)] == ["RUN", "PEND", "PEND"]
    cluster.borrow(cloud_host("ip-10-2", account="default"))
    assert status(cluster, other) is JobStatus.PEND
    counts = cluster.counts()
    assert (counts.cloud_slots, counts.cloud_slots_used, counts.onprem_slots_used) == (16, 1, 8)


def test_idle_since_follows_the_jobs_of_a_host(cluster: Cluster, cloud_host: MakeHost) -> None:
    cluster.submit(job(slots=8, run_s=1000))
    cluster.borrow(cloud_host())
    assert cluster.host("ip-10-1").idle_since == T0  # type: ignore[union-attr]  # it has just joined
    cluster.advance(T0 + 10)
    cluster.submit(job())
    assert cluster.hosts()[-1].idle_since is None
    assert (cluster.hosts()[-1].jobs, cluster.hosts()[-1].used) == (1, 1)
    cluster.advance(T0 + 110)
    assert cluster.hosts()[-1].idle_since == T0 + 110
    assert cluster.finished()[0].borrowed


def test_a_closed_host_finishes_its_jobs_and_takes_no_new_ones(cluster: Cluster) -> None:
    first = cluster.submit(job(slots=4))
    cluster.close("n-2")
    waiting = cluster.submit(job())
    assert [host.status for host in cluster.hosts()] == ["closed_Full", "closed_Adm"]
    assert status(cluster, waiting) is JobStatus.PEND
    cluster.reopen("n-2")
    assert [status(cluster, job_id) for job_id in (first, waiting)] == ["RUN", "RUN"]


def test_closed_rc_cannot_be_opened_nor_hidden_by_an_administrator(cluster: Cluster, cloud_host: MakeHost) -> None:
    cluster.borrow(cloud_host())
    cluster.close("ip-10-1", "closed_RC")
    cluster.close("ip-10-1")
    assert cluster.hosts()[-1].status == "closed_RC"
    with pytest.raises(ConfigError, match="cannot be opened"):
        cluster.reopen("ip-10-1")


def test_release_requeues_rerunnable_jobs_and_ends_the_others(cluster: Cluster, cloud_host: MakeHost) -> None:
    cluster.submit(job(slots=8, run_s=1000))
    cluster.borrow(cloud_host())
    again, lost = cluster.submit(job(rerunnable=True, run_s=50)), cluster.submit(job())
    cluster.advance(T0 + 20)
    cluster.release("ip-10-1")
    assert (status(cluster, again), status(cluster, lost)) == (JobStatus.PEND, JobStatus.EXIT)
    assert view(cluster, again).pend_s == 0
    assert cluster.host("ip-10-1") is None
    assert [host.name for host in cluster.returned_hosts()] == ["ip-10-1"]
    assert cluster.counts().cloud_slots == 0
    cluster.borrow(cloud_host())
    assert cluster.returned_hosts() == ()
    cluster.advance(T0 + 50)
    assert status(cluster, again) is JobStatus.RUN  # its old end at T0 + 50 no longer counts
    cluster.advance(T0 + 70)
    assert status(cluster, again) is JobStatus.DONE


def test_a_dead_machine_loses_its_jobs_and_may_still_be_released(cluster: Cluster, cloud_host: MakeHost) -> None:
    cluster.submit(job(slots=8, run_s=1000))
    cluster.borrow(cloud_host(slots=2))
    cluster.borrow(cloud_host("ip-10-2", slots=2))
    spanning = cluster.submit(job(slots=4, rerunnable=True))
    cluster.unavailable("ip-10-1")
    assert cluster.hosts()[2].status == "unavail"
    assert (status(cluster, spanning), cluster.counts().cloud_slots_used) == (JobStatus.PEND, 0)
    cluster.close("ip-10-1", "closed_RC")
    assert cluster.hosts()[2].status == "unavail"
    cluster.release("ip-10-1")
    assert [host.name for host in cluster.hosts()] == ["n-1", "n-2", "ip-10-2"]


def test_what_does_not_exist_is_an_error(cluster: Cluster, cloud_host: MakeHost) -> None:
    with pytest.raises(ConfigError, match="not borrowed"):
        cluster.release("n-1")
    with pytest.raises(ConfigError, match="Bad host name"):
        cluster.close("n-9")
    with pytest.raises(ConfigError, match="No matching job"):
        cluster.kill("9")
    with pytest.raises(ConfigError, match="already in use"):
        cluster.borrow(cloud_host("n-1"))
    with pytest.raises(ConfigError, match="expected at least"):
        cluster.advance(T0 - 1)
    assert cluster.jobs(("9",)) == ()


def test_a_switched_job_stands_in_its_new_queue_by_its_submission(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    early, late = cluster.submit(job(queue="lab1", slots=3)), cluster.submit(job(slots=8))
    cluster.switch(early, "general")
    cluster.advance(T0 + 100)
    assert [status(cluster, job_id) for job_id in (early, late)] == ["RUN", "PEND"]
    with pytest.raises(UnknownQueue):
        cluster.switch(early, "nosuch")


def test_modify_changes_only_what_is_given(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    job_id = cluster.submit(job(slots=8, run_limit_s=500))
    cluster.modify(job_id, slots=2, begin=T0 + 300, resreq="span[hosts=1]")
    request = view(cluster, job_id).request
    assert (request.slots, request.run_limit_s, request.begin) == (2, 500, T0 + 300)
    assert cluster.counts().pending_slots == 2
    cluster.modify(job_id, begin=T0 + 400, run_limit_s=10)
    cluster.advance(T0 + 1000)
    assert (view(cluster, job_id).started, view(cluster, job_id).ended) == (T0 + 400, T0 + 410)
    with pytest.raises(ConfigError, match="already finished"):
        cluster.modify(job_id, slots=1)


def test_ended_jobs_are_shown_for_an_hour(cluster: Cluster) -> None:
    job_id = cluster.submit(job())
    cluster.submit(job(run_s=1e6))
    cluster.advance(T0 + 200)
    assert [shown.job_id for shown in cluster.jobs()] == ["2"]
    assert [shown.job_id for shown in cluster.jobs(ended=True)] == ["1", "2"]
    cluster.advance(T0 + 3701)
    assert [shown.job_id for shown in cluster.jobs(ended=True)] == ["2"]
    assert cluster.jobs((job_id,)) == ()


def test_asking_twice_for_the_same_start_time_changes_nothing(cluster: Cluster) -> None:
    cluster.submit(job(slots=8))
    job_id = cluster.submit(job())
    for _ in range(2):
        cluster.modify(job_id, begin=T0 + 50)
    cluster.advance(T0 + 100)
    assert view(cluster, job_id).started == T0 + 100
    assert cluster.counts().pending_jobs == 0
