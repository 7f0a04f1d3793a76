"""The promises of the Journal port, kept by a file and by the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import journal as module
from burst.journal import FakeJournal, JournalFile
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.ports import Journal


@pytest.fixture(params=["fake", "file"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    return FakeJournal() if request.param == "fake" else JournalFile(tmp_path / "data" / "launches.log")


def test_it_begins_empty(journal: Journal) -> None:
    assert journal.unanswered() == frozenset()


def test_what_is_begun_is_unanswered_until_it_is_answered(journal: Journal) -> None:
    for request_id in ("add-1-a", "add-2-b", "add-3-c"):
        journal.begin(request_id)
    journal.answer("add-2-b")
    assert journal.unanswered() == {"add-1-a", "add-3-c"}


def test_a_repeated_call_stays_one(journal: Journal) -> None:
    journal.begin("add-1-a")
    journal.begin("add-1-a")
    assert journal.unanswered() == {"add-1-a"}
    journal.answer("add-1-a")
    journal.answer("add-1-a")
    journal.begin("add-1-a")  # asked again after it was answered: LSF knows of it
    assert journal.unanswered() == frozenset()


def test_an_answer_without_a_beginning_is_no_launch(journal: Journal) -> None:
    journal.answer("add-9-z")
    assert journal.unanswered() == frozenset()


STEPS = st.lists(st.tuples(st.sampled_from(["begin", "answer"]), st.sampled_from(["add-1-a", "add-2-b", "add-3-c"])))


@given(steps=STEPS)
def test_file_and_fake_say_the_same(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]) -> None:
    file, fake = JournalFile(tmp_path_factory.mktemp("journal") / "launches.log"), FakeJournal()
    for step, request_id in steps:
        getattr(file, step)(request_id)
        getattr(fake, step)(request_id)
    assert file.unanswered() == fake.unanswered()


def test_a_line_torn_by_a_kill_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "launches.log"
    path.write_text("begin add-1-a\nbegin add-2")
    journal = JournalFile(path)
    journal.begin("add-3-c")
    assert journal.unanswered() == {"add-1-a", "add-2", "add-3-c"}
    journal.answer("add-1-a")
    assert "add-1-a" not in journal.unanswered()


def test_old_lines_are_dropped_and_new_ones_kept(tmp_path: Path) -> None:
    path = tmp_path / "launches.log"
    path.write_text("".join(f"begin add-{n}-a\n" for n in range(2 * module._KEEP + 1)))
    journal = JournalFile(path)
    journal.begin("add-new-a")
    assert len(path.read_text().splitlines()) == module._KEEP + 1
    assert {"add-new-a", f"add-{2 * module._KEEP}-a"} <= journal.unanswered()
    assert "add-0-a" not in journal.unanswered()


def test_a_journal_that_cannot_be_written_stops_a_launch_but_not_an_answer(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    journal = JournalFile(tmp_path / "data" / "launches.log")
    with pytest.raises(SiteUnavailable, match=r"launches\.log: cannot be written"):
        journal.begin("add-1-a")
    journal.answer("add-1-a")
    assert journal.unanswered() == frozenset()
