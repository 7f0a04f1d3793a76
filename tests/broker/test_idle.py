"""What is given back, decided: a matrix over what is known of one machine and its host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.idle import Deed, hosts_of, jobs_on, judge
from ris_hybrid.model import Host, JobStatus, MachineState
from ris_hybrid.settings import Life

LIFE = Life(idle_minutes=10, lifetime_hours=24)
BOTH = {"idle": -700.0, "closing": -60.0}


@pytest.mark.parametrize(
    ("machine", "status", "jobs", "deed", "reason"),
    [
        ({}, "ok", 0, Deed.IDLE, None),
        ({}, "ok", 2, None, None),
        ({}, "closed_Adm", 2, None, None),  # an administrator's
        ({"idle": -700.0}, "closed_Adm", 2, Deed.BUSY, None),
        ({"idle": -700.0}, "ok", 2, Deed.BUSY, None),
        (BOTH, "closed_Adm", 2, Deed.REOPEN, None),
        (BOTH, "ok", 2, Deed.BUSY, None),
        ({"idle": -599.0}, "ok", 0, None, None),
        ({"idle": -600.0}, "ok", 0, Deed.CLOSE, "idle"),
        ({"idle": -600.0}, "closed_Wind", 0, Deed.CLOSE, "idle"),
        (BOTH, "ok", 0, Deed.CLOSE, "idle"),
        (BOTH, "closed_Adm", 0, Deed.END, "idle"),
        ({"notice": 100.0}, "ok", 2, Deed.CLOSE, "interrupted"),
        ({"notice": 100.0}, "closed_Adm", 2, Deed.REQUEUE, None),
        ({"notice": 100.0}, "closed_Adm", 0, Deed.END, "interrupted"),
        ({"idle": -700.0, "launched": -86400.0}, "ok", 0, None, None),  # the reaper's
        ({"idle": -700.0, "return_id": "ret-1-a"}, "ok", 0, None, None),
        ({"idle": -700.0, "state": MachineState.TERMINATED}, "closed_Adm", 0, None, None),
        ({"idle": -700.0}, "unavail", 0, None, None),
        ({"idle": -700.0, "name": ""}, "ok", 0, None, None),
    ],
)
def test_one_machine(
    make: Any, machine: dict[str, Any], status: str, jobs: int, deed: Deed | None, reason: str | None
) -> None:
    """Times are seconds from now."""
    fields = {key: make.now + value if isinstance(value, float) else value for key, value in machine.items()}
    one = make.machine(1, **fields)
    row = Host(name="ip-10-0-0-1.ec2.internal", status=status, max_slots=8, jobs=jobs, running=jobs)
    verdicts = judge([one], [row], make.now, LIFE)
    assert [(verdict.deed, verdict.reason) for verdict in verdicts] == ([(deed, reason)] if deed else [])
    assert all(verdict.text and verdict.host == row.name for verdict in verdicts)


@pytest.mark.parametrize(
    ("idle_s", "status", "deed", "said"),
    [
        (599.0, "ok", None, ""),
        (700.0, "ok", Deed.WAIT, "without jobs for 12 min (at most 10), and waits, at most 24 h: 3 files are not back"),
        (700.0, "closed_Adm", Deed.WAIT, "and waits"),
        (10 * 60 + 24 * 3600.0, "ok", Deed.CLOSE, "and has waited long enough, at most 24 h: 3 files are not back"),
        (10 * 60 + 24 * 3600.0, "closed_Adm", Deed.END, "has waited long enough"),
    ],
)
def test_a_node_whose_results_are_not_back_waits_for_a_while(
    make: Any, idle_s: float, status: str, deed: Deed | None, said: str
) -> None:
    one = make.machine(1, idle=make.now - idle_s)
    row = Host(name=one.name, status=status, max_slots=8, jobs=0, running=0)
    waits = {one.machine_id: "3 files are not back"}
    verdicts = judge([one], [row], make.now, replace(LIFE, lifetime_hours=None), waits)
    assert [verdict.deed for verdict in verdicts] == ([deed] if deed else [])
    assert all(said in verdict.text for verdict in verdicts)


@given(data=st.data())
def test_nothing_is_ended_that_is_not_closed_and_empty(make: Any, data: st.DataObject) -> None:
    status = data.draw(st.sampled_from(["ok", "closed_Adm", "closed_Full", "closed_Wind", "unavail", "unreach", "odd"]))
    jobs, running = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))
    past = st.sampled_from([0.0, make.now - 1e6, make.now - 600, make.now - 1, make.now + 60])
    one = replace(
        make.machine(1),
        launched=data.draw(st.sampled_from([make.now, make.now - 3600, make.now - 1e6])),
        **{name: data.draw(past) for name in ("joined", "idle", "closing", "notice", "rebalance", "unlisted")},
    )
    row = Host(name=one.name, status=status, max_slots=8, jobs=jobs, running=running)
    for verdict in judge([one], [row], make.now, LIFE):
        if verdict.deed is Deed.END:
            assert (status, jobs, running) == ("closed_Adm", 0, 0)
        if verdict.deed is Deed.REOPEN:
            assert one.closing


def test_a_host_lsf_does_not_list_is_the_reapers(make: Any) -> None:
    assert judge([make.machine(1, idle=1.0)], [], make.now, LIFE) == ()


def test_jobs_are_found_by_any_of_their_hosts(make: Any) -> None:
    run = JobStatus.RUN
    jobs = [
        make.job("1", status=run, exec_host="a:a:b"),
        make.job("2", status=run, exec_host="16*b.site.org", queue="once"),
        make.job("3", status=run, exec_host="c"),
        make.job("4", status=JobStatus.PEND, exec_host="a"),
        make.job("5", status=JobStatus.SSUSP, exec_host="2*a"),
    ]
    mine, others = jobs_on(["A.ec2.internal", "b"], jobs, ("general",))
    assert ([job.job_id for job in mine], [job.job_id for job in others]) == (["1", "5"], ["2"])
    assert hosts_of("16*a.x:b::c") == {"a", "b", "c"}
