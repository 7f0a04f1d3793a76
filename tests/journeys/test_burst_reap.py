"""``burst reap`` against the sandbox's AWS, with LSF's answers played by scripts on PATH."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.fleet import Ec2Cloud
from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from ris_hybrid.sandbox.aws.child import SandboxAws

BURST_YAML = Path(__file__).with_name("one_pool.yaml").read_text(encoding="utf-8")
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


def in_service(folder: Path, name: str, status: str = "ok", jobs: int = 0) -> None:
    rows = [
        {"HOST_NAME": host, "STATUS": said, "MAX": "16", "NJOBS": str(count), "RUN": str(count)}
        for host, said, count in (("node1", "ok", 0), (name, status, jobs))
    ]
    (folder / "bhosts.json").write_text(json.dumps({"COMMAND": "bhosts", "HOSTS": len(rows), "RECORDS": rows}))
    lsf_says(folder, f'cat "{folder}/bhosts.json"')


@pytest.mark.parametrize("on", [True, False])
def test_empty_nodes_are_ended_where_nobody_returns_them(
    *,
    on: bool,
    orphan: str,
    tmp_path: Path,
    sandbox_aws: SandboxAws,
    ec2: Any,
    ec2_settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """After `burst disable`; with the Resource Connector they are LSF's to return."""
    conf = tmp_path / "conf"
    (conf / "resource_connector").mkdir(parents=True)
    (conf / "lsf.conf").write_text("LSB_RC_EXTERNAL_HOST_FLAG=awshost\n" if on else "LSF_TOP=/opt/lsf\n")
    (conf / "resource_connector" / "hostProviders.json").write_text('{"providers": [{"name": "aws"}]}')
    monkeypatch.setenv("LSF_ENVDIR", str(conf))
    (machine,) = Ec2Cloud(ec2, ec2_settings).machines()
    closing = tmp_path / "bin" / "badmin"
    closing.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/asked"\n')
    closing.chmod(0o755)

    def later(minutes: float) -> str:
        now = machine.launched + 60 * minutes
        sandbox_aws.set_clock(now)
        monkeypatch.setenv("RIS_HYBRID_SANDBOX_CLOCK", str(now))
        assert main(["burst", "reap"]) == 0
        return capsys.readouterr().err

    in_service(tmp_path, machine.name)
    assert ("it returns none of these machines" in later(17)) is not on  # marked as joined
    later(28)  # nobody holds it
    later(39)  # and that for long enough
    closed = (tmp_path / "asked").read_text() if (tmp_path / "asked").exists() else ""
    assert (machine.name in closed) is not on
    in_service(tmp_path, machine.name, "closed_Adm", jobs=1)
    later(40)
    assert states(sandbox_aws) == ["running"]
    in_service(tmp_path, machine.name, "closed_Adm")
    for minute in (41, 52):  # the job has shown that it was in use: the time begins anew
        later(minute)
    assert states(sandbox_aws) == (["running"] if on else ["shutting-down"])
    assert orphan == machine.machine_id


def test_files_of_lsf_that_cannot_be_read_end_no_more(
    orphan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LSF_ENVDIR", str(tmp_path / "none"))
    assert main(["burst", "reap", "--dry-run"]) == 0
    told = capsys.readouterr()
    assert "whether LSF's Resource Connector holds machines is unknown" in told.err
    assert orphan in told.out
