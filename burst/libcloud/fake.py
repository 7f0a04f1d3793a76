"""A second cloud in memory that keeps the ports' promises and can fail on purpose; shipped, for tests and dry runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from burst.libcloud.ports import Connection
from burst.libcloud.values import Node, Offered, Size
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from burst.libcloud.values import Wanted
    from ris_hybrid.errors import CloudError

OFFERED = Offered(
    sizes=(Size(name="m1.large", vcpus=4, memory_mib=8192), Size(name="m1.xlarge", vcpus=8, memory_mib=16384)),
    images=frozenset({"lsf-node"}),
    networks=frozenset({"hpc"}),
    zones=frozenset({"nova-1", "nova-2"}),
    security_groups=frozenset({"ris-node"}),
)


@dataclass(slots=True)
class FakeProject:
    """What the four ports share. Machines run at once, and are gone at once; ``room`` bounds how many there are."""

    now: Callable[[], float]
    room: int = 1000
    """Those beyond it go to ERROR, as OpenStack's do."""
    nodes: dict[str, Node] = field(default_factory=dict)
    pools: dict[str, dict[str, str]] = field(default_factory=dict)
    fail_next: CloudError | None = None
    """Raised by the next call, once."""
    calls: list[str] = field(default_factory=list)
    started: int = 0

    def connection(self) -> Connection:
        """Ports over it; two connections see the same project."""
        return Connection(
            nodes=FakeNodes(self), metadata=FakeMetadata(self), shelf=FakeShelf(self), catalogue=FakeCatalogue(self)
        )

    def call(self, name: str) -> None:
        """Count a call, and fail where that is wished."""
        self.calls.append(name)
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure


class FakeNodes:
    """Machines in memory."""

    def __init__(self, project: FakeProject) -> None:
        self._project = project

    def listed(self) -> tuple[Node, ...]:
        """All of them."""
        self._project.call("listed")
        return tuple(self._project.nodes.values())

    def create(self, wanted: Wanted) -> Node:
        """One more; without a place where there is no room."""
        project = self._project
        project.call("create")
        project.started += 1
        number = project.started
        full = sum(1 for node in project.nodes.values() if node.placed) >= project.room
        node = Node(
            node_id=f"node-{number}",
            name=wanted.name,
            state=MachineState.STOPPED if full else MachineState.RUNNING,
            size=wanted.size,
            zone=wanted.zone or "nova-1",
            private_ip="" if full else f"10.30.{number // 250}.{number % 250 + 1}",
            launched=project.now(),
            tags=dict(wanted.tags),
            fault="NoValidHost: the fake project is full" if full else "",
            placed=not full,
        )
        project.nodes[node.node_id] = node
        return node

    def delete(self, node_id: str) -> bool:
        """Gone at once."""
        self._project.call("delete")
        return self._project.nodes.pop(node_id, None) is not None


class FakeMetadata:
    """Tags in memory."""

    def __init__(self, project: FakeProject) -> None:
        self._project = project

    def find(self, node_id: str) -> Node | None:
        """As it is now."""
        self._project.call("find")
        return self._project.nodes.get(node_id)

    def write(self, node_id: str, marks: Mapping[str, str]) -> bool:
        """Beside the others."""
        self._project.call("write")
        node = self._project.nodes.get(node_id)
        if node is None:
            return False
        told = {key: value for key, value in {**node.tags, **marks}.items() if value}
        self._project.nodes[node_id] = replace(node, tags=told)
        return True


class FakeShelf:
    """Marks of pools in memory."""

    def __init__(self, project: FakeProject) -> None:
        self._project = project

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """As they were written."""
        self._project.call("read")
        return {pool: dict(marks) for pool, marks in self._project.pools.items()}

    def write(self, pool: str, marks: Mapping[str, str]) -> None:
        """Beside the others."""
        self._project.call("shelve")
        before = self._project.pools.get(pool, {})
        self._project.pools[pool] = {key: value for key, value in {**before, **marks}.items() if value}


class FakeCatalogue:
    """Always the same."""

    def __init__(self, project: FakeProject) -> None:
        self._project = project

    def offered(self) -> Offered:
        """The sandbox's names."""
        self._project.call("offered")
        return OFFERED
