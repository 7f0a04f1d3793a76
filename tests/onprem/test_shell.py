from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from onprem.shell import Command, Completed, LocalShell, ReplayShell
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path


def python(program: str, timeout_s: float = 30.0) -> Command:
    return Command(argv=(sys.executable, "-S", "-c", program), timeout_s=timeout_s)


def ends(pid: int) -> bool:
    """Whether the process ends within two seconds; a zombie has ended."""
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 # vanishes while being read
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
    return False


def test_output_streams_stay_apart() -> None:
    done = LocalShell().run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"))
    assert done == Completed(rc=7, stdout="out\n", stderr="err\n")


def test_commands_speak_c_locale_and_see_the_environment_given() -> None:
    show = python("import os; print(os.environ['LC_ALL'], os.environ.get('LSF_ENVDIR'), os.environ.get('HOME'))")
    assert LocalShell(environment={"LSF_ENVDIR": "/lsf/conf"}).run(show).stdout == "C /lsf/conf None\n"
    assert LocalShell().run(show).stdout.endswith(f" {os.environ.get('HOME')}\n")


def test_commands_are_found_on_the_path_given(tmp_path: Path) -> None:
    program = tmp_path / "bjobs"
    program.write_text('#!/bin/sh\necho "No unfinished job found" >&2\nexit 255\n', encoding="utf-8")
    program.chmod(0o755)
    done = LocalShell(environment={"PATH": str(tmp_path)}).run(Command(argv=("bjobs", "-u", "all")))
    assert done == Completed(rc=255, stderr="No unfinished job found\n")


def test_nothing_waits_for_our_terminal() -> None:
    assert LocalShell().run(python("import sys; print(repr(sys.stdin.read()))")).stdout == "''\n"


def test_bytes_that_are_no_text_do_not_stop_us() -> None:
    assert LocalShell().run(python("import os; os.write(1, b'a\\xffb')")).stdout == "a\ufffdb"


def test_a_command_killed_by_a_signal_has_a_negative_code() -> None:
    assert LocalShell().run(python("import os; os.kill(os.getpid(), 9)")).rc == -signal.SIGKILL


@pytest.mark.parametrize(("mode", "words"), [(None, "No such file"), (0o644, "Permission denied"), (0o755, "format")])
def test_a_command_that_cannot_start_is_an_unreachable_site(tmp_path: Path, mode: int | None, words: str) -> None:
    if mode is not None:
        (tmp_path / "bjobs").write_bytes(b"\x00not a program")
        (tmp_path / "bjobs").chmod(mode)
    with pytest.raises(SiteUnavailable, match=f"cannot run .*bjobs: .*{words}") as caught:
        LocalShell().run(Command(argv=(str(tmp_path / "bjobs"),)))
    assert "profile.lsf" in caught.value.hint


HANGS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
with open({pids!r}, "w") as file:
    file.write(str(child.pid))
print("batch system daemon not responding ... still trying", file=sys.stderr, flush=True)
time.sleep(60)
"""


def test_a_client_that_hangs_is_ended_with_all_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    start = time.monotonic()
    with pytest.raises(SiteUnavailable, match=r"did not answer in 0.6 s; its last words: batch .* still trying"):
        LocalShell().run(python(HANGS.format(pids=str(pids)), timeout_s=0.6))
    assert time.monotonic() - start < 2.5
    assert ends(int(pids.read_text(encoding="ascii")))


def test_a_silent_hang_says_only_that() -> None:
    with pytest.raises(SiteUnavailable, match=r"did not answer in 0.1 s$"):
        LocalShell().run(python("import time; time.sleep(60)", timeout_s=0.1))


def test_a_leader_that_left_a_child_holding_its_output_is_a_hang_too(tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    program = HANGS.format(pids=str(pids)).replace("\ntime.sleep(60)\n", "\n")
    with pytest.raises(SiteUnavailable, match="did not answer"):
        LocalShell().run(python(program, timeout_s=0.6))
    assert ends(int(pids.read_text(encoding="ascii")))


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    pids = tmp_path / "pid"

    def interrupt_once_started() -> None:
        while not (pids.exists() and pids.read_text(encoding="ascii")):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt_once_started, daemon=True)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        LocalShell().run(python(HANGS.format(pids=str(pids))))
    watcher.join()
    assert ends(int(pids.read_text(encoding="ascii")))


def test_a_replay_answers_what_it_knows_and_remembers_the_questions() -> None:
    known, unknown = Command(argv=("bjobs",)), Command(argv=("bhosts", "-w"))
    shell = ReplayShell(answers={("bjobs",): Completed(rc=0, stdout="x")})
    assert shell.run(known).stdout == "x"
    with pytest.raises(SiteUnavailable, match="bhosts -w"):
        shell.run(unknown)
    assert shell.asked == [known, unknown]
