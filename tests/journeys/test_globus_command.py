"""``ris-hybrid globus`` against the sandbox's service: what people see, and what they must never see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ris_hybrid.cli.app import main
from ris_hybrid.sandbox.globus import service as sandbox
from ris_hybrid.sandbox.globus import tasks
from ris_hybrid.sandbox.globus.server import Served, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ris_hybrid.sandbox.aws.child import SandboxAws

SECRET = "s3cr3t-of-the-service"
LAB = "wucci"


class Said(NamedTuple):
    """What a run printed."""

    stdout: str
    stderr: str


class Command:
    """The command in a folder with a site, a data.yaml and a running service."""

    def __init__(self, folder: Path, site: Path, served: Served, environment: dict[str, str], capture: Any) -> None:
        self.folder, self.served = folder, served
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text(SECRET)
        globus = {
            "client_id": sandbox.CLIENT,
            "secret_file": "secret",
            "site_collection": sandbox.SITE_COLLECTION,
            "cloud_collection": sandbox.CLOUD_COLLECTION,
            "site_base": "/storage1/fs1",
            "guest_collections": {LAB: sandbox.guest_id(LAB)},
            "identity_domain": "wustl.edu",
            "calls_per_s": 20.0,
        }
        self.data = {"gpfs": {"file_system": "rdcw-fs1", "listing": str(site / "listing")}, "globus": globus}
        self.data["mirror"] = str(site / "mirror.yaml")
        self.environment = {"PATH": os.defpath, "HOME": str(folder), **served.env(), **environment}
        self.capture = capture
        self.outputs = ""

    def arguments(self, *words: str) -> list[str]:
        (self.folder / "data.yaml").write_text(json.dumps(self.data))
        return ["globus", *words, "--conf", str(self.folder / "data.yaml")]

    def run(self, *words: str, code: int = 0) -> Said:
        """In this process: to start one takes longer than most of what it is asked."""
        self.capture.readouterr()
        ended = main(self.arguments(*words))
        said = Said(*self.capture.readouterr())
        assert ended == code, said.stderr
        self.outputs += said.stdout + said.stderr
        return said

    def run_as_process(self, *words: str) -> Said:
        """As a person does."""
        command = [str(Path(sys.executable).parent / "ris-hybrid"), *self.arguments(*words)]
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        return Said(done.stdout, done.stderr)

    def plain(self, text: str) -> str:
        return text.replace(str(self.folder), "FOLDER")


@pytest.fixture
def command(
    tmp_path: Path,
    example_site: Path,
    sandbox_aws: SandboxAws,
    coverage_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    seeds = sandbox.Seeds(secret=SECRET, guests=(LAB,))
    globus = sandbox.FakeGlobus(tmp_path / "tree", s3(sandbox_aws), seeds, lambda: 1_800_000_000.0)
    globus.auth.strangers.add("b.beam@wustl.edu")
    served = Served(globus)
    for name, value in served.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", StringIO())
    yield Command(tmp_path, example_site, served, coverage_environment, capsys)
    served.stop()


def test_the_command_starts_without_globus() -> None:
    program = "import sys, ris_hybrid.cli.app; sys.exit('globus_sdk' in sys.modules or 'requests' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_permissions_are_planned_applied_and_then_as_planned(
    command: Command, golden: Callable[[str, str], None]
) -> None:
    golden("globus/plan.txt", command.plain(command.run("plan", LAB).stdout))
    golden("globus/plan-of-all.txt", command.plain(command.run("plan").stdout))
    assert command.run("plan", LAB, "--check", code=6).stderr.count("b.beam") == 1
    before = command.served.globus.store.every("rule")
    command.run("apply", LAB, "--dry-run")
    assert command.served.globus.store.every("rule") == before == []
    told = command.run("apply", LAB)
    assert "changes made" in told.stdout
    assert json.loads(command.run("plan", LAB, "--json").stdout)["changes"] == 0
    command.run("plan", LAB, "--check")
    assert "0 changes" in command.run("apply", LAB).stdout
    assert SECRET not in command.outputs


def test_transfers_are_listed_held_and_cancelled(command: Command, golden: Callable[[str, str], None]) -> None:
    assert json.loads(command.run("tasks", "--json").stdout) == []
    task = submitted(command)
    golden("globus/tasks.txt", command.run("tasks").stdout)
    (listed,) = json.loads(command.run("tasks", "--json").stdout)
    assert (listed["task_id"], listed["seen"]["state"]) == (task, "queued")
    assert "would hold" in command.run("pause", "network works", "--dry-run").stdout
    command.run("pause", "network works", "--direction", "in")
    assert "transfers in are held: network works" in command.run("tasks").stderr
    assert json.loads(command.run("tasks", "--json").stdout)[0]["seen"]["state"] == "paused"
    assert "would go on" in command.run("resume", "--dry-run").stdout
    assert "go on" in command.run("resume").stdout
    assert "would cancel" in command.run("cancel", task, "--dry-run").stdout
    assert "cancelled" in command.run("cancel", task).stdout
    assert "nothing to cancel" in command.run("cancel", task).stdout
    assert SECRET not in command.outputs


def submitted(command: Command) -> str:
    """A transfer of somebody who has the same identity."""
    asked: dict[str, Any] = {
        "submission_id": "0d1a1b3e-5bd0-4bd1-b18a-2a2d8f3a2d11",
        "source_endpoint": sandbox.SITE_COLLECTION,
        "destination_endpoint": sandbox.CLOUD_COLLECTION,
        "label": "ris-hybrid st-1",
        "deadline": None,
        "DATA": [{"source_path": "/wucci/x", "destination_path": "/b/x", "recursive": False}],
    }
    store = command.served.globus.store
    task = tasks.new_task(asked, sandbox.CLIENT, 0, 1_800_000_000.0)
    store.put("document", task["task_id"], asked)
    store.put("task", task["task_id"], task)
    return str(task["task_id"])


def test_identities(command: Command) -> None:
    shown = json.loads(command.run_as_process("whoami", "--json").stdout)
    assert shown == {"username": f"{sandbox.CLIENT}@clients.auth.globus.org", "id": sandbox.CLIENT}
    assert sandbox.CLIENT in command.run("whoami").stdout
    assert "no terminal" in command.run("login", code=2).stderr
    tokens = command.folder / "state" / "tokens.db"
    mine = ("--tokens", str(tokens))
    assert "people_client_id" in command.run("whoami", "--mine", *mine, code=2).stderr
    command.data["globus"]["people_client_id"] = sandbox.CLIENT  # type: ignore[index]  # it is a dict of dicts
    assert "ris-hybrid globus login" in command.run("whoami", "--mine", *mine, code=5).stderr
    assert "logged out" in command.run("logout", *mine).stdout
    assert tokens.stat().st_mode & 0o777 == 0o600


def test_what_is_missing_is_said(command: Command) -> None:
    assert "no allocation is named 'nobody'" in command.run("plan", "nobody", code=2).stderr
    (command.folder / "secret").write_text("wrong")
    told = command.run("tasks", code=5).stderr
    assert "secret_file" in told
    assert "wrong" not in told
    (command.folder / "secret").chmod(0o644)
    assert "chmod 600" in command.run("tasks", code=2).stderr
    command.data["globus"]["identity_domain"] = ""  # type: ignore[index]  # it is a dict of dicts
    assert "identity_domain" in command.run("plan", LAB, code=2).stderr
    del command.data["globus"]
    assert "no part globus" in command.run("tasks", code=2).stderr
