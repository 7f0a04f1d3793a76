"""A sandbox that stays: started once for this file, worked on with LSF's commands and ours."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")


def call(env: dict[str, str], *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running sandbox as two kinds of users see it: by our command, and by a shell that took its environment."""

    root: Path
    started: dict[str, Any]
    env: dict[str, str]
    client: dict[str, str]

    def ours(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return call(self.env, COMMAND, *arguments, code=code)

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ours(*arguments, "--json").stdout)

    def lsf(self, *command: str) -> str:
        """A command of LSF by the printed environment."""
        return call(self.client, "/bin/sh", "-c", shlex.join(command)).stdout


def submit(service: Service) -> None:
    """Three jobs of which the 80 slots of the shared queue hold one, and one that is held."""
    for _ in range(3):
        said = service.lsf("bsub", "-q", "general", "-G", "compute-genomics", "-n", "60", "sleep", "86400")
        assert "is submitted to queue <general>" in said
    service.lsf("bsub", "-H", "-q", "general", "-G", "compute-genomics", "sleep", "60")


@pytest.fixture(scope="module")
def service(beyond_policy: Callable[[str], set[str]]) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="rh-") as folder:
        root = Path(folder) / "s"
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PRO_", "RIS_HYBRID"))}
        env["RIS_HYBRID_SANDBOX"] = str(root)
        try:
            started = call(env, COMMAND, "sandbox", "start", "--empty", "--speed", "120", "--json")
            printed = call(env, COMMAND, "sandbox", "env").stdout
            pairs = call(env, "/bin/sh", "-c", f"{printed}\nenv").stdout
            client = dict(line.split("=", 1) for line in pairs.splitlines())
            service = Service(root=root, started=json.loads(started.stdout), env=env, client=client)
            submit(service)
            yield service
            assert beyond_policy(client["AWS_ENDPOINT_URL"]) == set()
        finally:
            call(env, COMMAND, "sandbox", "stop")


def test_a_started_sandbox_says_what_it_is(service: Service) -> None:
    folder = str(service.root / "service")
    pids = service.started["pids"]
    assert len(pids) == 2  # the virtual LSF and AWS
    assert service.started == {"sandbox": True, "kind": "service", "running": True, "pids": pids, "folder": folder}
    assert service.json("sandbox", "status") == {"sandboxes": [service.started]}
    table = service.ours("sandbox", "status").stdout.splitlines()
    assert table[1].split() == ["service", "yes", *f"{pids[0]}, {pids[1]}".split(), folder]
    assert (service.root / "service").stat().st_mode & 0o077 == 0


def test_a_second_start_gives_the_running_one(service: Service) -> None:
    assert service.json("sandbox", "start", "--speed", "1") == service.started
    assert f"sandbox runs: {service.root / 'service'}\n" in service.ours("sandbox", "start").stdout


def test_the_printed_environment_is_the_sandboxs(service: Service) -> None:
    assert service.client["PATH"].startswith(f"{service.root}/service/bin:")
    assert service.client["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert "compute1" in service.lsf("lsid")


def test_pressure_becomes_nodes(service: Service) -> None:
    jobs = service.lsf("bjobs", "-u", "all")
    assert jobs.count(" RUN ") + jobs.count(" PEND ") == 3
    assert jobs.count(" PSUSP ") == 1

    def nodes() -> int:
        status = service.json("burst", "status")
        assert (status["sandbox"], status["cluster"], status["error"]) == (True, "compute1", None)
        return int(status["fleet"]["nodes"])

    wait_for(lambda: nodes() > 0, "a node for the jobs that wait")
    status = service.json("burst", "status")
    assert {machine["lab"] for machine in status["fleet"]["machines"]} == {"genomics"}
    assert status["fleet"]["committed_usd"] > 0
    assert {"reason": "held (PSUSP)", "jobs": 1, "slots": 1} in status["pressure"]["left_out"]


def test_a_node_and_its_request_are_explained(service: Service) -> None:
    def machines() -> list[Any]:
        found: list[Any] = service.json("burst", "status")["fleet"]["machines"]
        return found

    wait_for(lambda: bool(machines()), "a node for the jobs that wait")
    machine = machines()[0]
    told = service.json("burst", "explain", machine["id"])
    assert (told["sandbox"], told["subject"]) == (True, machine["id"])
    assert any(event["kind"] == "launched" and machine["id"] in event["machines"] for event in told["events"])
    request = service.ours("burst", "explain", machine["request"]).stdout
    assert request.startswith(f"{machine['request']}\n  asked ")
    lines = service.ours("burst", "events", "--about", machine["request"], "--json").stdout.splitlines()
    assert {json.loads(line)["kind"] for line in lines} >= {"limits", "launched"}


def test_a_job_is_explained(service: Service) -> None:
    held = next(line.split()[0] for line in service.lsf("bjobs", "-u", "all").splitlines() if " PSUSP " in line)
    assert service.ours("burst", "explain", held).stdout.startswith(f"job {held}\n  queue general, genomics, 1 slots")
    assert "error: LSF has no unfinished job 999999\n" in service.ours("burst", "explain", "999999", code=2).stderr
    assert "knows nobody" in service.ours("burst", "explain", "nobody", code=2).stderr
    assert "found nothing" in service.ours("burst", "explain", "", code=2).stderr
    assert "hint: ris-hybrid burst events --about cpu16\n" in service.ours("burst", "explain", "cpu16", code=2).stderr


def test_events_of_nothing_are_a_note_and_a_wrong_span_an_error(service: Service) -> None:
    done = service.ours("burst", "events", "--kind", "nothing-such", "--since", "2h")
    assert (done.stdout, "note: no event fits in the audit log " in done.stderr) == ("", True)
    assert "expected a span such as 90s" in service.ours("burst", "events", "--since", "soon", code=2).stderr


def test_the_decision_and_the_plan_agree(service: Service) -> None:
    decided = service.json("burst", "decide", "--explain")
    assert decided["sandbox"] is True
    assert {"reason": "held (PSUSP)", "jobs": 1, "slots": 1} in decided["left_out"]
    for decision in decided["decisions"]:
        assert decision["reasons"]
        assert decision["reasons"][-1]["text"]
    plan = service.json("burst", "plan")
    assert all(row["nodes"] > 0 for row in plan["launch"])
    assert {row["lab"] for row in plan["launch"]} <= {row["lab"] for row in decided["decisions"]}


def test_the_doctor_finds_nothing_missing(service: Service) -> None:
    findings = service.json("doctor")["findings"]
    assert [row["name"] for row in findings if row["needed"] and not row["ok"]] == []
    assert {"package burst", "burst.yaml", "pools", "command bjobs", "LSF", "AWS"} <= {row["name"] for row in findings}
    assert "sandbox" in next(row["text"] for row in findings if row["name"] == "burst.yaml")


def test_the_doctor_starts_no_data_services_and_finds_those_that_run(service: Service) -> None:
    def found() -> dict[str, dict[str, Any]]:
        rows = service.json("doctor")["findings"]
        names = [row["name"] for row in rows]
        return {row["name"]: row for row in rows[names.index("data.yaml") :]}

    places = Places(root=service.root / "service")
    told = found()
    assert set(told) == {"data.yaml"}
    assert told["data.yaml"]["text"].startswith("the sandbox's data services do not run")
    assert places.data_room_pid() is None
    status = service.ours("data", "status", "--json")
    assert json.loads(status.stdout) == {"stagings": []}
    assert "nothing was ever staged" in status.stderr
    try:
        told = found()
        assert {name for name, row in told.items() if row["needed"] and not row["ok"]} == set()
        lacks = {name for name, row in told.items() if not row["ok"]}
        assert lacks <= {"mirror", "outlook", "program skopeo"}  # nobody applied it, asked for it, or put it there
        assert {"AFM gateways", "AFM caches of cache1", "Globus collection cloud", "Globus transfers"} <= set(told)
    finally:
        pid = places.data_room_pid()
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        wait_for(lambda: places.data_room_pid() is None, "the end of the data services")


def test_the_providers_file_can_be_printed(service: Service) -> None:
    printed = json.loads(service.ours("burst", "render").stdout)
    assert printed["settings"]["cluster"] == "compute1"
    assert printed["settings"]["pools"][0]["launch_template"].startswith("lt-")


def test_a_start_waits_for_the_start_before_it(service: Service) -> None:
    with (service.root / "service.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(
            [COMMAND, "sandbox", "start", "--json"], env=service.env, stdout=subprocess.PIPE, text=True
        ) as second:
            try:
                with pytest.raises(subprocess.TimeoutExpired):
                    second.wait(timeout=1.5)
                fcntl.flock(lock, fcntl.LOCK_UN)
                said, _ = second.communicate(timeout=30)
            finally:
                second.kill()
    assert json.loads(said) == service.started


def test_the_resident_service_serves_the_sandbox(service: Service) -> None:
    """Its socket is where the sandbox's scripts look, and its turns go by the sandbox's clock."""
    data = Path(service.client["PRO_DATA_DIR"])
    with subprocess.Popen(
        [COMMAND, "burst", "serve"], env=service.env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as serving:
        try:
            wait_for(lambda: bool(list(data.glob("*-serve.*.sock"))), "its socket")
            figures = data / "ris-aws.prom"

            def turns() -> float:
                lines = figures.read_text().splitlines() if figures.exists() else []
                return float(next((line.split()[1] for line in lines if line.startswith("ris_hybrid_turns_")), 0))

            wait_for(lambda: turns() >= 3, "three turns, of half a virtual minute each")
            lines = figures.read_text().splitlines()
            assert [line for line in lines if line.startswith("ris_hybrid_asked") and not line.endswith(" 1.0")] == []
            wait_for(lambda: 'outcome="answered",verb="getReturnRequests"} 0' not in figures.read_text(), "LSF's calls")
        finally:
            serving.terminate()
            said = serving.communicate(timeout=60)[1]
    assert serving.returncode == 0
    assert "Traceback" not in said
    assert list(data.glob("*-serve.*.sock")) == []
