"""What is wrong with a journal is found, one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.values import Dataset, Estimate, StagingPlan, StagingState, Totals
from ris_hybrid.staging.journal import writing
from ris_hybrid.staging.soundness import faults
from ris_hybrid.staging.values import Change, FileRow, MoveRow, Spend, Staging, Transition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.staging.journal import SqliteJournal

PLAN = StagingPlan(
    staging_id="s1",
    dataset=Dataset(allocation="wucci", subtree="Active"),
    data_class="internal",
    bucket="b",
    way="globus",
    why=(),
    totals=Totals(),
    there=Totals(),
    left_out=(),
    estimate=Estimate(seconds_p50=1.0, seconds_p90=2.0, usd={}),
    blocked=(),
    created=100.0,
)
IN = FileRow("in", "a", 1, state="ok", move_id="m1", crc64nvme="c", version_id="v")
OUT = FileRow("out", "r", 1, state="ok", move_id="m2", crc64nvme="c", version_id="v")
SENT = MoveRow(move_id="m1", direction="in", stage="sent", token="t1", task_id="k1")
BACK = MoveRow(move_id="m2", direction="out", stage="closed", token="t2", task_id="k2")


class Book:
    """A journal of one staging that was returned; ``but`` writes over a part of it."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal = journal
        self.moment = 0.0
        spend = Spend(key="m2:egress", month="2026-11", kind="egress", usd=1.0)
        self.but(moves=(replace(SENT, stage="closed"), BACK), files=(IN, OUT), spends=(spend,))
        self.went(StagingEvent.REPLANNED, StagingState.PLANNED)
        self.went(StagingEvent.BEGUN, StagingState.STAGING)
        self.went(StagingEvent.VERIFIED, StagingState.STAGED)
        self.went(StagingEvent.RETURN_BEGUN, StagingState.RETURNING)
        self.went(StagingEvent.BROUGHT, StagingState.RETURNED)

    def but(self, **change: Any) -> None:
        self.journal.record(Change(staging_id="s1", **change))

    def went(self, event: StagingEvent, after: StagingState, before: StagingState | None = None) -> None:
        old = self.journal.stagings()
        state = before or (old[0].state if old else after)
        self.moment += 1
        line = Transition(at=self.moment, actor="me", event=event, before=state, after=after, reason="so")
        self.but(staging=Staging(plan=PLAN, site_path="/x", state=after), transition=line)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with writing(tmp_path / "journal.db") as journal:
        yield Book(journal)


def test_a_whole_life_has_no_fault(book: Book) -> None:
    assert faults(book.journal) == ()
    book.but(files=(IN._replace(state="taken"), OUT._replace(state="taken")))
    book.went(StagingEvent.TAKEN, StagingState.EVICTED)
    assert faults(book.journal) == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"staging": Staging(plan=PLAN, site_path="/x", state=StagingState.STAGED)}, "its log ends with returned"),
        ({"moves": (replace(BACK, token="t1"),)}, "2 moves share a token"),
        ({"moves": (replace(BACK, token=""),)}, "m2 has a task and no token"),
        ({"moves": (replace(SENT, task_id=""),)}, "m1 was sent and has no task"),
        ({"moves": (replace(BACK, move_id="m3", token="t3"),)}, "m3 was not reserved"),
        ({"files": (IN._replace(version_id=""),)}, "without sum or version"),
        ({"files": (IN._replace(crc64nvme=""),)}, "without sum or version"),
        ({"files": (IN._replace(state="odd"),)}, "odd is no state"),
        ({"files": (IN._replace(state="planned", move_id="m9"),)}, "in a move of its way (in) that is not there"),
        ({"files": (IN._replace(state="planned", move_id="m2"),)}, "in a move of its way (in) that is not there"),
        ({"files": (IN._replace(state="planned"),)}, "left behind in a move that is closed"),
        ({"files": (IN._replace(state="failed"),)}, "failed on the way in, and the staging is returned"),
        ({"files": (OUT._replace(state="planned", move_id=""),)}, "planned on the way out, and the staging is ret"),
    ],
)
def test_every_fault_is_found(book: Book, change: dict[str, Any], fault: str) -> None:
    book.but(**change)
    assert [line for line in faults(book.journal) if fault in line]


def test_the_log_is_one_line_after_another(book: Book) -> None:
    book.went(StagingEvent.LEASED, StagingState.IN_USE, before=StagingState.STAGED)
    assert faults(book.journal) == ("s1: its log goes from returned on with staged",)


def test_what_the_lifecycle_has_not_is_told(book: Book) -> None:
    book.went(StagingEvent.BEGUN, StagingState.STAGED)
    assert "s1: begun made staged of returned" in faults(book.journal)


def test_nothing_evicted_is_still_there(book: Book) -> None:
    book.went(StagingEvent.TAKEN, StagingState.EVICTED)
    assert faults(book.journal) == ("s1: 2 files: in the cloud, and the staging is evicted",)


def test_a_staging_has_a_log(tmp_path: Path) -> None:
    with writing(tmp_path / "journal.db") as journal:
        journal.record(Change(staging_id="s1", staging=Staging(plan=PLAN, site_path="/x")))
        assert faults(journal) == ("s1: it has no log",)
