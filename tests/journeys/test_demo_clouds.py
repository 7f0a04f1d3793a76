"""The sandbox with EC2 and an OpenStack: one runs out of machines, the other takes over, both ways; nothing is left."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.leaks import Search, Word
from ris_hybrid.sandbox.openstack.accounts import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
SITE = Path(__file__).parent / "clouds"
DEMO = ("sandbox", "demo", "--json", "--burst", str(SITE / "burst.yaml"), "--scenario")
EC2_SHORT, OPENSTACK_SHORT = "InsufficientInstanceCapacity", "NoValidHost"
EXEMPT = {"service/sandbox.json": "what `sandbox env` gives to a shell; its user alone can read it"}


def environment(root: Path) -> dict[str, str]:
    """A user with a cloud and a proxy of his own, which must not get into the sandbox."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PRO_", "LSF_", "RIS_HYBRID"))}
    theirs = {"OS_USERNAME": "somebody", "OS_PASSWORD": "secret", "OS_AUTH_URL": "https://keystone.example.org"}
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy"), "http://127.0.0.1:9")
    return {**env, **theirs, **proxies, "RIS_HYBRID_SANDBOX": str(root)}


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, *arguments]
    done = subprocess.run(command, env=environment(root), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return done


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rh-") as folder:
        yield Path(folder) / "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a demo said."""

    summary: dict[str, Any]
    lines: str

    @property
    def ec2(self) -> dict[str, Any]:
        return self.summary["clouds"][0]

    @property
    def research(self) -> dict[str, Any]:
        return self.summary["clouds"][1]

    @property
    def takeovers(self) -> set[tuple[str, str, str]]:
        return {(one["empty"], one["code"], one["pool"]) for one in self.summary["takeovers"]}


def demo(root: Path, scenario: str, *more: str) -> Told:
    """A demo after which every job is done, nothing runs, and the money of both clouds is counted."""
    done = run(root, *DEMO, str(SITE / scenario), *more)
    told = Told(summary=json.loads(done.stdout), lines=done.stderr)
    found, ec2, research = told.summary, told.ec2, told.research
    assert (found["finished"], found["instances_left"], found["protocol_errors"]) == (found["jobs"], 0, 0)
    assert (ec2["cloud"], ec2["pools"], ec2["instances_left"]) == ("", ["cpu4"], 0)
    assert (research["cloud"], research["pools"], research["instances_left"]) == ("research", ["campus4"], 0)
    assert ec2["jobs"] + research["jobs"] == found["jobs_burst"]
    assert ec2["nodes_launched"] + research["nodes_launched"] == found["nodes_launched"]
    assert found["usd"] == pytest.approx(ec2["usd"] + research["usd"], abs=0.02)
    assert research["usd"] == pytest.approx(research["node_hours"] * 0.10, abs=0.01)
    assert ec2["usd"] == pytest.approx(ec2["node_hours"] * 0.20528, abs=0.01)
    assert list(root.iterdir()) == []
    return told


def test_what_openstack_has_not_comes_from_ec2(root: Path) -> None:
    told = demo(root, "wave.yaml", "--capacity", "research/m1.large=1")
    assert told.takeovers == {("campus4", OPENSTACK_SHORT, "cpu4")}
    assert told.research["nodes_launched"] == 1
    assert min(told.research["jobs"], told.ec2["jobs"]) >= 1
    story = (
        r"capacity  the sandbox has 1 machines of research/m1\.large from now on",
        r"empty     campus4 \(OpenStack research\): NoValidHost; it is left alone for 10 min",
        r"short     1 of 4 nodes of campus4 for genomics: asked 4, 1 usable; \(NoValidHost\) Error Code: InsufficientC",
        r"took over cpu4 \(EC2\) gives \d nodes to genomics, because campus4 \(OpenStack research\) is empty: NoValid",
    )
    assert re.search(".*".join(story), told.lines, re.DOTALL), told.lines


def test_our_own_broker_lets_each_cloud_take_over_from_the_other(root: Path) -> None:
    told = demo(root, "scenario.yaml", "--broker")
    assert told.takeovers == {("campus4", OPENSTACK_SHORT, "cpu4"), ("cpu4", EC2_SHORT, "campus4")}
    assert min(told.research["jobs"], told.ec2["jobs"]) >= 3
    assert re.search(r"empty     cpu4 \(EC2\): InsufficientInstanceCapacity.*took over campus4", told.lines, re.DOTALL)


def wait_for(condition: Callable[[], object], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A sandbox that runs, with a shell in it."""

    root: Path
    client: dict[str, str]

    def lsf(self, *command: str) -> str:
        line = ["/bin/sh", "-c", shlex.join(command)]
        done = subprocess.run(line, env=self.client, capture_output=True, text=True, timeout=30, check=False)
        return done.stdout

    def asked(self, *arguments: str) -> Any:
        return json.loads(run(self.root, "burst", *arguments, "--json").stdout)


@pytest.fixture
def service(root: Path) -> Iterator[Service]:
    start = ("sandbox", "start", "--broker", "--empty", "--speed", "1200")
    run(root, *start, "--burst", str(SITE / "burst.yaml"))
    state = json.loads((root / "service" / "sandbox.json").read_text())
    try:
        yield Service(root=root, client={**os.environ, **state["env"]})
    finally:
        run(root, "sandbox", "stop")


def test_status_and_explain_name_both_clouds_and_the_budget_counts_both(service: Service) -> None:
    for slots in (80, 4, 4, 4, 4, 4):  # the first fills the site, four fill OpenStack's pool, the last one is for EC2
        service.lsf("bsub", "-q", "general", "-G", "compute-genomics", "-n", str(slots), "sleep", "86400")
    wait_for(lambda: service.lsf("bjobs", "-u", "all").count(" RUN ") == 6, "every job runs")
    status = service.asked("status")
    machines = {machine["type"]: machine for machine in status["fleet"]["machines"]}
    pools = Counter((machine["pool"], machine["type"]) for machine in status["fleet"]["machines"])
    assert pools == {("campus4", "research/m1.large"): 4, ("cpu4", "c7a.xlarge"): 1}
    hours = {kind: (status["now"] - machine["launched"]) / 3600 for kind, machine in machines.items()}
    least = 0.20528 * (hours["c7a.xlarge"] + 1) + 4 * 0.10 * (hours["research/m1.large"] + 1)
    assert status["fleet"]["committed_usd"] == pytest.approx(least, rel=0.1)  # and an hour ahead of each
    for kind, cloud in (("research/m1.large", "research/"), ("c7a.xlarge", "i-")):
        machine = machines[kind]
        explained = service.asked("explain", machine["name"])
        assert explained["subject"] == machine["id"]
        assert machine["id"].startswith(cloud)
        assert explained["facts"][0].startswith(f"{machine['name']}, {kind} in ")
        assert [event["kind"] for event in explained["events"]][:2] == ["limits", "launched"]
    leaks = Search([Word(text=PASSWORD, what="password of OpenStack")])
    assert list(leaks.files(service.root, EXEMPT)) == []
    assert [leak.where for leak in leaks.files(service.root, {})] == list(EXEMPT)
