"""Ours against peers tuned on the first half of real job logs, both on the second half; and what if we are wrong.

    python bench/holdout.py TRACE.swf.gz ... [--robust] [--json FILE]

Logs are those of the Parallel Workloads Archive (KTH-SP2-1996, UniLu-Gaia-2014-2, wagap-2013; Feitelson, Tsafrir,
Krakov, JPDC 74(10), 2014). Nodes have 16 cores of c7a at 0.8211 dollars an hour and boot in 180 s;
nothing caps them. wagap-2013 has no header: its machines have 2,176 slots. Gaia hardly waits on its own 2,004 slots;
on 1,100 it does. J = dollars + v * core-hours waited. Nothing of ours is tuned. It takes minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from burst.replay.experiment import Half, geometric_mean, judged, trained
from burst.replay.peers import grid, shipped
from burst.replay.run import replay
from burst.replay.stretches import halves
from burst.replay.values import Policy, ReplayPool, Site
from burst.replay.workload import workload
from onprem.swf import read_trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from burst.replay.experiment import Cell
    from burst.replay.tuning import Scored
    from burst.replay.values import Workload

VALUES = (0.003, 0.01, 0.03, 0.1, 0.3)
PEERS = ("lsf", "count", "immediate", "karpenter", "aqtp")
CORES, USD_PER_HOUR, BOOT_S = 16, 0.8211, 180.0
SPOT_RATIO = 0.35
"""Price of spot over the price on demand. Whether a job is put on spot nodes is decided alike for every policy."""


def site(load: Workload, capacity: int, boot_s: float = BOOT_S, usd: float = USD_PER_HOUR) -> Site:
    """The log's own cluster, and as many nodes as anybody may want."""
    most = ceil(int(load.slots.max()) / CORES) + 10_000
    pool = ReplayPool(name="c7a", cores=CORES, usd_per_hour=usd, boot_s=boot_s, max_nodes=most)
    return Site(capacity=capacity, pools=(pool,), max_nodes=most)


def read(path: Path) -> tuple[Workload, int]:
    """A log and the slots of its cluster."""
    reading = read_trace(path)
    load = workload(reading, name=path.name.partition("-")[0], notes=reading.notes)
    return load, reading.capacity


def peers() -> tuple[Policy, ...]:
    """Every peer as documented, and every setting of its grid."""
    return (*shipped(), *(policy for kind in PEERS for policy in grid(kind)))


def tell(text: str) -> None:
    """Progress, on stderr."""
    if sys.stderr.isatty() or "RIS_TOLD" in os.environ:
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def row(cell: Cell) -> str:
    """One line of the table."""
    ours, peer = cell.ours.j(cell.v), cell.peer_score.j(cell.v)
    return (
        f"| {cell.trace} | {cell.v:g} | {ours:,.0f} | {peer:,.0f} ({cell.peer.name}) | {cell.ratio:.2f} "
        f"| {cell.low:.2f}-{cell.high:.2f} | {cell.none.j(cell.v) / ours:.2f} |"
    )


def table(cells: Sequence[Cell]) -> list[str]:
    """The table and what it comes to."""
    wins = sum(cell.wins for cell in cells)
    mean = geometric_mean([cell.ratio for cell in cells])
    beside = geometric_mean([min(cell.ratio, cell.none.j(cell.v) / cell.ours.j(cell.v)) for cell in cells])
    lines = [
        "| log | v | J ours | J best peer | ratio | 95 % | no cloud |",
        "|---|---|---|---|---|---|---|",
        *map(row, cells),
    ]
    lines.append(f"ours lower in {wins} of {len(cells)} cells; geometric mean of best peer / ours {mean:.3f}")
    lines.append(f"with no cloud counted as a peer: geometric mean {beside:.3f}")
    return lines


def variants(load: Workload, capacity: int) -> dict[str, tuple[Workload, Site]]:
    """What the rule does not know, one at a time."""
    plain = site(load, capacity)
    inflated = np.random.default_rng(1).uniform(1.0, 5.0, load.jobs)
    pool = plain.pools[0]
    spot = replace(pool, name="spot", spot=True, usd_per_hour=pool.usd_per_hour * SPOT_RATIO)
    found = {f"boot {boot:g} s": (load, site(load, capacity, boot_s=boot)) for boot in (60.0, 300.0, 600.0)}
    found["limits x U[1,5]"] = (replace(load, limit_s=load.limit_s * inflated), plain)
    for hazard in (0.0, 0.01, 0.1):
        rented = replace(plain, pools=(pool, spot), spot_hazard=hazard, rerunnable_queues=load.queues)
        found[f"spot too, hazard {hazard:g}/h"] = (load, rented)
    found["price +50 %"] = (load, site(load, capacity, usd=USD_PER_HOUR * 1.5))
    return found


def robustness(load: Workload, capacity: int, found: Sequence[Scored]) -> Iterator[str]:
    """The second half again under each variant, with the peers' settings as the first half picked them without it."""
    _, second = halves(load)
    for name, (changed, at) in variants(second, capacity).items():
        cells = judged(Half(workload=changed, site=at), found, VALUES, replay, tell)
        ratios = ", ".join(f"{cell.ratio:.2f}" for cell in cells)
        wins = sum(cell.wins for cell in cells)
        mean = geometric_mean([cell.ratio for cell in cells])
        yield f"| {load.name} | {name} | {wins} of {len(cells)} | {ratios} | {mean:.2f} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("traces", nargs="+", type=Path)
    parser.add_argument("--robust", action="store_true", help="also boot times, inflated limits, spot, price")
    parser.add_argument("--slots", type=int, help="of the cluster, in place of the log's own")
    parser.add_argument("--json", type=Path, help="the cells, for who wants to look closer")
    given = parser.parse_args()
    began = time.perf_counter()
    cells: list[Cell] = []
    rows: list[str] = []
    for load, slots in map(read, given.traces):
        capacity = given.slots or slots
        if not capacity:
            sys.exit(f"{load.name}: the log does not say how many slots its cluster has: give --slots")
        first, second = (Half(workload=half, site=site(half, capacity)) for half in halves(load))
        found = trained(first, peers(), replay, tell)
        cells.extend(judged(second, found, VALUES, replay, tell))
        if given.robust:
            rows.extend(robustness(load, capacity, found))
    lines = table(cells)
    if rows:
        lines += [
            "",
            "| log | variant | wins | best peer / ours, by v | geometric mean |",
            "|---|---|---|---|---|",
            *rows,
        ]
    print("\n".join(lines))
    print(f"{len(peers())} settings of peers, {time.perf_counter() - began:.0f} s")
    if given.json:
        rows = [
            {"trace": c.trace, "v": c.v, "ratio": c.ratio, "ours": c.ours.j(c.v), "peer": c.peer.name} for c in cells
        ]
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
