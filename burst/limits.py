"""Ordered limits between what is wanted and what is launched; each may only lower, each leaves its reason (pure).

Order, and why: whether the pool may be used at all, what LSF asked, then the shape of the launch (step, cool-down),
then the caps from the narrowest to the widest (pool, lab, all), then money (lab, all). The figure only ever falls, so
the order decides the reason that is shown last, never the safety of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING

from burst.fleet import commit_usd, dearest
from ris_hybrid.model import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.fleet import Fleet
    from ris_hybrid.settings import BurstSettings, Pool

OFF, HOLD = "off", "hold"
"""The stages that speak of the pool itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A wish for nodes of one pool for one lab. ``new_demand`` is LSF's own figure, None when nobody asked."""

    pool: Pool
    lab: str
    nodes: int
    new_demand: int | None = None
    data_usd: float = 0.0
    """Dollars of data, transfers and egress, of the jobs that each node will serve."""


def apply_caps(ask: Ask, fleet: Fleet, settings: BurstSettings) -> tuple[int, tuple[Reason, ...]]:
    """The hard limits alone: the pool's marks, caps and money. What the provider enforces whatever it is asked."""
    return _run(STATE + CAPS, ask, fleet, settings)


def apply_all(ask: Ask, fleet: Fleet, settings: BurstSettings) -> tuple[int, tuple[Reason, ...]]:
    """Every stage, for a decision that nobody has made yet.

    When LSF asks, the pool's own marks are left to ``requestMachines``: only there can LSF be told the capacity code
    that turns it to its next template. An answer of 0 here would make it ask for the same one for ever.
    """
    return _run((STATE if ask.new_demand is None else ()) + SHAPE + CAPS, ask, fleet, settings)


def marks_said(ask: Ask, fleet: Fleet, settings: BurstSettings) -> tuple[str, ...]:
    """What is marked on the pool, in words, for a decision that leaves it to ``requestMachines``."""
    found = (stage(ask, ask.nodes, fleet, settings) for stage in STATE)
    return tuple(f"{one.stage}: {one.text}" for one in found if one is not None)


def _run(stages: tuple[Stage, ...], ask: Ask, fleet: Fleet, settings: BurstSettings) -> tuple[int, tuple[Reason, ...]]:
    nodes, reasons = ask.nodes, []
    for stage in stages:
        if nodes == 0:
            break
        reason = stage(ask, nodes, fleet, settings)
        if reason is not None and reason.nodes is not None and reason.nodes < nodes:
            nodes = reason.nodes
            reasons.append(reason)
    parted = _parted(ask, nodes)
    return (nodes, tuple(reasons)) if parted is None else (0, (*reasons, parted))


def _parted(ask: Ask, nodes: int) -> Reason | None:
    """A pool whose nodes work together gets none of them when it cannot get them all."""
    whole = ask.nodes if ask.new_demand is None else min(ask.nodes, ask.new_demand)
    if not (ask.pool.all_or_none and 0 < nodes < whole):
        return None
    text = f"{ask.pool.name} launches all or none, and only {nodes} of {whole} nodes are allowed"
    return Reason(stage="all or none", text=text, nodes=0)


def switched_off(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """A pool whose nodes do not work gets none until an admin has looked."""
    off = fleet.marks_of(ask.pool.name).off
    return (
        Reason(stage=OFF, text=f"{ask.pool.name} is off: {off}; {how_to_clear(ask.pool.name)}", nodes=0)
        if off
        else None
    )


def on_hold(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """A pool the cloud had nothing for is left alone for a while."""
    marks = fleet.marks_of(ask.pool.name)
    if marks.held_until <= fleet.now:
        return None
    left = ceil((marks.held_until - fleet.now) / 60)
    text = f"{ask.pool.name} is left alone until {clock_text(marks.held_until)} ({left} min): {marks.held_for}"
    return Reason(stage=HOLD, text=text, nodes=0)


def how_to_clear(pool: str) -> str:
    """What an admin types to switch a pool on again."""
    return f"clear it with: ris-hybrid burst clear {pool}"


def clock_text(at: float) -> str:
    """A time of day as people read it, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M UTC")


def lsf_asked(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """Never more than LSF's own new demand."""
    if ask.new_demand is None or nodes <= ask.new_demand:
        return None
    return Reason(stage="demand", text=f"LSF asks for {ask.new_demand} new nodes", nodes=ask.new_demand)


def step(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """At most so many new nodes in one decision."""
    most = settings.caps.step_nodes
    if most is None or nodes <= most:
        return None
    return Reason(stage="step", text=f"at most {most} new nodes at a time", nodes=most)


def cooldown(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """Leave the last launch time to take effect."""
    last = fleet.last_launch(ask.pool.name, ask.lab)
    if last is None:
        return None
    since = max(0.0, fleet.now - last)  # the cloud's clock may be ahead of ours
    left = settings.caps.cooldown_s - since
    if left <= 0:
        return None
    return Reason(stage="cool-down", text=f"launched {since:.0f} s ago, {left:.0f} s to go", nodes=0)


def pool_cap(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """The pool's max_nodes."""
    return _room("pool cap", ask.pool.name, ask.pool.max_nodes, fleet.count(pool=ask.pool.name), nodes)


def lab_cap(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """The lab's own cap, else the one for every lab."""
    cap = settings.caps.labs.get(ask.lab, settings.caps.per_lab)
    return None if cap is None else _room("lab cap", ask.lab or "no lab", cap, fleet.count(lab=ask.lab), nodes)


def total_cap(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """The cap over all pools and labs."""
    return _room("cap", "all pools", settings.caps.nodes, fleet.count(), nodes)


def lab_budget(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """The lab's monthly budget, when it has one."""
    budget = settings.budget.labs.get(ask.lab)
    if budget is None:
        return None
    return _affordable("lab budget", ask, nodes, budget - fleet.committed_usd(settings, ask.lab), settings)


def total_budget(ask: Ask, nodes: int, fleet: Fleet, settings: BurstSettings) -> Reason | None:
    """The monthly budget of the site."""
    left = settings.budget.usd_per_month - fleet.committed_usd(settings)
    return _affordable("budget", ask, nodes, left, settings)


def _room(stage: str, what: str, cap: int, present: int, nodes: int) -> Reason | None:
    room = max(0, cap - present)
    if nodes <= room:
        return None
    return Reason(stage=stage, text=f"{what}: {present} of {cap} nodes are up", nodes=room)


def _affordable(stage: str, ask: Ask, nodes: int, left_usd: float, settings: BurstSettings) -> Reason | None:
    each = commit_usd(dearest(ask.pool, settings.prices), settings) + ask.data_usd
    room = left_usd / each if each > 0 else nodes
    most = int(min(nodes, room)) if left_usd > 0 else 0
    if nodes <= most:
        return None
    data = f", ${ask.data_usd:.2f} of it for its jobs' data" if ask.data_usd else ""
    text = f"${max(0.0, left_usd):.2f} of this month is not committed, a node commits ${each:.2f}{data}"
    return Reason(stage=stage, text=text, nodes=most)


if TYPE_CHECKING:
    Stage = Callable[[Ask, int, Fleet, BurstSettings], Reason | None]

STATE = (switched_off, on_hold)
SHAPE = (lsf_asked, step, cooldown)
CAPS = (pool_cap, lab_cap, total_cap, lab_budget, total_budget)
