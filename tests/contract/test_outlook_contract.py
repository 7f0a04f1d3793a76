"""What every source of the data plane's word promises: the fake's, and the file's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.fake import FakeOutlook
from burst.outlook import Word
from burst.outlook_file import OutlookFile, write_outlook
from ris_hybrid.data.readiness import JobData

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from burst.provider import Outlook

WORD = Word(
    at=1000.0,
    jobs={"1": JobData(verdict="staged", reason="there", eligible=True, usd=0.5)},
    spent={"lee": 3.0},
    release={"wu": "2 files are not back"},
)


@pytest.fixture(params=["fake", "file"])
def said(request: Any, tmp_path: Path) -> Callable[[Word | None], Outlook]:
    def of(word: Word | None) -> Outlook:
        if request.param == "fake":
            return FakeOutlook(word, 900.0)
        path = tmp_path / "outlook.json"
        if word is not None:
            write_outlook(path, word, 900.0)
        return OutlookFile(path, 900.0)

    return of


def test_what_was_said_is_told(said: Callable[[Word | None], Outlook]) -> None:
    assert said(WORD).word(1900.0) == WORD


def test_what_is_old_counts_for_nothing_and_says_so(said: Callable[[Word | None], Outlook]) -> None:
    word = said(WORD).word(1901.0)
    assert "the outlook is 15 min old" in word.problem
    assert (word.jobs, word.spent, word.release) == ({}, {}, {})


def test_nothing_said_is_a_problem_and_no_error(said: Callable[[Word | None], Outlook]) -> None:
    word = said(None).word(1000.0)
    assert word.problem
    assert not word.jobs
