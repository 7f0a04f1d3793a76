"""The catalogue's types, and second clouds' sizes, as nodes to choose from, and how few of them will do (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.instance_types import like
from burst.mix.first_fit import first_fits
from burst.mix.laying import Task, settled
from burst.mix.solve import choose
from burst.mix.values import Bounds, NodeType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.instance_types import InstanceType
    from burst.mix.values import JobClass, Mix
    from ris_hybrid.settings import Pool


def types_of(
    kinds: Iterable[InstanceType],
    patterns: Sequence[str] = (),
    *,
    prices: Mapping[str, float],
    ncpus: str,
    spot_ratio: float | None = None,
) -> list[NodeType]:
    """The types whose name fits a pattern, or any where there is none, with a price; on x86, virtual, not burstable.

    Args:
        kinds: the catalogue.
        patterns: ``c7a.*``, by EC2's wildcard. Without any, types of earlier generations are left out.
        prices: the site's own, before the catalogue's.
        ncpus: what the cluster counts as a slot.
        spot_ratio: price of spot as a share of that on demand, to buy spot; types not sold as spot are left out then.
    """
    found = []
    for kind in kinds:
        usd = prices.get(kind.name, kind.usd_per_hour)
        named = any(like(pattern, kind.name) for pattern in patterns) if patterns else kind.current
        usual = kind.x86 and not kind.metal and not kind.burstable
        if usd is None or not named or not usual or (spot_ratio is not None and not kind.spot):
            continue
        found.append(
            NodeType(
                name=kind.name,
                slots=kind.slots(ncpus),
                memory_mib=kind.usable_mib,
                gpus=kind.gpus,
                usd_per_hour=usd if spot_ratio is None else usd * spot_ratio,
                together=kind.efa,
            )
        )
    return sorted(found, key=lambda kind: kind.name)


def sizes_of(pools: Iterable[Pool], patterns: Sequence[str] = (), *, prices: Mapping[str, float]) -> list[NodeType]:
    """Sizes of clouds beside EC2, which are in no catalogue: they have what the pools that name them say of a node.

    Of several pools the one that says most is right, for each holds of all its sizes. They are not sold as spot, and
    work together on a job where a pool says ``all_or_none``: nothing else tells of networks between them.

    Args:
        pools: with their types as ``burst.shapes`` names them.
        patterns: ``research/*``; any size where there is none.
        prices: of every such size.
    """
    found: dict[str, NodeType] = {}
    for pool in pools:
        for name in pool.instance_types if pool.provider != "ec2" else ():
            if patterns and not any(like(pattern, name) for pattern in patterns):
                continue
            before = found.get(name)
            found[name] = NodeType(
                name=name,
                slots=max(pool.slots, before.slots if before else 0),
                memory_mib=max(pool.memory_mib, before.memory_mib if before else 0),
                gpus=max(pool.gpus, before.gpus if before else 0),
                usd_per_hour=prices[name],
                together=pool.all_or_none or (before is not None and before.together),
            )
    return [found[name] for name in sorted(found)]


def by_labs(kinds: Sequence[NodeType], classes: Sequence[JobClass]) -> list[NodeType]:
    """Each type once for every lab: a node is one lab's."""
    return [replace(kind, lab=lab) for kind in kinds for lab in sorted({one.lab for one in classes})]


def choose_few(classes: Sequence[JobClass], kinds: Sequence[NodeType], bounds: Bounds, most_types: int | None) -> Mix:
    """The mix of at most so many types: those of the free mix, less the ones that first fit misses least."""
    free = choose(classes, kinds, bounds)
    names = {name for name, _ in free.counts}
    if most_types is None or len(names) <= most_types:
        return free
    while len(names) > most_types:
        names -= {min(sorted(names), key=lambda name: _without(classes, kinds, bounds, names - {name}))}
    mix = choose(classes, [kind for kind in kinds if kind.name in names], bounds)
    text = f"with as many types as it likes it would be ${free.usd_per_hour:.2f} an hour, which the bounds are about"
    same = free.unserved == mix.unserved
    return replace(
        mix,
        lp_usd=free.lp_usd if same else None,
        bound_usd=free.bound_usd if same else None,
        reasons=(*mix.reasons, f"at most {most_types} types: {text}"),
    )


def _without(
    classes: Sequence[JobClass], kinds: Sequence[NodeType], bounds: Bounds, names: set[str]
) -> tuple[int, float]:
    """Slots that stay unserved, and dollars an hour, by first fit over these types alone."""
    some = [kind for kind in kinds if kind.name in names]
    task = Task(classes=classes, kinds=some, bounds=bounds)
    rack = task.best([settled(task, way) for way in first_fits(some, classes, bounds)])
    return -task.slots(task.served(rack)), rack.usd_per_hour
