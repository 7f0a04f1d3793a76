"""The service's turn in virtual time: real bswitch, nobody who is excluded, nothing without turns, the way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit
from burst.fake import FakeCloud, FakeLedger
from burst.journal import FakeJournal
from burst.planning import Planning
from burst.provider import Provider
from burst.spend import FakeSpend
from ris_hybrid.planner_settings import Exclude, Planner, Steering
from ris_hybrid.sandbox.history import History
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.server import CommandServer, install_commands, serving
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, JobRequest, QueueSpec
from ris_hybrid.sandbox.turns import EVERY_S, ServiceTurns

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR_S = 3600.0


class Stand:
    """Eight slots that a job holds for hours, a cloud nobody has asked yet, and LSF's commands on PATH."""

    def __init__(self, folder: Path, make: Any) -> None:
        queues = (QueueSpec(name="general"), QueueSpec(name="general-burst", rc_hosts="awshost"))
        spec = ClusterSpec(name="c1", hosts=(HostSpec(prefix="n", count=1, slots=8),), queues=queues)
        self.cluster = Cluster(spec, make.now)
        self.server = CommandServer(self.cluster)
        self.socket = folder / "lsf.sock"
        install_commands(folder / "bin", self.socket)
        self.audit = FakeAudit()
        self.plan = folder / "aws-plan.json"
        cloud = FakeCloud(lambda: self.cluster.now)
        self.turns = ServiceTurns(
            cluster=self.cluster,
            provider=Provider(
                settings=self.planned(make),
                cloud=cloud,
                ledger=FakeLedger(cloud),
                spend=FakeSpend(),
                audit=self.audit,
                journal=FakeJournal(),
                now=make.now,
            ),
            planning=Planning(self.plan, tuple),
            env={"PATH": f"{folder / 'bin'}:/usr/bin:/bin"},
            history=History(started=make.now),
        )
        self.submit(8, 10 * HOUR_S)  # holds the site

    @staticmethod
    def planned(make: Any, **fields: Any) -> Any:
        steering = Steering(queues={"general": "general-burst"})
        return make.settings(mode="planned", planner=Planner(steering=steering, **fields))

    def settings(self, settings: Any) -> None:
        self.turns.provider = replace(self.turns.provider, settings=settings)

    def submit(self, slots: int, limit_s: float, user: str = "ann") -> str:
        request = JobRequest(
            run_s=limit_s, slots=slots, user=user, user_group="compute-lee", queue="general", run_limit_s=limit_s
        )
        return self.cluster.submit(request)

    def turn(self) -> None:
        self.cluster.advance(self.turns.next_turn())
        self.turns.turn()

    def queue_of(self, job_id: str) -> str:
        return self.cluster.jobs((job_id,))[0].queue

    def told(self, kind: str) -> list[list[str]]:
        return [list(event.fields["jobs"]) for event in self.audit.events if event.kind == kind]


@pytest.fixture
def stand(make: Any) -> Iterator[Stand]:
    with TemporaryDirectory(prefix="rh-") as folder:
        stand = Stand(Path(folder), make)
        with serving(stand.server, stand.socket):
            yield stand


def test_a_chosen_job_is_moved_by_bswitch_and_the_log_says_so_before_and_after(stand: Stand) -> None:
    short, long = stand.submit(4, HOUR_S), stand.submit(4, 500 * HOUR_S)
    stand.turn()
    assert (stand.queue_of(short), stand.queue_of(long)) == ("general-burst", "general")
    assert stand.told("moving") == stand.told("moved") == [[short]]
    assert stand.plan.is_file()
    assert [row.text for row in stand.turns.history.happenings] == [f"1 job sent to the cloud's queue: {short}"]
    stand.turn()
    assert stand.told("moved") == [[short]]  # it is there, and is not moved again


def test_an_excluded_job_is_never_moved(stand: Stand, make: Any) -> None:
    stand.settings(stand.planned(make, exclude=Exclude(users=("bob",))))
    hers, his = stand.submit(4, HOUR_S), stand.submit(4, HOUR_S, user="bob")
    for _ in range(3):
        stand.turn()
    assert (stand.queue_of(hers), stand.queue_of(his)) == ("general-burst", "general")
    assert all(his not in jobs for kind in ("moving", "moved", "moved back") for jobs in stand.told(kind))


def test_a_job_that_is_no_longer_worth_it_goes_back_to_its_own_queue(stand: Stand, make: Any) -> None:
    job = stand.submit(4, HOUR_S)
    stand.turn()
    stand.settings(stand.planned(make, value=0.0))
    stand.turn()
    assert stand.queue_of(job) == "general"
    assert stand.told("moved back") == [[job]]


def test_without_turns_nothing_moves_and_the_plan_grows_old(stand: Stand) -> None:
    stand.turns.stopped = True
    job = stand.submit(4, HOUR_S)
    stand.turn()
    assert stand.queue_of(job) == "general"
    assert stand.audit.events == []
    assert not stand.plan.exists()
    assert stand.turns.next_turn() == stand.cluster.now + EVERY_S


def test_lsf_that_does_not_answer_moves_nothing_and_is_told_once(stand: Stand) -> None:
    job = stand.submit(4, HOUR_S)
    stand.server.down = True
    for _ in range(2):
        stand.turn()
    assert stand.queue_of(job) == "general"
    (row,) = stand.turns.history.happenings
    assert row.kind == "trouble"
    assert "steering: " in row.text
    stand.server.down = False
    stand.turn()
    assert stand.queue_of(job) == "general-burst"


def test_a_turn_with_nothing_pending_is_left_out(stand: Stand) -> None:
    stand.turn()
    assert stand.audit.events == []
