"""The hook called in this process: what each bad call answers, and that the ports are put together."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit, warnings_in
from burst.aws import model_cut
from burst.rc import conf, templates
from ris_hybrid import hook

if TYPE_CHECKING:
    from pathlib import Path


class Ebrokerd:
    """Calls the hook as LSF does."""

    def __init__(self, top: Path, settings: Any, cut: Path) -> None:
        self.top = top
        self.env = {"PRO_CONF_DIR": str(top), "PRO_DATA_DIR": str(top / "data")}
        (top / "conf").mkdir()
        (top / "conf" / templates.FILE_NAME).write_text(conf.dump(settings))
        (top / "conf" / cut.name).symlink_to(cut)

    def call(self, verb: str, payload: object, name: str = "in.json") -> tuple[int, dict[str, Any]]:
        path = self.top / name
        path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
        return hook.run([verb, "-f", str(path)], self.env)

    def rows(self) -> list[dict[str, Any]]:
        lines = (self.top / "data" / "aws-audit.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def events(self) -> list[str]:
        return [row["kind"] for row in self.rows()]


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_cut.write(tmp_path_factory.mktemp("cut"))


@pytest.fixture
def ebrokerd(tmp_path: Path, make: Any, cut: Path) -> Ebrokerd:
    return Ebrokerd(tmp_path, make.settings(endpoint_url="http://127.0.0.1:1"), cut)


@pytest.mark.parametrize(
    "argv", [[], ["help"], ["requestMachines"], ["requestMachines", "-x", "f"], ["requestMachines", "-f", "f", "g"]]
)
def test_a_wrong_call_is_told_how_to_call(argv: list[str]) -> None:
    code, answer = hook.run(argv, {})
    assert (code, answer["status"]) == (1, "error")
    assert answer["message"].startswith("usage: ris-hybrid-rc {getAvailableTemplates|requestMachines|")
    assert answer["message"].endswith(f"found: {' '.join(argv) or 'nothing'}")


@pytest.mark.parametrize("verb", [verb for verb in hook.VERBS if verb not in {"getAvailableTemplates", "policy"}])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"x": NaN}', "is not JSON: NaN is not a number"),
        ('{"x": 1e999}', "is not JSON: 1e999 is not a number"),
        ("[]", "expected an object"),
        ("{}", "expected"),
    ],
)
def test_garbage_is_answered_in_the_verbs_shape(ebrokerd: Ebrokerd, verb: str, text: str, message: str) -> None:
    code, answer = ebrokerd.call(verb, text)
    assert (code, answer["status"]) == (1, "error")
    assert message in answer["message"]
    assert {"requestId", "requests"} & answer.keys()


def test_a_missing_file_is_told(ebrokerd: Ebrokerd) -> None:
    code, answer = hook.run(["getRequestStatus", "-f", "none.json"], ebrokerd.env)
    assert (code, answer["message"]) == (1, "none.json: cannot be read: No such file or directory")


def test_templates_are_answered_whatever_the_input_is(ebrokerd: Ebrokerd, make: Any) -> None:
    expected = (0, templates.answer(make.settings()))
    assert ebrokerd.call("getAvailableTemplates", {}) == expected
    assert ebrokerd.call("getAvailableTemplates", "garbage") == expected
    assert hook.run(["getAvailableTemplates", "-f", "none.json"], ebrokerd.env) == expected


def test_without_a_configuration_every_verb_fails_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"machines": [], "requests": []}')
    for verb in ("getAvailableTemplates", "getRequestStatus"):
        code, answer = hook.run([verb, "-f", str(tmp_path / "in.json")], {"PRO_CONF_DIR": str(tmp_path)})
        assert (code, answer["status"]) == (1, "error")
        assert "ris-provider.json: cannot be read" in answer["message"]
    code, answer = hook.run(["getRequestStatus", "-f", str(tmp_path / "in.json")], {})
    assert (code, answer["message"]) == (1, "PRO_CONF_DIR is not set")


def test_the_policy_answers_no_nodes_where_others_fail(ebrokerd: Ebrokerd, monkeypatch: pytest.MonkeyPatch) -> None:
    request = {"providerName": "aws", "templateName": "cpu", "rcAccount": "lee", "newDemand": 3}
    code, answer = ebrokerd.call("policy", "garbage")
    assert (code, answer["request"]) == (0, {"newDemand": 0})
    assert answer["message"].startswith("nothing is launched: ")

    code, answer = hook.run(["policy", "-f", str(ebrokerd.top / "in.json")], {})
    assert (code, answer["request"]) == (0, {"newDemand": 0})

    monkeypatch.setenv("PATH", str(ebrokerd.top))  # no LSF there
    code, answer = ebrokerd.call("policy", {"request": request})
    assert (code, answer["request"]) == (0, {**request, "newDemand": 0})
    assert "bjobs" in answer["message"]
    assert ebrokerd.events() == ["decision", "call"]


def test_a_machines_whole_life(tmp_path: Path, sandbox_aws: Any, ec2_settings: Any, cut: Path) -> None:
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    ebrokerd = Ebrokerd(tmp_path, ec2_settings, cut)
    request = {"template": {"templateId": "cpu", "machineCount": 2}, "rc_account": "lee"}

    code, made = ebrokerd.call("requestMachines", request)
    assert (code, made["message"]) == (0, "2 of 2 machines launched")
    code, status = ebrokerd.call("getRequestStatus", {"requests": [{"requestId": made["requestId"]}]})
    (row,) = status["requests"]
    assert (code, row["status"]) == (0, "complete")
    machines = [{"name": one["name"], "machineId": one["machineId"]} for one in row["machines"]]
    assert ebrokerd.call("getReturnRequests", {"machines": machines})[1]["requests"] == []
    code, back = ebrokerd.call("requestReturnMachines", {"machines": machines})
    assert (code, back["message"]) == (0, "2 of 2 machines are ending")
    assert ebrokerd.call("getRequestStatus", {"requests": [back]})[1]["requests"][0]["status"] == "complete"
    assert len(ebrokerd.call("getReturnRequests", {"machines": machines})[1]["requests"]) == 2
    assert [one["state"] for one in sandbox_aws.instances()] == ["terminated", "terminated"]
    told = ["limits", "launched", "call", "call", "call", "returned", "call", "call", "lost", "call"]
    assert ebrokerd.events() == told
    calls = [row for row in ebrokerd.rows() if row["kind"] == "call"]
    assert [(row["verb"], row.get("request")) for row in calls] == [
        ("requestMachines", made["requestId"]),
        ("getRequestStatus", None),
        ("getReturnRequests", None),
        ("requestReturnMachines", back["requestId"]),
        ("getRequestStatus", None),
        ("getReturnRequests", None),
    ]
    assert all(row["code"] == 0 and 0 <= row["ms"] < 60_000 and "message" not in row for row in calls)


@pytest.mark.parametrize("verb", [verb for verb in hook.VERBS if verb != "getAvailableTemplates"])
def test_a_call_that_fails_leaves_a_line_with_its_message(ebrokerd: Ebrokerd, verb: str) -> None:
    ebrokerd.env["PROVIDER_NAME"] = "aws"
    code, answer = ebrokerd.call(verb, "[]")
    (row,) = ebrokerd.rows()
    assert (row["kind"], row["verb"], row["code"]) == ("call", verb, code)
    assert row["message"] in answer["message"]


def test_a_call_that_fails_before_its_provider_is_known_leaves_a_line(tmp_path: Path, make: Any) -> None:
    env = {"PRO_CONF_DIR": str(tmp_path), "PRO_DATA_DIR": str(tmp_path / "data"), "PROVIDER_NAME": "aws"}
    request = {"providerName": "aws", "templateName": "cpu", "rcAccount": "lee", "newDemand": 3}
    (tmp_path / "in.json").write_text(json.dumps({"requests": [{"requestId": "add-1"}], "request": request}))
    hook.run(["getAvailableTemplates", "-f", str(tmp_path / "in.json")], env)
    hook.run(["getRequestStatus", "-f", str(tmp_path / "in.json")], env)
    hook.run(["getRequestStatus", "-f", str(tmp_path / "in.json")], {**env, "RIS_HYBRID_SANDBOX_CLOCK": "soon"})
    del env["PROVIDER_NAME"]  # the policy script is told it in the request only
    hook.run(["policy", "-f", str(tmp_path / "in.json")], env)
    rows = [json.loads(line) for line in (tmp_path / "data" / "aws-audit.jsonl").read_text().splitlines()]
    assert [(row["verb"], row["code"]) for row in rows] == [
        ("getRequestStatus", 1),
        ("getRequestStatus", 1),
        ("policy", 0),
    ]
    assert all("ris-provider.json: cannot be read" in row["message"] for row in rows)
    assert all(row["at"] > make.now / 2 for row in rows)


def test_an_unknown_template_is_a_failure(ebrokerd: Ebrokerd, sandbox_aws: Any) -> None:
    code, answer = ebrokerd.call("requestMachines", {"template": {"templateId": "gpu", "machineCount": 2}})
    assert (code, answer["requestId"]) == (1, None)
    assert answer["message"] == "template gpu is not a pool of this provider"
    assert sandbox_aws.calls() == {}


def test_what_python_logs_is_told_to_the_audit_log() -> None:
    audit = FakeAudit()
    with warnings_in(audit, 5.0):
        logging.getLogger("onprem").warning("%s jobs left out", 3)
        logging.getLogger("onprem").info("nothing new")
    logging.getLogger("onprem").warning("too late")
    (event,) = audit.events
    assert (event.at, event.kind) == (5.0, "warning")
    assert event.fields == {"logger": "onprem", "message": "3 jobs left out"}
