"""``mirror apply`` off the sandbox: Pulumi's Automation API over a stand-in for its command, and an AWS on loopback.

The stand-in builds nothing in that AWS, which is what reading back is for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli.app import main
from ris_hybrid.clocks import CLOCK_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

TOP = Path(__file__).resolve().parents[3]
STAND_IN = TOP / "tests" / "contract" / "pulumi_stand_in.py"
LAYERS = ("storage", "identity", "registry", "guardrails")
EXAMPLE = TOP / "stacks" / "config" / "example.yaml"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox_aws: Any, example_site: Path) -> Path:
    """A site, a project of stacks whose network is built, and the command ``pulumi``."""
    assert sandbox_aws.url
    assert example_site == tmp_path / "site"
    config = tmp_path / "project" / "stacks" / "config"
    config.mkdir(parents=True)
    (tmp_path / "project" / "Pulumi.yaml").write_text("name: ris-hybrid\nruntime: python\n")
    environment = EXAMPLE.read_text().replace('mirror: ""', "mirror: ../../../site/mirror.json")
    (config / "sandbox.yaml").write_text(environment)
    command = tmp_path / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    command.chmod(0o755)
    program = {"resources": {"data": {"size": 1}}, "outputs": {"made": True}}
    (tmp_path / "programs.json").write_text(json.dumps({f"{layer}-sandbox": program for layer in LAYERS}))
    (tmp_path / "state-network-sandbox.json").write_text(json.dumps({"resources": {}, "outputs": {"vpc_id": "vpc-1"}}))
    for name, value in {
        "PATH": f"{command.parent}:/usr/bin:/bin",
        "PULUMI_STAND_IN": str(tmp_path),
        "RIS_HYBRID_SANDBOX": str(tmp_path / "sandboxes"),
        CLOCK_VARIABLE: repr(1_800_000_000.0),
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def apply(work: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    def run(*arguments: str, code: int) -> tuple[str, str]:
        where = ("--site", str(work / "site"), "--stacks", str(work / "project"))
        assert main(["mirror", "apply", *arguments, *where]) == code, capsys.readouterr().err
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def test_what_pulumi_says_it_built_is_recorded_only_when_aws_holds_it(work: Path, apply: Any) -> None:
    told = json.loads(apply("--json", code=6)[0])
    assert ([run["stack"] for run in told["stacks"]], told["recorded"]) == ([f"{one}-sandbox" for one in LAYERS], False)
    assert {one["verdict"] for one in told["unverified"]} == {"missing"}
    assert (work / "site" / "mirror.json").is_file()
    assert not (work / "site" / "mirror.json.applied").exists()


def test_a_layer_that_fails_is_said_with_what_was_done_and_what_was_not(work: Path, apply: Any, golden: Any) -> None:
    programs = json.loads((work / "programs.json").read_text())
    programs["identity-sandbox"]["refused"] = {"data": "AccessDenied: not you"}
    (work / "programs.json").write_text(json.dumps(programs))
    out, err = apply(code=5)
    golden("mirror/apply-failed.stdout", out)
    golden("mirror/apply-failed.stderr", err)


def test_a_dry_run_writes_nothing(work: Path, apply: Any) -> None:
    told = json.loads(apply("--dry-run", "--json", code=0)[0])
    assert (told["dry_run"], len(told["stacks"]), len(told["not_previewed"])) == (True, 1, 3)
    assert not list((work / "site").glob("mirror.json*"))


def test_a_profile_reads_the_account_and_runs_its_stacks_whatever_keys_are_set(
    work: Path, apply: Any, sandbox_aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = work / "site" / "mirror.yaml"
    settings.write_text(settings.read_text().replace("region: us-east-1", "region: us-east-1\n    profile: lab", 1))
    (work / "aws").write_text("[default]\n[profile lab]\naws_access_key_id = of-the-lab\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(work / "aws"))
    before = sandbox_aws.calls_by_key()
    apply("--dry-run", "--environment", "sandbox", code=0)
    after = sandbox_aws.calls_by_key()
    assert {key for key, calls in after.items() if calls != before.get(key)} == {"of-the-lab"}
    assert set((work / "credentials").read_text().splitlines()) == {"lab "}


def test_waivers_of_the_site_must_be_in_order_before_anything_is_done(work: Path, apply: Any) -> None:
    (work / "site" / "waivers.yaml").write_text("waivers:\n  - {rule: bucket-object-lock}\n")
    assert "waivers.yaml:2" in apply(code=2)[1]
    assert not (work / "site" / "mirror.json").exists()


def test_without_a_network_nothing_is_begun(work: Path, apply: Any) -> None:
    (work / "state-network-sandbox.json").unlink()
    out, err = apply(code=2)
    assert out == ""
    assert "network-sandbox is not built" in err
    assert not (work / "site" / "mirror.json").exists()


def test_without_pulumi_it_is_said_what_to_install(apply: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    _, err = apply(code=2)
    assert "the command pulumi is not on PATH" in err
