"""The hold-out: peers are tuned on the first half of a record and judged on the second; ours is not tuned at all.

For every v the best peer is the one with the lowest J on the second half among, for each kind of peer, the setting
that was best on the first half and the one its makers document. That is harder on ours than one tuned peer would be.
Not bursting at all is a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, fsum, log
from typing import TYPE_CHECKING

from burst.replay.bootstrap import interval, weekly
from burst.replay.tuning import Score, Scored, shipped, tuned
from burst.replay.values import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from burst.replay.bootstrap import Weekly
    from burst.replay.values import Outcome, Site, Workload

    Replay = Callable[[Workload, Site, Policy], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """One half of a record with the site it is replayed at."""

    workload: Workload
    site: Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One trace and one v, all figures of the second half."""

    trace: str
    v: float
    ours: Score
    peer: Policy
    peer_score: Score
    none: Score
    low: float
    """Of peer's J over ours, 95 % of the draws of weeks lie between ``low`` and ``high``."""
    high: float

    @property
    def ratio(self) -> float:
        """J of the best peer over ours: above 1 ours is better."""
        return self.peer_score.j(self.v) / self.ours.j(self.v)

    @property
    def wins(self) -> bool:
        """Whether ours has the lower J."""
        return self.ratio > 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Run:
    scored: Scored
    weeks: Weekly


def trained(half: Half, peers: Sequence[Policy], replay: Replay, tell: Callable[[str], None]) -> tuple[Scored, ...]:
    """Every setting of every peer on the first half."""
    return tuple(_run(half, peer, replay, tell).scored for peer in peers)


def judged(
    half: Half, found: Sequence[Scored], values: Sequence[float], replay: Replay, tell: Callable[[str], None]
) -> tuple[Cell, ...]:
    """Ours, and what the first half has picked of the peers, on the second half: a cell for each of the values of v."""
    picks = {v: [*tuned(found, v).values(), *shipped(found).values()] for v in values}
    peers = {id(one.policy): one.policy for some in picks.values() for one in some}
    runs = {key: _run(half, policy, replay, tell) for key, policy in peers.items()}
    none = _run(half, Policy(kind="none"), replay, tell)
    cells = []
    for v in values:
        ours = _run(half, Policy(kind="planned", v=v), replay, tell)
        cells.append(_cell((half.workload.name, v), ours, [runs[id(one.policy)] for one in picks[v]], none))
    return tuple(cells)


def _run(half: Half, policy: Policy, replay: Replay, tell: Callable[[str], None]) -> _Run:
    tell(f"{half.workload.name}: {policy.name}")
    weeks = weekly(replay(half.workload, half.site, policy), half.workload, half.site)
    score = Score(usd=fsum(weeks.usd), core_hours_waited=fsum(weeks.core_hours_waited))
    return _Run(scored=Scored(policy=policy, score=score), weeks=weeks)


def _cell(place: tuple[str, float], ours: _Run, peers: Sequence[_Run], none: _Run) -> Cell:
    trace, v = place
    best = min(peers, key=lambda run: run.scored.score.j(v))
    low, high = interval(best.weeks.j(v), ours.weeks.j(v))
    return Cell(
        trace=trace,
        v=v,
        ours=ours.scored.score,
        peer=best.scored.policy,
        peer_score=best.scored.score,
        none=none.scored.score,
        low=low,
        high=high,
    )


def geometric_mean(ratios: Sequence[float]) -> float:
    """Of positive figures."""
    return exp(fsum(map(log, ratios)) / len(ratios))
