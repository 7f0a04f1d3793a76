"""Which policies a table compares: the site's own gates, its peers as their makers ship them, and ours (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.values import Policy
from ris_hybrid.settings import Gate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.settings import BurstSettings

VALUES = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Dollars per core and hour of waiting: the curve that is drawn where no values are named."""
CURVE = 16
"""Settings of each peer's grid that the report's picture replays, spread evenly over it."""
OPEN = (Gate(pending_jobs=1),)
"""A gate that one pending job opens: the rule alone decides."""
_NOT_GIVEN = -1.0


def table(
    settings: BurstSettings, peers: Sequence[Policy], values: Sequence[float], *, gated: bool
) -> tuple[Policy, ...]:
    """No cloud, the site's gates, the peers, ours at every v and at the site's own, there with run times known too.

    ``gated`` is whether the site has gates of its own.
    """
    own = settings.planner.value
    return (
        Policy(kind="none", label="no cloud"),
        *((gates(settings),) if gated else ()),
        *peers,
        *(ours(settings, v) for v in sorted({*values, own})),
        ours(settings, own, perfect=True),
    )


def gates(settings: BurstSettings) -> Policy:
    """The site's thresholds as configured (``mode: thresholds``)."""
    figures: dict[str, float | tuple[float, ...]] = {
        "gates": flat(settings.gates),
        "release": (float(settings.release.pending_jobs), float(settings.release.pending_slots)),
        "step_nodes": float(settings.caps.step_nodes or 0),
        "step_s": settings.caps.cooldown_s,
        "idle_s": settings.life.idle_minutes * 60,
    }
    return Policy(kind="gates", figures=figures, label="the site's gates")


def ours(settings: BurstSettings, v: float, *, perfect: bool = False) -> Policy:
    """The planner behind the site's gates (``mode: planned``); ``perfect`` knows how long each job will run."""
    planner = settings.planner
    figures: dict[str, float | tuple[float, ...]] = {
        "depth": float(planner.depth),
        "release_ratio": planner.release_ratio,
        "pacing": float(planner.pacing),
        "idle_s": settings.life.idle_minutes * 60,
    }
    if settings.gates != OPEN:
        figures["gates"] = flat(settings.gates)
        figures["release"] = (float(settings.release.pending_jobs), float(settings.release.pending_slots))
    label = f"ours, v {v:g}" + (", run times known" if perfect else "")
    return Policy(kind="perfect" if perfect else "planned", v=v, figures=figures, label=label)


def flat(some: Sequence[Gate]) -> tuple[float, ...]:
    """Gates as figures: four for each, pending jobs, seconds, slots and seconds of expected wait; -1 is not given."""
    return tuple(
        _NOT_GIVEN if figure is None else figure * per
        for gate in some
        for figure, per in (
            (gate.pending_jobs, 1.0),
            (gate.for_minutes, 60.0),
            (gate.pending_slots, 1.0),
            (gate.expected_wait_minutes, 60.0),
        )
    )


def spread(grid: Sequence[Policy], most: int = CURVE) -> tuple[Policy, ...]:
    """So many of a grid at most, the first and the last one among them."""
    if len(grid) <= most:
        return tuple(grid)
    return tuple(grid[round(index * (len(grid) - 1) / (most - 1))] for index in range(most))
