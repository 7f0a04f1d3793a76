"""libcloud's dummy driver behind our ports, thinly: what it has no notion of lies in its nodes' ``extra``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libcloud.compute.drivers.dummy import DummyNodeDriver
from libcloud.compute.types import NodeState

from burst.libcloud.ports import Connection
from burst.libcloud.values import Node, Offered, Size
from ris_hybrid.errors import TryAgain
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.libcloud.values import Wanted

_STATES = {NodeState.RUNNING: MachineState.RUNNING, NodeState.STOPPED: MachineState.STOPPED}


class Dummy:
    """One driver, which is the cloud; a connection may be made again and again."""

    def __init__(self, now: float) -> None:
        self.driver = DummyNodeDriver("-")
        self.driver.nl.clear()
        self.now = now
        self.lose_answer_of = 0  # of the creation of that number
        self.shelf: dict[str, dict[str, str]] = {}

    def connection(self) -> Connection:
        return Connection(
            nodes=DummyNodes(self), metadata=DummyMetadata(self), shelf=DummyShelf(self), catalogue=DummyCatalogue(self)
        )

    def found(self, node_id: str) -> Any:
        return next((one for one in self.driver.list_nodes() if str(one.id) == node_id), None)

    def told(self, one: Any) -> Node:
        return Node(
            node_id=str(one.id),
            name=one.name,
            state=_STATES[one.state],
            size=one.extra["size"],
            zone=one.extra["zone"],
            private_ip=one.public_ips[0],
            launched=self.now,
            tags=dict(one.extra["tags"]),
        )


class DummyNodes:
    def __init__(self, dummy: Dummy) -> None:
        self._dummy = dummy

    def listed(self) -> tuple[Node, ...]:
        return tuple(map(self._dummy.told, self._dummy.driver.list_nodes()))

    def create(self, wanted: Wanted) -> Node:
        driver = self._dummy.driver
        one = driver.create_node(name=wanted.name, size=driver.list_sizes()[0], image=driver.list_images()[0])
        one.extra.update(tags=dict(wanted.tags), size=wanted.size, zone=wanted.zone)
        if len(driver.list_nodes()) == self._dummy.lose_answer_of:
            self._dummy.lose_answer_of = 0
            raise TryAgain("the answer was lost")
        return self._dummy.told(one)

    def delete(self, node_id: str) -> bool:
        one = self._dummy.found(node_id)
        return one is not None and bool(self._dummy.driver.destroy_node(one))


class DummyMetadata:
    def __init__(self, dummy: Dummy) -> None:
        self._dummy = dummy

    def find(self, node_id: str) -> Node | None:
        one = self._dummy.found(node_id)
        return None if one is None else self._dummy.told(one)

    def write(self, node_id: str, marks: Mapping[str, str]) -> bool:
        one = self._dummy.found(node_id)
        if one is None:
            return False
        one.extra["tags"] = {key: value for key, value in {**one.extra["tags"], **marks}.items() if value}
        return True


class DummyShelf:
    def __init__(self, dummy: Dummy) -> None:
        self._dummy = dummy

    def read(self) -> Mapping[str, Mapping[str, str]]:
        return self._dummy.shelf

    def write(self, pool: str, marks: Mapping[str, str]) -> None:
        told = {**self._dummy.shelf.get(pool, {}), **marks}
        self._dummy.shelf[pool] = {key: value for key, value in told.items() if value}


class DummyCatalogue:
    def __init__(self, dummy: Dummy) -> None:
        self._dummy = dummy

    def offered(self) -> Offered:
        driver = self._dummy.driver
        return Offered(
            sizes=tuple(Size(name=one.name, vcpus=0, memory_mib=one.ram) for one in driver.list_sizes()),
            images=frozenset(one.name for one in driver.list_images()),
            networks=frozenset(),
            zones=frozenset(one.name for one in driver.list_locations()),
        )
