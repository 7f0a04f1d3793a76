"""What doctor says of the machines that the clouds list, whether all of them answer or not."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ris_hybrid.checkup import fleet
from ris_hybrid.errors import TryAgain
from tests.two_clouds import RESEARCH, TwoClouds


@pytest.fixture
def two(make: Any) -> TwoClouds:
    return TwoClouds(make)


def test_all_clouds_answer(two: TwoClouds) -> None:
    finding, machines = fleet.look(two.cloud, "clouds")
    assert (finding.ok, finding.text, machines) == (True, "0 machines in the ledger", ())


def test_what_one_lists_is_known_while_another_is_silent(two: TwoClouds) -> None:
    two.down(RESEARCH)
    finding, _ = fleet.look(two.cloud, "clouds")
    assert not finding.ok
    assert finding.text == "0 machines in the ledger; not every cloud answers: research: no route"


class Hangs:
    """A cloud whose answer does not end."""

    def __init__(self, until: threading.Event) -> None:
        self.until = until

    def machines(self) -> tuple[()]:
        self.until.wait()
        raise TryAgain("too late")


def test_an_answer_that_does_not_end_is_not_waited_for() -> None:
    until = threading.Event()
    finding, machines = fleet.look(Hangs(until), "clouds", most_s=0.01)  # type: ignore[arg-type]  # one method is enough
    until.set()
    assert (finding.ok, finding.text, machines) == (False, "no whole answer within 0.01 s", ())
