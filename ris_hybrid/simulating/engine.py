"""The replay that production's planner shares, as the desk uses it, and the peers it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay import peers
from burst.replay.metrics import measure
from burst.replay.run import replay
from ris_hybrid.simulating.policies import ours, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.replay.metrics import Metrics
    from burst.replay.peers import Peer
    from burst.replay.values import Outcome, Policy, Site, Workload
    from ris_hybrid.settings import BurstSettings

_DRAWN: tuple[Peer, ...] = ("lsf", "count", "immediate", "karpenter", "aqtp")


class Replays:
    """``desk.Engine``."""

    def replay(
        self, workload: Workload, site: Site, policy: Policy, progress: Callable[[int, int], None] | None = None
    ) -> Outcome:
        """One replay."""
        return replay(workload, site, policy, progress)

    def measure(self, workload: Workload, site: Site, outcome: Outcome, v: float) -> Metrics:
        """Its figures."""
        return measure(workload, site, outcome, v)


def shipped() -> Sequence[Policy]:
    """Each peer as its makers document it."""
    return peers.shipped()


def curves(settings: BurstSettings, values: Sequence[float]) -> Mapping[str, Sequence[Policy]]:
    """What the report's picture replays beside the table: some settings of each peer, ours with run times known."""
    drawn: dict[str, Sequence[Policy]] = {kind: spread(peers.grid(kind)) for kind in _DRAWN}
    return {**drawn, "perfect": tuple(ours(settings, v, perfect=True) for v in values)}
