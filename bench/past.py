"""How fast a history is read: accounting records of LSF and lines of a trace, against merely iterating their lines.

The file of LSF is made up from a seed: records of 10.1 with the parts that real ones have, as long as real ones. Read
``ratio``, which is over iterating the same lines and doing nothing with them, rather than seconds; the seconds are
processor seconds. ``peak_growth_mib`` is how much more memory the process held after all records than after the first
tenth, without keeping any: the reader's memory does not grow with the file. The program ends with 1 when reading takes
more than 60 times as long as iterating, or memory grew by more than 16 MiB. ``workload`` then keeps all jobs as arrays.
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
from typing import TYPE_CHECKING

from burst.replay.workload import workload
from onprem.compressed import read_lines
from onprem.lsf.acct.reading import read_acct
from onprem.swf import read_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ris_hybrid.past_job import PastJob

RATIO, GROWTH_MIB = 60.0, 16.0
START = 1_700_000_000
RECORD = (
    '"JOB_FINISH" "10.113" {end} {job} {uid} 33554438 {slots} {submit} 0 0 {start} "user{uid}" "{queue}"'
    ' "rusage[mem={mem}] span[hosts=1]" "" "" "login-1" "/storage1/fs1/lab{lab}/Active/run{job}" "" "out.%J" "" "{job}"'
    ' 0 {slots} {hosts} {status} 60.0 "step_{kind}[1-500]" "#!/bin/bash;#BSUB -n {slots};#BSUB -R {quoted};run {job}"'
    " {cpu}.25 3.000000 91234 0 -1 0 0 546134 12 0 33120 2280 -1 0 0 0 12994 48165 -1"
    ' "" "lab{lab}" 0 {slots} "" "" {index} 372688 5977876 "" "" "" "" 0 "" 0 "" -1 "/compute-lab{lab}/user{uid}" "" ""'
    ' "" -1 "" "" 5136 "" {start} "" "" 5 1110 "default" 1041 "jfincache"'
    ' 1086 "-1 -1 -1 -1 -1 -1 -1 -1 -1 {limit} -1 -1 " 1032 "0" 1033 "0"'
    ' 1 "node{lab}" 372688 5977876 {cpu} 3 0 {limit} 4194304 344540'
    ' "select[type == any] order[r15s:pg] rusage[mem={mem}.00] span[hosts=1] " "" -1 "" -1 0 "" 0 0 "" {run}'
    ' "/storage1/fs1/lab{lab}/Active/run{job}" 0 "" 0.000000 0.00 0.00 0.00 0.00 {slots} {hosts} {waited} 0 0 0 0 1'
    ' "schedulingOverhead" "0.00"\n'
)
LINE = "{job} {submit} {wait} {run} {slots} {run} 1024 {slots} {limit} -1 1 {uid} {lab} {kind} 1 -1 -1 -1\n"


def jobs(count: int, seed: int) -> Iterable[dict[str, object]]:
    """Figures of made-up jobs, by time of end."""
    draw = random.Random(seed)  # noqa: S311 # made-up jobs, nothing secret
    for number in range(count):
        run, wait, lab = draw.randrange(1, 86_400), draw.randrange(7200), draw.randrange(200)
        slots = draw.choice((1, 1, 1, 4, 8, 16))
        end = START + number * 7
        yield {
            "job": 1_000_000 + number,
            "end": end,
            "start": end - run,
            "submit": end - run - wait,
            "run": run,
            "wait": wait,
            "waited": draw.choice((-1, 0, wait // 2)),
            "cpu": run * slots,
            "uid": lab * 4 + draw.randrange(4),
            "lab": lab,
            "queue": draw.choice(("general", "general-interactive", "subscription")),
            "slots": slots,
            "hosts": " ".join([f'"compute1-exec-{lab}.ris.example.edu"'] * slots),
            "status": draw.choice((64, 64, 64, 32)),
            "index": draw.choice((0, 0, number % 500 + 1)),
            "limit": draw.choice((-1, 3600, 86_400, 86_400)),
            "mem": draw.choice((4000, 16_000, 64_000)),
            "kind": draw.randrange(40),
            "quoted": '""rusage[mem=4G]""' if draw.random() < 0.3 else "x",
        }


def measured(rounds: int, work: Callable[[], int]) -> tuple[float, int]:
    """The best of some rounds in processor seconds, and what the work came to."""
    best, found = float("inf"), 0
    for _ in range(rounds):
        began = time.process_time()
        found = work()
        best = min(best, time.process_time() - began)
    return best, found


def growth_mib(stream: Iterable[PastJob], count: int) -> float:
    """How far the peak of memory rose between the first tenth and the end."""
    early = 0
    for number, _ in enumerate(stream):
        if number == count // 10:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early) / 1024


def figures(path: Path, reading: Callable[[], Iterable[PastJob]], count: int, rounds: int) -> dict[str, float]:
    """What one kind of file costs."""
    grown = growth_mib(reading(), count)
    lines_s, _ = measured(rounds, lambda: sum(1 for _ in read_lines(path, "file")))
    read_s, read = measured(rounds, lambda: sum(1 for _ in reading()))
    kept_s, kept = measured(1, lambda: workload(reading()).jobs)
    if not read == kept == count:
        raise SystemExit(f"{count} jobs were written, {read} read, {kept} kept")
    return {
        "records": count,
        "mib": round(path.stat().st_size / 2**20, 1),
        "lines_s": round(lines_s, 3),
        "read_s": round(read_s, 3),
        "ratio": round(read_s / lines_s, 1),
        "records_per_s": round(count / read_s),
        "mib_per_s": round(path.stat().st_size / 2**20 / read_s, 1),
        "workload_s": round(kept_s, 3),
        "peak_growth_mib": round(grown, 1),
    }


def main() -> int:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        acct, trace = Path(directory) / "lsb.acct", Path(directory) / "trace.swf"
        with acct.open("w") as records, trace.open("w") as lines:
            for job in jobs(options.records, options.seed):
                records.write(RECORD.format(**job))
                lines.write(LINE.format(**job))
        found = {
            "lsb.acct": figures(acct, lambda: read_acct([acct]), options.records, options.rounds),
            "swf": figures(trace, lambda: read_trace(trace), options.records, options.rounds),
        }
    if options.json:
        print(json.dumps(found))
    else:
        for kind, values in found.items():
            print(kind, *(f"{name}={value}" for name, value in values.items()))
    return int(any(one["ratio"] > RATIO or one["peak_growth_mib"] > GROWTH_MIB for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
