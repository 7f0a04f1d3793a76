"""``burst reap`` against the sandbox's AWS, with LSF's answers played by scripts on PATH."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.fleet import Ec2Cloud
from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

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
  - pending_jobs: 1
caps:
  nodes: 4
budget:
  usd_per_month: 100
"""
HOSTS = (
    '{"COMMAND":"bhosts","HOSTS":1,"RECORDS":[{"HOST_NAME":"node1","STATUS":"ok","MAX":"16","NJOBS":"0","RUN":"0"}]}'
)


def lsf_says(folder: Path, script: str) -> None:
    path = folder / "bin" / "bhosts"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def orphan(
    tmp_path: Path, ec2: Any, ec2_settings: Any, sandbox_aws: SandboxAws, monkeypatch: pytest.MonkeyPatch, make: Any
) -> str:
    """A machine that LSF has not listed sixteen minutes after its launch."""
    pool = ec2_settings.pools[0]
    conf = tmp_path / "burst.yaml"
    conf.write_text(
        BURST_YAML.format(url=ec2_settings.endpoint_url, template=pool.launch_template, subnet=pool.subnets[0])
    )
    (machine,) = Ec2Cloud(ec2, ec2_settings).launch(make.launch()).machine_ids
    sandbox_aws.set_clock(make.now + 960)
    lsf_says(tmp_path, f"echo '{HOSTS}'")
    for name, value in {
        "RIS_HYBRID_CONF": str(conf),
        "RIS_HYBRID_SANDBOX_CLOCK": str(make.now + 960),
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
    }.items():
        monkeypatch.setenv(name, value)
    return machine


def states(aws: SandboxAws) -> list[str]:
    return [str(row["state"]) for row in aws.instances()]


def test_what_never_joined_is_shown_first_and_then_ended(
    orphan: str, sandbox_aws: SandboxAws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["burst", "reap", "--dry-run"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["machine", "host", "would", "reason", "why"]
    assert row.split()[0] == orphan
    assert "end" in row
    assert "did not join LSF in 16 min" in row
    assert states(sandbox_aws) == ["running"]
    assert main(["burst", "reap", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ended"], told["refused"], told["dry_run"]) == ([orphan], [], False)
    assert states(sandbox_aws) == ["shutting-down"]
    assert main(["burst", "reap"]) == 0
    assert capsys.readouterr().out == "every machine is as it should be: nothing to do\n"


def test_nothing_is_ended_while_lsf_does_not_answer(
    orphan: str, tmp_path: Path, sandbox_aws: SandboxAws, capsys: pytest.CaptureFixture[str]
) -> None:
    lsf_says(tmp_path, "echo 'LSF is down. Please wait ...' >&2; exit 255")
    assert main(["burst", "reap"]) == 4
    assert "bhosts gave no answer" in capsys.readouterr().err
    assert (orphan, states(sandbox_aws)) == (sandbox_aws.instances()[0]["id"], ["running"])


def test_what_ec2_refuses_to_end_is_told(
    orphan: str, sandbox_aws: SandboxAws, capsys: pytest.CaptureFixture[str]
) -> None:
    error = {"code": "OperationNotPermitted", "message": "termination protection"}
    sandbox_aws.faults([{"match": "TerminateInstances", "do": {"error": error}}])
    assert main(["burst", "reap"]) == 5
    said = capsys.readouterr().err
    assert orphan in said
    assert "termination protection" in said
