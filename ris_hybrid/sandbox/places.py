"""Where a sandbox keeps its state, and how a running one is found, entered and ended.

Every sandbox has a folder of its own under one root: ``service`` for ``sandbox start``, ``demo-<pid>`` for a demo.
A process is ours only if its recorded pid still runs the command we started: pids are used again.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT_VARIABLE = "RIS_HYBRID_SANDBOX"
SERVICE = "service"
_END_S = 10.0
_ACCOUNT = "123456789012"  # moto's, for keys nobody made
_FOLDER = re.compile(rf"{SERVICE}|demo-[0-9]+")
_MODULES = frozenset({b"ris_hybrid.sandbox.service", b"ris_hybrid.sandbox.aws.server", b"ris_hybrid.sandbox.data_room"})
_COMMAND = b"ris-hybrid"


def root() -> Path:
    """Where all sandboxes of this user live."""
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "ris-hybrid" / "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The files of one sandbox."""

    root: Path

    @property
    def aws_state(self) -> Path:
        """The sandbox AWS's own state file (pid, url)."""
        return self.root / "aws.json"

    @property
    def service_state(self) -> Path:
        """The state of the process that runs the virtual LSF: pid, what it is, environment for clients."""
        return self.root / "sandbox.json"

    @property
    def burst_yaml(self) -> Path:
        """The burst.yaml of this sandbox, with the stack outputs beside it."""
        return self.root / "burst.yaml"

    @property
    def notices(self) -> str:
        """URL of the queue its AWS puts spot notices into; empty when it does not run."""
        url = _read(self.aws_state).get("url")
        return f"{url}/{_ACCOUNT}/spot-notices" if url else ""

    @property
    def bin(self) -> Path:
        """The LSF commands."""
        return self.root / "bin"

    @property
    def socket(self) -> Path:
        """Where the virtual LSF answers its commands."""
        return self.root / "lsf.sock"

    @property
    def site(self) -> Path:
        """Where the site's paths begin: ``/storage1/fs1/...`` below it."""
        return self.root / "site"

    @property
    def data_room_state(self) -> Path:
        """The state of the process that is the site's Globus and Spectrum Scale, where it was ever started."""
        return self.root / "data" / "room.json"

    def data_room_pid(self) -> int | None:
        """That process, if it runs."""
        pid = _read(self.data_room_state).get("pid")
        return pid if isinstance(pid, int) and _is_ours(pid) else None

    @property
    def lsf_top(self) -> Path:
        """LSF_TOP."""
        return self.root / "lsf"

    def create(self) -> None:
        """An empty folder only its user may enter; what a killed sandbox left in it is deleted.

        Raises:
            ConfigError: it cannot be made.
        """
        self.remove()
        _make(self.root)
        self.root.chmod(0o700)

    def write_state(self, kind: str, env: Mapping[str, str]) -> None:
        """Say that this process runs the sandbox; readers see all or nothing."""
        state = {"pid": os.getpid(), "kind": kind, "sandbox": True, "env": dict(env)}
        draft = self.service_state.with_suffix(".new")
        draft.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        draft.replace(self.service_state)

    def state(self) -> dict[str, Any]:
        """What was written last; empty when there is none or it is torn."""
        return _read(self.service_state)

    def client_env(self) -> dict[str, str]:
        """The environment in which LSF's commands, AWS and the clock are this sandbox's."""
        env = self.state().get("env")
        return {str(key): str(value) for key, value in env.items()} if isinstance(env, dict) else {}

    def enter(self, more: Mapping[str, str] | None = None) -> None:
        """Make this process a client of the sandbox, and of what else these variables lead to."""
        os.environ.update({**self.client_env(), **(more or {})})

    def pids(self) -> tuple[int, ...]:
        """The processes of this sandbox that still run."""
        recorded = (_read(path).get("pid") for path in (self.service_state, self.aws_state, self.data_room_state))
        return tuple(pid for pid in recorded if isinstance(pid, int) and _is_ours(pid))

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.root, ignore_errors=True)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of this user start or end the service; another one waits here until it has.

    Raises:
        ConfigError: the root cannot be made.
    """
    _make(root())
    with (root() / f"{SERVICE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def every() -> tuple[Places, ...]:
    """All sandboxes with a folder, running or left over; folders of other names are nobody's to end or delete."""
    if not root().is_dir():
        return ()
    return tuple(Places(root=path) for path in sorted(root().iterdir()) if _FOLDER.fullmatch(path.name))


def running() -> Places | None:
    """The sandbox that ``sandbox start`` runs, if it does."""
    places = Places(root=root() / SERVICE)
    pid = places.state().get("pid")
    return places if isinstance(pid, int) and _is_ours(pid) else None


def end(places: Places) -> tuple[int, ...]:
    """End every process of a sandbox and delete its folder; gives the pids that were ended."""
    pids = places.pids()
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + _END_S
    while any(_is_ours(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in pids:
        if _is_ours(pid):
            _signal(pid, signal.SIGKILL)
    places.remove()
    return pids


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder}: no sandbox can be kept here: {error.strerror}",
            f"name a folder of your own with {ROOT_VARIABLE}",
        ) from error


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _is_ours(pid: int) -> bool:
    """Whether the pid is a sandbox process of this user (Linux: its command line says so)."""
    process = Path(f"/proc/{pid}")
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        state = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
        mine = process.stat().st_uid == os.getuid()
    except OSError:
        return False
    named = any(word in _MODULES or word.rpartition(b"/")[2] == _COMMAND for word in words)
    return mine and state != "Z" and named


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
