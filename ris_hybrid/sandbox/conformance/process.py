"""One script of a plug-in as a process: started, waited for, or killed with all it started (sandbox)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LIMIT_S = 120.0
"""A script that takes longer is killed: it has failed its probe long before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One script run to its end."""

    verb: str
    rc: int
    stdout: str
    wall_s: float
    tail: str
    """The last line of its stderr, for the reader of the table."""


class Running:
    """A script that has been started."""

    def __init__(self, verb: str, command: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self._verb = verb
        self._started = perf_counter()
        self._process = subprocess.Popen(
            command,
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def finish(self) -> Ran:
        """Wait for it; one that does not end in time is killed, and its exit code says so."""
        try:
            stdout, stderr = self._process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self._kill()
            stdout, stderr = self._process.communicate()
        return Ran(
            verb=self._verb,
            rc=self._process.returncode,
            stdout=stdout.decode("utf-8", "replace"),
            wall_s=perf_counter() - self._started,
            tail=(stderr.decode("utf-8", "replace").strip().splitlines() or [""])[-1],
        )

    def kill(self) -> None:
        """SIGKILL to the script and all it started, as when the machine dies."""
        self._kill()
        self._process.communicate()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
