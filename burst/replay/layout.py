"""Workload, site and policy as the rows that the loop runs over, and back."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from burst.planner.hazard import HOUR_S
from burst.replay.engine_money import UNBOUND
from burst.replay.engine_onprem import FOREVER
from burst.replay.engine_rule import Gate, Queue, Rule
from burst.replay.engine_state import (
    NONE,
    Event,
    Group,
    Job,
    Node,
    PoolRow,
    Run,
    Sheet,
    State,
    Trial,
    Work,
    World,
)
from burst.replay.figures import Figures
from burst.replay.offers import offers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.replay.values import Floats, Policy, Site, Whole, Workload

Row = TypeVar("Row")
_DAY_S = 86_400.0
_MONTHS = 1200
_FIRST_NODES = 1024
_SPARE_EVENTS = 1024
_IDLE_S = 180.0
"""Longer than this, or than a boot, no idle node is worth keeping (ski rental: it could be bought again)."""
_LEAST_IDLE_S = 1.0
"""A node that has just joined is not idle before the scheduler has seen it."""


class Rows:
    """Makes rows of the state's classes: numpy's records for the compiled loop, plain objects for the plain one."""

    def __init__(self, *, compiled: bool) -> None:
        self._compiled = compiled

    def table(self, kind: type[Row], size: int, columns: Mapping[str, object] | None = None) -> list[Row]:
        """So many rows with the class's own defaults, and these columns."""
        parts = fields(kind)  # type: ignore[arg-type]  # each is a dataclass
        names = [one.name for one in parts]
        rows = np.zeros(size, [(one.name, "f8" if one.type == "float" else "i8") for one in parts])
        for one in parts:
            if columns and one.name in columns:
                rows[one.name] = columns[one.name]
            elif one.default:
                rows[one.name] = one.default
        if self._compiled:
            return rows.view(np.recarray)  # type: ignore[return-value]  # its records read and write like objects
        return [kind(**dict(zip(names, row, strict=True))) for row in rows.tolist()]

    def single(self, row: type[Row], /, **values: float) -> Row:
        """One row."""
        return self.table(row, 1, values)[0]

    def numbers(self, values: Whole | Floats) -> Any:  # an array, or a list of int or float
        """A column of its own."""
        return values if self._compiled else values.tolist()

    def empty(self, size: int, kind: type = int) -> Any:  # the same
        """So many zeros."""
        return self.numbers(np.zeros(size, np.int64) if kind is int else np.zeros(size))


def column(rows: Sequence[object], name: str, count: int) -> Floats:
    """One column of the first so many rows; of an array of records it is there already."""
    there = getattr(rows, name, None)
    return np.array([getattr(row, name) for row in rows[:count]] if there is None else there[:count])


def laid_out(workload: Workload, site: Site, policy: Policy, *, compiled: bool) -> tuple[World, Sheet]:
    """Everything as it is before the first job comes, and the planner's scratch paper."""
    rows, figures = Rows(compiled=compiled), Figures(policy)
    count, most = workload.jobs, _most(site, figures)
    jobs = offers(workload, site, policy)
    running = _running(rows, site, count)
    groups = max(1, len(site.pools)) * (max(1, len(workload.labs)) if site.nodes_by_lab else 1)
    links = {"after": np.full(count + 1, count), "before": np.full(count + 1, count), "ended": FOREVER}
    world = World(
        jobs=rows.table(Job, count, jobs),
        work=rows.table(Work, count + 1, links),
        running=running,
        planned=_running(rows, site, count) if policy.kind == "perfect" else running,
        pools=_pools(rows, site, figures),
        nodes=rows.table(Node, _FIRST_NODES + 2 * most, {"luck": _luck(site.seed, _FIRST_NODES + 2 * most)}),
        live=rows.empty(most),
        heap=rows.table(Event, count + 3 * most + _SPARE_EVENTS),
        groups=rows.table(Group, groups),
        trial=rows.table(Trial, 2 * most + 1),
        queues=rows.table(Queue, max(1, len(workload.queues))),
        gates=_gates(rows, figures),
        pairs=rows.numbers(np.array(figures.many("pairs"), np.float64)),
        months=rows.numbers(_months(workload)),
        rule=_rule(rows, site, policy, figures),
        state=rows.single(State, free=site.capacity, first=figures.one("first", 1)),
    )
    shapes = int(jobs["shape"].max(initial=0)) + 1
    depth = max(1, min(int(figures.one("depth", 1000)), count))
    return world, _sheet(rows, depth, min(site.capacity, count) + 1, shapes, groups)


def grown(world: World, seed: int, *, compiled: bool) -> World:
    """The same with room for twice as many nodes and more events."""
    rows = Rows(compiled=compiled)
    size = 2 * len(world.nodes)
    nodes = rows.table(Node, size, {"luck": _luck(seed, size)})
    heap = rows.table(Event, 2 * len(world.heap))
    nodes[: len(world.nodes)] = world.nodes
    heap[: len(world.heap)] = world.heap
    return world._replace(nodes=nodes, heap=heap)


def _luck(seed: int, size: int) -> Floats:
    """How long each node lasts where the cloud takes some: the same for a node however many follow it."""
    return np.random.default_rng(seed).standard_exponential(size)


def _most(site: Site, figures: Figures) -> int:
    """Nodes over all pools, by the site's caps and the policy's own."""
    own = int(figures.one("most_nodes", 0)) or site.max_nodes
    return max(1, min(site.max_nodes, own, sum(pool.max_nodes for pool in site.pools)))


def _running(rows: Rows, site: Site, count: int) -> list[Run]:
    return rows.table(Run, min(site.capacity, count) + 1)


def _pools(rows: Rows, site: Site, figures: Figures) -> list[PoolRow]:
    idle = figures.one("idle_s", NONE)
    columns = {
        "cores": [pool.cores for pool in site.pools],
        "usd_s": [pool.usd_per_hour / HOUR_S for pool in site.pools],
        "boot": [pool.boot_s for pool in site.pools],
        "most": [pool.max_nodes for pool in site.pools],
        "hazard_s": [site.spot_hazard / HOUR_S if pool.spot else 0.0 for pool in site.pools],
        "idle": [min(pool.boot_s, _IDLE_S) if idle < 0 else max(idle, _LEAST_IDLE_S) for pool in site.pools],
    }
    return rows.table(PoolRow, len(site.pools), columns) if site.pools else rows.table(PoolRow, 1)


def _rule(rows: Rows, site: Site, policy: Policy, figures: Figures) -> Rule:
    planned = policy.kind in ("planned", "perfect")
    step = figures.one("step_nodes", 0)
    return rows.single(
        Rule,
        kind=figures.kind if site.pools else 0,
        steered=planned,
        easy=site.scheduling == "easy",
        most=_most(site, figures),
        depth=max(1, figures.one("depth", 1000)),
        by_lab=site.nodes_by_lab,
        perfect=policy.kind == "perfect",
        gated=planned and bool(figures.many("gates")),
        aged=any(age > 0 for age in figures.many("gates")[1::4]),
        release_jobs=(figures.many("release") or (1.0, 1.0))[0],
        release_slots=(figures.many("release") or (1.0, 1.0))[-1],
        capacity=site.capacity,
        step_nodes=step or 1 << 40,
        shared=figures.one("shared", 1),
        value=policy.v / HOUR_S,
        release=figures.one("release_ratio", 0.8),
        tick=figures.one("tick_s", site.tick_s),
        steer=figures.one("steer_s", 0),
        step_s=figures.one("step_s", 0),
        batch_idle=figures.one("batch_idle_s", 1),
        batch_most=figures.one("batch_most_s", 10),
        budget=min(site.usd_per_month, UNBOUND),
        commit_s=site.commit_hours * HOUR_S,
        pacing=planned and figures.one("pacing", 1),
        jobs=figures.one("jobs", 1),
        age=figures.one("for_s", 0),
        target=figures.one("target_s", 0),
        band=figures.one("band_s", 0),
        first_most=figures.one("first_most", 1e9),
    )


def _gates(rows: Rows, figures: Figures) -> list[Gate]:
    """Four figures each: jobs, seconds they have waited, slots, seconds of expected wait."""
    flat = figures.many("gates")
    columns = {name: flat[place::4] for place, name in enumerate(("jobs", "age", "slots", "wait"))}
    return rows.table(Gate, len(flat) // 4, columns) if flat else rows.table(Gate, 0)


def _sheet(rows: Rows, depth: int, busy: int, shapes: int, groups: int) -> Sheet:
    sizes = {"cursor": shapes, "left": groups, "times": depth + busy + 1, "free": depth + busy + 1}
    sizes |= {"ends": busy, "widths": busy}
    kinds = {"job", "slots", "shape", "group", "chosen", "there", "left", "free", "widths", "order"}
    return Sheet(**{
        name: rows.empty(sizes.get(name, depth), int if name in kinds else float) for name in Sheet._fields
    })  # fmt: skip


def _months(workload: Workload) -> Floats:
    """Begins of the calendar months (UTC) from that of the first job on; thirty days each where no date is known."""
    if not workload.began:
        return np.arange(_MONTHS, dtype=np.float64) * 30 * _DAY_S
    day = datetime.fromtimestamp(workload.began, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begins = [day.timestamp() - workload.began]
    year, month = day.year, day.month
    for _ in range(_MONTHS):
        begins.append(begins[-1] + monthrange(year, month)[1] * _DAY_S)
        year, month = year + month // 12, month % 12 + 1
    return np.array(begins)
