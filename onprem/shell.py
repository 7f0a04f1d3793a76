"""The one place that starts commands, LSF's and others', each with a time-out and never through a shell.

A time-out is a must: when mbatchd or LIM is down, LSF's clients print "still trying" every ten seconds for ever, and a
command of GPFS may hang on a node that is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line and how long it may take."""

    argv: tuple[str, ...]
    timeout_s: float = 30.0
    not_found: str = "load LSF's environment first (profile.lsf), so that its commands are on PATH"
    """What to do when it is not there."""
    late: str = "LSF's daemons may be down or busy: check with `lsid`, then try again"
    """What to do when it takes too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a command that ended by itself left behind; ``rc`` is negative when a signal ended it."""

    rc: int
    stdout: str = ""
    stderr: str = ""


class Shell(Protocol):
    """Runs one command to its end."""

    def run(self, command: Command) -> Completed:
        """The result, whatever the exit code. Raises ``SiteUnavailable`` when it is not found or takes too long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalShell:
    """Commands on this host, in the C locale, stdout and stderr apart."""

    environment: Mapping[str, str] | None = None
    """What the commands see, PATH included; None means our own environment."""

    def run(self, command: Command) -> Completed:
        """See ``Shell``. The command leads its own process group, and no member outlives a time-out or Ctrl-C."""
        inherited = os.environ if self.environment is None else self.environment
        try:
            # A session of its own makes the group killable as a whole, and keeps Ctrl-C for us to handle.
            started = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**inherited, "LC_ALL": "C"},
                start_new_session=True,
            )
        except OSError as error:
            raise SiteUnavailable(f"cannot run {command.argv[0]}: {error.strerror}", command.not_found) from error
        return _outcome(started, command)


def _outcome(process: subprocess.Popen[bytes], command: Command) -> Completed:
    try:
        stdout, stderr = process.communicate(timeout=command.timeout_s)
    except subprocess.TimeoutExpired as late:
        last = _text(late.stderr).strip().rpartition("\n")[2]
        said = f"; its last words: {last[:120]}" if last else ""
        raise SiteUnavailable(
            f"{command.argv[0]} did not answer in {command.timeout_s:g} s{said}", command.late
        ) from late
    finally:
        if process.returncode is None:  # a time-out or Ctrl-C
            _kill_group(process)
    return Completed(rc=process.returncode, stdout=_text(stdout), stderr=_text(stderr))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End every member of the group. The group's id cannot be another's: its leader is not reaped yet."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):  # one stuck on a dead file system cannot even be killed: leave it
        process.wait(timeout=2.0)
    for pipe in filter(None, (process.stdout, process.stderr)):
        pipe.close()


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", errors="replace")


@dataclass(slots=True, kw_only=True)
class ReplayShell:
    """A shell that answers from a list and remembers what it was asked (for tests and the sandbox)."""

    answers: Mapping[tuple[str, ...], Completed]
    asked: list[Command] = field(default_factory=list)

    def run(self, command: Command) -> Completed:
        """The answer to exactly these arguments. Raises ``SiteUnavailable`` where there is none."""
        self.asked.append(command)
        answer = self.answers.get(command.argv)
        if answer is None:
            raise SiteUnavailable(f"no recorded answer to {' '.join(command.argv)}", "record one first")
        return answer
