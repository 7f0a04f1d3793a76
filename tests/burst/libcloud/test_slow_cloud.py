"""Verbs over a second cloud that takes a second for each call, one after the other, as a connection of ours does."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from burst import deadline
from burst.audit import FakeAudit
from burst.clouds.joint import JointCloud, JointLedger
from burst.clouds.quiet import Quiet
from burst.journal import FakeJournal
from burst.libcloud.fleet import LibcloudCloud
from burst.libcloud.roll import REMEMBERED_S, Row
from burst.libcloud.sight import LEFT_S, MOST_ASKED, MOST_WRITTEN
from burst.libcloud.values import INDEX, TOKEN, Node
from burst.provider import Provider
from burst.rc import verbs
from burst.spend import FakeSpend
from ris_hybrid.errors import CloudError, QuotaReached
from ris_hybrid.model import MachineState
from tests.burst.libcloud.second import NAME, Second

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.libcloud.ports import Connection


class Slow:
    """Every call takes a second of a clock of ours; none begins after the caller's time."""

    def __init__(self) -> None:
        self.at = 0.0
        self._lock = Lock()

    def __call__(self) -> float:
        return self.at

    def connection(self, real: Connection) -> Connection:
        parts = {name: _Port(getattr(real, name), self) for name in ("nodes", "metadata", "shelf", "catalogue")}
        return replace(real, **parts)

    def call(self, do: Callable[[], Any]) -> Any:
        with self._lock:
            deadline.check()
            self.at += 1.0
            return do()


class _Port:
    def __init__(self, real: Any, slow: Slow) -> None:
        self._real, self._slow = real, slow

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self._slow.call(lambda: getattr(self._real, name)(*args))


class Verbs:
    """The verbs as LSF calls them, 18 s each, half a minute apart."""

    def __init__(self, make: Any) -> None:
        self.second = Second(make)
        self.slow = Slow()
        self.second.use(self.slow.connection(self.second.project.connection()))
        self.spend = FakeSpend()

    def call(self, verb: Callable[[Provider], Any]) -> Any:
        self.second.now += 30.0
        quiet, second = Quiet(self.slow), self.second
        provider = Provider(
            settings=second.settings,
            cloud=JointCloud({NAME: second.cloud}, second.settings, quiet),
            ledger=JointLedger({NAME: second.ledger}, second.settings, quiet),
            spend=self.spend,
            audit=FakeAudit(),
            journal=FakeJournal(),
            now=second.now,
        )
        with deadline.within(deadline.VERB_S, self.slow):
            return verb(provider)

    def until_told(self, payload: Any, most: int) -> Any:
        for _ in range(most):
            try:
                return self.call(lambda provider: verbs.request_return_machines(payload, provider))
            except CloudError:
                continue
        raise AssertionError(f"LSF has asked {most} times")


def test_thirty_machines_are_returned_in_the_end(make: Any) -> None:
    world = Verbs(make)
    made = world.second.cloud.launch(make.launch(30)).machine_ids
    payload = {"machines": [{"name": one, "machineId": f"{NAME}/{one}"} for one in made]}
    told = world.until_told(payload, 8)
    request = {"requests": [{"requestId": told["requestId"]}]}
    for _ in range(9):
        (row,) = world.call(lambda provider: verbs.get_request_status(request, provider))["requests"]
        if row["status"] == "complete":
            break
    assert row["status"] == "complete"
    assert not world.second.project.nodes


def test_of_fifty_machines_lsf_gets_those_there_is_time_for_and_asks_again(make: Any) -> None:
    world = Verbs(make)
    payload = {"template": {"templateId": "cpu", "machineCount": 50}, "rc_account": "lee"}
    told = world.call(lambda provider: verbs.request_machines(payload, "in-1", provider.now, provider))
    assert told["message"].endswith("machines launched; Error Code: OutOfTime")
    assert 5 < len(world.second.project.nodes) < 20
    request = {"requests": [{"requestId": told["requestId"]}]}
    (row,) = world.call(lambda provider: verbs.get_request_status(request, provider))["requests"]
    assert row["status"] == "complete_with_error"
    assert row["message"].endswith(" usable; Error Code: OutOfTime")
    assert world.call(lambda provider: provider.ledger.pools())["cpu"].held_until == 0


def test_a_look_that_must_ask_for_many_gets_on_with_each(make: Any) -> None:
    world = Verbs(make)
    world.second.cloud.launch(make.launch(30))
    world.second.cloud.machines()
    world.second.project.nodes.clear()
    alive = [30]
    while alive[-1] and len(alive) < 9:
        with deadline.within(deadline.VERB_S / 2, world.slow):
            alive.append(len(world.second.alive()))
    assert alive == sorted(set(alive), reverse=True)
    assert alive[-1] == 0


def test_marks_that_others_left_leave_time_for_the_calls_own_work(make: Any) -> None:
    world = Verbs(make)
    ids = world.second.cloud.launch(make.launch(MOST_WRITTEN)).machine_ids
    nodes = world.second.project.nodes
    world.second.sight.roll.note(Row(node=nodes[one], unwritten={"ris_shortfall": "X"}) for one in ids)
    with deadline.within(deadline.VERB_S / 2, world.slow):
        assert {machine.shortfall for machine in world.second.cloud.machines()} == {"X"}
        assert deadline.left_s() >= LEFT_S - 1


def test_what_its_cloud_keeps_a_while_though_it_was_deleted_hides_no_other(make: Any) -> None:
    second = Second(make)
    for number in range(2 * MOST_ASKED):
        node = _node(make, f"node-{number}", f"{number}")
        second.sight.roll.note([Row(node=node)])
        if number < MOST_ASKED:  # Nova's soft delete: in no list, and told by id until it is reclaimed
            second.project.nodes[node.node_id] = replace(node, state=MachineState.TERMINATED)
    real = second.project.connection()
    second.sight = replace(second.sight, connection=replace(real, nodes=_NoneListed()))
    assert [sum(not row.gone for row in second.sight.look().values()) for _ in range(3)] == [MOST_ASKED, 0, 0]
    second.now += REMEMBERED_S
    assert second.sight.look() == {}


def test_a_machine_whose_launch_was_never_told_costs_no_month(make: Any) -> None:
    second = Second(make)
    second.sight.roll.note([Row(node=replace(_node(make, "node-1", "0"), launched=0.0))])
    (row,) = second.sight.look().values()
    assert (row.node.state, row.node.launched) == (MachineState.TERMINATED, second.now)


def test_what_may_not_be_marked_is_ended_all_the_same(make: Any) -> None:
    second = Second(make)
    (machine_id,) = second.cloud.launch(make.launch()).machine_ids
    real = second.project.connection()
    sight = replace(second.sight, connection=replace(real, metadata=_Unmarkable(real.metadata)))
    assert LibcloudCloud(sight, str, second.wait).end([machine_id], "ret-1") == (machine_id,)
    (machine,) = LibcloudCloud(sight, str, second.wait).machines()
    assert (machine.state, machine.return_id) == (MachineState.TERMINATED, "ret-1")


class _NoneListed:
    def listed(self) -> tuple[Node, ...]:
        return ()


class _Unmarkable:
    def __init__(self, real: Any) -> None:
        self._real = real

    def find(self, node_id: str) -> Any:
        return self._real.find(node_id)

    def write(self, *_: object) -> bool:
        raise QuotaReached("Maximum number of metadata items exceeds 20", code="QuotaExceeded")


def _node(make: Any, node_id: str, index: str) -> Node:
    return Node(
        node_id=node_id,
        name=f"ris-cpu-{index}",
        state=MachineState.RUNNING,
        size="m1.large",
        zone="nova-1",
        private_ip="10.0.0.1",
        launched=make.now,
        tags={TOKEN: "t-1", INDEX: index},
    )
