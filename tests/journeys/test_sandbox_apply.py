"""``sandbox up`` and its kin through the real command: a sandbox is started for them, programs run as children too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.aws.wire import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")


class Shell:
    def __init__(self, root: Path) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("PRO_", "RIS_HYBRID"))}
        self.root = root
        self.env = {**plain, "RIS_HYBRID_SANDBOX": str(root)}
        self.first: subprocess.CompletedProcess[str]

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.command("sandbox", *arguments, code=code)

    def command(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [COMMAND, *arguments], env=self.env, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="rh-") as folder:
        opened = Shell(Path(folder) / "s")
        try:
            opened.first = opened.run("up", "registry")
            yield opened
        finally:
            opened.run("stop")


def test_a_layer_goes_up_once_and_comes_down_again(shell: Shell) -> None:
    first = shell.first
    assert "note: no sandbox runs: starting an empty one" in first.stderr
    assert "note: sandbox registry-sandbox: create aws:ecr/" in first.stderr
    head, row, total = first.stdout.splitlines()
    assert head.split() == ["sandbox", "stack", "create", "update", "replace", "delete", "keep", "same", "s"]
    assert row.split()[0] == "registry-sandbox"
    assert total.startswith("all of the sandbox")
    (again,) = shell.json("up", "registry", "--children")["stacks"]
    assert (again["changes"], again["sandbox"]) == ([], True)
    assert again["same"] == int(row.split()[1])
    given = shell.json("outputs", "registry")
    assert (given["sandbox"], given["stack"]) == (True, "registry-sandbox")
    assert "nothing was deleted; to do it: --yes" in shell.run("destroy", "registry").stderr
    (gone,) = shell.json("destroy", "registry", "--yes")["stacks"]
    assert {change["deed"] for change in gone["changes"]} == {"delete"}


@pytest.mark.parametrize("asked", [("preview", "registry"), ("destroy", "registry", "--yes"), ("outputs", "registry")])
def test_only_up_starts_a_sandbox(tmp_path: Path, asked: tuple[str, ...]) -> None:
    root = tmp_path / "s"
    refused = Shell(root).run(*asked, code=4)
    assert refused.stderr.splitlines() == ["error: no sandbox is running", "hint: run: ris-hybrid sandbox start"]
    assert not root.exists() or list(root.iterdir()) == []


def test_what_cannot_be_done_is_said_after_what_was_done(shell: Shell) -> None:
    refused = shell.run("outputs", "storage", code=2)
    assert refused.stderr.splitlines()[-2:] == [
        "error: sandbox stack storage-sandbox is not built",
        "hint: run: ris-hybrid sandbox up storage",
    ]
    told = shell.run("preview", "identity", "observability", code=2)
    assert told.stdout.splitlines()[1].startswith("identity-sandbox")
    assert "observability-sandbox needs the outputs of" in told.stderr


def test_the_data_planes_commands_have_a_key_of_their_own_as_their_role_has(shell: Shell) -> None:
    given = shell.json("outputs", "identity")["outputs"]
    assert given["data_role_arn"].endswith("role/compute1-sandbox-data")
    assert given["transfer_role_arn"].endswith("role/compute1-sandbox-transfer")
    aws = SandboxAws.attach(json.loads((shell.root / "service" / "aws.json").read_text())["url"])
    before = aws.calls_by_key()
    shell.command("images", "status", "--json")
    after = aws.calls_by_key()
    assert set(after) - set(before) == {DATA}
    assert set(after[DATA]) <= {"ecr:DescribeImages", "ecr:DescribeRepositories"}
    assert after.get("sandbox") == before.get("sandbox")
