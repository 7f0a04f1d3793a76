"""When and how borrowed hosts join, leave and go back to their provider."""

from __future__ import annotations

from ris_hybrid.sandbox.lsf.rcevents import Joined, Lost, Returned, ReturnStarted

START = 1_800_000_000.0


class Room:
    """A machine room the test arranges."""

    def __init__(self, word: str = "running") -> None:
        self.word = word

    def state(self, machine_id: str, name: str) -> str:
        assert name == f"cloud-{machine_id}"
        return self.word


def whys(site) -> list[str]:
    return [event.why for event in site.seen(ReturnStarted)]


def test_a_machine_given_back_while_its_request_is_still_open_stays_forgotten(site, make_machine):
    site.grant("a").start(boot_s=0).submit(4, 16, run_s=10)
    site.run(0)
    site.cluster.kill("2")
    running = {"requestId": "r1", "status": "running", "message": "", "machines": [make_machine("a")]}
    site.answer("getRequestStatus", {"requests": [running]})
    site.run(150)
    assert site.stages() == {"a": "returning"}
    ended = {"requestId": "back1", "status": "complete", "message": "", "machines": []}
    site.answer("getRequestStatus", {"requests": [ended, running]})
    site.run(180)
    site.answer("getRequestStatus", {"requests": [running]})
    site.run(210)
    assert site.stages() == {}
    assert not site.ebrokerd.idle()
    assert site.breaches() == []


def test_no_idle_time_no_return(site, make_machine):
    site.lsf_conf(LSB_RC_EXTERNAL_HOST_IDLE_TIME=0, LSB_RC_QUERY_INTERVAL=600)
    site.add_canned()
    site.status("r1", "complete", make_machine("a"))
    site.start().submit(4, 8, run_s=10)
    site.run(7200)
    assert whys(site) == []


def test_a_refused_return_is_made_again_and_polled_to_its_end(site, make_machine):
    site.grant("a").answer("requestReturnMachines", {"message": "throttled"}, rc=1)
    site.start().submit(4, 8, run_s=10)
    site.run(270)
    assert whys(site) == ["idle"]
    assert site.stages() == {"a": "leaving"}
    assert site.cluster.host("cloud-a") is None
    assert len(site.asked("requestReturnMachines")) > 1
    site.answer("requestReturnMachines", {"requestId": "back1", "message": ""})
    site.status("back1", "running", make_machine("a", "fail"))
    site.run(300)
    assert site.stages() == {"a": "returning"}
    assert {row.rc_status for row in site.ebrokerd.rc_rows()} == {"Deallocated_Sent"}
    site.status("back1", "complete", make_machine("a", "executing", status="shutting-down"))
    site.run(360)
    assert site.stages() == {"a": "returning"}
    assert [row.prov_status for row in site.ebrokerd.rc_rows()] == ["shutting-down"]
    assert site.asked("requestReturnMachines")[-1] == {"machines": [{"name": "cloud-a", "machineId": "a"}]}
    site.status("back1", "complete", make_machine("a", status="terminated"), make_machine("stranger"))
    site.run(390)
    assert site.ebrokerd.idle()
    assert len(site.seen(Returned)) == 1


def test_one_return_call_for_all_that_leave_at_once(site, make_machine):
    site.grant("a", "b").start().submit(4, 16, run_s=10)
    site.run(240)
    (call,) = site.asked("requestReturnMachines")
    assert [entry["machineId"] for entry in call["machines"]] == ["a", "b"]
    entries = [make_machine("a"), make_machine("b", "executing")]
    site.status("back1", "running", *entries)
    site.run(300)
    assert site.stages() == {"b": "returning"}


def test_a_machine_that_does_not_join_goes_back(site, make_machine):
    site.add_canned(provHostTimeOut=2)
    site.status("r1", "complete", make_machine("a"))
    room = Room("booting")
    site.start(room=room, boot_s=30).submit(4, 8)
    site.run(149)
    assert site.stages() == {"a": "booting"}
    site.run(150)
    assert whys(site) == ["did not join within 2 min"]
    assert site.seen(Joined) == []


def test_a_machine_that_was_late_joins_at_a_later_query(site, make_machine):
    site.add_canned()
    site.status("r1", "complete", make_machine("a"))
    room = Room("booting")
    site.start(room=room, boot_s=10).submit(4, 8)
    site.run(45)
    room.word = "running"
    site.run(60)
    assert [event.at for event in site.seen(Joined)] == [START + 60]


def test_time_to_live_closes_and_waits_for_the_jobs(site):
    site.grant("a", LSB_RC_EXTERNAL_HOST_MAX_TTL=5).start(boot_s=0)
    site.submit(4, 8, run_s=1_000)
    site.run(330)  # joined at 30
    assert site.cluster.host("cloud-a").status == "closed_RC"
    assert site.stages() == {"a": "draining"}
    assert {row.rc_status for row in site.ebrokerd.rc_rows()} == {"Allocated"}
    site.run(1019)
    assert whys(site) == []
    site.run(1050)
    assert whys(site) == ["time to live"]
    assert [job.hosts for job in site.cluster.finished() if job.borrowed] == [("cloud-a",)]


def reclaim(site, name: str, grace: int) -> None:
    entry = {"machine": f"cloud-{name}", "machineId": name, "gracePeriod": grace}
    site.answer("getReturnRequests", {"status": "complete", "message": "", "requests": [entry]})


def test_a_reclaimed_host_keeps_its_jobs_until_shortly_before_the_grace_ends(site):
    site.grant("a", LSB_RC_REQUEUE_BUFFER=25).start(boot_s=0).submit(4)
    site.submit(8, rerunnable=True)
    site.run(45)
    assert site.stages() == {"a": "joined"}
    reclaim(site, "a", 120)
    site.run(60)
    assert site.asked("getReturnRequests")[-1] == {"machines": [{"name": "cloud-a", "machineId": "a"}]}
    assert site.cluster.host("cloud-a").status == "closed_RC"
    assert {row.rc_status for row in site.ebrokerd.rc_rows()} == {"Reclaim_Received"}
    site.run(154)
    assert site.cluster.counts().cloud_slots_used == 8
    site.run(155)  # 60 + 120 - 25
    assert whys(site) == ["reclaimed"]
    assert [event.at for event in site.seen(ReturnStarted)] == [START + 155]
    assert site.stages() == {"a": "returning"}
    assert [job.job_id for job in site.cluster.pending()] == ["2"]


def test_a_reclaimed_host_without_jobs_or_not_joined_goes_at_once(site):
    site.grant("a").start(boot_s=0).submit(4, 8, run_s=20)
    site.run(45)
    reclaim(site, "a", 120)
    site.run(60)
    assert whys(site) == ["reclaimed"]


def test_a_reclaimed_machine_that_has_not_joined_goes_at_once(site):
    site.grant("a").start(boot_s=500).submit(4, 8)
    reclaim(site, "a", 120)
    site.run(30)
    assert whys(site) == ["reclaimed"]
    assert site.seen(Joined) == []


def test_a_reclaim_while_the_return_is_refused_changes_nothing(site):
    site.grant("a").start(boot_s=0).submit(4, 8, run_s=10)
    site.answer("requestReturnMachines", {"message": "later"}, rc=1)
    reclaim(site, "a", 0)
    site.run(90)
    assert whys(site) == ["reclaimed"]
    assert {row.rc_status for row in site.ebrokerd.rc_rows()} == {"RelinquishReq_Sent"}


def test_a_dead_host_goes_back_after_the_soft_time(site):
    room = Room()
    site.grant("a", LSB_RC_EXTERNAL_HOST_ABNORMAL_TIME="2:9").start(room=room, boot_s=0)
    site.submit(4, 8)
    site.run(45)
    room.word = "gone"
    site.run(60)
    assert site.cluster.host("cloud-a").status == "unavail"
    assert len(site.seen(Lost)) == 1
    site.run(179)
    assert whys(site) == []
    site.run(180)
    assert whys(site) == ["no answer for 2 min"]


def test_a_dead_host_the_provider_reports_is_not_waited_for(site):
    room = Room()
    site.grant("a").start(room=room, boot_s=0).submit(4, 8)
    site.run(45)
    room.word = "gone"
    site.run(60)
    reclaim(site, "a", 0)
    site.run(90)
    assert whys(site) == ["reclaimed"]


def test_a_draining_host_that_dies_goes_back_at_once(site):
    room = Room()
    site.grant("a").start(room=room, boot_s=0).submit(4, 8)
    site.run(45)
    reclaim(site, "a", 900)
    site.run(60)
    room.word = "gone"
    site.run(90)
    assert whys(site) == ["reclaimed"]
    assert len(site.seen(Lost)) == 1


def test_a_host_someone_removed_goes_back(site):
    site.grant("a").start(boot_s=0).submit(4, 8)
    site.run(45)
    site.cluster.release("cloud-a")
    site.run(60)
    assert whys(site) == ["removed from the cluster"]
