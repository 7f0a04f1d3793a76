"""One answer over the chain from job to node."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import AuditFile
from burst.decide import decide_all
from burst.engine import widest
from burst.explain import Known, explain_job, explain_machine, explain_request, find_machine
from burst.explain_plan import past_text, plan_facts
from burst.history import concerns, events
from burst.planner.candidates import Sight
from burst.planner.live import plan
from burst.planning_events import figures
from burst.pressure import measure, why_no_pressure
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Event, JobStatus, MachineState
from ris_hybrid.planner_settings import Exclude, Planner, Steering

if TYPE_CHECKING:
    from pathlib import Path


def known(make: Any, *jobs: Any, machines: Any = (), log: Any = (), **settings: Any) -> Known:
    told = make.settings(**settings)
    queues = (make.queue(),)
    pressure = measure(jobs, queues, [make.host()], widest(told))
    return Known(
        now=make.now,
        machines=tuple(machines),
        events=tuple(log),
        jobs=jobs,
        queues=queues,
        decisions=decide_all(pressure, make.fleet(*machines), told),
        widest=widest(told),
    )


def test_a_pending_job_is_followed_to_its_pools_decision(make: Any) -> None:
    job = make.job("7", slots=4, reason="Job slot limit reached: 3 hosts;")
    told = explain_job(job, known(make, job))
    assert told.subject == "job 7"
    assert told.facts[:4] == (
        "queue general, lee, 4 slots, PEND",
        "pending for 10 min; LSF says: Job slot limit reached: 3 hosts;",
        "it is pressure: more slots could start it",
        "pool cpu: 1 nodes now",
    )
    assert any(fact.startswith("  gate: general open") for fact in told.facts)


def test_the_events_of_its_lab_and_pools_stand_behind_a_job(make: Any) -> None:
    log = [
        Event(at=1.0, kind="decision", fields={"pool": "cpu", "lab": "lee", "allowed": 0}),
        Event(at=2.0, kind="decision", fields={"pool": "cpu", "lab": "other", "allowed": 0}),
    ]
    job = make.job("7")
    assert explain_job(job, known(make, job, log=log)).events == (log[0],)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": JobStatus.PSUSP}, "no pressure: held (PSUSP)"),
        ({"reason": "Job dependency condition not satisfied;"}, "no pressure: dependency"),
        ({"queue": "closed"}, "no pressure: queue unknown"),
        ({"slots": 5000}, "no pressure: wider than any pool may grow"),
    ],
)
def test_a_job_that_nodes_would_not_start_says_why(make: Any, fields: dict[str, Any], why: str) -> None:
    job = make.job("7", **fields)
    assert why in explain_job(job, known(make, job)).facts


def test_a_job_no_pool_serves(make: Any) -> None:
    job = make.job("7")
    told = explain_job(job, known(make, job, pools=(make.pool(labs=("wu",)),)))
    assert told.facts[-1] == "no pool serves queue general for lee: see pools in burst.yaml"


def test_a_running_job_is_followed_to_its_node(make: Any) -> None:
    job = make.job("7", status=JobStatus.RUN, exec_host="16*ip-10-0-0-1:node5:node5")
    told = explain_job(job, known(make, job, machines=[make.machine(1)]))
    assert told.facts[1:] == (
        "on ip-10-0-0-1: cloud node i-00000000000000001 of pool cpu, launched by add-1-0",
        "on node5: not a cloud node of ours",
    )


def test_the_life_of_a_machine(make: Any) -> None:
    machine = make.machine(
        1,
        joined=make.now - 3360,
        unlisted=make.now - 60,
        rebalance=make.now - 50,
        notice=make.now + 120,
        return_id="ret-1-0",
        end_reason="interrupted",
        spot=True,
    )
    log = [
        Event(at=1.0, kind="launched", fields={"machines": [machine.machine_id]}),
        Event(at=2.0, kind="launched", fields={"machines": ["i-other"]}),
    ]
    told = explain_machine(machine, known(make, machines=[machine], log=log))
    assert told.subject == machine.machine_id
    assert told.events == (log[0],)
    assert told.facts == (
        "ip-10-0-0-1, c6i.4xlarge in us-east-1a, spot, running",
        "pool cpu for lee",
        "launched 2027-01-15 07:00:00Z (60 min ago) by add-1-0",
        "joined LSF after 4 min",
        "LSF has not listed it since 2027-01-15 07:59:00Z",
        "the cloud said at 2027-01-15 07:59:10Z that it is at risk",
        "the cloud takes it at 2027-01-15 08:02:00Z",
        "asked back by ret-1-0: interrupted",
    )


def test_a_machine_that_has_not_joined_says_so(make: Any) -> None:
    machine = make.machine(1, name="", launched=make.now - 30)
    told = explain_machine(machine, known(make, machines=[machine]))
    assert told.facts[0].startswith("no name yet, ")
    assert told.facts[2:] == ("launched 2027-01-15 07:59:30Z (30 s ago) by add-1-0", "never seen in LSF")


def test_what_came_of_a_request_and_of_a_return(make: Any) -> None:
    gone = make.machine(2, state=MachineState.TERMINATED, return_id="ret-1-0", end_reason="idle", asked=3)
    machines = [make.machine(1, asked=3, shortfall="InsufficientInstanceCapacity"), gone]
    told = explain_request("add-1-0", known(make, machines=machines))
    assert told.facts == (
        "asked 3 (InsufficientInstanceCapacity): 2 still listed by the cloud, 1 alive",
        "i-00000000000000001 ip-10-0-0-1: running",
        "i-00000000000000002 ip-10-0-0-2: terminated, idle",
    )
    assert (
        explain_request("ret-1-0", known(make, machines=machines)).facts[0] == "a return of 1 machines, 0 still alive"
    )
    assert "no machine of it" in explain_request("add-9-9", known(make)).facts[0]


def test_a_request_ec2_has_forgotten_is_told_from_the_log(make: Any) -> None:
    log = [
        Event(at=1.0, kind="launched", fields={"request": "add-1-0", "machines": ["i-1"]}),
        Event(at=2.0, kind="returned", fields={"request": "ret-2-0", "machines": ["i-1"]}),
        Event(at=3.0, kind="launched", fields={"request": "add-3-0", "machines": ["i-2"]}),
    ]
    told = explain_request("add-1-0", known(make, log=log))
    assert told.facts[0].startswith("the cloud lists no machine of it any more")
    assert told.events == tuple(log[:2])


def test_the_same_decision_again_and_again_is_told_once(make: Any) -> None:
    same = {"pool": "cpu", "lab": "lee", "allowed": 0, "why": "closed"}
    log = [Event(at=float(at), kind="decision", fields=same) for at in range(9)]
    log.append(Event(at=9.0, kind="decision", fields={**same, "allowed": 2}))
    job = make.job("7")
    assert explain_job(job, known(make, job, log=log)).events == (log[8], log[9])


def test_a_job_lsf_has_not_asked_for_says_where_to_look(make: Any) -> None:
    job = make.job("7")
    assert "LSF has not asked for nodes of lee so far" in explain_job(job, known(make, job)).facts[-1]


def test_a_machine_is_found_by_id_and_by_name_with_or_without_its_domain(make: Any) -> None:
    old = make.machine(1, name="ip-10-0-0-9.ec2.internal", launched=1.0)
    new = replace(old, machine_id="i-new", launched=2.0)
    assert find_machine("i-00000000000000001", [old, new]) is old
    assert find_machine("ip-10-0-0-9", [old, new]) is new
    assert find_machine("ip-10-0-0-9.ec2.internal", [old, new]) is new
    assert find_machine("", [replace(old, name="")]) is None


def test_why_no_pressure_agrees_with_the_count(make: Any) -> None:
    jobs = [make.job("1"), make.job("2", status=JobStatus.PSUSP), make.job("3", status=JobStatus.RUN)]
    queues = [make.queue()]
    assert [why_no_pressure(job, jobs, queues) for job in jobs] == ["", "held (PSUSP)", ""]
    assert [left.reason for left in measure(jobs, queues, []).left_out] == ["held (PSUSP)"]


def test_the_log_is_read_back_in_order_over_its_rotated_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    log = AuditFile(path, rotate_bytes=60)
    written = [Event(at=float(number), kind="x", fields={"n": number}) for number in range(6)]
    for event in written:
        log.record(event)
    assert len(list(tmp_path.glob("a.jsonl.*"))) > 1
    assert list(events(path)) == written[-len(list(events(path))) :]
    assert next(iter(events(path))).at < 5


def test_torn_and_foreign_lines_of_the_log_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = {"at": 1.0, "kind": "x"}
    path.write_text("\n".join(['{"at": 1', "[1]", "7", '{"kind": "x"}', json.dumps(good), '{"at":"a","kind":"b"}']))
    assert list(events(path)) == [Event(at=1.0, kind="x", fields={})]
    assert list(events(tmp_path / "absent.jsonl")) == []


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    with pytest.raises(SiteUnavailable, match="cannot be read"):
        list(events(tmp_path / "a.jsonl"))


def test_an_event_concerns_whole_names_only() -> None:
    event = Event(at=1.0, kind="x", fields={"machines": ["i-1", "i-2"], "pool": "cpu16"})
    assert concerns(event, frozenset({"i-2"}))
    assert concerns(event, frozenset({"cpu16"}))
    assert not concerns(event, frozenset({"cpu", "i"}))


def planned(make: Any, *jobs: Any, mode: str = "planned", log: Any = (), **planner: Any) -> Known:
    """Behind a host that is full for ten hours; a core of pool cpu costs 8.5 cents an hour."""
    steering = Steering(queues={"general": "burst"})
    told = make.settings(mode=mode, planner=Planner(steering=steering, **planner))
    fields = {"status": JobStatus.RUN, "pend_s": 0.0, "run_limit_s": 36_000.0}
    full = make.job("900", slots=16, exec_host="16*node1", **fields)
    queues, every = (make.queue(), make.queue("burst")), (full, *jobs)
    pressure = measure(every, queues, [make.host()], widest(told))
    fleet, hosts = make.fleet(), (make.host(),)
    made = plan(Sight(jobs=every, queues=queues, hosts=hosts, fleet=fleet, pressure=pressure), told)
    return replace(known(make, *every, log=log), queues=queues, plan=made, decisions=made.decisions, mode=mode)


def test_the_plan_tells_a_chosen_job_its_figures(make: Any) -> None:
    job = make.job("7", slots=8, run_limit_s=7200.0)
    facts = explain_job(job, planned(make, job)).facts
    at = facts.index("it is pressure: more slots could start it") + 1
    why = "worth it: its wait of 10.0 h is worth $7.93, a run of 2.0 h on a node of cpu costs $1.42"
    assert facts[at : at + 7] == (
        f"plan now: chosen for the cloud: {why}",
        "  W: it would start in 10.0 h; 0 jobs are planned before it, its queue has 16 of the site's slots in service",
        "  r: 2.0 h, from RUNLIMIT",
        "  v: $0.1 for an hour of waiting of one core (planner.value)",
        "  pool cpu, on-demand: b 5 min until a new node has joined",
        "  p: $0.085 an hour and core, n': 8 cores are billed",
        "  worth v n (W - b) = $7.93, at least cost p n' (r + b) = $1.42",
    )
    assert "pool cpu: 1 nodes now" in facts


def test_the_plan_tells_a_job_that_stays_why(make: Any) -> None:
    job, out = make.job("7", slots=8, run_limit_s=172_800.0), make.job("8", user="eve")
    wide = make.job("9", slots=32)
    told = planned(make, job, out, wide, mode="shadow", exclude=Exclude(users=("eve",)))
    facts = explain_job(job, told).facts
    assert any(
        fact.startswith("plan now: stays on the site (mode shadow: said, not done): not worth") for fact in facts
    )
    assert "  worth v n (W - b) = $7.93, less than cost p n' (r + b) = $32.70" in facts
    barred = explain_job(out, told).facts
    assert any(fact.endswith("eve users are excluded (planner.exclude.users)") for fact in barred)
    assert not any(fact.startswith("  p: ") for fact in barred)
    assert any("it would never start on the site" in fact for fact in explain_job(wide, told).facts)


def test_a_cap_a_choice_of_before_and_a_node_with_room_are_told(make: Any) -> None:
    job = make.job("7", slots=8, run_limit_s=7200.0)
    told = planned(make, job)
    assert told.plan is not None
    (one,) = told.plan.jobs
    kept = replace(one, boot_s=0.0, job=replace(one.job, chosen=True, data_usd=0.5))
    facts = plan_facts("7", replace(told.plan, jobs=(kept,), chosen_by_cap={"7": "cap: all pools"}), "planned")
    assert "  pool cpu, on-demand: b 0 s, for a node with room is there or on its way" in facts
    assert "  kept here by a limit: cap: all pools" in facts
    assert any(fact.startswith("  it is chosen already") for fact in facts)
    assert any(fact.endswith("$0.50 of it for data") for fact in facts)
    broken = replace(kept, purchase="spot", cost_usd=0.085 * 8 * 2 + 0.5 + 0.25)
    said = plan_facts("7", replace(told.plan, jobs=(broken,)), "planned")
    assert any("of it for data, $0.25 of it for spot nodes that are taken: " in fact for fact in said)
    assert plan_facts("8", told.plan, "planned") == [
        "not planned: more slots would not start it, or it is no longer pending"
    ]


def test_what_was_decided_and_done_is_told_in_words(make: Any) -> None:
    job = make.job("7", slots=8, run_limit_s=7200.0)
    made = planned(make, job).plan
    assert made is not None
    (one,) = made.jobs
    told = past_text(Event(at=1.0, kind="chosen", fields=figures(one)))
    assert told == (
        f"chosen for the cloud: {one.why} (W 10.0 h, r 2.0 h from RUNLIMIT, b 5 min, p $0.085, n' 8,"
        " v $0.1 from planner.value)"
    )
    barred = figures(replace(one, pool="", why="excluded"))
    assert past_text(Event(at=1.0, kind="unchosen", fields=barred)) == "no longer chosen: excluded"
    words = {
        ("moving", "to", "moved back"): "about to be moved back to general",
        ("moved", "job", "7"): "moved to general",
        ("moved back", "job", "7"): "moved back to general",
        ("not moved", "why", "queue is closed"): "not moved to general: queue is closed",
        ("not moved", "unsure", "7"): "not moved to general: LSF gave no answer",
        ("decision", "pool", "cpu"): "",
    }
    for (kind, name, value), said in words.items():
        assert past_text(Event(at=1.0, kind=kind, fields={"target": "general", name: value})) == said


def test_what_was_decided_of_a_job_before_is_told_without_the_others(make: Any) -> None:
    log = [
        Event(at=1.0, kind="chosen", fields={"job": "7", "why": "worth it"}),
        Event(at=1.0, kind="chosen", fields={"job": "8", "why": "worth it"}),
        Event(at=2.0, kind="moved", fields={"jobs": ["7", "8"], "target": "burst"}),
        Event(at=3.0, kind="decision", fields={"pool": "cpu", "lab": "lee", "allowed": 1}),
        Event(at=4.0, kind="plan", fields={"chosen": 7}),
        Event(at=5.0, kind="unchosen", fields={"job": "7", "why": "no longer"}),
    ]
    job = make.job("7", slots=8, run_limit_s=7200.0)
    events = explain_job(job, planned(make, job, log=log)).events
    assert [event.kind for event in events] == ["chosen", "moved", "decision", "unchosen"]
    assert events[1].fields == {"target": "burst"}
    running, held = job._replace(status=JobStatus.RUN, exec_host="node1"), job._replace(pend_state="IPEND")
    for one in (running, held):
        told = explain_job(one, planned(make, log=log)).events
        assert [event.kind for event in told] == ["chosen", "moved", "unchosen"]


def test_a_machine_is_told_with_its_cloud_where_there_are_several(make: Any) -> None:
    theirs = make.machine(machine_id="research/7", pool="os")
    for machine, where in ((theirs, "pool os of research for lee"), (make.machine(), "pool cpu of EC2 for lee")):
        assert where in explain_machine(machine, Known(now=make.now, machines=(), events=(), several=True)).facts
    job = make.job("1", exec_host=theirs.name)
    told = explain_job(job, Known(now=make.now, machines=(theirs,), events=(), several=True))
    assert told.facts[1] == f"on {theirs.name}: cloud node research/7 of pool os of research, launched by add-1-0"


def test_while_a_cloud_does_not_answer_nothing_is_decided_and_that_is_said(make: Any) -> None:
    silent = replace(known(make, make.job("1")), decisions=(), unread={"research": "no route"})
    facts = explain_job(silent.jobs[0], silent).facts
    assert facts[-1] == "nothing is launched while not every cloud answers: research: no route"
    request = explain_request("add-1-0", silent)
    assert request.facts == ("no cloud that answers lists a machine of it; unknown: research: no route",)
