from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox import places as whereabouts
from ris_hybrid.sandbox.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IDLE = "import sys; print(flush=True); sys.stdin.read()"
STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
DONE = 0x7FFFFFFF  # a pid Linux never gives


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "s"))
    return tmp_path / "s"


@pytest.fixture
def process() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process that says a line and waits, with these words on its command line."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*words: str, program: str = IDLE) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-S", "-c", program, *words]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        running[-1].stdout.readline()
        return running[-1]

    yield start
    for child in running:
        child.kill()
        child.communicate(timeout=10)


def folder(name: str, pid: object) -> Places:
    places = Places(root=whereabouts.root() / name)
    places.create()
    places.service_state.write_text(json.dumps({"pid": pid, "kind": "demo"}))
    return places


def test_the_root_is_named_or_the_users_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert whereabouts.root() == tmp_path / "s"
    monkeypatch.delenv("RIS_HYBRID_SANDBOX")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert whereabouts.root() == Path("/state/ris-hybrid/sandbox")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/ann")
    assert whereabouts.root() == Path("/home/ann/.local/state/ris-hybrid/sandbox")


def test_no_root_no_sandbox() -> None:
    assert whereabouts.every() == ()
    assert whereabouts.running() is None


def test_a_folder_is_empty_and_its_users_alone(root: Path) -> None:
    places = Places(root=root / "demo-1")
    places.create()
    places.socket.write_text("left over")
    places.create()
    assert list(places.root.iterdir()) == []
    assert places.root.stat().st_mode & 0o777 == 0o700
    assert places.root.parent == root


def test_only_folders_a_sandbox_makes_are_ever_touched(root: Path) -> None:
    for name in ("service", "demo-12", "demo-x", "Documents", "demo-1.old"):
        (root / name).mkdir(parents=True)
    (root / "service.log").write_text("")
    assert [places.root.name for places in whereabouts.every()] == ["demo-12", "service"]


def test_where_no_folder_can_be_made_is_said(root: Path) -> None:
    root.write_text("a file")
    with pytest.raises(ConfigError, match="no sandbox can be kept here") as raised:
        Places(root=root / "service").create()
    assert "RIS_HYBRID_SANDBOX" in raised.value.hint
    assert whereabouts.every() == ()


def test_state_is_written_in_one_step(root: Path) -> None:
    places = Places(root=root / "service")
    places.create()
    places.write_state("service", {"A": "1"})
    places.write_state("service", {"A": "2"})
    assert places.state() == {"pid": os.getpid(), "kind": "service", "sandbox": True, "env": {"A": "2"}}
    assert places.client_env() == {"A": "2"}
    assert [path.name for path in places.root.iterdir()] == ["sandbox.json"]


@pytest.mark.parametrize("text", ["", '{"pid": 1', "[1]", "7", "\udcff"])
def test_a_torn_state_is_no_state(root: Path, text: str) -> None:
    places = Places(root=root / "service")
    places.create()
    places.service_state.write_text(text, errors="surrogateescape")
    assert places.state() == places.client_env() == {}
    assert places.pids() == ()
    assert whereabouts.running() is None


def test_an_environment_that_is_none_is_empty(root: Path) -> None:
    places = Places(root=root / "service")
    places.create()
    places.service_state.write_text('{"pid": "1", "env": ["A"]}')
    assert places.client_env() == {}
    assert places.pids() == ()


def test_entering_makes_this_process_a_client(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIS_TEST_ENTERED", "before")
    places = Places(root=root / "service")
    places.create()
    places.write_state("service", {"RIS_TEST_ENTERED": "inside"})
    places.enter()
    assert os.environ["RIS_TEST_ENTERED"] == "inside"


@pytest.mark.parametrize(
    "words", ["ris_hybrid.sandbox.service", "ris_hybrid.sandbox.aws.server", "/opt/bin/ris-hybrid"]
)
def test_a_sandbox_process_is_known_by_its_command_line(
    process: Callable[..., subprocess.Popen[bytes]], words: str
) -> None:
    child = process(words)
    places = folder("service", child.pid)
    assert places.pids() == (child.pid,)
    assert whereabouts.running() == places


@pytest.mark.parametrize("words", ["sleep", "/home/ann/ris-hybrid/notes.py", "ris_hybrid.sandbox.services"])
def test_a_pid_that_is_used_again_is_not_ours(process: Callable[..., subprocess.Popen[bytes]], words: str) -> None:
    child = process(words)
    places = folder("service", child.pid)
    assert places.pids() == ()
    assert whereabouts.running() is None
    assert whereabouts.end(places) == ()
    assert child.poll() is None  # left alone
    assert not places.root.exists()


@pytest.mark.parametrize("pid", [DONE, 0, -1, True, None, "1"])
def test_a_pid_of_nobody_is_not_ours(pid: object) -> None:
    assert folder("demo-1", pid).pids() == ()


def test_a_process_that_has_ended_but_is_not_collected_is_not_ours(
    process: Callable[..., subprocess.Popen[bytes]],
) -> None:
    child = process("ris_hybrid.sandbox.service", program="print(flush=True)")
    child.stdout.read()  # it has ended, nobody has waited for it
    places = folder("demo-1", child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert places.pids() == ()


def test_end_ends_both_processes_and_deletes_the_folder(process: Callable[..., subprocess.Popen[bytes]]) -> None:
    lsf, aws = process("ris_hybrid.sandbox.service"), process("ris_hybrid.sandbox.aws.server")
    places = folder("service", lsf.pid)
    places.aws_state.write_text(json.dumps({"pid": aws.pid}))
    assert whereabouts.end(places) == (lsf.pid, aws.pid)
    assert (lsf.wait(10), aws.wait(10)) == (-15, -15)
    assert whereabouts.every() == ()


def test_what_does_not_end_is_killed(
    process: Callable[..., subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "_END_S", 0.2)
    child = process("ris_hybrid.sandbox.service", program=STUBBORN)
    assert whereabouts.end(folder("service", child.pid)) == (child.pid,)
    assert child.wait(10) == -9
