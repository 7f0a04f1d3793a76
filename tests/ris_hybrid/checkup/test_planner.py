"""What a check-up makes of plans, burst queues and idle times."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from burst.plan_file import Standing
from onprem.lsf.conf import places
from onprem.shell import Completed, ReplayShell
from ris_hybrid.checkup import lsf_files, planner
from ris_hybrid.planner_settings import Planner, Steering
from tests.conftest import NOW

if TYPE_CHECKING:
    from ris_hybrid.checkup.finding import Finding

MASTER = Path(__file__).parents[2] / "journeys" / "master" / "lsf"
BY_QUEUE = Planner(steering=Steering(queues={"general": "general-burst"}))
BY_FLAG = Planner(steering=Steering(way="flag", fallback="thresholds"))
NOBODY = ReplayShell(answers={})


def by_name(findings: Any) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_thresholds_need_no_planner(make: Any) -> None:
    settings = make.settings(planner=BY_QUEUE)
    assert list(planner.plan(settings, Standing(problem="none"), NOW)) == []
    assert list(planner.live(settings, (), NOBODY)) == []


@pytest.mark.parametrize(("mode", "needed"), [("planned", True), ("shadow", False)])
def test_a_plan_that_is_old_or_missing_is_told_with_what_happens_then(make: Any, mode: str, needed: bool) -> None:
    settings = make.settings(mode=mode, planner=BY_FLAG)
    old = by_name(planner.plan(settings, Standing(problem="the plan is 6 min old"), NOW))["plan"]
    assert (old.ok, old.needed, old.text) == (False, needed, "the plan is 6 min old")
    assert old.hint.endswith("until then the gates alone decide")
    none = by_name(planner.plan(replace(settings, planner=BY_QUEUE), Standing(problem="x"), NOW))["plan"]
    assert none.hint.endswith("until then nothing is launched")
    fresh = by_name(planner.plan(settings, Standing(at=NOW - 20, chosen=frozenset({"1"})), NOW))["plan"]
    assert (fresh.ok, fresh.text) == (True, "made 20 s ago, 1 jobs chosen")


def test_a_dear_pool_that_lsf_asks_for_first_is_told(make: Any) -> None:
    dear = make.pool("dear", instance_types=("fake.large",), priority=90, queues=("general",), labs=("lee",))
    prices = {"c6i.4xlarge": 0.68, "fake.large": 0.96}
    settings = make.settings(mode="planned", planner=BY_QUEUE, pools=(make.pool(), dear), prices=prices)
    found = by_name(planner.plan(settings, Standing(at=NOW), NOW))["priority of dear"]
    assert (found.ok, found.needed) == (False, False)
    assert found.text == "LSF asks for it ($0.1200 an hour and core) before cpu ($0.0850)"
    for other in (replace(dear, priority=0), replace(dear, purchase="spot"), replace(dear, slots=12)):
        told = planner.plan(replace(settings, pools=(make.pool(), other)), Standing(at=NOW), NOW)
        assert "priority of dear" not in by_name(told)
    apart = make.pool(queues=("short",)), dear
    assert "priority of dear" not in by_name(planner.plan(replace(settings, pools=apart), Standing(at=NOW), NOW))


@pytest.mark.parametrize(
    ("fields", "text", "hint"),
    [
        ({}, "open, active", ""),
        ({"is_open": False}, "closed, active", "badmin qopen general-burst"),
        ({"is_active": False}, "open, inactive", "badmin qact general-burst"),
        (None, "no such queue", "burst enable"),
    ],
)
def test_the_queues_of_steering_must_take_and_start_jobs(make: Any, fields: Any, text: str, hint: str) -> None:
    queues = [make.queue()] + ([] if fields is None else [make.queue("general-burst", **fields)])
    settings = make.settings(mode="planned", planner=BY_QUEUE)
    found = by_name(planner.live(settings, queues, NOBODY))
    assert found["steering queue general"].ok
    burst = found["steering queue general-burst"]
    assert (burst.ok, burst.text) == (fields == {}, text)
    assert hint in burst.hint


@pytest.mark.parametrize(
    ("said", "ok"), [("Job <999999999> is not found", True), ("bjobs: illegal option -- U\nUsage: bjobs", False)]
)
def test_by_flag_the_long_form_must_be_known(make: Any, said: str, ok: bool) -> None:
    shell = ReplayShell(answers={("bjobs", "-UF", "999999999"): Completed(rc=255, stderr=said)})
    (finding,) = planner.live(make.settings(mode="planned", planner=BY_FLAG), (), shell)
    assert (finding.ok, finding.needed) == (ok, True)


@pytest.fixture
def master(tmp_path: Path) -> places.LsfFiles:
    shutil.copytree(MASTER, tmp_path / "lsf")
    conf = tmp_path / "lsf" / "conf" / "lsf.conf"
    conf.write_text(conf.read_text().replace("TOP", str(tmp_path / "lsf")))
    return places.find(tmp_path / "lsf" / "conf", "c1")


def test_a_burst_queue_that_differs_is_told_by_its_keys(master: places.LsfFiles, make: Any) -> None:
    text = master.queues.read_text()
    twin = "Begin Queue\nQUEUE_NAME = general-burst\nPRIORITY = 30\nRUNLIMIT = 60\nRC_HOSTS = awshost\nEnd Queue\n"
    master.queues.write_text(text + twin)
    settings = make.settings(mode="planned", planner=BY_QUEUE)
    found = by_name(planner.files(settings, master))
    assert found["burst queue general-burst"].text == "differs from general in HOSTS, RERUNNABLE, RUNLIMIT"
    same = text.partition("End Queue")[0].replace("= general", "= general-burst")
    master.queues.write_text(f"{text}{same}RC_HOSTS = awshost\nEnd Queue\n")
    assert by_name(planner.files(settings, master))["burst queue general-burst"].ok
    assert list(planner.files(make.settings(mode="shadow", planner=BY_QUEUE), master)) == []


@pytest.mark.parametrize(("minutes", "ok"), [("2", True), ("5", True), ("10", False), ("0", False), (None, False)])
def test_idle_nodes_must_go_soon(master: places.LsfFiles, make: Any, minutes: str | None, ok: bool) -> None:
    if minutes is not None:
        with master.lsf_conf.open("a") as file:
            file.write(f"LSB_RC_EXTERNAL_HOST_IDLE_TIME={minutes}\n")
    found = by_name(planner.files(make.settings(mode="planned", planner=BY_FLAG), master))
    assert found["idle nodes"].ok is ok


def test_in_planned_mode_the_ordinary_queue_must_not_borrow(master: places.LsfFiles, make: Any) -> None:
    settings = make.settings(mode="planned", planner=BY_QUEUE, pools=(make.pool(queues=("general",)),))
    text = master.queues.read_text()
    twin = "Begin Queue\nQUEUE_NAME = general-burst\nRC_HOSTS = awshost\nEnd Queue\n"
    master.queues.write_text(text + twin)
    found = by_name(lsf_files.look(settings, master))
    assert found["lsb.queues general"].ok
    assert found["lsb.queues general-burst"].ok
    master.queues.write_text(text.replace("PRIORITY     = 30", "RC_HOSTS = all") + twin.replace("awshost", "none"))
    found = by_name(lsf_files.look(settings, master))
    assert not found["lsb.queues general"].ok
    assert found["lsb.queues general"].hint.startswith("jobs that nobody chose take the nodes")
    assert not found["lsb.queues general-burst"].ok
