"""A provider on one second cloud in memory, whose calls can be cut one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from burst.libcloud.fake import FakeProject
from burst.libcloud.fleet import LibcloudCloud
from burst.libcloud.marks import LibcloudLedger
from burst.libcloud.roll import FakeRoll
from burst.libcloud.sight import Sight
from ris_hybrid.pool_settings import SecondCloud

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.libcloud.ports import Connection

NAME = "research"


class Killed(BaseException):
    """The process ends here: nobody catches it."""


class Second:
    """``cloud`` and ``ledger`` over a project; ``now`` is moved by waiting."""

    def __init__(self, make: Any, project: FakeProject | None = None, **pool: Any) -> None:
        self.now = make.now
        self.waited: list[float] = []
        self.project = project or FakeProject(lambda: self.now)
        fields = {
            "provider": "libcloud",
            "cloud": NAME,
            "instance_types": (f"{NAME}/m1.large", f"{NAME}/m1.xlarge"),
            "image": "lsf-node",
            "networks": ("hpc",),
            "zones": ("nova-1", "nova-2"),
            "security_groups": ("ris-node",),
            "launch_template": "",
            "subnets": (),
            **pool,
        }
        pools = (make.pool(**fields), make.pool("whole", **fields, all_or_none=True))
        clouds = (SecondCloud(name=NAME, driver="openstack", project="ris-sandbox"),)
        self.settings = make.settings(pools=pools, clouds=clouds)
        self.use(self.project.connection())

    def use(self, connection: Connection) -> None:
        """Ports as another process makes them: only the project is the same."""
        self.sight = Sight(
            connection=connection,
            settings=self.settings,
            cloud=NAME,
            roll=FakeRoll(lambda: self.now),
            now=lambda: self.now,
        )
        self.cloud = LibcloudCloud(self.sight, lambda pool: f"# {pool.name}\n", self.wait)
        self.ledger = LibcloudLedger(self.sight)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds

    def alive(self) -> list[str]:
        return [machine.machine_id for machine in self.cloud.machines() if machine.alive]


class Cut:
    """Calls of a connection, the one of that number cut by an error before or after it has done its work."""

    def __init__(self, at: int, error: BaseException, *, after: bool) -> None:
        self.at, self.error, self.after = at, error, after
        self.count = 0

    def connection(self, real: Connection) -> Connection:
        parts = {name: _Port(getattr(real, name), self) for name in ("nodes", "metadata", "shelf", "catalogue")}
        return replace(real, **parts)

    def call(self, do: Callable[[], Any]) -> Any:
        self.count += 1
        if self.count != self.at:
            return do()
        if self.after:
            do()
        raise self.error


class _Port:
    def __init__(self, real: Any, cut: Cut) -> None:
        self._real, self._cut = real, cut

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self._cut.call(lambda: getattr(self._real, name)(*args))
