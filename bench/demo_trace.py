"""Cut the demo's trace out of KTH-SP2-1996, the same bytes each time, with all its times divided by four.

    python bench/demo_trace.py KTH-SP2-1996.swf.gz ris_hybrid/sandbox/site/demo/trace.swf

The source is the log of the Parallel Workloads Archive (Standard Workload Format: 18 columns, ``;`` header lines). The
cut holds every job of 32 hours that ran and was at most 64 processors wide. Submit, run and requested times are divided
by four, so that the 32 hours pass in eight: the log has 3.5 jobs an hour, and a demo must end soon. A node's boot is
not shortened with them, which makes the cloud four times slower to come, by every policy alike.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

WINDOW_START_S = 28_066_769
"""Seconds after the first submission of the source (a Wednesday in August 1997)."""
WINDOW_S = 32 * 3600
FASTER = 4
MAX_PROCS = 64
_LEAST_REQUEST_S = 60  # a run limit of LSF is minutes
_SUBMIT, _WAIT, _RUN, _USED, _ASKED, _REQUEST = 1, 2, 3, 4, 7, 8


def cut(lines: list[str]) -> list[list[str]]:
    """The jobs of the window as 18 columns each, their times shortened and counted from its start."""
    rows = [line.split()[:18] for line in lines if line.strip() and not line.startswith(";")]
    first = int(rows[0][_SUBMIT])
    kept = []
    for row in rows:
        at, run = int(row[_SUBMIT]) - first - WINDOW_START_S, int(row[_RUN])
        procs = int(row[_ASKED]) if int(row[_ASKED]) > 0 else int(row[_USED])
        if 0 <= at < WINDOW_S and run > 0 and procs <= MAX_PROCS:
            kept.append(_shortened(row, at))
    return kept


def _shortened(row: list[str], at: int) -> list[str]:
    request = int(row[_REQUEST])
    shorter = {
        _SUBMIT: round(at / FASTER),
        _WAIT: -1,
        _RUN: max(1, round(int(row[_RUN]) / FASTER)),
        _REQUEST: max(_LEAST_REQUEST_S, round(request / FASTER)) if request > 0 else -1,
    }
    return [str(shorter.get(column, value)) for column, value in enumerate(row)]


def render(lines: list[str], jobs: list[list[str]]) -> str:
    """The file: the source's header, what was done, the jobs."""
    header, most = [line.rstrip() for line in lines if line.startswith(";")], MAX_PROCS
    notes = (
        "The header above is that of the whole log KTH-SP2-1996 (Parallel Workloads Archive).",
        "This file is a cut of it, made by bench/demo_trace.py of ris-hybrid:",
        f"{len(jobs)} jobs, submitted from second {WINDOW_START_S} on, for {WINDOW_S} s; at most {most} processors.",
        f"Changed: submit, run and requested times are divided by {FASTER}; the wait is left out.",
        "Acknowledgement: log provided by Lars Malinowsky, KTH; archive and format:",
        "Feitelson, Tsafrir, Krakov: Experience with using the Parallel Workloads Archive, JPDC 74(10), 2014.",
    )
    return "\n".join([*header, ";", *(f"; Note: {note}" for note in notes), ";", *map(" ".join, jobs)]) + "\n"


def main(argv: list[str]) -> int:
    """Write the cut."""
    parser = argparse.ArgumentParser(description="Cut the demo's trace out of KTH-SP2-1996.")
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args(argv)
    try:
        opened = gzip.open if asked.source.suffix == ".gz" else Path.open
        with opened(asked.source, "rt") as source:
            lines = source.read().splitlines()
    except OSError as error:
        sys.stderr.write(f"{asked.source}: cannot be read: {error}\n")
        return 2
    asked.out.write_text(render(lines, cut(lines)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
