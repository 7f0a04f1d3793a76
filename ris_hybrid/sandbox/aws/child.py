"""The sandbox's AWS seen from the product: start it as a child process, or find a running one, and steer it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ANSWER_S = 60.0
CLIENT_CONFIG = Path(__file__).with_name("client.config")
"""What clients of the sandbox read in place of the user's own AWS settings."""
_NEUTRAL = {
    "AWS_CONFIG_FILE": str(CLIENT_CONFIG),
    "AWS_PROFILE": "default",  # the user's profile is not in our file, and an unknown one is an error
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Keeps the user's own AWS settings out."""
_HINT = "start the sandbox again; its log lies beside its state file"


class SandboxAws:
    """A running sandbox AWS. Raises ``SiteUnavailable`` when it does not answer, ``ConfigError`` when it refuses."""

    def __init__(self, url: str, region: str, child: subprocess.Popen[bytes] | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost"}:
            raise ConfigError(f"{url} is no sandbox address", "a sandbox listens on http://127.0.0.1:PORT only")
        self.url = url.rstrip("/")
        self.region = region
        self._child = child
        # A proxy of the environment must not see, or break, calls on loopback.
        self._open = build_opener(ProxyHandler({})).open

    @classmethod
    def start(
        cls,
        state_file: Path,
        *,
        seed: int = 0,
        port: int = 0,
        region: str = "us-east-1",
        wait_s: float = 60.0,
    ) -> SandboxAws:
        """Start one that dies with this process, however that ends. ``port`` 0 takes a free one.

        Its log is ``<state_file>.log``. Raises ``SiteUnavailable`` when it does not listen in ``wait_s`` seconds.
        """
        state_file.unlink(missing_ok=True)
        log = Path(f"{state_file}.log")
        command = [sys.executable, "-m", "ris_hybrid.sandbox.aws.server", "--state", str(state_file)]
        command += ["--seed", str(seed), "--port", str(port), "--watch-stdin"]
        # Sets of addresses are emptied in hash order: with random hashes the same seed gave other host names.
        # An unknown profile of the user's would end moto's own session before it serves.
        environment = os.environ | {"PYTHONHASHSEED": "0"} | _NEUTRAL
        with log.open("wb") as errors:
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=environment
            )
        try:
            return cls(_listening(child, state_file, log, wait_s), region, child)
        except SiteUnavailable:
            end(child)
            raise

    @classmethod
    def attach(cls, url: str, region: str = "us-east-1") -> SandboxAws:
        """The one that listens at ``url``; raises ``SiteUnavailable`` when nothing there says it is a sandbox."""
        found = cls(url, region)
        if found.health().get("sandbox") is not True:
            raise SiteUnavailable(f"{url} is not a sandbox", "give the address its state file names")
        return found

    def env(self) -> dict[str, str]:
        """Environment that sends an AWS client to the sandbox, and keeps the user's own AWS files out of it."""
        return {
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",  # the sandbox checks no key
            "AWS_SESSION_TOKEN": "sandbox",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **_NEUTRAL,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def health(self) -> dict[str, Any]:
        """``{"sandbox": true, "pid", "seed", "corrections": [...]}``."""
        return cast("dict[str, Any]", self._ask("health"))

    def clock(self) -> float:
        """Its time in epoch seconds."""
        return float(cast("dict[str, float]", self._ask("clock"))["now"])

    def set_clock(self, now: float) -> None:
        """Stand still at ``now`` (epoch seconds); it never goes back."""
        self._ask("clock", {"now": now})

    def instances(self) -> list[dict[str, Any]]:
        """Every machine there ever was: id, name, state, type, zone, launched, ended or None, spot, tags."""
        return cast("list[dict[str, Any]]", self._ask("instances"))

    def calls(self) -> dict[str, int]:
        """How often each AWS call was made, by ``ec2:CreateFleet``."""
        return cast("dict[str, int]", self._ask("calls"))

    def calls_by_key(self) -> dict[str, dict[str, int]]:
        """``calls`` of each access key: ``sandbox`` is the product's, ``sandbox-pulumi`` the sandbox's apply's."""
        return cast("dict[str, dict[str, int]]", self._ask("calls-by-key"))

    def faults(self, rules: Sequence[Mapping[str, object]]) -> None:
        """Replace the fault rules (see ``ris_hybrid.sandbox.aws.faults``); none ends all faults."""
        self._ask("faults", list(rules))

    def capacity(self, limits: Mapping[str, Mapping[str, int]]) -> None:
        """Replace the limits of machines alive, by instance type and zone; what is absent is unlimited."""
        self._ask("capacity", limits)

    def timing(self, **seconds: float) -> None:
        """Change how long a machine is pending (``pending_s``), shutting down, or a transfer takes (``transfer_s``)."""
        self._ask("timing", seconds)

    def exports(self, folders: Mapping[str, str]) -> None:
        """Replace the folders of this host that stand for NFS hosts and file systems of FSx."""
        self._ask("exports", folders)

    def carry(self, bucket: str, prefix: str, folder: Path, paths: Sequence[str], direction: str) -> dict[str, Any]:
        """Files between a folder of this host and a bucket, ``in`` or ``out``: many thousands in one call.

        ``{"files", "skipped", "bytes", "same": [PATH], "failures": [{"path", "reason"}]}``; ``same`` were skipped.
        """
        posted = {"bucket": bucket, "prefix": prefix, "folder": str(folder), "paths": list(paths)}
        return cast("dict[str, Any]", self._ask("carry", {**posted, "direction": direction}))

    def interrupt(self, machine_ids: Sequence[str], kind: str = "interruption", queue: str = "spot-notices") -> str:
        """Announce that spot machines are taken in two minutes, or (``rebalance``) are at risk; the queue's URL."""
        posted = {"machines": list(machine_ids), "kind": kind, "queue": queue}
        return self.url + cast("dict[str, str]", self._ask("interrupt", posted))["queue"]

    def impair(self, checks: Mapping[str, str]) -> None:
        """Replace which status check (``instance`` or ``system``) fails of which machine; the others work."""
        self._ask("impair", checks)

    def scans(self, found: Mapping[str, Mapping[str, object]]) -> None:
        """Replace what ECR's scans find, by digest (see ``ris_hybrid.sandbox.aws.image_scan_call``)."""
        self._ask("scans", found)

    def reset(self) -> None:
        """Forget everything: machines, networks, tokens, faults, counts; the clock follows real time again."""
        self._ask("reset", {})

    def rebuild(self) -> None:
        """Forget everything, then build again what the sandbox's apply had built, with the same ids."""
        self._ask("rebuild", {})

    def stop(self) -> None:
        """End it. One that was attached to is told to end by its process id."""
        if self._child is not None:
            end(self._child)
            return
        os.kill(int(self.health()["pid"]), signal.SIGTERM)

    def _ask(self, route: str, posted: object = None) -> object:
        data = None if posted is None else json.dumps(posted).encode()
        request = Request(f"{self.url}/_sandbox/{route}", data=data)  # noqa: S310 - loopback, checked in __init__
        try:
            with self._open(request, timeout=_ANSWER_S) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise ConfigError(f"the sandbox refused {route}: {_reason(error.read())}") from error
        except (OSError, HTTPException, ValueError) as error:
            raise SiteUnavailable(f"the sandbox at {self.url} does not answer: {error}", _HINT) from error


def _reason(body: bytes) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:200]
    return str(told.get("error", told)) if isinstance(told, dict) else str(told)


def _listening(child: subprocess.Popen[bytes], state_file: Path, log: Path, wait_s: float) -> str:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if state_file.exists():
            return str(json.loads(state_file.read_text(encoding="utf-8"))["url"])
        if child.poll() is not None:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise SiteUnavailable(f"the sandbox ended as it started: {''.join(last)}", f"its log is {log}")
        time.sleep(0.02)
    raise SiteUnavailable(f"the sandbox did not listen within {wait_s:g} s", f"its log is {log}")


def end(child: subprocess.Popen[bytes], wait_s: float = 10.0) -> None:
    """Tell a child process to end; kill it when it has not done so in ``wait_s`` seconds."""
    if child.stdin is not None:
        child.stdin.close()
    child.terminate()
    try:
        child.wait(wait_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
