"""What ``burst status`` says of values that are given: no LSF, no AWS, no process."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from burst.audit import FakeAudit
from burst.fake import FakeCloud, FakeLedger, FakeOutlook
from burst.journal import FakeJournal
from burst.outlook import Word
from burst.provider import Provider
from burst.spend import FakeSpend
from onprem.lsf.fake import FakeScheduler
from ris_hybrid.cli import burst_view
from ris_hybrid.cli.burst_site import BurstSite
from ris_hybrid.clocks import FixedClock
from ris_hybrid.data.readiness import JobData
from ris_hybrid.errors import RisHybridError, SiteUnavailable, TryAgain
from ris_hybrid.model import JobStatus, PoolMarks


class Here:
    """A site in memory."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.cloud = FakeCloud(lambda: make.now)
        self.ledger = FakeLedger(self.cloud)
        self.spend = FakeSpend()
        self.first = ""
        self.outlook: FakeOutlook | None = None
        self.scheduler = FakeScheduler(queues=[make.queue()], hosts=[make.host()])

    def site(self, *, sandbox: bool = False) -> BurstSite:
        settings = self.make.settings(budget=replace(self.make.settings().budget, usd_per_month=500.0))
        provider = Provider(
            settings=settings,
            cloud=self.cloud,
            ledger=self.ledger,
            spend=self.spend,
            audit=FakeAudit(),
            journal=FakeJournal(),
            now=self.make.now,
            outlook=self.outlook,
        )
        return BurstSite(
            settings=settings,
            provider=provider,
            scheduler=self.scheduler,
            sandbox=sandbox,
            data=Path(),
            clock=FixedClock(self.make.now),
        )

    def json(self, **fields: Any) -> tuple[dict[str, Any], RisHybridError | None]:
        site = self.site(**fields)
        seen, failure = burst_view.look(site)
        told: dict[str, Any] = json.loads(json.dumps(burst_view.status_json(site, seen, failure)))
        return told, failure

    def text(self, capsys: pytest.CaptureFixture[str], **fields: Any) -> list[str]:
        site = self.site(**fields)
        burst_view.show_status(site, burst_view.look(site)[0])
        return capsys.readouterr().out.splitlines()


@pytest.fixture
def here(make: Any) -> Here:
    return Here(make)


@pytest.fixture
def busy(here: Here, make: Any) -> Here:
    """Two nodes of one lab, one of them going back, a node of nobody, and jobs that wait."""
    first, _ = here.cloud.launch(make.launch(2)).machine_ids
    here.cloud.launch(make.launch(1, token="t-2", lab=""))
    here.spend.add("2027-01", "i-old", "lee", 3.25)
    jobs = [make.job(str(number), slots=4, pend_s=600.0) for number in range(3)]
    jobs.append(make.job("8", status=JobStatus.PSUSP, slots=2))
    here.scheduler = FakeScheduler(jobs, [make.host()], [make.queue()])
    here.first = first
    return here


def test_a_quiet_site_is_empty_not_unknown(here: Here, make: Any) -> None:
    told, failure = here.json()
    assert failure is None
    assert told == {
        "sandbox": False,
        "cluster": "c1",
        "provider": "aws",
        "now": make.now,
        "mode": "thresholds",
        "plan": None,
        "unread": [],
        "fleet": {
            "nodes": 0,
            "committed_usd": 0.0,
            "budget_usd": 500.0,
            "data_usd": 0,
            "pools": {"cpu": "on"},
            "pool_clouds": {"cpu": ""},
            "machines": [],
        },
        "pressure": {
            "jobs": 0,
            "slots": 0,
            "slots_in_service": 16,
            "data_known": False,
            "data_problem": "",
            "groups": [],
            "left_out": [],
        },
        "error": None,
    }


def test_a_quiet_site_in_words(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    assert here.text(capsys) == [
        "cluster c1, provider aws",
        "cloud nodes: 0 of at most 1000",
        "committed this month, 1 h ahead of each node included: $0.00 of $500.00",
        "pressure: 0 jobs, 0 slots; 16 slots in service",
    ]
    assert here.text(capsys, sandbox=True)[0] == "sandbox, cluster c1, provider aws"


def test_a_busy_site_as_json(busy: Here, make: Any) -> None:
    told, failure = busy.json(sandbox=True)
    assert failure is None
    assert told["sandbox"] is True
    assert told["fleet"]["nodes"] == 3
    # 3.25 spent, and for each node a minute at least and an hour to come
    assert told["fleet"]["committed_usd"] == pytest.approx(3.25 + 3 * 0.68 * (1 + 1 / 60), abs=0.01)
    assert told["fleet"]["machines"][0] == {
        "id": busy.first,
        "cloud": "",
        "name": "ip-10-0-0-2",
        "state": "running",
        "stage": "booting",
        "pool": "cpu",
        "lab": "lee",
        "type": "fake.large",
        "launched": make.now,
        "request": "add-1-0",
        "return": "",
        "why_returned": "",
    }
    (group,) = told["pressure"]["groups"]
    assert group == {
        "queue": "general",
        "lab": "lee",
        "jobs": 3,
        "slots": 12,
        "core_hours": 12.0,
        "longest_wait_s": 600.0,
        "expected_wait_s": group["expected_wait_s"],
        "data_usd": 0.0,
    }
    assert (told["pressure"]["jobs"], told["pressure"]["slots"]) == (3, 12)


def test_data_is_told_where_it_is_asked(busy: Here, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ready = JobData(verdict="staged", reason="there", eligible=True, usd=1.5)
    known = {job.job_id: ready for job in busy.scheduler.jobs()}
    busy.outlook = FakeOutlook(Word(at=make.now, jobs=known, spent={"lee": 4.0}))
    told, _ = busy.json()
    assert (told["fleet"]["data_usd"], told["pressure"]["groups"][0]["data_usd"]) == (4.0, 4.5)
    lines = busy.text(capsys)
    assert "of that for data, transfers and egress: $4.00" in lines
    assert any(line.endswith("expected wait min  data $") for line in lines)
    busy.outlook = FakeOutlook()
    assert "data: unknown, so no job is sent: nothing was said yet" in busy.text(capsys)
    assert busy.json()[0]["pressure"]["left_out"][0]["reason"] == "data: unknown"


def test_a_busy_site_in_words(busy: Here, capsys: pytest.CaptureFixture[str]) -> None:
    lines = busy.text(capsys)
    assert lines[1:5] == [
        "cloud nodes: 3 of at most 1000",
        "pool  lab      nodes  starting  busy  idle  leaving  useless  lab's $ this month",
        "cpu   default      1         1     0     0        0        0  0.69",
        "cpu   lee          2         2     0     0        0        0  4.63",
    ]
    assert lines[5] == "committed this month, 1 h ahead of each node included: $5.32 of $500.00"
    assert lines[6] == "pressure: 3 jobs, 12 slots; 16 slots in service"
    assert lines[7].split()[:2] == ["queue", "lab"]
    assert lines[8].split() == ["general", "lee", "3", "12", "12.0", "10", lines[8].split()[-1]]
    assert "no pressure: 1 jobs, 2 slots: " in lines[9]


def test_a_node_on_its_way_back_still_counts(busy: Here, capsys: pytest.CaptureFixture[str]) -> None:
    busy.cloud.fail_next = TryAgain("not now")
    with pytest.raises(TryAgain):
        busy.cloud.end([busy.first], "ret-1")  # marked, and then the cloud refused to end it
    told, _ = busy.json()
    assert told["fleet"]["nodes"] == 3
    assert told["fleet"]["machines"][0]["return"] == "ret-1"
    assert busy.text(capsys)[4].split() == ["cpu", "lee", "2", "1", "0", "0", "1", "0", "4.63"]


def test_stages_follow_what_lsf_says_of_the_hosts(busy: Here, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names = [machine.name for machine in busy.cloud.machines()]
    full = replace(make.host(names[0]), jobs=4, running=4)
    busy.scheduler = FakeScheduler(hosts=[full, make.host(f"{names[1]}.ec2.internal")], queues=[make.queue()])
    told, _ = busy.json()
    assert [machine["stage"] for machine in told["fleet"]["machines"]] == ["busy", "idle", "booting"]
    assert busy.text(capsys)[4].split() == ["cpu", "lee", "2", "0", "1", "1", "0", "0", "4.63"]


def test_a_pool_that_is_off_says_why(busy: Here, capsys: pytest.CaptureFixture[str]) -> None:
    busy.ledger.mark_pool("cpu", PoolMarks(off="3 nodes in a row did not join"), PoolMarks())
    assert busy.json()[0]["fleet"]["pools"] == {"cpu": "off: 3 nodes in a row did not join"}
    assert "pool cpu: off: 3 nodes in a row did not join" in busy.text(capsys)


def test_a_cloud_that_does_not_answer_is_unknown(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.cloud.fail_next = TryAgain("EC2 is down")
    told, failure = here.json()
    assert isinstance(failure, TryAgain)
    assert (told["fleet"], told["error"]) == (None, "EC2 is down")
    assert told["pressure"]["slots_in_service"] == 16  # the other side is still told
    here.cloud.fail_next = TryAgain("EC2 is down")
    assert here.text(capsys)[1:] == ["cloud nodes: unknown", "pressure: 0 jobs, 0 slots; 16 slots in service"]


def test_a_scheduler_that_does_not_answer_is_unknown(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    here.scheduler.down = True
    told, failure = here.json()
    assert isinstance(failure, SiteUnavailable)
    assert (told["pressure"], told["fleet"]["nodes"]) == (None, 0)
    assert here.text(capsys)[-1] == "pressure: unknown"


def test_of_two_failures_both_are_told(here: Here) -> None:
    here.scheduler.down = True
    here.cloud.fail_next = TryAgain("EC2 is down")
    told, failure = here.json()
    assert isinstance(failure, TryAgain)
    assert (told["fleet"], told["pressure"], told["error"]) == (
        None,
        None,
        "EC2 is down\nbjobs gave no answer: LSF is down",
    )
