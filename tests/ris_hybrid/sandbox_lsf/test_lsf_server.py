from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf import shim
from ris_hybrid.sandbox.lsf.commands import COMMANDS
from ris_hybrid.sandbox.lsf.server import CommandServer, install_commands, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.sandbox.lsf.cluster import Cluster

ME = {"USER": "kim", "LSB_BJOBS_FORMAT": "id user", "SECRET": "stays here"}


@pytest.fixture
def server(cluster: Cluster) -> CommandServer:
    return CommandServer(cluster)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lsf.sock"


@pytest.fixture
def served(server: CommandServer, path: Path) -> Iterator[CommandServer]:
    with serving(server, path):
        yield server


def test_the_installed_commands_ask_the_server(served: CommandServer, path: Path, tmp_path: Path) -> None:
    written = install_commands(tmp_path / "a bin", path)
    assert sorted(command.name for command in written) == sorted(COMMANDS)
    assert all(command.stat().st_mode & stat.S_IXUSR for command in written)
    env = {"PATH": f"{tmp_path / 'a bin'}:{os.environ['PATH']}", **ME}
    bsub = subprocess.run(["bsub", "-J", "two words", "sleep 5"], env=env, capture_output=True, text=True, check=True)
    assert bsub.stdout == "Job <1> is submitted to default queue <general>.\n"
    bjobs = subprocess.run(["bjobs"], env=env, capture_output=True, text=True, check=True)
    assert bjobs.stdout == "JOBID USER\n1 kim\n"
    served.down = True
    down = subprocess.run(["bjobs"], env=env, capture_output=True, text=True, check=False)
    assert (down.returncode, down.stdout, down.stderr) == (255, "", "LSF is down. Please wait ...\n")


def test_the_shim_imports_little_and_nothing_of_ours() -> None:
    argv = [sys.executable, "-I", "-S", "-X", "importtime", shim.__file__, "/nonexistent", "bjobs"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (255, "LSF is down. Please wait ...")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"json", "_socket"} <= imported
    assert not {"ris_hybrid", "socket", "subprocess", "typing", "site"} & imported


def test_without_a_server_lsf_is_down(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shim.main([str(path), "bjobs"], {}) == 255
    assert capsys.readouterr().err == "LSF is down. Please wait ...\n"


def test_a_socket_nobody_listens_on_is_lsf_down(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    assert shim.ask(str(path), ["bjobs"], {})["stderr"] == shim.DOWN


def test_a_server_that_dies_in_its_answer_is_lsf_down(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def die() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b'{"rc": 0')
            connection.close()

        thread = Thread(target=die)
        thread.start()
        assert shim.ask(str(path), ["bjobs"], {})["rc"] == 255
        thread.join()


def test_only_what_concerns_lsf_of_the_environment_is_sent(served: CommandServer, path: Path) -> None:
    assert served.down is False
    shim.ask(str(path), ["bsub", "sleep", "5"], ME)
    assert shim.ask(str(path), ["bjobs"], ME)["stdout"] == "JOBID USER\n1 kim\n"


def test_many_callers_at_once_are_all_answered(served: CommandServer, cluster: Cluster, path: Path) -> None:
    assert served.down is False
    codes: list[object] = []

    def submit() -> None:
        codes.extend(shim.ask(str(path), ["bsub", "sleep", "5"], ME)["rc"] for _ in range(5))

    threads = [Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * 40
    assert cluster.unfinished() == 40


def test_a_caller_that_says_nothing_is_let_go(served: CommandServer, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
        caller.shutdown(socket.SHUT_WR)
        assert caller.recv(10) == b""
    assert served.down is False


@pytest.mark.parametrize("line", [b"hello\n", b"[]\n", b"{}\n", b'{"argv": 5, "env": {}}\n', b"\xff\n"])
def test_what_is_not_a_request_is_answered_with_an_error(server: CommandServer, line: bytes) -> None:
    reply = json.loads(server.answer(line))
    assert (reply["rc"], reply["stdout"]) == (255, "")
    assert "expected one JSON line" in reply["stderr"]


def test_the_socket_is_gone_afterwards(server: CommandServer, path: Path) -> None:
    with serving(server, path):
        assert path.exists()
    assert not path.exists()


def test_a_path_too_long_for_a_socket_is_refused(server: CommandServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at most 107 bytes"), serving(server, tmp_path / ("x" * 200)):
        pass
