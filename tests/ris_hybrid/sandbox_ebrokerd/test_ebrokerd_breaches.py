"""Broken plug-ins: each breach is reported, and has the effect LSF would give it."""

from __future__ import annotations

import pytest

from ris_hybrid.sandbox.lsf.answers import ProtocolError
from ris_hybrid.sandbox.lsf.rcevents import (
    CallMade,
    Granted,
    PolicyAnswer,
    RequestClosed,
    RequestFailed,
    RequestMade,
    Returned,
)


def test_a_log_line_before_the_json_fails_the_request(site):
    site.add_canned()
    site.answer("requestMachines", 'INFO: asking the cloud\n{"requestId": "r1"}')
    site.start().submit(4, 8)
    site.run(0)
    assert site.seen(RequestMade) == []
    assert [event.machines for event in site.seen(RequestFailed)] == [1]
    (error,) = site.seen(ProtocolError)
    assert (error.verb, error.provider, error.at) == ("requestMachines", "cloud", site.cluster.now)
    assert error.excerpt.startswith("INFO")
    assert site.ebrokerd.protocol_errors == (error,)
    assert site.ebrokerd.idle()


def test_single_quotes_are_reported_and_work(site):
    site.add_canned()
    site.answer("requestMachines", "{'requestId': 'r1'}")
    site.start().submit(4, 8)
    site.run(0)
    assert [event.request_id for event in site.seen(RequestMade)] == ["r1"]
    assert site.breaches() == [("requestMachines", "a Python literal (single quotes) instead of JSON")]


@pytest.mark.parametrize(
    ("shell", "what"),
    [
        ("echo '{}'", "requestId: expected a string, not null"),
        ("exit 0", "nothing on stdout; expected one JSON object"),
        ("exit 1", "nothing on stdout; expected one JSON object"),
        ("echo Traceback >&2; exit 1", "nothing on stdout; expected one JSON object"),
    ],
)
def test_a_request_without_an_answer_is_made_again_at_the_next_update(site, shell, what):
    site.add_canned()
    site.fragment("requestMachines", shell)
    site.start().submit(4, 8)
    site.run(30)
    assert site.breaches() == [("requestMachines", what)] * 2
    assert len(site.seen(RequestFailed)) == 2


def test_a_script_that_does_not_answer_in_time(site):
    site.add_canned()
    site.fragment("requestMachines", 'echo \'{"requestId": "r1"}\'; sleep 30 & wait')
    site.call_timeout_s = 0.5
    site.start().submit(4, 8)
    site.run(0)
    assert site.breaches() == [("requestMachines", "no answer within 0.5 s")]
    assert site.seen(RequestFailed)[0].message == "no answer within 0.5 s"


def test_complete_with_too_few_closes_the_request_and_is_reported(site, make_machine):
    site.add_canned()
    site.status("r1", "complete", make_machine("a"))
    site.start().submit(4, 16)
    site.run(30)
    assert site.breaches() == [("getRequestStatus", "request r1: complete with 1 of 2 machines")]
    (closed,) = site.seen(RequestClosed)
    assert (closed.asked, closed.granted) == (2, 1)
    # What did not come is demand again, in the same cycle.
    assert [event.machines for event in site.seen(RequestMade)] == [2, 1]


def test_machines_still_executing_when_the_request_closes_are_not_lsfs(site, make_machine):
    site.add_canned()
    site.status("r1", "complete_with_error", make_machine("a"), make_machine("b", "executing"))
    site.start().submit(4, 16)
    site.run(30)
    assert [event.machine_id for event in site.seen(Granted)] == ["a"]
    assert site.breaches() == [("getRequestStatus", "request r1: complete_with_error with 1 machines executing")]


def test_an_unusable_status_answer_leaves_the_request_open(site, make_machine):
    site.add_canned()
    site.answer("getRequestStatus", "oops")
    site.start().submit(4, 8)
    site.run(60)
    assert len(site.breaches()) == 2
    assert len(site.seen(RequestMade)) == 1
    assert not site.ebrokerd.idle()
    site.status("r1", "complete", make_machine("a"))
    site.run(90)
    assert len(site.seen(Granted)) == 1


def test_a_request_id_given_twice(site):
    site.add_canned()
    site.start().submit(4, 8)
    site.run(0)
    site.submit(8)
    site.run(30)
    assert site.breaches() == [("requestMachines", "requestId is that of a request still open")]
    assert len(site.seen(RequestMade)) == 1


def test_a_machine_granted_twice_and_a_host_name_that_is_taken(site, make_machine):
    site.add_canned()
    site.start(boot_s=0).submit(4, 8)
    site.status("r1", "running", make_machine("a"))
    site.run(0)
    site.answer("requestMachines", {"requestId": "r2", "message": ""})
    site.submit(8, 8)
    site.run(30)
    taken = site.cluster.hosts()[0].name
    entry = {"status": "complete", "message": ""}
    requests = [
        {**entry, "requestId": "r1", "machines": [make_machine("a", status="ok")]},
        {**entry, "requestId": "r2", "machines": [make_machine("a"), {**make_machine("c"), "name": taken}]},
    ]
    site.answer("getRequestStatus", {"requests": requests})
    site.run(60)
    assert site.breaches() == [
        ("getRequestStatus", "machine a was granted by another request already"),
        ("getRequestStatus", f"machine c: there is a host {taken} already"),
    ]
    assert site.stages() == {"a": "joined", "c": "returning"}
    assert [row.prov_status for row in site.ebrokerd.rc_rows() if row.instance_id == "a"] == ["ok"]


def test_templates_that_cannot_be_read_are_asked_for_again(site, make_template):
    site.add_canned()
    site.answer("getAvailableTemplates", {"message": "bad configuration"}, rc=1)
    site.start().submit(4, 8)
    site.run(0)
    assert site.seen(RequestMade) == []
    site.answer("getAvailableTemplates", {"templates": [make_template()]})
    site.run(30)
    assert len(site.seen(RequestMade)) == 1
    site.answer("getAvailableTemplates", "not JSON")
    site.submit(8)
    site.answer("requestMachines", {"requestId": "r2", "message": ""})
    site.run(629)
    assert [event.request_id for event in site.seen(RequestMade)] == ["r1", "r2"]
    site.run(630)  # ten minutes after they were read: the answer is broken, so the last good one stays
    assert [verb for verb, _ in site.breaches() if verb != "getRequestStatus"] == ["getAvailableTemplates"]
    site.submit(8)
    site.answer("requestMachines", {"requestId": "r3", "message": ""})
    site.run(660)
    assert site.seen(RequestMade)[-1].request_id == "r3"


def test_a_return_without_an_id_ends_the_matter_and_is_reported(site, make_machine):
    site.lsf_conf(LSB_RC_EXTERNAL_HOST_IDLE_TIME=1)
    site.add_canned()
    site.status("r1", "complete", make_machine("a"))
    site.answer("requestReturnMachines", {"message": "no active instances"})
    site.start(boot_s=0).submit(4, 8, run_s=60)
    site.run(180)
    assert site.breaches() == [("requestReturnMachines", "requestId: expected a string, not null")]
    assert len(site.seen(Returned)) == 1
    assert site.ebrokerd.idle()


def test_a_return_with_the_id_of_an_open_request_is_not_taken(site, make_machine):
    site.lsf_conf(LSB_RC_EXTERNAL_HOST_IDLE_TIME=1)
    site.add_canned()
    site.status("r1", "running", make_machine("a"))
    site.answer("requestReturnMachines", {"requestId": "r1", "message": ""})
    site.start(boot_s=0).submit(4, 16, run_s=60)
    site.run(0)
    site.cluster.kill("2")
    site.run(120)
    assert set(site.breaches()) == {("requestReturnMachines", "requestId is that of an open request for machines")}
    assert site.stages() == {"a": "leaving"}


@pytest.mark.parametrize(
    ("script", "what"),
    [
        (
            '#!/bin/sh\nsed "s/\\"newDemand\\": 2/\\"newDemand\\": 3/" "$1"',
            "newDemand: expected an integer from 0 to 2",
        ),
        ("#!/bin/sh\necho no budget file; exit 2", "exit code 2; LSF takes this as no demand at all"),
        ('#!/bin/sh\ncat "$1"; echo warning >&2', "stdout is not one JSON object and nothing else"),
        ('#!/bin/sh\necho "{}"', "request: expected an object"),
    ],
)
def test_a_broken_policy_lets_nothing_pass(site, script, what):
    site.add_canned()
    site.policy(script)
    site.start().submit(4, 16)
    site.run(0)
    assert site.seen(RequestMade) == []
    assert any(verb == "policy" and found.startswith(what) for verb, found in site.breaches())
    assert [(event.new_demand, event.allowed) for event in site.seen(PolicyAnswer)] == [(2, 0)]


def test_stderr_is_told_and_is_no_breach(site):
    site.add_canned()
    site.fragment("requestMachines", 'echo debug >&2; echo \'{"requestId": "r1"}\'')
    site.start().submit(4, 8)
    site.run(0)
    told = [(event.verb, event.rc, event.stderr) for event in site.seen(CallMade)]
    assert told == [("getAvailableTemplates", 0, ""), ("requestMachines", 0, "debug\n")]
    assert site.breaches() == []
