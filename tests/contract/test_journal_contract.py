"""The promises of the Journal port, kept by a file and by the fake."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst import journal as module
from burst.journal import FakeJournal, JournalFile
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Begun

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.ports import Journal


@pytest.fixture(params=["fake", "file"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    return FakeJournal() if request.param == "fake" else JournalFile(tmp_path / "data" / "launches.log")


def unanswered(journal: Journal) -> frozenset[str]:
    return frozenset(one.request_id for one in journal.begun() if not one.answered)


def test_it_begins_empty(journal: Journal) -> None:
    assert unanswered(journal) == frozenset()


def test_what_is_begun_is_unanswered_until_it_is_answered(journal: Journal) -> None:
    for request_id in ("add-1-a", "add-2-b", "add-3-c"):
        journal.begin(Begun(request_id=request_id))
    journal.answer("add-2-b")
    assert unanswered(journal) == {"add-1-a", "add-3-c"}


def test_a_repeated_call_stays_one(journal: Journal) -> None:
    journal.begin(Begun(request_id="add-1-a"))
    journal.begin(Begun(request_id="add-1-a"))
    assert unanswered(journal) == {"add-1-a"}
    journal.answer("add-1-a")
    journal.answer("add-1-a")
    journal.begin(Begun(request_id="add-1-a"))  # asked again after it was answered: LSF knows of it
    assert unanswered(journal) == frozenset()


def test_the_last_figures_of_a_launch_count(journal: Journal) -> None:
    asked = Begun(request_id="add-1-a", pool="cpu", lab="the lee lab", nodes=5, at=1_800_000_000.5)
    journal.begin(asked)
    assert journal.begun() == (asked,)
    journal.answer("add-1-a")
    journal.begin(replace(asked, nodes=2))
    assert journal.begun() == (replace(asked, nodes=2, answered=True),)


def test_an_answer_without_a_beginning_is_no_launch(journal: Journal) -> None:
    journal.answer("add-9-z")
    assert unanswered(journal) == frozenset()


STEPS = st.lists(st.tuples(st.sampled_from(["begin", "answer"]), st.sampled_from(["add-1-a", "add-2-b", "add-3-c"])))


@given(steps=STEPS)
def test_file_and_fake_say_the_same(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]) -> None:
    file, fake = JournalFile(tmp_path_factory.mktemp("journal") / "launches.log"), FakeJournal()
    for number, (step, request_id) in enumerate(steps):
        for journal in (file, fake):
            if step == "begin":
                journal.begin(Begun(request_id=request_id, pool="cpu", lab="a lab", nodes=number, at=1_800_000_000.0))
            else:
                journal.answer(request_id)
    assert file.begun() == fake.begun()


def test_a_line_torn_by_a_kill_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "launches.log"
    path.write_text("begin add-1-a\nbegin add-2")
    journal = JournalFile(path)
    journal.begin(Begun(request_id="add-3-c"))
    assert unanswered(journal) == {"add-1-a", "add-2", "add-3-c"}
    journal.answer("add-1-a")
    assert "add-1-a" not in unanswered(journal)


@pytest.mark.parametrize("figures", ["", "{", "[]", '{"pool": "cpu"}', '{"pool": "", "lab": "", "nodes": [], "at": 1}'])
def test_a_launch_whose_figures_cannot_be_read_was_begun_all_the_same(tmp_path: Path, figures: str) -> None:
    path = tmp_path / "launches.log"
    path.write_text(f"begin add-1-a {figures}\n")
    assert JournalFile(path).begun() == (Begun(request_id="add-1-a"),)


def full(path: Path, first: int) -> None:
    path.write_text("".join(f"begin add-{first + n}-a\n" for n in range(module._KEEP)))


def test_old_lines_are_dropped_and_new_ones_kept(tmp_path: Path) -> None:
    path = tmp_path / "launches.log"
    journal = JournalFile(path)
    full(path, 0)
    journal.begin(Begun(request_id="add-new-a"))
    assert len(path.read_text().splitlines()) == 1
    assert {"add-0-a", "add-new-a"} <= unanswered(journal)
    full(path, module._KEEP)
    journal.begin(Begun(request_id="add-newer-a"))
    assert {f"add-{module._KEEP}-a", "add-newer-a"} <= unanswered(journal)
    assert "add-0-a" not in unanswered(journal)


def test_an_answer_that_is_written_while_old_lines_are_put_away_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "launches.log"
    full(path, 0)
    with path.open("a") as another_call:
        JournalFile(path).begin(Begun(request_id="add-new-a"))
        another_call.write("answer add-1-a\n")
    assert "add-1-a" not in unanswered(JournalFile(path))


def test_a_journal_that_cannot_be_written_stops_a_launch_but_not_an_answer(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    journal = JournalFile(tmp_path / "data" / "launches.log")
    with pytest.raises(SiteUnavailable, match=r"launches\.log: cannot be written"):
        journal.begin(Begun(request_id="add-1-a"))
    journal.answer("add-1-a")
    assert unanswered(journal) == frozenset()
