"""What ``burst status`` says of two clouds, and while one of them does not answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.cli import burst_view
from ris_hybrid.errors import RisHybridError, SiteUnavailable, TryAgain
from ris_hybrid.model import PoolMarks
from tests.two_clouds import RESEARCH, TwoClouds


@pytest.fixture
def two(make: Any) -> TwoClouds:
    made = TwoClouds(make)
    made.request("", 2, key="a")
    made.request(RESEARCH, 1, key="b")
    made.ledger.mark_pool("os", PoolMarks(off="3 nodes in a row did not join"), PoolMarks())
    return made


def told(two: TwoClouds) -> tuple[dict[str, Any], RisHybridError | None]:
    seen, failure = burst_view.look(two.site)
    return json.loads(json.dumps(burst_view.status_json(two.site, seen, failure))), failure


def text(two: TwoClouds, capsys: pytest.CaptureFixture[str]) -> list[str]:
    burst_view.show_status(two.site, burst_view.look(two.site)[0])
    return capsys.readouterr().out.splitlines()


def test_each_pool_stands_with_its_cloud(two: TwoClouds, capsys: pytest.CaptureFixture[str]) -> None:
    lines = text(two, capsys)
    assert lines[1:6] == [
        "cloud nodes: 3 of at most 1000",
        "pool  cloud     lab  nodes  starting  busy  idle  leaving  useless  lab's $ this month",
        "cpu   EC2       lee      2         2     0     0        0        0  1.73",
        "os    research  lee      1         1     0     0        0        0  1.73",
        "pool os: off: 3 nodes in a row did not join",
    ]
    assert lines[6].endswith("included: $1.73 of $1000000.00")


def test_machines_of_a_pool_that_is_gone_stand_with_their_cloud(
    two: TwoClouds, capsys: pytest.CaptureFixture[str]
) -> None:
    left = tuple(pool for pool in two.site.settings.pools if pool.name != "os")
    site = replace(two.site, settings=replace(two.site.settings, pools=left))
    burst_view.show_status(site, burst_view.look(two.site)[0])
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("os ")]
    assert row.split()[1] == "research"


def test_each_machine_and_pool_tells_its_cloud_as_json(two: TwoClouds) -> None:
    body, failure = told(two)
    assert failure is None
    assert body["unread"] == []
    assert body["fleet"]["pool_clouds"] == {"cpu": "", "os": "research"}
    assert [machine["cloud"] for machine in body["fleet"]["machines"]] == ["", "", "research"]
    assert body["fleet"]["machines"][2]["type"] == "research/fake.large"


def test_while_one_does_not_answer_the_others_are_shown(two: TwoClouds, capsys: pytest.CaptureFixture[str]) -> None:
    two.down(RESEARCH)
    lines = text(two, capsys)
    assert lines[1:6] == [
        "cloud nodes: 2 known of at most 1000",
        "research: unknown, and nothing is launched anywhere: no route",
        "pool  cloud  lab  nodes  starting  busy  idle  leaving  useless  lab's $ this month",
        "cpu   EC2    lee      2         2     0     0        0        0  1.38",
        "pool os: unknown: its cloud does not answer",
    ]
    assert lines[6].endswith("included: at least $1.38 of $1000000.00")
    body, failure = told(two)
    assert isinstance(failure, TryAgain)
    assert body["error"] == failure.message == "not every cloud answers: research: no route"
    assert body["unread"] == [{"cloud": "research", "why": "no route"}]
    assert (body["fleet"]["nodes"], body["fleet"]["committed_usd"]) == (2, None)
    assert body["fleet"]["pools"] == {"cpu": "on", "os": "unknown: its cloud does not answer"}


def test_a_silent_ec2_is_called_by_its_name(two: TwoClouds, capsys: pytest.CaptureFixture[str]) -> None:
    two.down("")
    assert "EC2: unknown, and nothing is launched anywhere: no route" in text(two, capsys)
    assert told(two)[0]["unread"] == [{"cloud": "", "why": "no route"}]


def test_a_cloud_and_lsf_that_do_not_answer_are_both_told(two: TwoClouds) -> None:
    two.down(RESEARCH)
    two.scheduler.down = True
    body, failure = told(two)
    assert isinstance(failure, TryAgain)
    assert body["error"] == "not every cloud answers: research: no route\nbjobs gave no answer: LSF is down"
    assert body["fleet"]["nodes"] == 2


def test_no_cloud_at_all_is_unknown(two: TwoClouds, capsys: pytest.CaptureFixture[str]) -> None:
    for cloud in ("", RESEARCH):
        two.down(cloud)
    assert text(two, capsys)[1] == "cloud nodes: unknown"
    body, failure = told(two)
    assert not isinstance(failure, SiteUnavailable)
    assert (body["fleet"], body["error"]) == (None, "EC2: no route; research: no route")
