"""Whether a second cloud has what a pool names, and whether a node of it is what LSF is told (pure).

A vCPU of Google's is a thread of a core on most machine types (Compute Engine, "CPU platforms"); an OpenStack's is what
its flavors say, mostly a core to the system inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from burst.clouds.naming import plain
from burst.instance_types import USABLE_MEMORY
from burst.userdata import sent, user_data
from ris_hybrid.checkup.finding import Finding, asked
from ris_hybrid.config.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from burst.libcloud.values import Offered, Size
    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.settings import BurstSettings, Pool

_SHOWN = 8


def look(pool: Pool, settings: BurstSettings, cloud: SecondCloud, offered: Offered) -> Iterator[Finding]:
    """One finding for each kind of thing the pool names."""
    sizes = {size.name: size for size in offered.sizes}
    yield _sizes(pool, settings, cloud, sizes)
    yield _figures(pool, settings, cloud, sizes)
    lists: list[tuple[str, Sequence[str], Collection[str] | None]] = [
        ("image", (pool.image,), offered.images),
        ("networks", pool.networks, offered.networks),
        ("zones", pool.zones, offered.zones),
        ("security groups", pool.security_groups, offered.security_groups),
    ]
    for what, words, known in lists:
        if words and known is not None:
            yield _named(what, pool, words, known, cloud)
    yield from asked(f"user data of {pool.name}", lambda: [_told(pool, settings)])


def _sizes(pool: Pool, settings: BurstSettings, cloud: SecondCloud, sizes: dict[str, Size]) -> Finding:
    wrong, fit = [], []
    for kind in pool.instance_types:
        name = plain(kind)
        size = sizes.get(name)
        if size is None:
            wrong.append(f"{name} is not there{nearest(name, without_ids(sizes))}")
            continue
        wrong += _too_small(size, pool)
        fit.append(f"{name} ({size.vcpus} vCPUs, {size.memory_mib} MiB, ${settings.prices[kind]:g} an hour)")
    hint = f"mend instance_types, slots or memory_mib of the pool; {cloud.name} has {_some(sizes)}"
    return Finding(name=f"sizes of {pool.name}", ok=not wrong, text="; ".join(wrong or fit), hint=hint)


def _too_small(size: Size, pool: Pool) -> Iterator[str]:
    if size.vcpus < pool.slots:
        yield f"{size.name} has {size.vcpus} vCPUs, slots is {pool.slots}"
    if size.memory_mib < pool.memory_mib:
        yield f"{size.name} has {size.memory_mib} MiB, memory_mib is {pool.memory_mib}"


def _figures(pool: Pool, settings: BurstSettings, cloud: SecondCloud, sizes: dict[str, Size]) -> Finding:
    """What LSF is told, which a size that is large enough on paper may not bear out."""
    doubts = []
    for size in (sizes[name] for name in map(plain, pool.instance_types) if name in sizes):
        cores = size.vcpus // 2
        if cloud.driver == "gce" and settings.ncpus == "cores" and cores < pool.slots <= size.vcpus:
            doubts.append(f"{size.name} has {size.vcpus} vCPUs, mostly {cores} cores, slots is {pool.slots}")
        usable = int(size.memory_mib * USABLE_MEMORY)
        if usable < pool.memory_mib <= size.memory_mib:
            doubts.append(f"{size.name} has about {usable} MiB for LSF, memory_mib is {pool.memory_mib}")
    return Finding(
        name=f"figures of {pool.name}",
        ok=not doubts,
        text="; ".join(doubts) or f"{pool.slots} slots and {pool.memory_mib} MiB are told to LSF",
        hint="compare lshosts of a node: where lim reports less than slots and memory_mib, jobs wait for nodes in vain",
        needed=False,
    )


def _named(what: str, pool: Pool, words: Sequence[str], known: Collection[str], cloud: SecondCloud) -> Finding:
    wrong = [f"{word} is not there{nearest(word, without_ids(known))}" for word in words if word not in known]
    hint = f"mend the pool in burst.yaml, or have it made; {cloud.name} has {_some(known)}"
    return Finding(name=f"{what} of {pool.name}", ok=not wrong, text="; ".join(wrong) or ", ".join(words), hint=hint)


def _told(pool: Pool, settings: BurstSettings) -> Finding:
    """Raises ``ConfigError`` when burst.yaml gives none that can be used."""
    size, most = sent(pool, settings, user_data(pool, settings))
    return Finding(name=f"user data of {pool.name}", ok=True, text=f"{size} of at most {most} bytes")


def _some(known: Collection[str]) -> str:
    """A few of them, by name."""
    names = without_ids(known)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}" if names else "none"


def without_ids(known: Collection[str]) -> list[str]:
    """Those that are no ids: a cloud lists ids as well where they may be written in place of names."""
    return sorted(name for name in known if not _is_id(name))


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
