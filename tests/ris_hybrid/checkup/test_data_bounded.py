"""Questions side by side: none keeps another waiting, and none takes the command with it."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.checkup.data_bounded import Question, answers
from ris_hybrid.checkup.finding import Finding
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FINE = Finding(name="one", ok=True, text="fine")


def fails() -> Iterator[Finding]:
    yield FINE
    raise SiteUnavailable("nobody answers", "look there")


def test_what_was_said_before_an_error_is_kept() -> None:
    assert list(answers([Question(name="all", ask=fails)])) == [
        FINE,
        Finding(name="all", ok=False, text="nobody answers", hint="look there"),
    ]


def test_one_that_hangs_is_a_finding_and_the_rest_is_told_in_order() -> None:
    never = Event()

    def hangs() -> Iterator[Finding]:
        yield FINE
        never.wait()

    questions = [Question(name="slow", ask=hangs), Question(name="quick", ask=lambda: [FINE])]
    first, late, last = answers(questions, most_s=0.2)
    never.set()
    assert (first, last) == (FINE, FINE)
    assert (late.name, late.ok, late.text) == ("slow", False, "no whole answer within 0.2 s")


def test_what_the_system_refuses_is_a_finding(tmp_path: Path) -> None:
    def reads() -> Iterator[Finding]:
        (tmp_path / "none").read_text()
        yield FINE

    (told,) = answers([Question(name="all", ask=reads)])
    assert (told.ok, told.text) == (False, f"{tmp_path / 'none'}: No such file or directory")


def test_a_bug_is_not_taken_for_a_finding() -> None:
    def broken() -> Iterator[Finding]:
        yield replace(FINE, nothing="of the kind")  # type: ignore[call-arg]  # the bug

    with pytest.raises(TypeError):
        list(answers([Question(name="all", ask=broken)]))
