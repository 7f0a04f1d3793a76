"""The promises of the journal's ports, kept by SQLite and by the fake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.values import Dataset, Estimate, LeftOut, StagingPlan, StagingState, Totals
from ris_hybrid.staging.fake_journal import FakeJournal
from ris_hybrid.staging.journal import SqliteJournal, writing
from ris_hybrid.staging.values import (
    Change,
    Count,
    FileRow,
    Lease,
    MoveRow,
    Spend,
    Spent,
    Staging,
    Transition,
    Which,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Journal = SqliteJournal | FakeJournal

PLAN = StagingPlan(
    staging_id="s1",
    dataset=Dataset(allocation="wucci", subtree="Active/A"),
    data_class="phi",
    bucket="b",
    way="globus",
    why=("large", "not afm: none is set up"),
    totals=Totals(files=3, bytes=30, directories=1, largest=10, newest_ns=5),
    there=Totals(),
    left_out=(LeftOut(reason="on tape", files=1, bytes=9, examples=("x\\udcff",)),),
    estimate=Estimate(seconds_p50=1.5, seconds_p90=3.0, usd={"requests": 0.25}),
    blocked=(),
    created=100.0,
)
ONE = Staging(plan=PLAN, site_path="/storage1/fs1/wucci/Active/A\udcff", consistency="snapshot 20261128")
TWO = Staging(plan=replace(PLAN, staging_id="s2", created=50.0), site_path="/x", going="out", reason="odd \udcff name")


@pytest.fixture(params=["fake", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "fake":
        yield FakeJournal()
    else:
        with writing(tmp_path / "journal.db") as opened:
            yield opened


def test_stagings_come_back_as_they_were_the_oldest_first(journal: Journal) -> None:
    journal.record(Change(staging_id="s1", staging=ONE))
    journal.record(Change(staging_id="s2", staging=replace(TWO, reason="waits")))

    assert journal.stagings() == (replace(TWO, reason="waits"), ONE)


def test_moves_and_leases_are_written_beside_their_staging_and_again_in_place(journal: Journal) -> None:
    moves = (MoveRow(move_id="m1", direction="in", files=2, bytes=20), MoveRow(move_id="m2", direction="out"))
    lease = Lease(job_id="7[1]", state="using", since=5.0, results=("results/a", "b"))
    journal.record(Change(staging_id="s1", staging=ONE, moves=moves, leases=(lease,)))
    sent = replace(moves[0], stage="sent", token="t", task_id="k", seen="moving", bytes_per_s=2.5, reason="slow")

    journal.record(Change(staging_id="s1", moves=(sent,), leases=(replace(lease, state="ended"),)))

    assert journal.stagings() == (replace(ONE, moves=(sent, moves[1]), leases=(replace(lease, state="ended"),)),)


def test_files_are_found_by_what_they_are(journal: Journal) -> None:
    rows = (
        FileRow("in", "b", 2, 7, "ok", "m1", 1, "crc", "sha", "v1", "", ""),
        FileRow("in", "a\n\udcff", 1, move_id="m1"),
        FileRow("out", "b", 3, base="crc"),
    )
    journal.record(Change(staging_id="s1", staging=ONE, files=rows))
    journal.record(Change(staging_id="s2", staging=TWO, files=[FileRow("in", "other", 1)]))

    assert list(journal.files("s1", Which())) == [rows[1], rows[0], rows[2]]
    assert list(journal.files("s1", Which(direction="in", state="ok"))) == [rows[0]]
    assert list(journal.files("s1", Which(move_id="m1"))) == [rows[1], rows[0]]
    assert list(journal.files("s1", Which(move_id=""))) == [rows[2]]
    assert list(journal.files("nobody", Which())) == []


def test_files_may_be_written_while_they_are_read(journal: Journal) -> None:
    count = 4_100  # more than are read at once
    journal.record(Change(staging_id="s1", staging=ONE, files=[FileRow("in", f"{n:05}", 1) for n in range(count)]))

    for row in journal.files("s1", Which(state="planned")):
        if row.path.endswith("7"):
            journal.record(Change(staging_id="s1", files=[row._replace(state="ok")]))

    assert journal.counts("s1") == (
        Count(direction="in", state="ok", files=410, bytes=410),
        Count(direction="in", state="planned", files=3_690, bytes=3_690),
    )


def test_a_new_manifest_takes_the_place_of_all_but_what_was_compared(journal: Journal) -> None:
    old = [FileRow("in", "a", 1, state="ok"), FileRow("in", "b", 1, state="failed"), FileRow("out", "c", 1)]
    journal.record(Change(staging_id="s1", staging=ONE, files=old))

    journal.record(Change(staging_id="s1", anew=True, files=[FileRow("in", "d", 1)]))

    assert [row.path for row in journal.files("s1", Which())] == ["a", "d"]


def test_a_change_that_fails_half_way_leaves_nothing(journal: Journal) -> None:
    journal.record(Change(staging_id="s1", staging=ONE, files=[FileRow("in", "a", 1)]))

    def broken() -> Iterator[FileRow]:
        yield FileRow("in", "b", 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal.record(Change(staging_id="s1", staging=replace(ONE, reason="new"), anew=True, files=broken()))

    assert journal.stagings() == (ONE,)
    assert [row.path for row in journal.files("s1", Which())] == ["a"]


def test_every_transition_is_kept_in_order(journal: Journal) -> None:
    first = _transition(StagingEvent.BEGUN, StagingState.PLANNED, StagingState.STAGING)
    second = _transition(StagingEvent.VERIFIED, StagingState.STAGING, StagingState.STAGED)
    for one in (first, second):
        journal.record(Change(staging_id="s1", transition=one))

    assert journal.history("s1") == (first, second)
    assert journal.history("s2") == ()


def test_a_reservation_counts_once_and_in_the_month_it_was_made(journal: Journal) -> None:
    egress = Spend(key="m1", month="2026-11", kind="egress", usd=1.5, bytes=100)
    journal.record(Change(staging_id="s1", spends=(egress, Spend(key="s1:in", month="2026-11", kind="in", usd=0.5))))
    journal.record(Change(staging_id="s1", spends=(replace(egress, month="2026-12"),)))

    assert journal.spent("2026-11") == Spent(usd=2.0, egress_bytes=100, by_staging={"s1": 2.0})
    assert journal.spent("2026-12") == Spent()


_names = st.binary(min_size=1, max_size=40).map(lambda raw: raw.replace(b"\0", b"0").decode("utf-8", "surrogateescape"))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.sets(_names, max_size=8))
def test_any_name_of_a_file_comes_back(journal: Journal, names: set[str]) -> None:
    rows = [FileRow("in", name, 1, state="failed", reason=name) for name in names]

    journal.record(Change(staging_id="s1", anew=True, files=rows))

    assert {row.path for row in journal.files("s1", Which())} == names


def _transition(event: StagingEvent, before: StagingState, after: StagingState) -> Transition:
    fields: dict[str, Any] = {"at": 1.0, "actor": "test", "reason": "because"}
    return Transition(event=event, before=before, after=after, **fields)
