"""One turn of the service, over ports in memory."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import notices
from burst.fake import FakeOutlook
from burst.notices import FakeNotices
from burst.outlook import Word
from burst.turn import Turn, markings
from onprem.lsf.fake import FakeHosts, FakeScheduler
from ris_hybrid.errors import CloudError, SiteUnavailable, TryAgain
from ris_hybrid.model import Machine, Notice, PoolMarks

LATER = 120.0


class Service:
    """A turn's ports, and what a test wants to know of them."""

    def __init__(self, room: Any, make: Any) -> None:
        self.room, self.make = room, make
        self.lsf = FakeScheduler(hosts=[make.host("onprem-1")])
        self.queue = FakeNotices()
        self.hosts: FakeHosts | None = FakeHosts(self.lsf)

    def launch(self, count: int) -> list[str]:
        self.room.request(count)
        self.join()
        return list(self.room.ids())

    def join(self, status: str = "ok") -> None:
        self.lsf.all_hosts = tuple(
            self.make.host(f"{machine.name}.ec2.internal", status) for machine in self.room.cloud.machines()
        )

    def turn(self) -> Any:
        return Turn(self.lsf, self.queue, self.hosts).take(self.room.provider)

    def machine(self, machine_id: str) -> Any:
        return next(one for one in self.room.cloud.machines() if one.machine_id == machine_id)

    def statuses(self) -> list[str]:
        return [host.status for host in self.lsf.all_hosts]


@pytest.fixture
def service(room: Any, make: Any) -> Service:
    return Service(room, make)


def test_a_notice_is_written_acknowledged_and_its_host_closed(service: Service) -> None:
    first, second = service.launch(2)
    service.queue.send(first, "interruption", service.room.now + LATER)
    service.queue.send(second, "rebalance", service.room.now - 5)
    turned = service.turn()
    assert (service.machine(first).notice, service.machine(first).rebalance) == (service.room.now + LATER, 0)
    assert (service.machine(second).notice, service.machine(second).rebalance) == (0, service.room.now - 5)
    assert service.queue.receive() == ()
    assert service.statuses() == ["closed_Adm", "ok"]
    assert turned.noticed == (first, second)
    assert turned.closed == (f"{service.machine(first).name}.ec2.internal",)
    assert turned.stages == {("cpu", "interrupted"): 1, ("cpu", "idle"): 1}
    assert turned.problems == ()
    assert [kind for kind in service.room.kinds if kind in {"spot notice", "hosts closed"}] == [
        "spot notice",
        "spot notice",
        "hosts closed",
    ]


def test_the_next_turn_has_nothing_left_to_do(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.queue.send(machine_id, "interruption", service.room.now + LATER)
    service.turn()
    service.queue.send(machine_id, "interruption", service.room.now + LATER)  # delivered at least once
    turned = service.turn()
    assert (turned.noticed, turned.closed, service.queue.receive()) == ((), (), ())


def test_a_notice_that_cannot_be_written_comes_again(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.queue.send(machine_id, "interruption", service.room.now + LATER)
    service.room.ledger = Stubborn(service.room.ledger)
    turned = service.turn()
    assert "ledger" in turned.unknown
    assert (turned.noticed, len(service.queue.receive())) == ((), 1)
    service.room.ledger = service.room.ledger.ledger
    assert service.turn().noticed == (machine_id,)
    assert service.queue.receive() == ()


class Stubborn:
    """A ledger that reads and does not write."""

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger

    def pools(self) -> Any:
        return self.ledger.pools()

    def mark(self, *_: object) -> None:
        raise TryAgain("EC2 is slow today")


def test_a_notice_about_somebody_elses_machine_is_dropped_and_said(service: Service) -> None:
    service.launch(1)
    service.queue.send("i-of-others", "interruption", service.room.now)
    service.queue.send("i-of-others", "rebalance", service.room.now - LATER)
    assert service.turn().noticed == ()
    assert service.queue.receive() == ()
    assert service.room.kinds.count("notice dropped") == 2


@pytest.mark.parametrize(("kind", "later_s"), [("interruption", LATER), ("rebalance", 0.0)])
def test_a_notice_that_is_faster_than_ec2s_list_waits_for_its_machine(
    service: Service, kind: str, later_s: float
) -> None:
    service.launch(1)
    service.room.now += 100
    service.queue.send("i-00000000000000002", kind, service.room.now + later_s - 100)
    assert service.turn().noticed == ()
    assert len(service.queue.receive()) == 1
    assert "notice dropped" not in service.room.kinds
    service.room.request(1, key="in-2.json")
    assert service.turn().noticed == ("i-00000000000000002",)
    assert service.queue.receive() == ()


@pytest.mark.parametrize("port", ["spend", "ledger"])
def test_without_the_spend_or_the_marks_machines_end_and_only_figures_are_missing(service: Service, port: str) -> None:
    first, second = service.launch(2)
    service.room.now += 24 * 3600
    service.lsf.all_hosts = (service.make.host("onprem-1"),)
    setattr(service.room, port, Unreadable(getattr(service.room, port)))
    turned = service.turn()
    assert set(turned.ended) == {first, second}
    assert [problem.what for problem in turned.problems] == ["spend"]
    assert math.isnan(turned.committed_usd)
    assert (turned.pools, turned.boot_s, sum(turned.stages.values())) == ({}, {}, 2)


class Unreadable:
    """A port that can be written, not read."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def month_to_date(self, month: str) -> Any:
        raise SiteUnavailable(f"{month}: cannot be read")

    def pools(self) -> Any:
        raise TryAgain("DescribeTags is slow today")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


def test_the_state_of_every_pool_is_told(service: Service) -> None:
    service.launch(1)
    assert service.turn().pools == {"cpu": "on"}
    held = PoolMarks(held_until=service.room.now + 60, held_for="InsufficientInstanceCapacity")
    service.room.ledger.mark_pool("cpu", held, PoolMarks())
    assert service.turn().pools == {"cpu": "held"}
    service.room.ledger.mark_pool("cpu", replace(held, off="mend it"), held)
    assert service.turn().pools == {"cpu": "off"}
    service.room.now += 60
    service.room.ledger.mark_pool("cpu", held, replace(held, off="mend it"))
    assert service.turn().pools == {"cpu": "on"}


def test_a_machine_ec2_calls_impaired_is_judged_as_such(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.turn()
    service.room.checks.failed = frozenset({machine_id})
    for _ in range(3):
        service.room.now += 60
        service.turn()
    assert service.machine(machine_id).end_reason == "broken"


def test_a_machine_that_is_gone_needs_no_mark(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.room.cloud.end([machine_id], "ret-1")
    service.queue.send(machine_id, "interruption", service.room.now + LATER)
    assert (service.turn().noticed, service.queue.receive()) == ((), ())


def test_without_ec2_the_turn_is_over_and_notices_stay(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.queue.send(machine_id, "interruption", service.room.now + LATER)
    service.room.cloud.fail_next = TryAgain("no route")
    turned = service.turn()
    assert [(one.what, one.text) for one in turned.problems] == [
        ("cloud", "the fleet is unknown, so nothing is ended: no route")
    ]
    assert turned.stages == {}
    assert math.isnan(turned.committed_usd)
    assert len(service.queue.receive()) == 1
    assert service.statuses() == ["ok"]
    assert "turn problem" in service.room.kinds


def test_without_lsf_nothing_is_ended(service: Service) -> None:
    first, second = service.launch(2)
    service.room.now += 24 * 3600  # long past the time to join
    service.lsf.all_hosts, service.lsf.down = (service.make.host("onprem-1"),), True
    service.queue.send(first, "interruption", service.room.now + LATER)
    turned = service.turn()
    assert (turned.unknown, turned.ended) == ({"lsf"}, ())
    assert turned.noticed == (first,)
    assert service.machine(second).alive
    service.lsf.down = False
    ended = service.turn().ended
    assert set(ended) == {first, second}


def test_a_host_that_could_not_be_closed_is_closed_later(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.queue.send(machine_id, "interruption", service.room.now + LATER)
    hosts, service.hosts = service.hosts, Deaf()  # type: ignore[assignment]  # the port's one method a turn needs
    turned = service.turn()
    assert [problem.what for problem in turned.problems] == ["hosts"]
    service.hosts = hosts
    assert len(service.turn().closed) == 1
    assert service.statuses() == ["closed_Adm"]


class Deaf:
    """LSF's badmin when mbatchd is down."""

    def close(self, *_: object) -> None:
        FakeHosts(FakeScheduler(down=True)).close(["x"], "")


def test_where_nothing_can_close_hosts_the_rest_is_done(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.hosts = None
    service.queue.send(machine_id, "interruption", service.room.now + LATER)
    turned = service.turn()
    assert (turned.noticed, turned.closed) == ((machine_id,), ())


def test_a_notice_the_node_wrote_itself_closes_its_host_too(service: Service) -> None:
    (machine_id,) = service.launch(1)
    service.room.cloud.change(machine_id, notice=service.room.now + LATER)
    assert len(service.turn().closed) == 1


@pytest.mark.parametrize("call", ["receive", "acknowledge"])
def test_a_queue_that_does_not_answer_stops_nothing_else(service: Service, call: str) -> None:
    service.launch(1)
    if call == "receive":
        service.queue.fail_next = TryAgain("no queue")
    else:
        service.queue = Forgetful(service.queue)  # type: ignore[assignment]  # the same port
    turned = service.turn()
    assert turned.unknown == {"notices"}
    assert sum(turned.stages.values()) == 1


class Forgetful(FakeNotices):
    """A queue that gives and does not take back."""

    def __init__(self, _queue: FakeNotices) -> None:
        super().__init__()

    def acknowledge(self, receipts: Any) -> None:
        raise TryAgain(f"not deleted: {len(receipts)}")


def test_what_the_reaper_could_not_do_is_a_problem(service: Service) -> None:
    service.launch(1)
    service.lsf.all_hosts = (service.make.host("onprem-1"),)
    service.room.now += 24 * 3600
    service.room.cloud.end = refused
    turned = service.turn()
    assert (turned.unknown, turned.ended) == ({"reap"}, ())
    assert "not ended" in turned.problems[0].text


def refused(*_: object) -> Any:
    raise CloudError("no permission", code="UnauthorizedOperation")


MACHINES = [f"i-{number}" for number in range(3)]
KINDS = st.sampled_from([notices.INTERRUPTION, notices.REBALANCE])
ARRIVED = st.lists(
    st.builds(
        Notice,
        machine_id=st.sampled_from([*MACHINES, "i-foreign"]),
        kind=KINDS,
        at=st.integers(1, 10**9).map(float),
        receipt=st.uuids().map(str),
    )
)


@given(ARRIVED, st.lists(st.sampled_from([0.0, 7.0]), min_size=3, max_size=3))
def test_every_message_is_done_with_once_and_the_earliest_time_counts(
    make: Any, arrived: list[Notice], written: list[float]
) -> None:
    machines: list[Machine] = [
        make.machine(machine_id=name, notice=at) for name, at in zip(MACHINES, written, strict=True)
    ]
    found, foreign = markings(arrived, machines)
    receipts = [one.receipt for one in foreign] + [receipt for one in found for receipt in one.receipts]
    assert sorted(receipts) == sorted(one.receipt for one in arrived)
    assert {one.machine_id for one in foreign} <= {"i-foreign"}
    for marking in found:
        told = [one.at for one in arrived if (one.machine_id, one.kind) == (marking.machine.machine_id, "interruption")]
        expected = f"{min(told):.0f}" if told and not marking.machine.notice else None
        assert marking.marks.get("ris_notice") == expected


def test_a_data_plane_that_says_nothing_is_a_problem_and_stops_nothing(service: Service) -> None:
    service.launch(1)
    provider = replace(service.room.provider, outlook=FakeOutlook())
    turned = Turn(service.lsf, service.queue, service.hosts).take(provider)
    assert [(one.what, one.text) for one in turned.problems] == [
        ("data", "what jobs' data is ready is unknown, so no job is sent: nothing was said yet")
    ]
    assert turned.word is not None
    assert turned.pools == {"cpu": "on"}
    said = Word(at=service.room.now, spent={"lee": 5.0})
    provider = replace(provider, outlook=FakeOutlook(said))
    again = Turn(service.lsf, service.queue, service.hosts).take(provider)
    assert again.word == said
    assert again.committed_usd == pytest.approx(turned.committed_usd + 5.0)
