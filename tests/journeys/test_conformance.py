"""The conformance suite over our own scripts and over somebody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
PLUGIN = (Path(__file__).parents[1] / "golden" / "foreign_plugin" / "plugin.txt").read_text(encoding="utf-8")
VERBS = ("getAvailableTemplates", "requestMachines", "getRequestStatus", "requestReturnMachines", "getReturnRequests")


def tried(*options: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "sandbox", "conformance", *options]
    return subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    folder = tmp_path / "foreign"
    (folder / "scripts").mkdir(parents=True)
    for verb in VERBS:
        script = folder / "scripts" / f"{verb}.sh"
        script.write_text(f"#!{sys.executable} -IS\n{PLUGIN}", encoding="utf-8")
        script.chmod(0o755)
    return folder


def test_ours_keeps_to_the_protocol_and_says_what_is_missing() -> None:
    names = ("a whole life", "4 of 10", "hung up after", "another master", "one JSON object", "within 30 s")
    done = tried("--json", *(word for name in names for word in ("--only", name)))
    report = json.loads(done.stdout)
    assert [row for row in report["rows"] if not row["passed"]] == []
    assert (report["provider"], report["passed"], report["failed"]) == ("ris-hybrid", len(names), 0)
    assert done.returncode == 0


def test_somebody_elses_is_told_what_it_lacks(foreign: Path) -> None:
    done = tried("--provider", str(foreign), "--option=-Dregion=nowhere", "--json")
    assert done.returncode == 6, done.stderr
    report = json.loads(done.stdout)
    assert report["provider"] == "foreign"
    reasons = {row["probe"]: row["reason"] for row in report["rows"]}
    passed = {row["probe"] for row in report["rows"] if row["passed"]}
    whole = {"templates", "a whole life", "jobs come and go", "returned twice"}
    assert passed == whole | {"a blank in the path", "every call within 30 s"}
    assert report["passed"] + report["failed"] == len(report["rows"])
    assert reasons["templates on a bad file"] == "getAvailableTemplates: exit 1 on garbage"
    assert reasons["maxNumber"] == "5 machines of template Template-VM-1, maxNumber is 3"
    assert reasons["another master without files"].endswith("request dir-0001: complete with 0 of 3 machines")
    assert reasons["4 of 10"] == "it launched nothing on the sandbox's EC2, so EC2 cannot fail for it"
    assert "FAILED: maxNumber" in done.stderr


def test_its_configuration_learns_where_the_sandbox_is(foreign: Path) -> None:
    conf = foreign.parent / "conf path" / "conf"
    conf.mkdir(parents=True)
    (conf / "aws.txt").write_text("@ENDPOINT_URL@ @REGION@ @SUBNET@ @LAUNCH_TEMPLATE@ @OTHER@", encoding="utf-8")
    script = foreign / "scripts" / "getAvailableTemplates.sh"
    script.write_text('#!/bin/sh\ncp "$PRO_CONF_DIR/conf/aws.txt" "$SEEN"\n', encoding="utf-8")
    seen = foreign.parent / "seen.txt"
    done = tried("--provider", str(foreign), "--conf", str(conf.parent), "--env", f"SEEN={seen}", "--only", "templates")
    assert done.returncode == 6
    assert "getAvailableTemplates: nothing on stdout; expected one JSON object" in done.stdout
    words = seen.read_text(encoding="utf-8").split()
    assert words[0].startswith("http://127.0.0.1:")
    assert words[1] == "us-east-1"
    assert words[2].startswith("subnet-")
    assert words[3].startswith("lt-")
    assert words[4] == "@OTHER@"
    assert (conf / "aws.txt").read_text(encoding="utf-8").startswith("@ENDPOINT_URL@")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--provider", "."), "there is no scripts/requestMachines.sh"),
        (("--only", "nothing like it"), "no probe is named like nothing like it"),
    ],
)
def test_what_cannot_be_tried_is_told(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    done = tried(*(str(tmp_path) if word == "." else word for word in options))
    assert done.returncode == 2
    assert said in done.stderr


def test_an_odd_variable_is_told(foreign: Path) -> None:
    done = tried("--provider", str(foreign), "--env", "EXTRA")
    assert done.returncode == 2
    assert "--env EXTRA: expected KEY=VALUE" in done.stderr


def test_the_list_says_why() -> None:
    done = tried("--list")
    assert done.returncode == 0
    assert "A shortfall LSF is not told of looks like machines that are still to come." in done.stdout
