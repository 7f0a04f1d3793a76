"""``ris-hybrid burst`` and ``doctor`` with a burst.yaml of one's own: what they say, and how they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import policies
from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
endpoint_url: {url}
pools:
  - name: cpu
    instance_types: [c6i.4xlarge]
    slots: 8
    memory_mib: 30000
    max_nodes: 4
    launch_template: {template}
    subnets: [{subnet}]
gates:
  - pending_jobs: {gate}
caps:
  nodes: 4
budget:
  usd_per_month: 100
"""
ASKED = {"status": ("status",), "plan": ("plan",), "decide": ("decide",), "render": ("render",)}


def burst_yaml(folder: Path, **fields: object) -> Path:
    plain = {"url": "http://127.0.0.1:9", "template": "lt-1", "subnet": "subnet-1", "gate": 1}
    path = folder / "burst.yaml"
    path.write_text(BURST_YAML.format(**{**plain, **fields}))
    return path


def alone(tmp_path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The command where there is no LSF, no sandbox and no AWS."""
    env = {
        "PATH": "/nonexistent",
        "HOME": str(tmp_path),
        "RIS_HYBRID_SANDBOX": str(tmp_path / "sandboxes"),
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_EC2_METADATA_DISABLED": "true",
        **{name: value for name, value in os.environ.items() if name.startswith("COV")},
        **more,
    }
    command = [COMMAND, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)


@pytest.mark.parametrize("verb", ASKED)
def test_without_a_site_the_hint_says_how_to_name_one(tmp_path: Path, verb: str) -> None:
    done = alone(tmp_path, "burst", *ASKED[verb])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: no burst.yaml is named and no sandbox is running\n"
        "hint: give --conf FILE (or RIS_HYBRID_CONF), or run: ris-hybrid sandbox start\n"
    )


def test_what_cannot_be_asked_is_null_and_fails(tmp_path: Path) -> None:
    done = alone(tmp_path, "burst", "status", "--json", RIS_HYBRID_CONF=str(burst_yaml(tmp_path)))
    told = json.loads(done.stdout)
    assert done.returncode == 5
    assert (told["sandbox"], told["fleet"], told["pressure"]) == (False, None, None)
    assert told["error"].startswith("AWS did not answer: ")
    assert done.stderr.startswith("error: AWS did not answer: ")
    assert "Traceback" not in done.stderr


def test_a_wrong_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = burst_yaml(tmp_path, gate="one")
    done = alone(tmp_path, "burst", "status", "--conf", str(path))
    assert done.returncode == 2
    assert f"error: {path}:14: gates[0].pending_jobs: expected a whole number, found 'one'\n" in done.stderr


def test_outputs_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = burst_yaml(tmp_path)
    path.write_text(f"{path.read_text()}outputs: made later.json\n")
    done = alone(tmp_path, "burst", "render", "--conf", str(path))
    assert done.returncode == 2
    assert f"error: {tmp_path / 'made later.json'}: outputs: cannot be read" in done.stderr


def test_render_writes_what_the_hook_reads(tmp_path: Path) -> None:
    conf, to = burst_yaml(tmp_path), tmp_path / "lsf" / "ris-aws"
    dry = alone(tmp_path, "burst", "render", "--conf", str(conf), "--to", str(to), "--dry-run")
    assert (dry.returncode, to.exists()) == (0, False)
    done = alone(tmp_path, "burst", "render", "--conf", str(conf), "--to", str(to))
    assert done.returncode == 0
    written = [line.removeprefix("written ") for line in done.stdout.splitlines()]
    assert dry.stdout.splitlines() == [f"would write {path}" for path in written]
    assert all(Path(path).exists() for path in written)

    request = tmp_path / "in.json"
    request.write_text("{}")
    hook = [str(Path(COMMAND).with_name("ris-hybrid-rc")), "getAvailableTemplates", "-f", str(request)]
    asked = subprocess.run(hook, env={"PRO_CONF_DIR": str(to)}, capture_output=True, text=True, timeout=60, check=True)
    assert [template["templateId"] for template in json.loads(asked.stdout)["templates"]] == ["cpu"]


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    done = alone(tmp_path, "doctor", "--conf", str(burst_yaml(tmp_path)))
    lines = done.stdout.splitlines()
    assert done.returncode == 4
    assert "ok       burst.yaml: 1 pools, cluster c1, production" in lines
    assert "MISSING  command bjobs: not on PATH" in lines
    assert "         source LSF's profile.lsf" in lines
    assert any(line.startswith("MISSING  AWS: AWS did not answer") for line in lines)
    assert "command lsid" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_without_a_site_says_so(tmp_path: Path) -> None:
    done = alone(tmp_path, "doctor", "--json")
    findings = {row["name"]: row for row in json.loads(done.stdout)["findings"]}
    assert done.returncode == 4
    assert done.stderr == "error: not ready: burst.yaml\n"
    assert findings["burst.yaml"]["text"] == "no burst.yaml is named and no sandbox is running"
    assert findings["burst.yaml"]["hint"].startswith("give --conf FILE")
    assert findings["package policies"] == {
        "name": "package policies",
        "ok": True,
        "needed": True,
        "text": f"in {Path(policies.__file__).parent}",
        "hint": "",
    }


@pytest.fixture
def burst(
    tmp_path: Path, lsf: Path, ec2_settings: Any, sandbox_aws: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """The command in this process, on recorded LSF answers and the sandbox's AWS."""
    monkeypatch.setenv("PATH", f"{lsf}:{os.defpath}")
    monkeypatch.setenv("RIS_HYBRID_SANDBOX_CLOCK", repr(sandbox_aws.clock()))
    pool = ec2_settings.pools[0]

    def run(*arguments: str, gate: int = 1) -> int:
        fields = {"url": sandbox_aws.url, "template": pool.launch_template, "subnet": pool.subnets[0], "gate": gate}
        return main(["burst", *arguments, "--conf", str(burst_yaml(tmp_path, **fields))])

    return run


def test_plan_is_a_table_with_its_price(burst: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert burst("plan") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pool", "lab", "nodes", "jobs", "slots", "commits", "$"]
    assert lines[1].startswith("cpu ")
    assert lines[-1] == "committed this month before: $0.00 of $100.00"
    assert burst("plan", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["sandbox"] is False
    assert [row["nodes"] for row in planned["launch"]] == [int(line.split()[2]) for line in lines[1:-1]]


def test_no_plan_says_where_the_reasons_are(burst: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert burst("plan", gate=1000) == 0
    assert capsys.readouterr().out == "nothing would be launched now: ris-hybrid burst decide --explain says why\n"


def test_decide_tells_the_last_reason_and_explain_all(
    burst: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert burst("decide") == 0
    short = capsys.readouterr().out.splitlines()
    assert burst("decide", "--explain") == 0
    long = capsys.readouterr().out.splitlines()
    assert " nodes" in short[0]
    assert short[1].startswith("  ")
    assert len(short) < len(long)
    assert set(short) <= set(long)
    assert any(line.startswith("  gate: ") for line in long)
    assert any(line.startswith("no pressure: ") for line in long)
    assert burst("decide", "--json") == 0
    assert list(json.loads(capsys.readouterr().out)) == ["sandbox", "decisions"]


def test_status_is_for_people_too(burst: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert burst("status") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "cluster c1, provider aws",
        "cloud nodes: 0 of at most 4",
        "committed this month, 1 h ahead of each node included: $0.00 of $100.00",
    ]
    assert lines[3].startswith("pressure: ")
