"""``ris-hybrid burst serve`` as a process over the sandbox's AWS, and LSF's scripts with and without it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import burst.rc
from burst.rc import conf, templates
from ris_hybrid import relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ris_hybrid.settings import BurstSettings

SCRIPTS = Path(burst.rc.__file__).parent / "scripts"
BIN = Path(sys.executable).parent
BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
endpoint_url: {url}
notices: {url}/123456789012/spot-notices
pools:
  - name: spot
    instance_types: [c6i.4xlarge]
    purchase: spot
    queues: [short]
    slots: 8
    memory_mib: 30000
    max_nodes: {most}
    launch_template: {template}
    subnets: [{subnet}]
rerunnable_queues: [short]
gates:
  - pending_jobs: 1
caps:
  nodes: 100
budget:
  usd_per_month: 1000
"""


def until(done: Callable[[], object], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.02)
    return False


class Master:
    """One LSF master: its scripts, and the service when it runs."""

    def __init__(self, top: Path, settings: BurstSettings, lsf: Path, environment: dict[str, str]) -> None:
        self.top, self.settings, self.work = top, settings, top / "work"
        (top / "conf").mkdir()
        (top / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        self.env = {
            "PATH": f"{lsf}:{BIN}:{os.defpath}",
            "HOME": str(top),
            "PRO_DATA_DIR": str(self.work),
            "PRO_CONF_DIR": str(top),
            "PROVIDER_NAME": settings.provider,
            **environment,
        }
        self.socket = Path(relay.socket_path(str(self.work), settings.provider))
        self.burst_yaml = top / "burst.yaml"
        self.write_settings()

    def write_settings(self, most: object = 4) -> None:
        pool = self.settings.pools[0]
        self.burst_yaml.write_text(
            BURST_YAML.format(
                url=self.settings.endpoint_url, most=most, template=pool.launch_template, subnet=pool.subnets[0]
            )
        )

    def serve(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN / "ris-hybrid", "burst", "serve", "--conf", self.burst_yaml],
            env=self.env,
            cwd=self.top,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def file(self, content: object, name: str = "in.json") -> str:
        path = self.top / name
        path.write_text(json.dumps(content))
        os.utime(path, (1_800_000_000, 1_800_000_000))
        return str(path)

    def call(self, verb: str, path: str, **more: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [SCRIPTS / f"{verb}.sh", *(("-f",) if verb != "policy" else ()), path],
            env={**self.env, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def alone(self, verb: str, path: str) -> tuple[int, str, str]:
        """The same call where no service can be found."""
        hidden = self.socket.with_suffix(".hidden")
        self.socket.rename(hidden)
        try:
            return self.call(verb, path)
        finally:
            hidden.rename(self.socket)

    def figures(self) -> dict[str, float]:
        lines = (self.work / "aws.prom").read_text().splitlines()
        return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if not x.startswith("#"))}

    def events(self, kind: str) -> list[dict[str, Any]]:
        log = self.work / "aws-audit.jsonl"
        rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [row for row in rows if row["kind"] == kind]


@pytest.fixture
def master(
    tmp_path: Path,
    sandbox_aws: Any,
    ec2_settings: BurstSettings,
    lsf: Path,
    coverage_environment: dict[str, str],
    lay_cut: Callable[[Path], object],
) -> Master:
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    top = tmp_path / "lsf top"
    top.mkdir()
    clock = {"RIS_HYBRID_SANDBOX_CLOCK": "1800000000"}
    made = Master(top, ec2_settings, lsf, {**sandbox_aws.env(), **coverage_environment, **clock})
    lay_cut(top / "conf")
    return made


@pytest.fixture
def service(master: Master) -> Iterator[subprocess.Popen[str]]:
    process = master.serve()
    assert until(lambda: master.socket.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()[1]
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_answers_are_the_same_bytes_with_and_without_the_service(
    master: Master, service: Any, sandbox_aws: Any
) -> None:
    asked = {"template": {"templateId": "spot", "machineCount": 2}, "rc_account": "lee"}
    request = master.file(asked, "in 1.json")
    first = master.call("requestMachines", request)
    assert (first[0], first[2]) == (0, "")
    made = json.loads(first[1])
    again = [master.call("requestMachines", request), master.alone("requestMachines", request)]
    assert again[0] == again[1]
    assert json.loads(again[0][1])["requestId"] == made["requestId"]
    assert len(sandbox_aws.instances()) == 2

    held = [{"name": one["name"], "machineId": one["id"]} for one in sandbox_aws.instances()]
    calls = {
        "getRequestStatus": {"requests": [made]},
        "getReturnRequests": {"machines": held},
        "getAvailableTemplates": {},
        "requestReturnMachines": {"machines": held},
        "policy": {"request": {"providerName": "aws", "templateName": "spot", "rcAccount": "lee", "newDemand": 2}},
    }
    for verb, payload in calls.items():
        path = master.file(payload)
        more = [(verb, path), (verb, master.file("garbage", "bad.json")), (verb, "/no/such file.json")]
        for called in more:
            assert master.call(*called) == master.alone(*called), called
    assert service.poll() is None


def test_the_service_is_what_answers(master: Master, service: Any) -> None:
    """An AWS the script cannot reach, and the service can."""
    path = master.file({"requests": [{"requestId": "add-1"}]})
    code, answer, _ = master.call("getRequestStatus", path, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (code, json.loads(answer)["status"]) == (0, "complete")
    assert service.poll() is None


def test_killed_in_the_middle_the_scripts_answer_themselves(
    master: Master, service: subprocess.Popen[str], sandbox_aws: Any
) -> None:
    sandbox_aws.faults([{"match": "ec2:CreateFleet", "at": 1, "do": {"delay_s": 2.0}}])
    request = master.file({"template": {"templateId": "spot", "machineCount": 2}, "rc_account": "lee"})
    script = subprocess.Popen(
        [SCRIPTS / "requestMachines.sh", "-f", request], env=master.env, stdout=subprocess.PIPE, text=True
    )
    assert until(lambda: sandbox_aws.calls().get("ec2:CreateFleet"))
    service.kill()
    answer = json.loads(script.communicate(timeout=60)[0])
    assert (script.returncode, bool(answer["requestId"])) == (0, True)
    assert len(sandbox_aws.instances()) == 2
    assert master.socket.exists()  # left behind by a dead service
    status = master.call("getRequestStatus", master.file({"requests": [answer]}))
    assert len(json.loads(status[1])["requests"][0]["machines"]) == 2

    with master.serve() as heir:
        assert until(lambda: master.events("decision") or "serving" in heir.stderr.readline())  # type: ignore[union-attr]
        assert until(lambda: relay.ask(str(master.socket), relay.request("policy", relay.Given(path="x"), {})))
        heir.send_signal(signal.SIGTERM)
        heir.communicate(timeout=30)
    assert heir.returncode == 0


def test_a_second_service_is_refused_and_the_first_ends_when_told(master: Master, service: Any) -> None:
    second = master.serve()
    _, said = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"a service listens at {master.socket} already" in said
    assert service.poll() is None
    service.send_signal(signal.SIGTERM)
    _, said = service.communicate(timeout=30)
    assert (service.returncode, master.socket.exists()) == (0, False)
    assert "Traceback" not in said


def test_a_turn_tells_what_it_saw(master: Master, service: Any) -> None:
    assert service.poll() is None
    assert until((master.work / "aws.prom").exists)
    figures = master.figures()
    assert figures['ris_hybrid_asked{what="cloud"}'] == 1
    assert figures['ris_hybrid_asked{what="lsf"}'] == 1
    assert figures["ris_hybrid_budget_usd"] == 1000
    assert figures["ris_hybrid_turns_total"] == 1
    assert figures['ris_hybrid_calls_total{outcome="answered",verb="requestMachines"}'] == 0


def test_a_wrong_configuration_ends_the_service_with_a_message(master: Master) -> None:
    master.write_settings(most="many")
    process = master.serve()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "max_nodes" in said
    assert not master.socket.exists()


def test_a_spot_interruption_from_ec2_to_lsf(master: Master, lsf: Path, sandbox_aws: Any) -> None:
    """Queue, ledger, host closed, answer with gracePeriod, and the machine gone at its time."""
    asked = {"template": {"templateId": "spot", "machineCount": 2}, "rc_account": "lee"}
    master.call("requestMachines", master.file(asked))
    first, second = sandbox_aws.instances()
    rows = [
        {"HOST_NAME": one["name"], "STATUS": "ok", "JL_U": "-", "MAX": "8", "NJOBS": "1", "RUN": "1"}
        for one in (first, second)
    ]
    fields = {"SSUSP": "0", "USUSP": "0", "RSV": "0"}
    hosts = {"COMMAND": "bhosts", "HOSTS": 2, "RECORDS": [row | fields for row in rows]}
    (lsf / "bhosts.json").write_text(json.dumps(hosts))
    (lsf / "badmin").write_text('#!/bin/sh\necho "$@" >>"$(dirname "$0")/badmin.log"\n')
    (lsf / "badmin").chmod(0o755)
    sandbox_aws.interrupt([first["id"]])
    held = [{"name": one["name"], "machineId": one["id"]} for one in (first, second)]
    with master.serve() as service:
        assert until((lsf / "badmin.log").exists)
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=30)
    tags = {one["id"]: one["tags"] for one in sandbox_aws.instances()}
    assert tags[first["id"]]["ris_notice"] == "1800000120"
    assert "ris_notice" not in tags[second["id"]]
    assert (lsf / "badmin.log").read_text().splitlines() == [
        f"hclose -C the cloud takes this spot machine back {first['name']}"
    ]
    assert [event["machine"] for event in master.events("spot notice")] == [first["id"]]
    assert master.figures()["ris_hybrid_notices_total"] == 1

    told = json.loads(master.call("getReturnRequests", master.file({"machines": held}))[1])
    (row,) = told["requests"]
    assert (row["machineId"], row["gracePeriod"]) == (first["id"], 120)
    sandbox_aws.set_clock(1_800_000_120)
    assert [one["state"] for one in sandbox_aws.instances()] == ["terminated", "running"]


def test_requests_at_the_same_time_do_not_pass_the_caps_together(
    master: Master, service: Any, sandbox_aws: Any, ec2_settings: BurstSettings
) -> None:
    pool = ec2_settings.pools[0]
    asked = {"template": {"templateId": pool.name, "machineCount": pool.max_nodes - 40}, "rc_account": "lee"}
    files = [master.file(asked, f"in-{number}.json") for number in range(6)]
    with ThreadPoolExecutor(len(files)) as several:
        answers = list(several.map(lambda file: master.call("requestMachines", file), files))
    assert {said for _, _, said in answers} == {""}
    assert sorted(code for code, _, _ in answers) == [0, 0, 1, 1, 1, 1]
    assert len(sandbox_aws.instances()) == pool.max_nodes
    assert service.poll() is None
