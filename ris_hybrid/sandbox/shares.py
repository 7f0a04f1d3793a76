"""What each cloud did of a replay: machines, dollars and jobs (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from burst.clouds.naming import cloud_of
from ris_hybrid.sandbox.bill import bill_of, rented

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.sandbox.bill import Bill
    from ris_hybrid.sandbox.lsf.spec import FinishedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One cloud's; EC2's name is empty."""

    cloud: str
    words: str
    """The cloud as a reader meets it: ``OpenStack research``."""
    pools: tuple[str, ...]
    bill: Bill
    jobs: int
    """Jobs that ran on its machines; one over several clouds counts at each."""
    left: int
    """Machines it still has."""

    def as_json(self) -> dict[str, Any]:
        """Rounded as the bill of all is."""
        return {
            "cloud": self.cloud,
            "pools": list(self.pools),
            "nodes_launched": self.bill.nodes,
            "node_hours": round(self.bill.node_hours, 3),
            "usd": round(self.bill.usd, 2),
            "jobs": self.jobs,
            "instances_left": self.left,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """A cloud that a burst.yaml names, and how many machines it has left."""

    name: str
    words: str
    pools: tuple[str, ...]
    left: int


def shares_of(
    clouds: Iterable[Cloud],
    rows: Sequence[Mapping[str, Any]],
    jobs: Sequence[FinishedJob],
    prices: Mapping[str, float],
    now: float,
) -> tuple[Share, ...]:
    """Each cloud's share, in order.

    Args:
        clouds: those to tell of.
        rows: of ``World.instances``.
        jobs: every ended job, with the hosts it ran on.
        prices: dollars per hour by type.
        now: epoch seconds, up to which is billed.
    """
    whose = {str(row["name"]): cloud_of(str(row["id"])) for row in rows}
    return tuple(
        Share(
            cloud=one.name,
            words=one.words,
            pools=one.pools,
            bill=bill_of((rented(row) for row in rows if cloud_of(str(row["id"])) == one.name), prices, now),
            jobs=sum(any(whose.get(host) == one.name for host in job.hosts) for job in jobs),
            left=one.left,
        )
        for one in clouds
    )
