"""The commands over EC2 and OpenStack (the sandbox's), both answering, and with one that answers nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid import wiring
from ris_hybrid.cli.app import main
from ris_hybrid.cli.burst_site import load_settings
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
endpoint_url: {url}
clouds:
  - name: research
    driver: openstack
    auth_url: {keystone}
    project: ris-sandbox
    prices:
      m1.xlarge: 0.30
pools:
  - name: cpu
    instance_types: [c6i.4xlarge]
    slots: 8
    memory_mib: 30000
    max_nodes: 4
    launch_template: {template}
    subnets: [{subnet}]
  - name: campus
    provider: libcloud
    instance_types: [m1.xlarge]
    image: lsf-node
    networks: [hpc]
    security_groups: [ris-node]
    slots: 8
    memory_mib: 15000
    max_nodes: 4
gates:
  - pending_jobs: 1
caps:
  nodes: 8
budget:
  usd_per_month: 100
"""
HOSTS = (
    '{"COMMAND":"bhosts","HOSTS":1,"RECORDS":[{"HOST_NAME":"node1","STATUS":"ok","MAX":"16","NJOBS":"0","RUN":"0"}]}'
)


class Both:
    """A machine on each that never joined."""

    def __init__(self, conf: Path, aws: SandboxAws, openstack: SandboxOpenStack) -> None:
        self.aws, self.openstack = aws, openstack
        self.settings = load_settings(conf)
        self.data = conf.parent / "data"
        self.now = 0.0

    def provider(self, now: float) -> Any:
        return wiring.provider(self.settings, self.data, now)

    def alive(self) -> tuple[int, int]:
        """Machines on EC2, and on OpenStack."""
        ours = [row for row in self.aws.instances() if row["state"] == "running"]
        return len(ours), len([row for row in self.openstack.servers() if row["status"] == "ACTIVE"])

    def forbid(self) -> None:
        """OpenStack answers, and lets us do nothing."""
        self.openstack.faults([{"match": ".*", "times": 99, "do": {"error": {"code": "Forbidden", "status": 403}}}])


@pytest.fixture
def both(
    lsf: Path,
    ec2_settings: Any,
    sandbox_aws: SandboxAws,
    sandbox_openstack: SandboxOpenStack,
    monkeypatch: pytest.MonkeyPatch,
    make: Any,
) -> Both:
    pool, tmp_path = ec2_settings.pools[0], lsf.parent
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    conf = tmp_path / "burst.yaml"
    named = {"template": pool.launch_template, "subnet": pool.subnets[0]}
    conf.write_text(BURST_YAML.format(url=ec2_settings.endpoint_url, keystone=sandbox_openstack.url, **named))
    (tmp_path / "bin").mkdir()
    bhosts = tmp_path / "bin" / "bhosts"
    bhosts.write_text(f"#!/bin/sh\necho '{HOSTS}'\n")
    bhosts.chmod(0o755)
    for name, value in {
        "RIS_HYBRID_CONF": str(conf),
        "RIS_HYBRID_SANDBOX_CLOCK": str(make.now + 960),
        "PRO_DATA_DIR": str(tmp_path / "data"),
        "PATH": f"{tmp_path / 'bin'}:{lsf}:/usr/bin:/bin",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "data").mkdir()
    site = Both(conf, sandbox_aws, sandbox_openstack)
    for name in ("cpu", "campus"):
        site.provider(make.now).cloud.launch(make.launch(pool=name, token=f"t-{name}"))
    sandbox_aws.set_clock(make.now + 960)
    sandbox_openstack.set_clock(make.now + 960)
    return site


def test_each_command_tells_of_both_clouds(both: Both, capsys: pytest.CaptureFixture[str], make: Any) -> None:
    both.provider(make.now).ledger.mark_pool("campus", PoolMarks(boot_s=90.0), PoolMarks())
    assert main(["burst", "pools"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["pool", "cloud", "state"],
        ["cpu", "EC2", "on"],
        ["campus", "research", "on"],
    ]
    assert main(["burst", "offers", "campus"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("campus of cloud research: 8 slots")
    assert "research/m1.xlarge" in told
    assert main(["burst", "reap", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert sorted(row["cloud"] for row in body["verdicts"]) == ["", "research"]
    assert body["unread"] == []
    assert both.alive() == (0, 0)
    (server,) = body["ended"][1:] if body["ended"][0].startswith("i-") else body["ended"][:1]
    assert main(["burst", "explain", server, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["cloud"] == "research"
    assert told["facts"][1] == "pool campus of research for lee"


def test_what_one_cloud_forbids_is_said_and_the_others_machine_is_ended(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    both.forbid()
    assert main(["burst", "reap"]) == 5
    said = capsys.readouterr()
    assert "failed-to-join" in said.out
    assert "not every cloud answers: research: " in said.err
    assert both.alive() == (0, 1)
    assert main(["burst", "pools"]) == 5
    said = capsys.readouterr()
    assert [line.split()[0] for line in said.out.splitlines()] == ["pool", "cpu"]
    assert "research: " in said.err
    assert main(["burst", "clear", "campus"]) == 5
    assert main(["burst", "clear", "cpu", "--dry-run"]) == 0
    assert "pool cpu: 1 failures to join" in capsys.readouterr().out
    assert main(["burst", "explain", "302[3]"]) == 0
    assert "  nothing is launched while not every cloud answers: research: " in capsys.readouterr().out
    assert main(["burst", "explain", "research/nobody-knows"]) == 5
    assert "whether research/nobody-knows is there is unknown: research: " in capsys.readouterr().err
    assert "Traceback" not in said.err
