"""How long a ``-Y`` listing of 10,000 filesets takes to read, against cutting the same text at its colons.

Bound: filesets and quotas within 2 s. The text is made up from a seed in the newer form (85 columns of a fileset's own,
quotas with their header again for each of two file systems). Then a policy's list of as many files as ``--files`` is
read, a record at a time. Seconds are processor seconds; MiB are those of the whole process at its largest.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from onprem.gpfs.filesets import mirrored, parse_filesets, whole, with_quotas
from onprem.gpfs.policy_list import parse_list

if TYPE_CHECKING:
    from collections.abc import Iterator

BOUND_S = 2.0
SAMPLE = Path(__file__).parents[1] / "tests" / "golden" / "gpfs"
ROOT = "/storage1/fs1/lab/Active"


def filesets_text(count: int, draw: random.Random) -> str:
    """As mmlsfileset prints it, in the columns of a captured text."""
    header = next(line for line in (SAMPLE / "mmlsfileset-new.txt").read_text().split("\n") if "HEADER" in line)
    columns = header.split(":")[6:-1]
    lines = [header]
    for number in range(count):
        name = f"lab{number}_active" if number else "root"
        values = dict.fromkeys(columns, "-") | {
            "filesystemName": "rdcw-fs1",
            "filesetName": name,
            "status": "Linked",
            "path": f"%2Fstorage1%2Ffs1%2Flab{number}%2FActive",
            "created": "Tue Mar  2 08%3A15%3A00 2021",
            "comment": f"ITDEV-{draw.randrange(10**5)}",
            "inodeSpace": str(number),
        }
        lines.append(f"mmlsfileset::0:1:::{':'.join(values[one] for one in columns)}:")
    return "\n".join(lines) + "\n"


def quotas_text(count: int, draw: random.Random) -> str:
    """As mmrepquota prints it for two file systems."""
    header = (SAMPLE / "mmrepquota.txt").read_text().split("\n")[0]
    lines = []
    for file_system in ("rdcw-fs1", "cache1-fs1"):
        lines.append(header)
        for number in range(count):
            used, limit = draw.randrange(10**10), draw.randrange(10**11)
            name = f"lab{number}_active" if number else "root"
            lines.append(
                f"mmrepquota::0:1:::{file_system}:FILESET:{number}:{name}:{used}:{limit}:{limit}:0:none:7:0:0:0:none:e:on:off:::"
            )
    return "\n".join(lines) + "\n"


def records(count: int) -> Iterator[bytes]:
    """As ``mmapplypolicy -I defer`` writes them, made while they are read."""
    shown = quote("size=4096 mtime=2026-11-02 07:15:00.125000 uid=5001 gid=70 mode=-rw-r----- links=1 misc=FA").encode()
    for number in range(count):
        yield b"%d 65537 0  %s -- %s/run%d/frame%%20%d.tif\n" % (number, shown, ROOT.encode(), number // 1000, number)


def run(count: int, files: int, seed: int) -> dict[str, float | bool]:
    """Listing and list, each read once."""
    draw = random.Random(seed)  # noqa: S311 # made-up labs, nothing secret
    filesets, quotas = filesets_text(count, draw), quotas_text(count, draw)
    start = time.process_time()
    cells = sum(len(line.split(":")) for text in (filesets, quotas) for line in text.split("\n"))
    plain_s = time.process_time() - start
    start = time.process_time()
    found = mirrored(with_quotas(whole(parse_filesets(filesets)), quotas))
    listing_s = time.process_time() - start
    listing_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    assert len(found) == count - 1
    start = time.process_time()
    read = sum(1 for _ in parse_list(records(files), ROOT))
    list_s = time.process_time() - start
    assert read == files
    return {
        "filesets": count,
        "cells": cells,
        "listing_s": listing_s,
        "split_s": plain_s,
        "ratio": listing_s / plain_s,
        "bound_s": BOUND_S,
        "within": listing_s <= BOUND_S,
        "listing_mib": listing_mib,
        "files": files,
        "list_s": list_s,
        "files_per_s": files / list_s,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> int:
    """Print the figures; 1 when the bound is missed."""
    options = argparse.ArgumentParser(description="GPFS listings, timed")
    options.add_argument("--filesets", type=int, default=10_000)
    options.add_argument("--files", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    asked = options.parse_args()
    figures = run(asked.filesets, asked.files, asked.seed)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<26}{value:>12.3f}" if isinstance(value, float) else f"{name:<26}{value!s:>12}")
    return 0 if figures["within"] else 1


if __name__ == "__main__":
    sys.exit(main())
