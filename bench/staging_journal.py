"""How many writes a second the staging journal takes, against SQLite without it on the same disk.

Three figures: changes of state (one transaction each, flushed to disk), rows of files as comparing writes them (200 a
transaction), and rows of a manifest (one transaction). The first is bound by the disk's flush, so beside it stands what
a bare SQLite table with the same settings does; the bound is a share of that. Seconds are wall seconds.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.values import Dataset, Estimate, StagingPlan, StagingState, Totals
from ris_hybrid.staging.comparing import CHUNK
from ris_hybrid.staging.journal import writing
from ris_hybrid.staging.values import Change, FileRow, Staging, Transition, Which

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.staging.journal import SqliteJournal

SHARE = 0.25
"""Changes of state come to at least this share of what bare SQLite commits."""
PLAN = StagingPlan(
    staging_id="st-bench",
    dataset=Dataset(allocation="wucci", subtree="Active/Cryo-EM"),
    data_class="internal",
    bucket="ris-wucci",
    way="globus",
    why=("large",),
    totals=Totals(files=1_000_000, bytes=10**12),
    there=Totals(),
    left_out=(),
    estimate=Estimate(seconds_p50=60.0, seconds_p90=120.0, usd={"requests": 5.0}),
    blocked=(),
    created=1_800_000_000.0,
)
STAGING = Staging(plan=PLAN, site_path="/storage1/fs1/wucci/Active/Cryo-EM")
LINE = Transition(
    at=1_800_000_000.0,
    actor="bench",
    event=StagingEvent.BEGUN,
    before=StagingState.PLANNED,
    after=StagingState.STAGING,
    reason="a sentence as long as they usually are",
)


def main() -> int:
    """Print the figures; 1 when the bound is missed."""
    parser = argparse.ArgumentParser(description="Writes a second of the staging journal")
    parser.add_argument("--changes", type=int, default=1_000)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; else the system's for temporary files")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        bare = _bare(Path(folder) / "bare.db", asked.changes)
        with writing(Path(folder) / "journal.db") as journal:
            found = {
                "changes_per_s": round(_rate(asked.changes, lambda: _changes(journal, asked.changes))),
                "bare_sqlite_per_s": round(bare),
                "manifest_rows_per_s": round(_rate(asked.files, lambda: _manifest(journal, asked.files))),
                "compared_rows_per_s": round(_rate(asked.files, lambda: _compared(journal))),
                "rows_read_per_s": round(_rate(asked.files, lambda: _read(journal))),
            }
        size = (Path(folder) / "journal.db").stat().st_size
    found["bytes_per_file"] = round(size / asked.files)
    print(json.dumps(found, indent=2))
    return 0 if found["changes_per_s"] >= SHARE * found["bare_sqlite_per_s"] else 1


def _rate(count: int, work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def _changes(journal: SqliteJournal, count: int) -> None:
    for _ in range(count):
        journal.record(Change(staging_id="st-bench", staging=STAGING, transition=LINE))


def _manifest(journal: SqliteJournal, count: int) -> None:
    rows = (FileRow("in", f"run{n // 1000:04}/frame{n:07}.tif", 1_000_000, n, move_id="m") for n in range(count))
    journal.record(Change(staging_id="st-bench", files=rows))


def _compared(journal: SqliteJournal) -> None:
    held: list[FileRow] = []
    for row in journal.files("st-bench", Which(state="planned")):
        held.append(row._replace(state="ok", crc64nvme="rosUhgp5mIg=", sha256="0" * 64, version_id="v" * 32))
        if len(held) == CHUNK:
            journal.record(Change(staging_id="st-bench", files=held))
            held = []
    journal.record(Change(staging_id="st-bench", files=held))


def _read(journal: SqliteJournal) -> None:
    for _ in journal.files("st-bench", Which(direction="in")):
        pass


def _bare(path: Path, count: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, text TEXT)")

    def work() -> None:
        for number in range(count):
            connection.execute("INSERT INTO one VALUES (?, ?)", (number, LINE.reason))

    found = _rate(count, work)
    connection.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
