"""A running sandbox with a data plane, and all that is said and started in it."""

from __future__ import annotations

import base64
import json
import os
import resource
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOP = Path(__file__).resolve().parents[3]
COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
BUCKET = "ris-example-wucci-6bca0b"
KILLED = -9


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is to move."""

    files: int = 240
    large: int = 5
    large_mib: int = 2
    kills: Mapping[str, int] = field(default_factory=lambda: {"stage": 2, "return": 1, "evict": 1})
    """How often each command is to be killed; in the middle of another return the site's services are."""
    rooms_in_stage: bool = False
    """Whether these are killed while they stage, too: then a slice of files may be moved twice."""
    wait_s: float = 120.0

    @classmethod
    def asked(cls) -> Size:
        """``RIS_DATA_JOURNEY=full`` is what ``make data-journey`` sets."""
        if os.environ.get("RIS_DATA_JOURNEY") == "full":
            kills = {"stage": 5, "return": 3, "evict": 3}
            return cls(files=20_000, large_mib=256, kills=kills, rooms_in_stage=True, wait_s=1200.0)
        return cls()


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """Commands are run in it as an admin's shell runs them; what they say is kept."""

    folder: Path
    env: dict[str, str]
    size: Size
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    said: list[tuple[list[str], int, str, str]] = field(default_factory=list)
    wrote_at: float = 0.0
    """When the last result of the job was in the bucket, by the sandbox's clock."""
    _clients: SandboxClients | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def root(self) -> Path:
        return self.folder / "s" / "service"

    @property
    def site(self) -> Path:
        return self.root / "site"

    @property
    def active(self) -> Path:
        return self.site / "storage1" / "fs1" / "wucci" / "Active"

    @property
    def journal(self) -> Path:
        return self.root / "data" / "journal.db"

    def call(
        self, *argv: str, code: int | None = 0, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            argv,
            env={**self.env, **(env or {})},
            cwd=self.folder,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=self.size.wait_s,
        )
        self.said.append((list(argv), done.returncode, done.stdout, done.stderr))
        assert code is None or done.returncode == code, f"{argv}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def run(self, *argv: str, code: int | None = 0, cut: str = "", count: str = "") -> subprocess.CompletedProcess[str]:
        """A command of ours; its steps are counted, or it is ended at one of them (see watch)."""
        done = self.call(COMMAND, *argv, code=code, env={"RIS_WATCH_CUT": cut} if cut else None)
        if count:
            line = (self.folder / "watch" / "steps").read_text().splitlines()[-1]
            self.counted[count] = json.loads(line)[0]
        return done

    def begin(self, *argv: str, cut: str) -> subprocess.Popen[str]:
        """A command of ours that runs on; ``ended`` waits for it."""
        return subprocess.Popen(
            [COMMAND, *argv],
            env={**self.env, "RIS_WATCH_CUT": cut},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, child: subprocess.Popen[str]) -> int:
        """Its exit code; what it said is kept."""
        out, err = child.communicate(timeout=self.size.wait_s)
        self.said.append((list(map(str, child.args)), child.returncode, out, err))  # type: ignore[arg-type]  # a list
        return child.returncode

    def tell(self, *lines: str) -> None:
        """For who runs ``make data-journey``: pytest shows it at the end."""
        sys.stdout.write("".join(f"{time.monotonic() - self.began:6.0f} s  {line}\n" for line in lines))

    def cpu_s(self) -> float:
        """Of this process, all commands that have ended, and the sandbox's processes that run."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ticks = 0
        for pid in Places(root=self.root).pids():
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        return sum(one.ru_utime + one.ru_stime for one in used) + ticks / os.sysconf("SC_CLK_TCK")

    def listen(self) -> None:
        """Have the sandbox's commands on PATH note their argv: their shells start what no hook of Python sees."""
        note = shlex.quote(str(self.folder / "watch" / "argv"))
        for path in (self.root / "bin").iterdir():
            text = path.read_text()
            if text.startswith("#!/bin/sh\n"):
                line = f'printf \'%s\\n\' "$0" "$@" >>{note}\n'
                path.write_text(text.replace("#!/bin/sh\n", f"#!/bin/sh\n{line}", 1))

    def credentials(self) -> set[str]:
        """What stood in any request's Authorization: tokens, and of Basic both the whole and the password in it."""
        heard = {json.loads(line) for line in (self.folder / "watch" / "sent").read_text().splitlines()}
        return heard | {word for one in heard if (word := _password(one))}

    def json(self, *argv: str, code: int | None = 0) -> Any:
        return json.loads(self.run(*argv, "--json", code=code).stdout)

    def enter(self) -> None:
        """As ``eval "$(ris-hybrid sandbox env)"`` does."""
        for line in self.run("sandbox", "env").stdout.splitlines():
            key, _, value = line.removeprefix("export ").partition("=")
            self.env[key] = shlex.split(value)[0] if value else ""

    def wait(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + self.size.wait_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {self.size.wait_s:g} s: {what}"
            time.sleep(0.4)

    def job(self, job_id: str) -> tuple[str, str]:
        """Its state, and where it is or was."""
        told = self.call("bjobs", "-noheader", "-o", "stat exec_host", job_id).stdout.split()
        return told[0], told[-1]

    def submit(self, command: str, *options: str) -> str:
        done = self.call(
            "bsub", "-q", "wucci", "-G", "compute-wucci", *options, command, env={"RIS_SANDBOX_EXECUTE": "1"}
        )
        return done.stdout.partition("<")[2].partition(">")[0]

    def aws(self) -> SandboxClients:
        if self._clients is None:
            self._clients = SandboxClients(self.env["AWS_ENDPOINT_URL"], self.env["AWS_REGION"])
        return self._clients

    def emulator(self) -> SandboxAws:
        return SandboxAws.attach(self.env["AWS_ENDPOINT_URL"])

    def versions(self, prefix: str = "Active/") -> list[dict[str, Any]]:
        """Every version and delete marker below a prefix, but markers of directories."""
        client = self.aws().get("s3")
        found = []
        for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=prefix):
            found += [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        return [one for one in found if not one["Key"].endswith("/")]

    def moved(self) -> tuple[int, int]:
        """Files and bytes that the sandbox's Globus has moved so far."""
        tasks = [json.loads(text) for kind, text in self.records() if kind == "task"]
        return sum(one["files_transferred"] for one in tasks), sum(one["bytes_transferred"] for one in tasks)

    def records(self) -> list[tuple[str, str]]:
        """What the sandbox's Globus shows to others than who asked: tasks with their labels, collections, rules."""
        with closing(sqlite3.connect(f"file:{self.root}/data/globus/globus.db?mode=ro", uri=True)) as db:
            told = "SELECT kind, json FROM records WHERE kind IN ('task', 'endpoint', 'rule', 'pause', 'group')"
            return [(str(kind), str(text)) for kind, text in db.execute(told)]

    def room(self) -> int:
        """The pid of the site's Globus and Spectrum Scale."""
        return int(json.loads((self.root / "data" / "room.json").read_text())["pid"])

    def kill_room(self) -> None:
        """SIGKILL to it; the next command starts it again."""
        os.kill(self.room(), 9)


def _password(basic: str) -> str:
    try:
        return base64.b64decode(basic, validate=True).decode().partition(":")[2]
    except ValueError:  # it is no Basic
        return ""


@pytest.fixture
def sandbox(coverage_environment: dict[str, str]) -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory(prefix="rh-") as name:
        folder = Path(name)
        (folder / "watch").mkdir()
        env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TMPDIR": str(folder),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "watch"), str(TOP)]),
            "RIS_WATCH": str(folder / "watch"),
            "RIS_HYBRID_SANDBOX": str(folder / "s"),
            **coverage_environment,
        }
        made = Sandbox(folder=folder, env=env, size=Size.asked())
        try:
            yield made
        finally:
            made.call(COMMAND, "sandbox", "stop", code=None)
