"""``doctor`` on a site whose pools are all of an OpenStack, the sandbox's: AWS is not asked, nothing is launched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

EXAMPLE = Path(__file__).parents[2] / "examples" / "clouds" / "burst.yaml"
OF_AWS = ("AWS", "AWS account", "clock", "spot notices")
OF_POOL = ("sizes", "figures", "image", "networks", "zones", "security groups", "user data")


@pytest.fixture
def doctor(
    sandbox_openstack: SandboxOpenStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, dict[str, dict[str, Any]]]]:
    """Exit code and findings by name, without what is said of this installation and of LSF, which is not here."""
    monkeypatch.chdir(tmp_path)
    for name in ("LSF_ENVDIR", "RIS_HYBRID_SANDBOX_CLOCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    text = EXAMPLE.read_text().replace("https://keystone.research.example.org:5000", sandbox_openstack.url)
    text = text.replace("outputs: outputs.json", "#")
    plain = text[: text.index("  - name: cpu8")] + text[text.index("gates:") :]

    def run(change: Callable[[str], str] = str) -> tuple[int, dict[str, dict[str, Any]]]:
        conf = tmp_path / "burst.yaml"
        conf.write_text(change(plain))
        code = main(["doctor", "--conf", str(conf), "--json"])
        rows = json.loads(capsys.readouterr().out)["findings"]
        assert len({row["name"] for row in rows}) == len(rows)
        return code, {row["name"]: row for row in rows}

    return run


def test_a_site_without_ec2_is_looked_at_without_aws(doctor: Any, sandbox_openstack: SandboxOpenStack) -> None:
    code, found = doctor()
    assert code == 4, "there is no LSF here"
    assert not set(OF_AWS) & set(found)
    assert not any(name.startswith(("launch template", "tags in metadata")) for name in found)
    ours = ["pools", "extra libcloud", "clouds", "credentials of research", "API of research"]
    ours += [f"{part} of campus8" for part in OF_POOL]
    assert [name for name in ours if not found[name]["ok"]] == []
    assert found["clouds"]["text"] == "0 machines in the ledger"
    assert found["extra libcloud"]["needed"]
    assert sandbox_openstack.servers() == []
    assert not {call for call in sandbox_openstack.calls() if call.startswith("POST /servers")}


def test_a_pool_that_cannot_work_says_why_before_anything_is_launched(
    doctor: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    code, found = doctor(lambda text: text.replace("lsf-node", "lsf-nod").replace("nova-2", "nova-3"))
    assert code == 4
    wrong = {name: row["text"] for name, row in found.items() if name.endswith("campus8") and not row["ok"]}
    assert wrong == {
        "image of campus8": "lsf-nod is not there (did you mean lsf-node?)",
        "zones of campus8": "nova-3 is not there (did you mean nova-2?)",
    }
    assert "GET /servers/detail" in sandbox_openstack.calls()
    assert sandbox_openstack.servers() == []


def test_what_burst_yaml_says_to_no_use_is_told_but_not_missed(doctor: Any) -> None:
    _, found = doctor(lambda text: f"notices: https://sqs.example.org/q\n{text}")
    told = found["burst.yaml notices"]
    assert (told["ok"], told["needed"]) == (False, False)
    assert told["text"].startswith("line 1: is not used: no pool is EC2's")


def test_a_password_that_is_wrong_is_told_and_not_shown(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_PASSWORD", "not-the-pass")
    code, found = doctor()
    assert code == 4
    assert found["credentials of research"]["ok"], "there are some"
    assert not found["API of research"]["ok"]
    assert found["API of research"]["text"].endswith("not looked at: campus8")
    assert not found["clouds"]["ok"]
    assert "not-the-pass" not in json.dumps(found)
    monkeypatch.delenv("OS_PASSWORD")
    _, found = doctor()
    assert "neither username and password nor" in found["credentials of research"]["text"]
