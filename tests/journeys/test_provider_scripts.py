"""Every script of the provider, run as LSF's ebrokerd runs it: by path, with its environment and a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import burst.rc
from burst.rc import conf, templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.settings import BurstSettings

SCRIPTS = Path(burst.rc.__file__).parent / "scripts"


class Ebrokerd:
    """Runs scripts with the documented environment alone, and checks what every call must keep."""

    def __init__(self, top: Path, settings: BurstSettings, environment: dict[str, str]) -> None:
        self.top = top
        provider = top / "conf" / "resource_connector" / settings.provider
        (provider / "conf").mkdir(parents=True)
        (provider / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        listed = {"providers": [{"name": settings.provider, "confPath": f"resource_connector/{settings.provider}"}]}
        (provider.parent / "hostProviders.json").write_text(json.dumps(listed))
        self.policy_environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "PRO_DATA_DIR": str(top / "work"),
            "PRO_LSF_LOGDIR": str(top / "log"),
            "LSF_ENVDIR": str(top / "conf"),
            **environment,
        }
        self.environment = {
            **self.policy_environment,
            "PRO_LSF_TOP": str(top),
            "PROVIDER_NAME": settings.provider,
            "PRO_CONF_DIR": str(provider),
            "SCRIPT_OPTIONS": "",
        }

    def file(self, content: object, name: str = "in 1.json") -> str:
        path = self.top / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def call(self, verb: str, path: str, code: int = 0) -> dict[str, Any]:
        return self.run([str(SCRIPTS / f"{verb}.sh"), "-f", path], self.environment, code)

    def policy(self, path: str, *, lsf: Path | None = None) -> dict[str, Any]:
        environment = dict(self.policy_environment)
        if lsf is not None:
            environment["PATH"] = f"{lsf}:{environment['PATH']}"
        return self.run([str(SCRIPTS / "policy.sh"), path], environment, 0)

    def run(self, command: list[str], environment: dict[str, str], code: int) -> dict[str, Any]:
        done = subprocess.run(command, env=environment, cwd=self.top, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        assert done.returncode == code
        answer = json.loads(done.stdout)
        assert isinstance(answer, dict)
        return answer


@pytest.fixture
def ebrokerd(
    tmp_path: Path,
    sandbox_aws: Any,
    ec2_settings: BurstSettings,
    coverage_environment: dict[str, str],
    lay_cut: Callable[[Path], object],
) -> Ebrokerd:
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    top = tmp_path / "lsf top"
    top.mkdir()
    made = Ebrokerd(top, ec2_settings, {**sandbox_aws.env(), **coverage_environment})
    lay_cut(top / "conf" / "resource_connector" / ec2_settings.provider / "conf")
    return made


def test_every_script_is_executable_and_known() -> None:
    names = {path.name for path in SCRIPTS.iterdir()}
    assert names == {
        *("getAvailableTemplates.sh", "requestMachines.sh", "getRequestStatus.sh", "requestReturnMachines.sh"),
        *("getReturnRequests.sh", "getAvailableMachines.sh", "policy.sh"),
    }
    assert all(os.access(SCRIPTS / name, os.X_OK) for name in names)


def test_machines_come_and_go(ebrokerd: Ebrokerd, sandbox_aws: Any) -> None:
    asked = {"template": {"templateId": "spot", "machineCount": 2}, "rc_account": "default", "userData": {}}
    request = ebrokerd.file(asked)
    made = ebrokerd.call("requestMachines", request)
    assert ebrokerd.call("requestMachines", request)["requestId"] == made["requestId"]

    (row,) = ebrokerd.call("getRequestStatus", ebrokerd.file({"requests": [made]}))["requests"]
    assert (row["status"], [one["result"] for one in row["machines"]]) == ("complete", ["succeed", "succeed"])
    held = [{"name": one["name"], "machineId": one["machineId"]} for one in row["machines"]]
    assert ebrokerd.call("getReturnRequests", ebrokerd.file({"machines": held}))["requests"] == []

    back = ebrokerd.call("requestReturnMachines", ebrokerd.file({"machines": held}))
    (row,) = ebrokerd.call("getRequestStatus", ebrokerd.file({"requests": [back]}))["requests"]
    assert row["status"] == "complete"
    assert [one["state"] for one in sandbox_aws.instances()] == ["terminated", "terminated"]


@pytest.mark.parametrize(
    ("verb", "content", "message"),
    [
        ("requestMachines", "not {json", "is not JSON"),
        ("requestMachines", None, "cannot be read: No such file or directory"),
        ("requestMachines", {"template": {"templateId": "gpu", "machineCount": 1}}, "template gpu is not a pool"),
        ("getRequestStatus", "[]", "the request: expected an object"),
        ("requestReturnMachines", "", "is not JSON"),
        ("getReturnRequests", {}, "machines: expected a list"),
    ],
)
def test_a_bad_call_starts_nothing_and_says_why(
    ebrokerd: Ebrokerd, sandbox_aws: Any, verb: str, content: object, message: str
) -> None:
    path = str(ebrokerd.top / "none.json") if content is None else ebrokerd.file(content)
    answer = ebrokerd.call(verb, path, code=1)
    assert answer["status"] == "error"
    assert message in answer["message"]
    assert sandbox_aws.instances() == []


def test_templates_need_no_input_and_an_unknown_request_no_machines(ebrokerd: Ebrokerd) -> None:
    offered = ebrokerd.call("getAvailableTemplates", "/no/such file.json")
    assert [one["templateId"] for one in offered["templates"]] == ["cpu", "spot"]
    assert ebrokerd.call("getAvailableMachines", ebrokerd.file({}))["machines"] == []
    (row,) = ebrokerd.call("getRequestStatus", ebrokerd.file({"requests": [{"requestId": "foo"}]}))["requests"]
    assert (row["status"], row["machines"]) == ("complete_with_error", [])


def test_no_capacity_is_told_in_the_words_lsf_acts_on(ebrokerd: Ebrokerd, sandbox_aws: Any) -> None:
    none = {"us-east-1a": 0, "us-east-1b": 0}
    sandbox_aws.capacity({"c6i.4xlarge": none, "m6i.4xlarge": none})
    asked = {"template": {"templateId": "cpu", "machineCount": 2}}
    answer = ebrokerd.call("requestMachines", ebrokerd.file(asked), code=1)
    assert answer["message"].endswith("Error Code: InsufficientInstanceCapacity")
    assert answer["requestId"] is None


def test_the_policy_lowers_demand_to_what_is_pending(ebrokerd: Ebrokerd, lsf: Path) -> None:
    jobs = lsf / "bjobs.json"
    jobs.write_text(jobs.read_text().replace('"JOBS":4', '"JOBS":5'))  # one was lost on the way: worth a warning
    request = {"providerName": "aws", "templateName": "cpu", "rcAccount": "hopper", "newDemand": 5, "requested": 0}
    answer = ebrokerd.policy(ebrokerd.file({"request": request}), lsf=lsf)
    assert answer["request"] == {**request, "newDemand": 1}
    assert "1 jobs wait for 4 slots, 0 slots are starting: 1 nodes of 8" in answer["message"]
    events = (ebrokerd.top / "work" / "aws-audit.jsonl").read_text()
    assert '"kind": "decision"' in events
    assert '"kind": "warning"' in events  # told here, not on stderr


def test_the_policy_gives_no_nodes_when_it_cannot_know(ebrokerd: Ebrokerd) -> None:
    request = {"providerName": "aws", "templateName": "cpu", "rcAccount": "hopper", "newDemand": 5}
    without_lsf = ebrokerd.policy(ebrokerd.file({"request": request}))
    assert without_lsf["request"] == {**request, "newDemand": 0}
    assert "cannot run bjobs" in without_lsf["message"]
    assert ebrokerd.policy("")["request"] == {"newDemand": 0}


def test_requests_at_the_same_time_do_not_pass_the_caps_together(ebrokerd: Ebrokerd, ec2_settings: Any) -> None:
    most = ec2_settings.pools[0].max_nodes
    asked = {"template": {"templateId": ec2_settings.pools[0].name, "machineCount": most}, "rc_account": "lee"}
    files = [ebrokerd.file(asked, f"in-{number}.json") for number in range(3)]
    children = [
        subprocess.Popen(
            [str(SCRIPTS / "requestMachines.sh"), "-f", file],
            env=ebrokerd.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for file in files
    ]
    answers = [(json.loads(child.communicate(timeout=60)[0]), child.returncode) for child in children]
    assert sorted(code for _, code in answers) == [0, 1, 1]
    refused = [answer["message"] for answer, code in answers if code]
    assert all("pool cap" in message and message.endswith("Error Code: LimitReached") for message in refused)
