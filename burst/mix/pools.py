"""Chosen jobs over the pools of burst.yaml, where several pools may take a job: nodes by pool and lab (pure).

Which jobs go, and what the caps leave for them, is decided before; this only finds the cheaper way of serving them.
Room that is there already is not looked at: jobs that have it need no new node.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.fleet import account_of
from burst.mix.program import Problem, Unsolved, highs
from burst.mix.solve import choose
from burst.mix.values import Bounds, JobClass, NodeType
from ris_hybrid.model import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.mix.solve import Solver
    from burst.mix.values import Mix
    from ris_hybrid.settings import Pool

SECONDS = 0.3
"""Of the solver: pools are few, and a turn must not wait."""
Place = tuple[str, str]
"""Pool and lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One chosen job that needs new nodes, and the pools that may take it and are worth it."""

    job_id: str
    lab: str
    slots: int
    pools: tuple[str, ...]
    memory_mib: int = 0
    gpus: int = 0
    one_host: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRoom:
    """A pool, what one of its nodes costs, and how many new ones it may get."""

    pool: Pool
    usd_per_hour: float
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Where the jobs go."""

    nodes: Mapping[Place, int] = field(default_factory=dict)
    """New nodes by pool and lab."""
    ids: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    """Jobs by pool and lab, best first."""
    reasons: Mapping[Place, tuple[Reason, ...]] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)
    """Job that has no node to why."""
    usd_per_hour: float = 0.0
    way: str = "none"
    """``HiGHS`` or ``first fit``; ``none`` for no job."""


def spread(
    wishes: Sequence[Wish], pools: Sequence[PoolRoom], bounds: Bounds | None = None, solver: Solver = highs
) -> Spread:
    """The cheapest new nodes for these jobs, best first; ``bounds`` are what is left of the caps of labs and in all.

    No solver runs where no job has a choice. Of equal jobs that cannot all be served the first ones are; a job over
    several nodes has all of them or none.
    """
    classes, members = _classes(wishes)
    labs = sorted({wish.lab for wish in wishes})
    kinds = [_kind(room, lab) for room in pools for lab in labs]
    choice = any(len({kind.name for kind in kinds if kind.name in one.types}) > 1 for one in classes)
    bounds = bounds or Bounds(seconds=SECONDS)
    mix = choose(classes, kinds, bounds, solver if choice else _none)
    places = _dealt(mix, members)
    served = {job_id for ids in places.values() for job_id in ids}
    rank = {wish.job_id: at for at, wish in enumerate(wishes)}
    why = {name: text for name, (_, text) in mix.unserved.items()}
    counts = {(pool, lab or ""): nodes for (pool, lab), nodes in mix.counts.items()}
    return Spread(
        nodes=counts,
        ids={place: tuple(sorted(ids, key=rank.__getitem__)) for place, ids in sorted(places.items())},
        reasons={place: (_reason(place, nodes, len(places[place]), mix),) for place, nodes in counts.items()},
        left={one: why[name] for name, ids in members.items() for one in ids if one not in served},
        usd_per_hour=mix.usd_per_hour,
        way=mix.way,
    )


def _classes(wishes: Iterable[Wish]) -> tuple[list[JobClass], dict[str, list[str]]]:
    """Equal jobs as classes, and by class the ids, best first."""
    members: defaultdict[tuple[object, ...], list[Wish]] = defaultdict(list)
    for wish in wishes:
        size = wish.slots, wish.memory_mib, wish.gpus, wish.one_host
        members[wish.lab, size, tuple(sorted(wish.pools))].append(wish)
    classes = [_class(f"{at:05}", group) for at, group in enumerate(members.values())]
    ids = ([wish.job_id for wish in group] for group in members.values())
    return classes, {one.name: found for one, found in zip(classes, ids, strict=True)}


def _class(name: str, group: Sequence[Wish]) -> JobClass:
    first = group[0]
    return JobClass(
        name=name,
        jobs=len(group),
        slots=first.slots,
        memory_mib=first.memory_mib,
        gpus=first.gpus,
        span="one-host" if first.one_host else "any",
        lab=first.lab,
        types=first.pools or ("",),
    )


def _kind(room: PoolRoom, lab: str) -> NodeType:
    pool = room.pool
    return NodeType(
        name=pool.name,
        slots=pool.slots,
        memory_mib=pool.memory_mib,
        gpus=pool.gpus,
        usd_per_hour=room.usd_per_hour,
        most=max(0, room.left),
        lab=lab,
    )


def _none(_: Problem) -> Unsolved:
    return Unsolved("every job has one pool, so that there is nothing to choose")


def _dealt(mix: Mix, members: Mapping[str, Sequence[str]]) -> dict[Place, list[str]]:
    """The ids of each class on the places that hold its jobs."""
    rest = {name: list(ids) for name, ids in members.items()}
    places: defaultdict[Place, list[str]] = defaultdict(list)
    held = [(part.type, name, each * part.nodes) for part in mix.nodes for name, each in part.holds]
    held += [(block.type, block.job_class, block.jobs) for block in mix.blocks]
    for kind, name, jobs in held:
        places[kind.name, kind.lab or ""].extend(rest[name][:jobs])
        del rest[name][:jobs]
    return places


def _reason(place: Place, nodes: int, jobs: int, mix: Mix) -> Reason:
    pool, lab = place
    text = f"{jobs} chosen jobs of {account_of(lab)} lie on {nodes} new nodes of {pool} ({mix.way}"
    return Reason(stage="mix", text=f"{text}: {'; '.join(mix.reasons)})", nodes=nodes)
