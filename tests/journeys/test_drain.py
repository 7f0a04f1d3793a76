"""``burst disable --drain``: nothing with jobs is ended, and the files stay until everything is gone."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.fleet import Ec2Cloud
from ris_hybrid.cli.app import main
from ris_hybrid.cli.burst_site import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def disable(master: Any, ec2_settings: Any, sandbox_aws: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command on a master that is switched on, in this process."""
    commands = master.folder / "bin"
    (commands / "bhosts").write_text(f'#!/bin/sh\ncat "{master.folder}/bhosts.json"\n')
    (commands / "bhosts").chmod(0o755)
    badmin = (commands / "badmin").read_text()
    close = f'test "$1" != hclose || sed -i \'s/"ok"/"closed_Adm"/\' "{master.folder}/bhosts.json"\n'
    (commands / "badmin").write_text(f"{badmin}{close}")
    yaml = master.folder / "burst.yaml"
    pool = ec2_settings.pools[0]
    text = yaml.read_text().replace("http://127.0.0.1:9", ec2_settings.endpoint_url)
    yaml.write_text(text.replace("lt-1", pool.launch_template).replace("subnet-1", pool.subnets[0]))
    master.run("burst", "enable")
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    monkeypatch.setenv("PATH", f"{commands}:{os.defpath}")
    monkeypatch.setenv("LSF_ENVDIR", str(master.conf))
    monkeypatch.setenv("RIS_HYBRID_SANDBOX_CLOCK", repr(sandbox_aws.clock()))
    return lambda *arguments: main(["burst", "disable", "--conf", str(yaml), *arguments])


def hosts(folder: Path, **jobs: int) -> None:
    rows = [
        {"HOST_NAME": name, "STATUS": "ok", "MAX": "16", "NJOBS": str(count), "RUN": str(count)}
        for name, count in jobs.items()
    ]
    (folder / "bhosts.json").write_text(json.dumps({"COMMAND": "bhosts", "HOSTS": len(rows), "RECORDS": rows}))


def test_nodes_with_jobs_are_waited_for(
    disable: Any, master: Any, ec2: Any, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(master.folder / "burst.yaml")
    cloud = Ec2Cloud(ec2, settings)
    cloud.launch(make.launch(3))
    names = [machine.name for machine in cloud.machines()]
    hosts(master.folder, **{"node1": 3, names[0]: 0, names[1]: 2})

    def alive() -> list[str]:
        return [machine.name for machine in cloud.machines() if machine.alive]

    assert disable("--drain", "--dry-run") == 0
    assert f"would close {names[0]}, {names[1]}" in capsys.readouterr().err
    assert alive() == names

    assert disable("--drain") == 6
    told = capsys.readouterr().err
    assert f"error: still there: {names[1]} (2 jobs)" in told
    assert alive() == [names[1]]
    assert (master.conf / "resource_connector" / "ris-aws").is_dir()
    assert main(["burst", "pools", "--conf", str(master.folder / "burst.yaml")]) == 0
    assert "drained by `burst disable`" in capsys.readouterr().out

    rows = (master.folder / "bhosts.json").read_text().replace('"NJOBS": "2", "RUN": "2"', '"NJOBS": "0", "RUN": "0"')
    (master.folder / "bhosts.json").write_text(rows)
    assert disable("--drain", "--wait", "1") == 0
    assert alive() == []
    assert not (master.conf / "resource_connector" / "ris-aws").exists()
    capsys.readouterr()
    assert main(["burst", "pools", "--conf", str(master.folder / "burst.yaml")]) == 0
    assert "drained" not in capsys.readouterr().out


def test_nothing_is_ended_when_lsf_does_not_answer(
    disable: Any, master: Any, ec2: Any, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Ec2Cloud(ec2, load_settings(master.folder / "burst.yaml"))
    cloud.launch(make.launch(1))
    (master.folder / "bhosts.json").write_text("LSF is down\n")
    assert disable("--drain") == 4
    assert [machine.alive for machine in cloud.machines()] == [True]
    assert (master.conf / "resource_connector" / "ris-aws").is_dir()
    capsys.readouterr()
    assert disable() == 0  # without --drain the files are restored, and what is left is named
    assert "left running: " in capsys.readouterr().err


SECOND = """\
clouds:
  - name: research
    driver: openstack
    auth_url: http://127.0.0.1:9
    project: hpc
    prices:
      m1.xlarge: 0.30
pools:
  - name: campus
    provider: libcloud
    instance_types: [m1.xlarge]
    image: lsf-node
    networks: [hpc]
    slots: 8
    memory_mib: 15000
    max_nodes: 4
"""


def test_a_cloud_that_cannot_be_asked_keeps_the_files(
    disable: Any, master: Any, ec2: Any, make: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no credentials here. EC2's machines are ended; what is left on the other is unknown."""
    yaml = master.folder / "burst.yaml"
    yaml.write_text(yaml.read_text().replace("pools:\n", SECOND))
    cloud = Ec2Cloud(ec2, load_settings(yaml))
    cloud.launch(make.launch(1))
    (machine,) = cloud.machines()
    hosts(master.folder, **{"node1": 0, machine.name: 0})
    assert disable("--drain") == 5
    assert "which machines are left is unknown: research: " in capsys.readouterr().err
    assert not any(one.alive for one in cloud.machines())
    assert (master.conf / "resource_connector" / "ris-aws").is_dir()
