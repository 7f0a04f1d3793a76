"""How long the manifest of a million files takes, against reading and sorting the same list and doing nothing with it.

Bound: 20 s and 500 MB. A list as a policy writes it is made up from a seed and written to a temporary file: projects,
runs, small files by the thousand, a few large ones, some on tape, some with names that cannot be keys. Timed are
reading the list, what may go, putting runs away to temporary files, joining with what the bucket holds (a tenth of it),
cutting batches and writing each as JSON to a file. The peak is the whole process's. Seconds are processor seconds.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import quote

from onprem.gpfs.policy_list import parse_list
from ris_hybrid.data.manifest import Manifest, Sources, Verified, fold
from ris_hybrid.data.settings import Bounds
from ris_hybrid.data.taking import Rules
from ris_hybrid.data.values import Dataset, ObjectSeen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.batches import Batch
    from ris_hybrid.data.values import Entry

BOUND_S, BOUND_MB = 20.0, 500.0
NOW = 1_800_000_000.0
DATASET = Dataset(allocation="bench", subtree="Active")
ROOT = "/storage1/fs1/bench/Active"
THERE = 10
"""Every so many-th file of the list is in the bucket and verified."""


def write_list(path: Path, count: int, seed: int) -> None:
    """Records as mmapplypolicy writes them with ESCAPE."""
    draw = random.Random(seed)  # noqa: S311 # made-up files, nothing secret
    with path.open("w", encoding="ascii") as out:
        for number in range(count):
            name = f"Fraction {number} ü.tif" if number % 50 == 0 else f"FoilHole_{number:07}_Data.mrc"
            name = f"bad\n{number}" if number % 10_000 == 1 else name
            size = draw.randrange(10**10, 10**12) if number % 5000 == 2 else draw.randrange(10**6)
            time_of_day = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{number % 10**6:06}"
            shown = (
                f"size={size} mtime=2026-{number % 12 + 1:02}-{number % 28 + 1:02} {time_of_day} "
                f"uid={1000 + number % 40} gid=1001 mode=-rw-rw---- links=1 misc={'FMV' if number % 997 == 3 else 'F'}"
            )
            where = f"{ROOT}/project{draw.randrange(40):02}/run{draw.randrange(300):03}/{name}"
            out.write(f"{number} 1 0 {quote(shown)} -- {quote(where)}\n")


def entries(path: Path) -> Iterator[Entry]:
    """The list read back."""
    with path.open("rb") as lines:
        yield from parse_list(lines, ROOT)


def held(path: Path) -> tuple[list[ObjectSeen], list[Verified]]:
    """What the bucket holds and the journal knows: a part of the list."""
    some = sorted((one for number, one in enumerate(entries(path)) if number % THERE == 0), key=lambda one: one.path)
    keys = [(DATASET.prefix + one.path, one) for one in some]
    return (
        [ObjectSeen(key, one.size, NOW - 100) for key, one in keys],
        [Verified(key, one.size, one.mtime_ns, NOW) for key, one in keys],
    )


def spilled(run: list[str]) -> Iterator[str]:
    """A run through a temporary file that is gone when it was read."""
    away = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 # closed by its reader
    away.writelines(f"{record}\n" for record in run)
    away.seek(0)
    return _lines(away)


def _lines(away: TextIO) -> Iterator[str]:
    with away:
        for line in away:
            yield line[:-1]


def plain_s(path: Path) -> float:
    """Seconds of reading the list into a list of entries and sorting it; measured in the run's own process, last."""
    start = time.process_time()
    assert sorted(entries(path))
    return time.process_time() - start


def planned(path: Path, out: Path) -> tuple[Manifest, float]:
    """The manifest and its seconds; batches are written as they fill."""
    objects, verified = held(path)
    rules = Rules(dataset=DATASET)
    with out.open("w", encoding="utf-8") as sink:

        def write(batch: Batch) -> None:
            sink.write(json.dumps([batch.batch_id, batch.files]) + "\n")

        start = time.process_time()
        sources = Sources(entries=entries(path), objects=objects, verified=verified)
        manifest = fold(sources, rules, Bounds(), write, spilled)
        return manifest, time.process_time() - start


def run(count: int, seed: int) -> dict[str, float | bool]:
    """One manifest, timed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.list")
        write_list(path, count, seed)
        manifest, seconds = planned(path, Path(folder, "batches.jsonl"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 10**6  # KiB on Linux
        plain = plain_s(path)
    left = sum(each.files for each in manifest.left_out)
    assert manifest.totals.files + left == count
    return {
        "files": count,
        "batches": manifest.batches,
        "there": manifest.there.files,
        "left_out": left,
        "manifest_s": seconds,
        "read_and_sort_s": plain,
        "ratio": seconds / plain,
        "peak_mb": peak,
        "bound_s": BOUND_S,
        "bound_mb": BOUND_MB,
        "within": seconds <= BOUND_S and peak <= BOUND_MB,
    }


def main() -> int:
    """Print the figures; 1 when a bound is missed."""
    options = argparse.ArgumentParser(description="manifest of a tree, timed")
    options.add_argument("--files", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    asked = options.parse_args()
    figures = run(asked.files, asked.seed)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:16} {value:,.2f}" if isinstance(value, float) else f"{name:16} {value}")
    return 0 if figures["within"] else 1


if __name__ == "__main__":
    sys.exit(main())
