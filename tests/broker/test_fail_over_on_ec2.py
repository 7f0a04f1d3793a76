"""The broker over EC2 of the sandbox: two at once, and a master that moves with every local file gone."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit
from burst.aws.fleet import Ec2Cloud
from burst.aws.marks import Ec2Ledger
from burst.broker import Made, Site
from burst.duty import Post, Standby, once
from burst.journal import JournalFile
from burst.lock import one_at_a_time
from burst.provider import Provider
from burst.spend import SpendFile
from onprem.lsf.fake import FakeHosts, FakeMaster, FakeScheduler
from ris_hybrid.model import Host, MachineState

if TYPE_CHECKING:
    from pathlib import Path


class Candidate:
    """One master candidate's broker, with files of its own unless they share them."""

    def __init__(self, site: Any, name: str, data: Path) -> None:
        self.site = site
        self.name = name
        self.data = data

    def turn(self) -> Made | Standby:
        site = self.site
        provider = Provider(
            settings=site.settings,
            cloud=Ec2Cloud(site.client, site.settings),
            ledger=Ec2Ledger(site.client, site.settings),
            journal=JournalFile(self.data / "launches.log"),
            spend=SpendFile(self.data, "aws"),
            audit=FakeAudit(),
            now=site.now,
        )
        lock = self.data / "launch.lock"
        batch = Site(scheduler=site.scheduler, hosts=site.hosts, launch_lock=lambda: one_at_a_time(lock))
        return once(provider, batch, Post(master=site.master, here=(self.name,), lock=self.data / "broker.lock"))


class Premises:
    def __init__(self, aws: Any, client: Any, settings: Any, make: Any) -> None:
        self.aws, self.client, self.make = aws, client, make
        self.settings = replace(settings, pools=settings.pools[:1])
        self.now = make.now
        self.scheduler = FakeScheduler(hosts=(make.host("onprem-1"),), queues=(make.queue(),))
        self.hosts = FakeHosts(self.scheduler)
        self.master = FakeMaster("c1", "m1")
        aws.timing(pending_s=0, shutting_down_s=0)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self.aws.set_clock(self.now)

    @property
    def alive(self) -> list[Any]:
        return [machine for machine in Ec2Cloud(self.client, self.settings).machines() if machine.alive]

    def join(self) -> None:
        rows = (Host(name=m.name, status="ok", max_slots=8, jobs=0, running=0) for m in self.alive)
        self.scheduler.all_hosts = tuple(rows)


@pytest.fixture
def premises(sandbox_aws: Any, ec2: Any, ec2_settings: Any, make: Any) -> Premises:
    return Premises(sandbox_aws, ec2, ec2_settings, make)


def test_two_at_once_launch_once(premises: Premises, tmp_path: Path) -> None:
    premises.scheduler.all_jobs = tuple(premises.make.job(str(n)) for n in range(40))
    brokers = [Candidate(premises, "m1", tmp_path) for _ in range(4)]
    made: list[Made | Standby] = []
    threads = [threading.Thread(target=lambda one=one: made.append(one.turn())) for one in brokers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(premises.alive) == 5
    launched = [one for turn in made if isinstance(turn, Made) for one in turn.launches]
    assert len(launched) == 1
    assert len(made) == 4


def test_the_master_moves_between_turns_without_any_file(premises: Premises, tmp_path: Path) -> None:
    premises.scheduler.all_jobs = tuple(premises.make.job(str(n)) for n in range(40))
    m1, m2 = Candidate(premises, "m1", tmp_path / "1"), Candidate(premises, "m2", tmp_path / "2")
    assert isinstance(m1.turn(), Made)
    assert isinstance(m2.turn(), Standby)
    for moved in range(6):
        premises.master.master = "m2" if moved % 2 == 0 else "m1"
        active, other = (m2, m1) if moved % 2 == 0 else (m1, m2)
        shutil.rmtree(other.data, ignore_errors=True)
        shutil.rmtree(active.data, ignore_errors=True)
        premises.advance(60)
        assert isinstance(active.turn(), Made)
        assert isinstance(other.turn(), Standby)
        assert len(premises.alive) == 5
    premises.join()
    premises.scheduler.all_jobs = ()
    assert isinstance(m1.turn(), Made)
    assert all(machine.joined and machine.idle for machine in premises.alive)
    premises.advance(600)
    premises.master.master = "m2"
    assert isinstance(m2.turn(), Made)
    assert premises.alive == []


def test_what_a_dead_master_left_behind_is_ended_after_the_join_time(premises: Premises, tmp_path: Path) -> None:
    premises.scheduler.all_jobs = tuple(premises.make.job(str(n)) for n in range(40))
    Candidate(premises, "m1", tmp_path / "1").turn()
    premises.master.master = "m2"
    premises.scheduler.all_jobs = ()
    premises.advance(premises.settings.life.join_minutes * 60)
    Candidate(premises, "m2", tmp_path / "2").turn()
    assert premises.alive == []
    states = {machine.state for machine in Ec2Cloud(premises.client, premises.settings).machines()}
    assert states == {MachineState.TERMINATED}
