"""Runs a provider's scripts as real child processes, the way ebrokerd does, and keeps what each one said (sandbox).

Arguments and environment are those of IBM's Resource Connector: ``scripts/NAME.sh -f FILE`` for a provider,
one file name for the policy script. stdout is read to its end, so a process left behind that keeps it open
blocks the call until the time-out, as it would block LSF.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ris_hybrid.sandbox.lsf.rcconf import Provider, RcConf


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One script run. ``problem`` says why it gave no answer: it did not start, or not end in time."""

    verb: str
    input: Mapping[str, Any]
    rc: int
    stdout: str
    stderr: str
    wall_s: float
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a script ended and what it printed; ``rc`` is negative when a signal ended it."""

    rc: int
    stdout: bytes
    stderr: bytes = b""
    problem: str = ""


class Runner(Protocol):
    """Runs one script to its end."""

    def __call__(self, argv: Sequence[str], env: Mapping[str, str], *, merged: bool) -> Outcome:
        """What became of it; ``merged`` puts stderr into stdout."""
        ...


class Scripts:
    """Starts the scripts of one LSF_TOP. ``env`` is what children inherit, read at each call; ours is laid over it."""

    def __init__(self, conf: RcConf, cluster: str, env: Mapping[str, str]) -> None:
        self.runner: Runner = self._run
        """Child processes, unless another is put here."""
        self._conf = conf
        self._data_dir = conf.data_dir(cluster)
        self._input_dir = self._data_dir.parent / "rc_input"
        self._env = env
        self._count = 0
        for folder in (self._data_dir, self._input_dir, conf.log_dir):
            folder.mkdir(parents=True, exist_ok=True)

    def provider(self, provider: Provider, verb: str, payload: Mapping[str, Any], now: float) -> Call:
        """Run ``<scriptPath>/scripts/<verb>.sh -f FILE``."""
        script = provider.script_dir / "scripts" / f"{verb}.sh"
        env = self._of(provider)
        with self._input(payload, now) as file:
            return self._call(verb, payload, [str(script), "-f", str(file)], env, merged=False)

    def environment(self, provider: Provider) -> dict[str, str]:
        """Everything a script of this provider finds in its environment."""
        return {**self._env, **self._shared(), **self._of(provider)}

    def _of(self, provider: Provider) -> dict[str, str]:
        return {
            "PRO_LSF_TOP": str(self._conf.top),
            "PROVIDER_NAME": provider.name,
            "PRO_CONF_DIR": str(provider.conf_dir),
            "SCRIPT_OPTIONS": provider.script_option,
        }

    def _shared(self) -> dict[str, str]:
        return {
            "LSF_ENVDIR": str(self._conf.conf_dir),
            "PRO_LSF_LOGDIR": str(self._conf.log_dir),
            "PRO_DATA_DIR": str(self._data_dir),
        }

    def policy(self, script: Path, payload: Mapping[str, Any], now: float) -> Call | None:
        """Run the policy script with one file name, stderr merged into its answer; None when there is no such program.

        LSF passes the full demand when the script is missing or not executable, and says nothing.
        """
        if not (script.is_file() and os.access(script, os.X_OK)):
            return None
        with self._input(payload, now) as file:
            return self._call("policy", payload, [str(script), str(file)], {}, merged=True)

    @contextlib.contextmanager
    def _input(self, payload: Mapping[str, Any], now: float) -> Iterator[Path]:
        """The input file, named by a counter and dated by the virtual clock; it lives as long as the call."""
        self._count += 1
        file = self._input_dir / f"in-{self._count:06d}.json"
        file.write_text(json.dumps(payload), encoding="utf-8")
        os.utime(file, (now, now))
        try:
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _call(
        self, verb: str, payload: Mapping[str, Any], argv: Sequence[str], env: Mapping[str, str], *, merged: bool
    ) -> Call:
        started = perf_counter()
        outcome = self.runner(argv, {**self._env, **self._shared(), **env}, merged=merged)
        return Call(
            verb=verb,
            input=payload,
            rc=outcome.rc,
            stdout=outcome.stdout.decode("utf-8", "replace"),
            stderr=outcome.stderr.decode("utf-8", "replace"),
            wall_s=perf_counter() - started,
            problem=outcome.problem,
        )

    def _run(self, argv: Sequence[str], env: Mapping[str, str], *, merged: bool) -> Outcome:
        # stderr goes to a file: a background process may keep it open without holding LSF up.
        with tempfile.TemporaryFile() as errors:
            stderr = subprocess.STDOUT if merged else errors
            try:
                outcome = self._answer(self._start(argv, env, stderr))
            except OSError as error:
                return Outcome(rc=127, stdout=b"", problem=f"cannot be started: {error}")
            errors.seek(0)
            return Outcome(rc=outcome.rc, stdout=outcome.stdout, stderr=errors.read(), problem=outcome.problem)

    def _start(self, argv: Sequence[str], env: Mapping[str, str], stderr: int | IO[bytes]) -> subprocess.Popen[bytes]:
        def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command,
                env=env,
                cwd=self._input_dir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )

        try:
            return start(argv)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            return start(["/bin/sh", *argv])  # a script without a #! line: LSF starts it through the shell

    def _answer(self, process: subprocess.Popen[bytes]) -> Outcome:
        limit = self._conf.call_timeout_s
        with process:
            try:
                stdout, _ = process.communicate(timeout=limit)
                return Outcome(rc=process.returncode, stdout=stdout)
            except subprocess.TimeoutExpired as error:
                ended = process.poll() is not None
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                problem = (
                    f"a process it left behind still held stdout after {limit:g} s"
                    if ended
                    else f"no answer within {limit:g} s"
                )
                return Outcome(rc=process.wait(), stdout=error.output or b"", problem=problem)
