"""From a site's accounting files as they are found, torn and with holes, to a workload to replay."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from burst.replay.stretches import halves, peak_slots
from burst.replay.workload import workload
from onprem.lsf.acct.reading import AcctOptions, read_acct

RECORDED = Path(__file__).parents[1] / "golden" / "lsf" / "acct"
DAY = 86_400
FIRST = 1_389_600_000
TIMES = re.compile(r"\b1[345]\d{8}\b")


def record(version: str, job: int, at: int) -> str:
    """A real record as if it were of another job that ended at this moment; all its times move alike."""
    line = (RECORDED / version).read_text(encoding="utf-8")
    words = line.split(" ", 4)
    moved = at - int(words[2])
    line = TIMES.sub(lambda found: str(int(found[0]) + moved), line)
    return line.replace(f" {words[3]} ", f" {job} ", 1)


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Ten jobs a day, of all versions: three weeks, a lost week, another week; what a bad disk and a new LSF leave."""
    versions = ("7.06", "9.11", "9.13", "10.1")
    days = {
        day: [record(versions[hour % 4], day * 100 + hour, FIRST + day * DAY + hour * 3600) for hour in range(10)]
        for day in (*range(21), *range(28, 35))
    }
    oldest, middle, newest = (
        "".join(line for day in part if day in days for line in days[day])
        for part in (range(10), range(10, 29), range(29, 35))
    )
    future = record("10.1", 9001, FIRST + 34 * DAY + 40_000).replace('"10.1"', '"11.2"')
    shifted = future.replace("9001", "9002").replace(" 2048 0 ", " 2048 0 7 ")
    resize = '"JOB_RESIZE" "10.1" 1392000000 5 0 1392000000\n'
    torn = days[34][1].replace("3401", "9003")[:400]
    (tmp_path / "lsb.acct.2.gz").write_bytes(gzip.compress(oldest.encode()))
    (tmp_path / "lsb.acct.1").write_text(middle + resize, encoding="utf-8")
    (tmp_path / "lsb.acct").write_text(days[28][0] + newest + future + shifted + torn, encoding="utf-8")
    return [tmp_path / name for name in ("lsb.acct", "lsb.acct.1", "lsb.acct.2.gz")]


def test_a_sites_own_history_becomes_a_workload_and_what_was_skipped_is_said(logs: list[Path]) -> None:
    reading = read_acct(logs, AcctOptions(lab_by="project"))
    load = workload(reading, name="compute1", notes=reading.notes)
    now, spool, torn = logs[0], "inFileSpool: expected a string", "last line is torn"
    assert load.jobs == 28 * 10 + 1
    assert reading.warnings() == (
        f"2 of 284 JOB_FINISH records passed over: 1 x {spool}, 1 x {torn} ({now}:63: {spool}; {now}:64: {torn})",
        "records of LSF version 11.2, which is not known yet, read as those of 10.1: 1",
        "records of LSF version 11.2, which is not known yet, that do not fit the layout of 10.1: 1",
        "no record between 2014-02-02 17:00 UTC and 2014-02-10 08:00 UTC (7.6 days): is a file missing?",
    )
    assert load.notes[: len(reading.warnings())] == reading.warnings()
    assert "records of JOB_RESIZE passed over: 1" in load.notes
    assert "records of a job met before, left out: 1" in load.notes
    assert not np.isnan(load.recorded_wait_s).any()
    assert set(load.labs) == {"default", "anonproject"}
    assert set(load.slots.tolist()) == {1, 16, 128}
    assert peak_slots(load) >= 128
    first, second = halves(load)
    assert first.jobs + second.jobs == load.jobs
