"""Cut the demo's trace out of UniLu-Gaia-2014-2, the same bytes each time.

    python bench/trace_cut.py UniLu-Gaia-2014-2.swf.gz ris_hybrid/sandbox/site/lsf/trace.swf --show

The source is the log of the Parallel Workloads Archive (Standard Workload Format: 18 columns, ``;`` header lines).
Every job of the window that the filter lets through is kept as it was recorded; only its submit time is counted
from the start of the window. ``--show`` replays the cut first come, first served on the slots of the demo's shared
queue and prints the pending slots, so that one sees what the cloud would be asked for.
"""

from __future__ import annotations

import argparse
import gzip
import heapq
import sys
from pathlib import Path
from typing import NamedTuple

WINDOW_START_S = 1_043_597
"""Seconds after the first submission of the source (Tuesday 3 June 2014, 12:51 in Luxembourg)."""
WINDOW_S = 5 * 3600 + 720
MAX_RUN_S = 9_000
MAX_PROCS = 64
SHARED_SLOTS = 80
"""Slots of the hosts that serve ``general`` and ``general-interactive`` in cluster.yaml beside the trace."""
NODE_SLOTS = 16


class Job(NamedTuple):
    """One line of the log: the columns the cut looks at, and all 18 as text."""

    submit_s: int
    run_s: int
    procs: int
    columns: tuple[str, ...]


class Sample(NamedTuple):
    """What waits at one moment of the replay."""

    at_s: int
    pending_slots: int
    pending_jobs: int


def parse(text: str) -> tuple[list[str], list[Job]]:
    """Header lines as they are, and the jobs in the order of submission."""
    lines = text.splitlines()
    header = [line for line in lines if line.startswith(";")]
    rows = [tuple(line.split()[:18]) for line in lines if line.strip() and not line.startswith(";")]
    jobs = [Job(int(row[1]), int(row[3]), int(row[7]) if int(row[7]) > 0 else int(row[4]), row) for row in rows]
    return header, sorted(jobs, key=lambda job: job.submit_s)


def cut(jobs: list[Job]) -> tuple[list[Job], int]:
    """The jobs of the window that the filter keeps, counted from its start; and how many it left out."""
    end = WINDOW_START_S + WINDOW_S
    window = [job for job in jobs if WINDOW_START_S <= job.submit_s < end]
    kept = [job for job in window if 0 < job.run_s <= MAX_RUN_S and 0 < job.procs <= MAX_PROCS]
    return [_shift(job) for job in kept], len(window) - len(kept)


def _shift(job: Job) -> Job:
    submit = job.submit_s - WINDOW_START_S
    return job._replace(submit_s=submit, columns=(job.columns[0], str(submit), *job.columns[2:]))


def render(header: list[str], jobs: list[Job], left_out: int) -> str:
    """The cut as a file: the source's header untouched, notes that say how it was cut, then the jobs."""
    numbers = [int(job.columns[0]) for job in jobs]
    notes = (
        "The header above is that of the whole log UniLu-Gaia-2014-2 (Parallel Workloads Archive).",
        "This file is a cut of it, made by bench/trace_cut.py of ris-hybrid:",
        f"{len(jobs)} of its jobs, job numbers {min(numbers)} to {max(numbers)} (numbers are those of the log),",
        f"submitted from second {WINDOW_START_S} on, for {WINDOW_S} s; column 2 counts from there.",
        f"Kept: jobs with 0 < run time <= {MAX_RUN_S} s and at most {MAX_PROCS} processors;",
        f"{left_out} jobs of the window are left out.",
        "All other columns are as recorded: wait, run time, processors, request, user, group, queue.",
        "Acknowledgement: log provided by Joseph Emeras, University of Luxembourg; archive and format:",
        "Feitelson, Tsafrir, Krakov: Experience with using the Parallel Workloads Archive, JPDC 74(10), 2014.",
    )
    body = [" ".join(f"{value:>7}" for value in job.columns) for job in jobs]
    return "\n".join([*header, ";", *(f"; Note: {note}" for note in notes), ";", *body]) + "\n"


def replay(jobs: list[Job], slots: int) -> list[Sample]:
    """Pending slots after every event, first come first served; a job that does not fit is passed over.

    That is LSF without reservations, on one pool of slots, with no cloud. The last sample is the last job's end.
    """
    queue: list[Job] = []
    running: list[tuple[int, int]] = []
    arrivals = sorted(jobs, key=lambda job: job.submit_s)
    free, seen, samples = slots, 0, list[Sample]()
    while seen < len(arrivals) or running:
        soonest = [arrivals[seen].submit_s] if seen < len(arrivals) else []
        now = min([*soonest, *(end for end, _ in running[:1])])
        while running and running[0][0] <= now:
            free += heapq.heappop(running)[1]
        while seen < len(arrivals) and arrivals[seen].submit_s <= now:
            queue.append(arrivals[seen])
            seen += 1
        waiting = list[Job]()
        for job in queue:
            if job.procs <= free:
                free -= job.procs
                heapq.heappush(running, (now + job.run_s, job.procs))
            else:
                waiting.append(job)
        queue = waiting
        samples.append(Sample(now, sum(job.procs for job in queue), len(queue)))
    return samples


def episodes(samples: list[Sample], slots: int) -> list[tuple[int, int, int]]:
    """Spans in which at least ``slots`` wait: (start s, end s, peak slots)."""
    spans, start, peak = list[tuple[int, int, int]](), -1, 0
    for sample in samples:
        if sample.pending_slots >= slots:
            start, peak = (sample.at_s, 0) if start < 0 else (start, peak)
            peak = max(peak, sample.pending_slots)
        elif start >= 0:
            spans.append((start, sample.at_s, peak))
            start = -1
    return spans


def show(jobs: list[Job], slots: int) -> str:
    """The replay as a table of ten-minute steps: the most that waited in each, and the nodes it would fill."""
    samples = replay(jobs, slots)
    steps: dict[int, Sample] = {}
    for sample in samples:
        step = sample.at_s // 600
        steps[step] = max(steps.get(step, sample), sample, key=lambda one: one.pending_slots)
    lines = [f"{len(jobs)} jobs on {slots} slots, all done after {samples[-1].at_s / 3600:.2f} h", ""]
    lines.append(f"{'minute':>6} {'pending slots':>13} {'jobs':>5} {'nodes':>5}")
    for step, sample in sorted(steps.items()):
        nodes = -(-sample.pending_slots // NODE_SLOTS)
        bar = "#" * (sample.pending_slots // 10)
        lines.append(f"{step * 10:>6} {sample.pending_slots:>13} {sample.pending_jobs:>5} {nodes:>5} {bar}")
    for start, end, peak in episodes(samples, 150):
        lines.append(f"at least 150 pending slots from minute {start / 60:.0f} to {end / 60:.0f}, peak {peak}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the cut; print what it holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="UniLu-Gaia-2014-2.swf.gz (or unpacked)")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--show", action="store_true", help="print the pending slots of a plain replay")
    parser.add_argument("--slots", type=int, default=SHARED_SLOTS, help="slots of that replay")
    options = parser.parse_args(arguments)
    raw: bytes = options.source.read_bytes()
    header, jobs = parse((gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8"))
    kept, left_out = cut(jobs)
    if not kept:
        print(f"error: {options.source} has no job in the window", file=sys.stderr)
        return 2
    options.out.write_text(render(header, kept, left_out), encoding="utf-8")
    print(f"{options.out}: {len(kept)} jobs, {left_out} of the window left out")
    if options.show:
        print(show(kept, options.slots))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
