"""``ris-hybrid burst run`` and the sandbox without a Resource Connector, as processes of their own."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
TINY = Path(__file__).parent / "tiny"
DEMO = ("sandbox", "demo", "--broker", "--scenario", str(TINY / "scenario.yaml"), "--burst", str(TINY / "burst.yaml"))


def environment(**more: str) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PRO_", "RIS_HYBRID", "LSF_"))}
    return {**env, **more}


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], env=env, capture_output=True, text=True, timeout=100, check=False)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@contextmanager
def loop(env: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``burst run`` in a process group of its own, as systemd or a shell starts it."""
    with subprocess.Popen(
        [COMMAND, "burst", "run", *arguments],
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rh-") as folder:
        yield Path(folder) / "s"


def test_the_demo_without_a_resource_connector_keeps_the_same_promises(root: Path) -> None:
    done = run(environment(RIS_HYBRID_SANDBOX=str(root)), *DEMO, "--json", "--seed", "7")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["sandbox"], found["jobs"], found["finished"]) == (True, 25, 25)
    assert found["episodes"] >= 2
    assert found["nodes_launched"] >= 3
    assert (found["instances_left"], found["protocol_errors"]) == (0, 0)
    assert found["mean_wait_s"] < found["mean_wait_s_without"]
    assert set(found["usd_by_lab"]) == {"genomics", "imaging-core"}
    assert "decision  " in done.stderr
    assert "joined " not in done.stdout
    assert "Traceback" not in done.stderr
    starting = [int(line.split("nodes ")[1].split()[0]) for line in done.stderr.splitlines() if " starting, " in line]
    assert max(starting) <= 3


def test_a_plug_in_needs_a_resource_connector(root: Path) -> None:
    done = run(environment(RIS_HYBRID_SANDBOX=str(root)), *DEMO, "--host-providers", str(TINY / "burst.yaml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--broker and --host-providers: expected one of them" in done.stderr


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A sandbox that runs without a Resource Connector."""

    env: dict[str, str]
    client: dict[str, str]

    def lsf(self, *command: str) -> str:
        line = ["/bin/sh", "-c", shlex.join(command)]
        done = subprocess.run(line, env=self.client, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout

    def nodes(self) -> list[dict[str, Any]]:
        status = json.loads(run(self.env, "burst", "status", "--json").stdout)
        assert status["error"] is None
        return [machine for machine in status["fleet"]["machines"] if machine["state"] in {"pending", "running"}]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="rh-") as folder:
        env = environment(RIS_HYBRID_SANDBOX=str(Path(folder) / "s"))
        try:
            started = run(env, "sandbox", "start", "--broker", "--empty", "--speed", "240")
            assert started.returncode == 0, started.stderr
            printed = run(env, "sandbox", "env").stdout
            shell = ["/bin/sh", "-c", f"{printed}\nenv"]
            pairs = subprocess.run(shell, env=env, capture_output=True, text=True, timeout=30, check=True).stdout
            yield Service(env=env, client=dict(line.split("=", 1) for line in pairs.splitlines() if "=" in line))
        finally:
            run(env, "sandbox", "stop")


def test_brokers_beside_each_other_launch_once_and_everything_goes_again(service: Service) -> None:
    for _ in range(13):  # 16 slots each: the site's 80 hold five, and eight need a node each
        service.lsf("bsub", "-q", "general", "-G", "compute-genomics", "-n", "16", "sleep", "86400")
    with ThreadPoolExecutor(2) as two:
        turns = list(two.map(lambda _: run(service.env, "burst", "run", "--once", "--json"), range(6)))
    for done in turns:
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("{") or "another broker is at work" in done.stderr
    wait_for(lambda: service.lsf("bjobs", "-u", "all").count(" RUN ") == 13, "every job runs")
    assert len(service.nodes()) == 8
    planned = json.loads(run(service.env, "burst", "run", "--once", "--dry-run", "--json").stdout)
    assert planned["dry_run"] is True
    assert sum(decision["nodes"] for decision in planned["decisions"]) == 0
    for line in service.lsf("bjobs", "-u", "all", "-w").splitlines()[1:]:
        service.lsf("bkill", line.split()[0])
    wait_for(lambda: service.nodes() == [], "every node has been given back")


def test_it_runs_until_it_is_told_to_end(service: Service) -> None:
    for number, code in ((signal.SIGTERM, 0), (signal.SIGINT, 130)):
        with loop(service.env, "--interval", "1", "--json") as child:
            assert child.stdout is not None
            assert any(line.startswith("{") for line in child.stdout)
            os.killpg(child.pid, number)
            _, complaint = child.communicate(timeout=30)
            assert child.returncode == code, complaint
            assert "Traceback" not in complaint


def test_a_host_that_is_not_the_master_stands_by(service: Service) -> None:
    done = run(service.env, "burst", "run", "--once", "--host", "other")
    assert (done.returncode, done.stdout) == (0, "")
    assert "note: standing by: the master is compute1-master, this host is other" in done.stderr


@pytest.fixture
def site(tmp_path: Path) -> dict[str, str]:
    """A site with burst.yaml, whose LSF does not answer."""
    built = "    launch_template: lt-1\n    subnets: [subnet-1]\n    slots: 4\n"
    text = (TINY / "burst.yaml").read_text().replace("outputs: outputs.json\n", "").replace("    slots: 4\n", built)
    (tmp_path / "burst.yaml").write_text(text)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "lsid").write_text("#!/bin/sh\necho 'lsid: LIM is down; try later' >&2\nexit 255\n")
    (tmp_path / "bin" / "lsid").chmod(0o755)
    (tmp_path / "lsf.conf").write_text("LSF_MASTER_LIST=m1\n")
    aws = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    return environment(RIS_HYBRID_CONF=str(tmp_path / "burst.yaml"), LSF_ENVDIR=str(tmp_path), PATH=path, **aws)


def test_a_turn_that_fails_is_said_and_the_next_one_comes(site: dict[str, str]) -> None:
    with loop(site, "--interval", "1") as child:
        assert child.stderr is not None
        lines = [child.stderr.readline() for _ in range(2)]
        assert len(set(lines)) == 1
        assert lines[0].startswith(
            "warning: turn broken off, the next one tries again: lsid does not name a master: lsid: LIM is"
        )
        os.killpg(child.pid, signal.SIGTERM)
        child.communicate(timeout=30)
        assert child.returncode == 0


def test_one_turn_that_fails_is_an_error(site: dict[str, str]) -> None:
    done = run(site, "burst", "run", "--once")
    assert (done.returncode, done.stdout) == (4, "")
    assert "LIM is down" in done.stderr


def test_beside_a_resource_connector_it_refuses(site: dict[str, str]) -> None:
    folder = Path(site["LSF_ENVDIR"])
    (folder / "lsf.conf").write_text('LSB_RC_EXTERNAL_HOST_FLAG="awshost"\n')
    (folder / "resource_connector").mkdir()
    (folder / "resource_connector" / "hostProviders.json").write_text('{"providers": [{"name": "ris-aws"}]}')
    done = run(site, "burst", "run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Resource Connector is switched on for ris-aws" in done.stderr
    assert "use one of them" in done.stderr


def test_it_refuses_spot_nodes_whose_flag_no_job_would_name(site: dict[str, str]) -> None:
    conf = Path(site["RIS_HYBRID_CONF"])
    text = conf.read_text().replace("    slots: 4\n", "    slots: 4\n    purchase: spot\n")
    conf.write_text(f"{text}rerunnable_queues: [general]\n")
    done = run(site, "burst", "run", "--once")
    assert (done.returncode, done.stdout) == (2, "")
    assert "exclusive flag risspot" in done.stderr
    conf.write_text(conf.read_text() + 'spot_flag: ""\n')
    done = run(site, "burst", "run", "--once")
    assert (done.returncode, done.stdout) == (4, "")
    assert "LIM is down" in done.stderr
