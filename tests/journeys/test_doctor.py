"""``doctor`` on a master, before and after it is switched on: every line of LSF's own checklist."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = Path(__file__).parents[2] / "examples" / "site"


@pytest.fixture
def doctor(
    master: Any,
    lsf: Path,
    ec2: Any,
    ec2_settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., dict[str, dict[str, Any]]]:
    """The findings by name, on the sandbox's AWS and an LSF that answers."""
    (lsf / "bqueues").write_text(
        f'#!/bin/sh\nif [ "$1" = -l ]; then echo "RERUNNABLE :  yes"; else cat "{lsf}/bqueues.json"; fi\n'
    )
    monkeypatch.setenv("PATH", f"{lsf}:{master.folder / 'bin'}:{os.defpath}")
    monkeypatch.setenv("LSF_ENVDIR", str(master.conf))
    monkeypatch.delenv("RIS_HYBRID_SANDBOX_CLOCK", raising=False)
    pool = ec2_settings.pools[0]
    yaml = master.folder / "burst.yaml"
    told = master.run("burst", "userdata", "--pool", "cpu").stdout
    ec2.create_launch_template(LaunchTemplateName="tight", LaunchTemplateData=template("enabled", told))
    ec2.create_launch_template(LaunchTemplateName="stale", LaunchTemplateData=template("disabled", f"{told}# old"))
    text = yaml.read_text().replace("http://127.0.0.1:9", ec2_settings.endpoint_url)
    text = text.replace("lt-1", pool.launch_template).replace("subnet-1", pool.subnets[0])
    yaml.write_text(f"{text}rerunnable_queues: [general]\n")

    def run(*arguments: str, change: Callable[[str], str] = str) -> dict[str, dict[str, Any]]:
        yaml.write_text(change(yaml.read_text()))
        main(["doctor", "--conf", str(yaml), "--json", *arguments])
        rows = json.loads(capsys.readouterr().out)["findings"]
        assert len({row["name"] for row in rows}) == len(rows)
        return {row["name"]: row for row in rows}

    return run


def template(tags: str, told: str) -> dict[str, Any]:
    options = {"HttpTokens": "required", "InstanceMetadataTags": tags}
    return {"ImageId": "ami-12c6146b", "MetadataOptions": options, "UserData": b64encode(told.encode()).decode()}


def missing(findings: dict[str, dict[str, Any]]) -> set[str]:
    about = ("package", "extra", "command")
    return {name for name, row in findings.items() if not row["ok"] and row["needed"] and not name.startswith(about)}


def test_before_and_after_switching_on(doctor: Any, master: Any) -> None:
    before = doctor()
    assert missing(before) == {
        *("lsf.conf LSB_RC_EXTERNAL_HOST_FLAG", "lsf.cluster.c1 LSF_HOST_ADDR_RANGE", "lsb.modules"),
        *(f"lsf.shared {name}" for name in ("awshost", "instanceID", "templateID", "clusterName")),
        *("lsf.shared providerName", "lsf.shared vm_type", "lsb.queues general", "lsb.queues wucci"),
        *("hostProviders.json", "policy script", "queue wucci", "launch template of cpu"),
    }
    assert before["lsf.cluster.c1 LSF_HOST_ADDR_RANGE"]["hint"].endswith("burst enable --addresses 10.8.0.0/16")
    assert before["queue general rerunnable"]["ok"]
    assert before["launch template of cpu"]["text"].endswith("version 1: IMDSv2 is not required")
    assert (before["user data of cpu"]["ok"], before["user data of cpu"]["text"]) == (False, "version 1 has none")
    assert not before["tags in metadata of cpu"]["needed"]  # nothing of ours boots there
    assert abs(float(before["clock"]["text"].split()[0])) < 60

    master.run("burst", "enable", "--addresses", "10.8.0.0/16", "--replace", "RC_HOSTS")
    after = doctor(change=lambda text: text.replace("launch_template: lt-", "launch_template: tight # lt-"))
    assert missing(after) == {"queue wucci", "provider configuration"}  # burst.yaml was changed just now
    assert after["provider configuration"]["text"].endswith("is not what burst.yaml says now")
    assert after["user data of cpu"]["text"] == "as burst.yaml says"
    assert after["tags in metadata of cpu"]["ok"]
    advice = {name for name, row in after.items() if not row["ok"] and not row["needed"]}
    assert {"lsf.conf MQTT broker", "lsf.conf LSF_REG_FLOAT_HOSTS", "resident service", "restarts"} <= advice
    assert "lsadmin limrestart -f master1 master2" in after["restarts"]["text"]
    assert after["badmin rc error"]["text"] == "nothing"
    assert "LSF administrator" in after
    master.run("burst", "enable", "--apply")
    assert doctor()["restarts"]["ok"]
    assert missing(doctor()) == {"queue wucci"}


def test_what_was_broken_later_is_found(doctor: Any, master: Any) -> None:
    master.run("burst", "enable", "--addresses", "10.8.0.0/16")
    connector = master.conf / "resource_connector"
    (connector / "ris-aws" / "scripts" / "requestMachines.sh").chmod(0o644)
    (connector / "policy_config.json").write_text('{"UserDefinedScriptPath": "/none"}')
    findings = doctor(
        change=lambda text: text.replace("ncpus: threads", "ncpus: cores").replace("slots: 16", "slots: 8")
    )
    conf = master.conf / "lsf.conf"
    conf.write_text(conf.read_text().replace("IDLE_TIME=10", "IDLE_TIME=60"))
    idle = doctor()["lsf.conf LSB_RC_EXTERNAL_HOST_IDLE_TIME"]
    assert (idle["ok"], idle["text"]) == (False, "60, burst.yaml wants 10")
    assert "unless told --replace LSB_RC_EXTERNAL_HOST_IDLE_TIME" in idle["hint"]
    assert findings["provider scripts"]["text"] == "not there or not executable: requestMachines.sh"
    assert findings["policy script"]["text"].startswith("the key Policies is missing")
    assert findings["lsf.conf EGO_DEFINE_NCPUS"]["text"] == "threads, burst.yaml counts cores"
    (connector / "policy_config.json").write_text("{")
    assert "is not JSON" in doctor()["resource connector"]["text"]


def test_an_administrator_of_another_name_and_complaints_of_ebrokerd_are_told(doctor: Any, master: Any) -> None:
    badmin = master.folder / "bin" / "badmin"
    badmin.write_text(badmin.read_text() + 'test "$1" != rc || echo "ris-aws: AuthFailure"\n')
    findings = doctor(change=lambda text: f"{text}node: {{lsf_admin: lsf}}\n")
    assert findings["badmin rc error"]["text"] == "ris-aws: AuthFailure"
    assert "LSF administrator" in missing(findings)
    assert findings["LSF administrator"]["text"].startswith("lsfadmin in lsf.cluster.c1, and lsf in burst.yaml")


def test_labs_are_looked_for_in_the_allocations(doctor: Any) -> None:
    findings = doctor(
        "--site", str(SITE), change=lambda text: text.replace("  nodes: 4", "  nodes: 4\n  labs: {wuccy: 2}")
    )
    assert findings["caps.labs"]["text"] == "not in the allocations: wuccy"
    assert "allocations" in doctor("--site", "/none")


def test_spot_pools_are_told_what_they_lack(doctor: Any) -> None:
    def spot(text: str) -> str:
        text = text.replace("    slots: 16", "    slots: 16\n    purchase: spot")
        return text.replace("rerunnable_queues: [general]", "rerunnable_queues: [general, wucci]")

    findings = doctor(change=spot)
    assert not findings["spot notices"]["ok"]
    assert findings["lsf.shared risspot"]["needed"]
    queue = "\nnotices: http://127.0.0.1:9/123456789012/none\n"
    told = doctor(change=lambda text: text + queue)["spot notices"]
    assert (told["ok"], told["needed"]) == (False, True)


def test_user_data_of_another_burst_yaml_is_told(doctor: Any) -> None:
    findings = doctor(change=lambda text: text.replace("launch_template: lt-", "launch_template: stale # lt-"))
    told = findings["user data of cpu"]
    assert (told["ok"], told["needed"]) == (False, False)
    assert told["text"] == "version 1 is of another burst.yaml or release"
    assert "userdata-cpu.yaml" in told["hint"]
    assert "tags in metadata of cpu" in missing(findings)
