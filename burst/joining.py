"""What a pool's nodes show by joining LSF, or by not doing so: failures in a row, and how long it takes.

Both are marks on the pool. Too many failures in a row switch it off, and the boot time tells when a node that was
launched may be counted on no more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from burst.clouds import partly
from ris_hybrid.errors import CloudError
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from burst.provider import Provider
    from ris_hybrid.model import Machine

_SAMPLE = 11  # nodes that joined last, of one pool: their median is its boot time
_CHANGED = 0.10  # a boot time this much off the one written is written anew


def learn(machines: Sequence[Machine], joined: Sequence[str], failed: Sequence[Machine], provider: Provider) -> None:
    """Write what the pools' nodes have shown: failures in a row, and how long joining takes."""
    by_id = {machine.machine_id: machine for machine in machines}
    good = {by_id[machine_id].pool for machine_id in joined}
    bad = Counter(machine.pool for machine in failed)
    pools = sorted(good.union(bad))
    if not pools:
        return
    try:
        marked = partly.marks(provider.ledger)
    except CloudError as error:
        provider.note("pool not marked", pools=pools, message=error.message)
        return
    for pool in _readable(pools, marked, provider):
        before = marked.pools.get(pool, PoolMarks())
        after = _boot(_failures(before, pool in good, bad[pool], provider), pool, machines, provider)
        if after != before:
            _write(pool, after, before, provider)


def _write(pool: str, after: PoolMarks, before: PoolMarks, provider: Provider) -> None:
    """What is refused for one pool keeps no other from being marked."""
    try:
        provider.ledger.mark_pool(pool, after, before)
    except CloudError as error:
        provider.note("pool not marked", pools=[pool], message=error.message)
    else:
        figures = {"join_failures": after.join_failures, "off": after.off, "boot_s": after.boot_s}
        provider.note("pool marked", pool=pool, **figures)


def _readable(pools: Sequence[str], marked: partly.Marked, provider: Provider) -> list[str]:
    """The pools whose marks are known; what cannot be read is not written over."""
    clouds = {pool.name: pool.cloud for pool in provider.settings.pools}
    left = [pool for pool in pools if clouds.get(pool) in marked.unread]
    if left:
        provider.note("pool not marked", pools=left, message=partly.reasons(marked.unread))
    return [pool for pool in pools if pool not in left]


def _failures(marks: PoolMarks, good: bool, bad: int, provider: Provider) -> PoolMarks:
    """Failures in a row. A node that joined now is newer than one that was given up now, so it ends the row."""
    if good:
        return replace(marks, join_failures=0)
    life = provider.settings.life
    count = marks.join_failures + bad
    off = f"{count} nodes in a row did not join LSF"
    return replace(marks, join_failures=count, off=marks.off or (off if bad and count >= life.join_failures else ""))


def _boot(marks: PoolMarks, pool: str, machines: Iterable[Machine], provider: Provider) -> PoolMarks:
    """The median of the nodes that joined last. One that was seen late says nothing: nobody had looked before."""
    in_time = provider.settings.life.join_minutes * 60
    seen = sorted(
        (machine.joined, max(1.0, machine.joined - machine.launched))
        for machine in machines
        if machine.pool == pool and machine.joined and machine.joined - machine.launched < in_time
    )
    if not seen:
        return marks
    boot_s = _median([seconds for _, seconds in seen[-_SAMPLE:]])
    changed = not marks.boot_s or abs(boot_s - marks.boot_s) > _CHANGED * marks.boot_s
    return replace(marks, boot_s=boot_s) if changed else marks


def _median(values: Sequence[float]) -> float:
    """As ``statistics.median``, whose import would cost every call of a script 10 ms."""
    ranked, middle = sorted(values), len(values) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def with_joined(machines: Sequence[Machine], joined: Sequence[str], now: float) -> tuple[Machine, ...]:
    """The machines as they are once these are marked as joined."""
    new = set(joined)
    return tuple(replace(m, joined=now, unlisted=0.0, unheld=0.0) if m.machine_id in new else m for m in machines)
