"""What the virtual LSF prints has the bytes real clusters were recorded with (origins: README beside them)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import Reply, run_command
from ris_hybrid.sandbox.lsf.ebrokerd import RcRow
from ris_hybrid.sandbox.lsf.formats import Column, Layout, json_text, text_table
from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, HostSpec, JobRequest, QueueSpec

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Reply]


def made(*queues: QueueSpec, hosts: int = 1, slots: int = 20, now: float = 0.0) -> Cluster:
    shape = HostSpec(prefix="compute-worker", count=hosts, slots=slots)
    return Cluster(ClusterSpec(name="eda", hosts=(shape,), queues=queues), now)


@pytest.mark.parametrize(
    ("name", "count"),
    [("bjobs-json-1", "JOBS"), ("bjobs-json-8", "JOBS"), ("bhosts-json-1", "HOSTS"), ("bqueues-json-1", "QUEUES")],
)
def test_the_json_envelope_is_the_recorded_one(golden: Path, name: str, count: str) -> None:
    recorded = (golden / f"recorded-{name}.txt").read_text()
    answer = json.loads(recorded)
    assert json_text(answer["COMMAND"], count, answer["RECORDS"]).rstrip() == recorded.rstrip()


def test_the_delimited_text_form_is_the_recorded_one(golden: Path) -> None:
    recorded = (golden / "recorded-bjobs-o-1.txt").read_text()
    head, row = (line.split("|") for line in recorded.splitlines())
    layout = Layout(columns=tuple(Column(name=name.lower()) for name in head), delimiter="|")
    record = {name.lower(): "" if value == "-" else value for name, value in zip(head, row, strict=True)}
    assert text_table(layout, [record], header=True) == recorded


def test_narrow_bjobs_is_the_recorded_one(golden: Path) -> None:
    cluster = made(QueueSpec(name="eda"), now=1_784_659_680.0)  # 2026-07-21 18:48 UTC
    cluster.submit(JobRequest(run_s=1, slots=21, user="lsfadmin", name="run_on_10_hosts"))
    recorded = (golden / "recorded-bjobs-4.txt").read_text()
    expected = recorded.replace("submit    ", "eda-master")
    assert run_command(cluster, ["bjobs", "-u", "all"], {}).stdout == expected


def test_bqueues_is_the_recorded_one(golden: Path) -> None:
    cluster = made(QueueSpec(name="eda"), QueueSpec(name="normal", priority=20))
    for _ in range(20):
        cluster.submit(JobRequest(run_s=1, queue="eda"))
    assert run_command(cluster, ["bqueues"], {}).stdout == (golden / "recorded-bqueues-3.txt").read_text()


def test_wide_bqueues_is_the_recorded_one(golden: Path) -> None:
    cluster = made(QueueSpec(name="normal"))
    cluster.submit(JobRequest(run_s=1, slots=2))
    assert run_command(cluster, ["bqueues", "-w"], {}).stdout == (golden / "recorded-bqueues-2.txt").read_text()


def test_narrow_bhosts_is_the_recorded_one(golden: Path) -> None:
    recorded = (golden / "recorded-bhosts-1.txt").read_text()
    cluster = made(QueueSpec(name="normal"), hosts=9, slots=2)
    cluster.submit(JobRequest(run_s=1, slots=18))
    ours = run_command(cluster, ["bhosts"], {}).stdout
    for number in range(1, 10):
        ours = ours.replace(f"compute-worker-{number} ", f"compute-worker00{number}")
    assert ours.splitlines() == recorded.splitlines()[:10]


def test_bhosts_with_the_resource_connector_is_the_recorded_one(golden: Path) -> None:
    head, other, borrowed = (golden / "recorded-bhosts-rc-1.txt").read_text().splitlines()
    name, machine = "icgen2host-10-241-0-42", "0757_4f5295bd-a265-4fda-840c-6f89e326ca1f"
    cluster = made(QueueSpec(name="q", rc_hosts="all"), slots=1)
    cluster.submit(JobRequest(run_s=1))
    cluster.borrow(BorrowedHost(name=name, slots=4, account="default", provider="p", template="t", machine_id=machine))
    cluster.submit(JobRequest(run_s=1, slots=2))
    row = RcRow(
        name=name, rc_status="Allocated", prov_status="running", updated_at=1_699_311_746.0, instance_id=machine
    )
    lines = run_command(cluster, ["bhosts", "-rc", "-w"], {}, lambda: (row,)).stdout.splitlines()
    assert (lines[0], lines[2]) == (head, borrowed)
    site = lines[1].replace("compute-worker-1  ", "icgen2host-10-241-0-37").replace("      1", "      0")
    assert site.split() == other.split()
    assert lines[1].index("-  ", 19) == len("compute-worker-1") + 3 + 16
    assert lines[1][-60:] == other[-60:]


def test_bhosts_json_is_the_recorded_one(golden: Path) -> None:
    cluster = made(QueueSpec(name="q", rc_hosts="all"), slots=1)
    cluster.borrow(
        BorrowedHost(name="ip-10-30-9-105", slots=4, account="default", provider="p", template="t", machine_id="i")
    )
    cluster.submit(JobRequest(run_s=1, slots=4))
    fields = "HOST_NAME STATUS MAX NJOBS RUN SSUSP USUSP RSV"
    answer = run_command(cluster, ["bhosts", "-rconly", "-o", fields, "-json"], {}).stdout
    assert answer.rstrip() == (golden / "recorded-bhosts-json-1.txt").read_text().rstrip()


def test_a_session_is_printed_as_agreed(golden: Path, cluster: Cluster, run: Run) -> None:
    """Every form once; session.txt is the agreed transcript, its lines after ``$`` are the commands."""
    wanted = (golden / "session.txt").read_text()
    shown = ""
    for line in (line for line in wanted.splitlines() if line.startswith("$ ")):
        if line == "$ (three seconds pass)":
            cluster.advance(cluster.now + 3)
            shown += f"{line}\n"
            continue
        words = json.loads(f"[{line[2:]}]")
        reply = run(*words)
        shown += f"{line}\n{reply.stdout}{reply.stderr}= {reply.rc}\n"
    assert shown == wanted
