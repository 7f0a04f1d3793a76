"""``ris-hybrid burst plan``, ``explain``, ``status``, ``decide`` and ``learn`` in modes planned and shadow."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.clients import Clients
from burst.plan_file import PlanFile, plan_path, plan_text, write_plan
from burst.planner.values import Plan, Want
from ris_hybrid.cli.app import main
from ris_hybrid.clocks import FixedClock
from ris_hybrid.serve.metrics import Metrics
from ris_hybrid.serve.process import Order, Turns
from tests.journeys.conftest import RECORDED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
endpoint_url: {url}
mode: {mode}
pools:
  - name: cpu
    instance_types: [c6i.4xlarge]
    slots: 8
    memory_mib: 30000
    max_nodes: 4
    launch_template: {template}
    subnets: [{subnet}]
gates:
  - pending_jobs: 1
caps:
  nodes: 4
budget:
  usd_per_month: {usd}
planner:
  exclude:
    users: [eve]
  history: "{history}"
"""
COMMON = {
    "JOBINDEX": "0", "QUEUE": "general", "USER": "ada", "USER_GROUP": "compute-lovelace", "PROJ_NAME": "default",
    "PENDSTATE": "", "EPENDTIME": "-", "DEPENDENCY": "", "SPECIFIED_START_TIME": "", "PEND_REASON": "",
}  # fmt: skip
RUNNING = {
    "STAT": "RUN", "NREQ_SLOT": "16", "PEND_TIME": "0", "RUNTIMELIMIT": "600.0", "RUN_TIME": "0 second(s)",
    "EXEC_HOST": "16*node1",
}  # fmt: skip
PENDING = {
    "STAT": "PEND", "NREQ_SLOT": "8", "PEND_TIME": "300", "RUNTIMELIMIT": "120.0", "RUN_TIME": "0 second(s)",
    "EXEC_HOST": "-", "PEND_REASON": "Job slot limit reached;",
}  # fmt: skip
HOST = {
    "HOST_NAME": "node1", "STATUS": "closed_Full", "MAX": "16", "NJOBS": "16", "RUN": "16", "SSUSP": "0", "USUSP": "0",
    "RSV": "0", "JL_U": "-",
}  # fmt: skip


@pytest.fixture
def burst(
    tmp_path: Path, lsf: Path, ec2_settings: Any, sandbox_aws: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """The command in this process, on LSF's answers for a full host and two pending jobs, and the sandbox's AWS."""
    monkeypatch.setenv("PATH", f"{lsf}:{os.defpath}")
    monkeypatch.setenv("RIS_HYBRID_SANDBOX_CLOCK", repr(sandbox_aws.clock()))
    rows = [COMMON | RUNNING | {"JOBID": "900"}]
    rows += [COMMON | PENDING | {"JOBID": job_id, "USER": user} for job_id, user in (("11", "ada"), ("12", "eve"))]
    (lsf / "bjobs.json").write_text(json.dumps({"COMMAND": "bjobs", "JOBS": len(rows), "RECORDS": rows}))
    asked_alone = 'case "$*" in *UF*) echo "Job <11> is not found" >&2; exit 255;; esac'
    (lsf / "bjobs").write_text(f'#!/bin/sh\n{asked_alone}\ncat "$(dirname "$0")/bjobs.json"\n')
    (lsf / "bhosts.json").write_text(json.dumps({"COMMAND": "bhosts", "HOSTS": 1, "RECORDS": [HOST]}))
    pool = ec2_settings.pools[0]

    def run(*arguments: str, mode: str = "shadow", more: str = "", usd: float = 100, history: str = "runs.json") -> int:
        fields = {
            "url": sandbox_aws.url,
            "template": pool.launch_template,
            "subnet": pool.subnets[0],
            "mode": mode,
            "usd": usd,
            "history": history,
        }
        path = tmp_path / "burst.yaml"
        path.write_text(BURST_YAML.format(**fields) + more)
        return main(["burst", *arguments, "--conf", str(path)])

    return run


def test_plan_is_a_table_of_jobs_and_then_of_nodes(burst: Any, capsys: pytest.CaptureFixture[str], golden: Any) -> None:
    assert burst("plan") == 0
    golden("burst/plan.txt", capsys.readouterr().out)
    assert burst("plan", "--rows", "1") == 0
    assert "1 more jobs: --rows 0 shows them" in capsys.readouterr().out
    assert burst("plan", mode="thresholds") == 0
    assert capsys.readouterr().out.startswith("pool  lab ")


def test_plan_names_the_caps_that_keep_jobs(burst: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert burst("plan", usd=0.1) == 0
    said = "kept by a cap: 11: budget: $0.10 of this month is left for it, it would commit $"
    assert any(line.startswith(said) for line in capsys.readouterr().out.splitlines())


def test_plan_as_json_has_the_figures_of_each_job(burst: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert burst("plan", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sandbox"], told["mode"], told["chosen"], told["capacity"]) == (False, "shadow", 1, 16)
    assert [(row["job"], row["word"], row["wait_s"]) for row in told["jobs"]] == [
        ("11", "chosen", 36_000.0),
        ("12", "barred", 36_000.0),
    ]
    assert (told["jobs"][0]["v_from"], told["jobs"][0]["run_from"]) == ("planner.value", "RUNLIMIT")
    assert sum(row["nodes"] for row in told["launch"]) == 2  # in shadow thresholds launch


def test_in_mode_planned_only_chosen_jobs_are_launched_for(burst: Any, capsys: pytest.CaptureFixture[str]) -> None:
    queues = "  steering:\n    queues: {general: subscription}\n"
    assert burst("decide", "--json", mode="planned", more=queues) == 0
    (decision,) = json.loads(capsys.readouterr().out)["decisions"]
    assert (decision["nodes"], decision["reasons"][-1]["stage"]) == (1, "plan")


def test_explain_tells_the_figures_of_now_and_the_words_of_before(
    burst: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert burst("explain", "11") == 0
    out = capsys.readouterr().out
    assert "plan now: chosen for the cloud (mode shadow: said, not done): worth it: " in out
    assert "    v: $0.1 for an hour of waiting of one core (planner.value)" in out
    assert burst("explain", "12") == 0
    assert "eve users are excluded (planner.exclude.users)" in capsys.readouterr().out
    assert burst("explain", "900") == 0
    assert "plan now" not in capsys.readouterr().out
    assert burst("explain", "77") == 2
    log = tmp_path / "aws-data" / "aws-audit.jsonl"
    log.parent.mkdir(exist_ok=True)
    log.write_text('{"at": 5.0, "kind": "moved", "jobs": ["77"], "target": "burst"}\n')
    assert burst("explain", "77") == 0
    assert "LSF lists it no more; the log says:" in capsys.readouterr().out


def test_status_tells_the_last_plan_and_that_there_is_none(
    burst: Any, tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    queues = "  steering:\n    queues: {general: subscription}\n"
    assert burst("status", mode="planned", more=queues) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("mode planned: no plan: there is no plan: ")
    assert line.endswith("; launches as long: none")
    assert burst("status", "--json", mode="planned", more=queues) == 0
    assert "there is no plan" in json.loads(capsys.readouterr().out)["plan"]["problem"]
    made = Plan(at=make.now - 20, wants={("cpu", "lee"): Want(nodes=2)}, beyond=3, values={"": 0.5})
    settings = make.settings(cluster="c1", mode="planned")
    write_plan(plan_path(tmp_path / "aws-data", "aws"), plan_text(made, (), settings))
    assert burst("status", mode="planned", more=queues) == 0
    said = capsys.readouterr().out.splitlines()[1]
    assert said == "mode planned: plan of 20 s ago, 0 of 3 jobs chosen for $0.00, v lowered to 50% by pacing"
    assert burst("status", "--json", mode="planned", more=queues) == 0
    told = json.loads(capsys.readouterr().out)["plan"]
    assert (told["age_s"], told["nodes"]) == (20.0, [{"pool": "cpu", "lab": "lee", "nodes": 2}])
    assert burst("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["mode"] == "shadow"


@pytest.fixture
def acct(tmp_path: Path) -> Path:
    """A recorded job, run again and again."""
    path = tmp_path / "lsb.acct"
    first = (RECORDED / "acct" / "7.06").read_text()
    path.write_text(first * 3)
    return path


def test_learn_writes_classes_where_burst_yaml_says(
    burst: Any, acct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "aws-data" / "runs.json"
    assert burst("learn", str(acct), "--dry-run") == 0
    assert (capsys.readouterr().out.splitlines()[-1], path.exists()) == (
        f"would write {path}: 1 classes of two runs or more",
        False,
    )
    assert burst("learn", str(acct)) == 0
    out = capsys.readouterr().out.splitlines()
    assert (out[0].split()[:4], out[-1]) == (
        ["user", "name", "slots", "runs"],
        f"written {path}: 1 classes of two runs or more",
    )
    assert burst("learn", str(acct), "--json", "--to", str(tmp_path / "other.json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["written"], [row["runs"] for row in told["classes"]]) == (True, [3])
    assert (tmp_path / "other.json").read_bytes() == path.read_bytes()


def test_learn_says_without_a_place_what_it_would_learn_and_writes_nothing(
    burst: Any, acct: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert burst("learn", str(acct), "--dry-run", history="") == 0
    said = "would write nothing, for burst.yaml names no planner.history: 1 classes of two runs or more"
    assert capsys.readouterr().out.splitlines()[-1] == said
    assert burst("learn", str(acct), history="") == 2
    assert "burst.yaml names no planner.history" in capsys.readouterr().err


def test_learn_says_what_is_wrong(burst: Any, acct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert burst("learn", str(tmp_path / "none")) == 2
    assert burst("learn", str(acct), "--to", "/proc/runs.json") == 4
    assert "cannot be written" in capsys.readouterr().err


def test_the_services_turn_plans_after_the_reaper_and_puts_the_plan_in_place(
    burst: Any, ec2_settings: Any, tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert burst("plan") == 0  # LSF's answers are in place
    data, shadow = tmp_path / "data", replace(ec2_settings, mode="shadow")
    order = Order(load=lambda: shadow, data=data, clock=FixedClock(make.now))
    Turns(order, Clients(), Metrics()).take(make.now)
    standing = PlanFile(plan_path(data, "aws"), shadow).standing(make.now + 30)
    assert (standing.problem, standing.reached, standing.chosen) == ("", 2, {"11", "12"})
    assert 'ris_hybrid_plan_jobs{word="chosen"} 2.0' in (data / "aws.prom").read_text()
    kinds = [json.loads(line)["kind"] for line in (data / "aws-audit.jsonl").read_text().splitlines()]
    assert kinds == ["plan", "chosen", "chosen"]
    thresholds = replace(ec2_settings, mode="thresholds")
    order = Order(load=lambda: thresholds, data=tmp_path / "other", clock=FixedClock(make.now))
    Turns(order, Clients(), Metrics()).take(make.now)
    assert not plan_path(tmp_path / "other", "aws").exists()
