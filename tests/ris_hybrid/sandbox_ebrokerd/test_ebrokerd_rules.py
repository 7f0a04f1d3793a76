"""What is asked for: demand, gates, capacity errors, limits and policies."""

from __future__ import annotations

import json

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.rcevents import (
    Dropped,
    Note,
    PolicyAnswer,
    RequestFailed,
    RequestMade,
    Returned,
    TemplateDelayed,
)
from ris_hybrid.sandbox.lsf.spec import QueueSpec

START = 1_800_000_000.0
ECHO = '#!/bin/sh\nsed "s/^{/{\\"message\\": \\"Success\\", /" "$1"\n'


def test_what_a_request_says(site):
    site.add_canned()
    site.start().submit(4, 20, user_group="compute-albert-t2")
    site.run(0)
    assert site.asked("requestMachines") == [
        {"template": {"templateId": "node8", "machineCount": 3}, "rc_account": "albert", "userData": {}}
    ]
    assert site.asked("getAvailableTemplates") == [{}]
    site.run(60)
    assert site.asked("getRequestStatus") == [{"requests": [{"requestId": "r1"}]}] * 2
    assert site.asked("getReturnRequests") == []


def test_the_gate_of_the_queue(site):
    site.add_canned()
    queue = QueueSpec(name="general", rc_hosts="all", rc_demand_policy="THRESHOLD[[3,1] [2,5]]")
    site.start(queue).submit(4, 8, 8)
    site.run(299)
    assert site.seen(RequestMade) == []
    site.run(300)
    assert [event.machines for event in site.seen(RequestMade)] == [2]


def test_a_bad_gate_is_refused_at_the_start(site):
    site.add_canned()
    with pytest.raises(ConfigError, match="queue general"):
        site.start(QueueSpec(name="general", rc_demand_policy="THRESHOLD[5]"))


def test_a_capacity_error_moves_demand_to_the_next_template(site, make_template):
    site.add_canned(templates=[make_template("first", priority=9), make_template("second")])
    site.answer("requestMachines", {"message": "No. Error Code: InsufficientInstanceCapacity"}, rc=1)
    site.start().submit(4, 8)
    site.run(0)
    (delayed,) = site.seen(TemplateDelayed)
    assert (delayed.template, delayed.code, delayed.until) == ("first", "InsufficientInstanceCapacity", START + 600)
    site.answer("requestMachines", {"message": "Error Code: UnauthorizedOperation"}, rc=1)
    site.run(570)
    assert {event.borrower.template for event in site.seen(RequestFailed)[1:]} == {"second"}
    site.run(600)
    assert site.seen(RequestFailed)[-1].borrower.template == "first"
    assert len(site.seen(TemplateDelayed)) == 1
    assert site.breaches() == []


def test_another_account_does_not_ask_for_a_template_just_found_short(site):
    site.add_canned()
    site.answer("requestMachines", {"message": "Error Code: InsufficientHostCapacity"}, rc=1)
    site.start().submit(4)
    site.submit(8, user_group="compute-albert")
    site.submit(8, user_group="compute-bohr")
    site.run(0)
    assert [event.borrower.account for event in site.seen(RequestFailed)] == ["albert"]


def test_a_shortfall_told_by_the_status_delays_the_template_too(site, make_machine):
    site.add_canned()
    failed = make_machine("b", "fail", message="went away")
    site.status("r1", "complete_with_error", make_machine("a"), failed, message="Error Code: InsufficientCapacity")
    site.start().submit(4, 16)
    site.run(30)
    assert [event.machine_id for event in site.seen(Dropped)] == ["b"]
    assert len(site.seen(TemplateDelayed)) == 1
    assert len(site.seen(RequestMade)) == 1


def test_a_machine_that_fails_before_it_joined_is_dropped_and_one_that_joined_is_not(site, make_machine):
    site.add_canned()
    site.status("r1", "running", make_machine("a", launchtime=int(START) - 100), make_machine("b"))
    site.start(boot_s=100).submit(4, 24)
    site.run(30)
    assert site.stages() == {"a": "joined", "b": "booting"}
    site.status("r1", "running", make_machine("a", "fail"), make_machine("b", "fail"), make_machine("c", "executing"))
    site.run(90)
    assert site.stages() == {"a": "joined"}
    assert [event.machine_id for event in site.seen(Dropped)] == ["b"]
    # One of three has failed, so one more is wanted; the fragment answers with the id it gave before.
    assert [event.machines for event in site.seen(RequestMade)] == [3]
    assert site.breaches()[0] == ("requestMachines", "requestId is that of a request still open")


def test_maximum_of_a_template_counts_what_is_held_and_asked_for(site, make_template, make_machine):
    site.add_canned(templates=[make_template(most=2)])
    site.status("r1", "complete", make_machine("a"), make_machine("b"))
    site.start().submit(4, 8, 8, 8, 8)
    site.run(120)
    assert [event.machines for event in site.seen(RequestMade)] == [2]


def test_free_slots_count_only_where_jobs_may_start(site):
    site.grant("a").start(boot_s=0).submit(4)
    site.submit(8, run_s=20)
    site.run(0)
    assert site.ebrokerd.asked_for() == 1
    site.run(55)
    assert site.ebrokerd.asked_for() == 0
    site.cluster.close("cloud-a")
    site.submit(4)
    site.run(60)
    assert [event.machines for event in site.seen(RequestMade)] == [1, 1]


def test_no_request_while_what_is_on_its_way_is_enough(site):
    site.add_canned()
    site.start().submit(4, 5)
    site.run(45)
    site.submit(3)
    site.run(600)
    assert [event.machines for event in site.seen(RequestMade)] == [1]


def test_the_policy_script_is_asked_per_borrower_and_may_lower(site, make_machine):
    site.add_canned()
    lower = ECHO.rstrip() + ' | sed "s/\\"newDemand\\": [0-9]*/\\"newDemand\\": 1/"; cp "$1" "$PRO_DATA_DIR/in.json"\n'
    site.policy(lower)
    site.status("r1", "running", make_machine("a"))
    site.start().submit(4, 32)
    site.run(0)
    (answer,) = site.seen(PolicyAnswer)
    assert (answer.new_demand, answer.allowed, answer.by, answer.message) == (4, 1, "policy.sh", "Success")
    assert site.seen(RequestMade)[0].machines == 1
    site.answer("requestMachines", {"requestId": "r2", "message": ""})
    site.run(30)
    data = site.top / "work" / "compute1" / "resource_connector" / "in.json"
    assert data.read_text() == (
        '{"request": {"providerName": "cloud", "templateName": "node8", "rcAccount": "default",'
        f' "requestTime": {START + 30:.0f}, "newDemand": 3, "targetAlloc": 4, "allocated": 1, "requested": 0,'
        ' "reclaimed": 0}}'
    )
    assert site.breaches() == []


def test_policies_of_the_file_apply_after_the_script(site):
    site.add_canned()
    site.policy(ECHO, [{"Name": "slowly", "StepValue": "2:20"}, {"Name": "cap", "MaxNumber": "3"}])
    site.start().submit(4, 80)
    site.run(0)
    assert [(e.by, e.new_demand, e.allowed) for e in site.seen(PolicyAnswer)] == [
        ("policy.sh", 10, 10),
        ("slowly", 10, 2),
    ]
    site.answer("requestMachines", {"requestId": "r2", "message": ""})
    site.run(1200)
    assert [(event.at - START, event.machines) for event in site.seen(RequestMade)] == [(0, 2), (1200, 1)]
    assert site.seen(PolicyAnswer)[-1].by == "cap"


def test_a_missing_policy_script_lets_everything_pass_and_is_noted_once(site):
    site.add_canned()
    site.policy(ECHO)
    (site.top / "policy.sh").chmod(0o644)
    site.start().submit(4, 16)
    site.run(0)
    site.submit(8)
    site.run(60)
    assert site.seen(RequestMade)[0].machines == 2
    assert len(site.seen(Note)) == 1
    assert "full demand" in site.ebrokerd.notes[0]


def test_two_providers_keep_apart(site, make_template, make_machine):
    site.lsf_conf(LSB_RC_EXTERNAL_HOST_IDLE_TIME=2)
    site.add_canned("east", [make_template(most=1, priority=5)])
    site.add_canned("west", [make_template()])
    site.rc_dir.joinpath("hostProviders.json").write_text(
        json.dumps({"providers": [*site.providers, site.providers[0]]})
    )
    site.status("r1", "complete", make_machine("e"), provider="east")
    site.status("r1", "complete", make_machine("w"), provider="west")
    site.start(boot_s=0).submit(4, 16, run_s=20)
    assert "is there already" in site.ebrokerd.notes[0]
    site.run(180)
    assert [event.borrower.provider for event in site.seen(RequestMade)] == ["east", "west"]
    for name in ("east", "west"):
        site.status("back1", "complete", provider=name)
    site.run(240)
    assert site.ebrokerd.idle()
    assert [event.machine_id for event in site.seen(Returned)] == ["e", "w"]


def test_a_tick_before_its_time_does_nothing_and_missed_beats_are_left_out(site):
    site.add_canned()
    site.start().submit(4, 8)
    site.ebrokerd.tick()
    told = len(site.events)
    site.cluster.advance(START + 10)
    site.ebrokerd.tick()
    assert len(site.events) == told
    site.cluster.advance(START + 100)
    site.ebrokerd.tick()
    assert site.ebrokerd.next_tick() == START + 120


def test_the_same_site_gives_the_same_story(tmp_path, site, make_machine):
    stories = []
    for name in ("one", "two"):
        again = type(site)(tmp_path / name)
        again.grant("b", "a").start().submit(4, 16, run_s=50)
        again.status("back1", "complete")
        again.run(20)
        again.status("r1", "complete", make_machine("b"), make_machine("a"))
        again.run(300)
        stories.append([event for event in again.events if not hasattr(event, "wall_s")])
    assert stories[0] == stories[1]
    assert len(stories[0]) > 8
