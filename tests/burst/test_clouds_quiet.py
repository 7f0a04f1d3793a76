"""A cloud that hangs does not use up the time in which the other's machines can be ended."""

from __future__ import annotations

from math import inf
from typing import Any, NoReturn

import pytest

from burst import deadline
from burst.clouds.quiet import REST_S, Quiet
from ris_hybrid.errors import CloudError, Refused, TryAgain
from tests.two_clouds import RESEARCH, TwoClouds, named


class Watch:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class Port:
    """Fails as it is told, and counts how often it was asked."""

    def __init__(self, error: CloudError | None = None) -> None:
        self.error = error
        self.asked = 0

    def told(self) -> str:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return "here"


def test_a_silent_cloud_is_asked_again_only_after_a_while() -> None:
    watch, port = Watch(), Port(TryAgain("slow"))
    quiet = Quiet(watch)
    for _ in range(3):
        with pytest.raises(TryAgain, match="slow"):
            quiet.ask(RESEARCH, port, Port.told)
    assert port.asked == 1
    assert quiet.ask("", Port(), Port.told) == "here"
    port.error = None
    watch.at += REST_S
    assert quiet.ask(RESEARCH, port, Port.told) == "here"
    assert quiet.ask(RESEARCH, port, Port.told) == "here"
    assert port.asked == 3


def test_a_refusal_is_an_answer() -> None:
    port, quiet = Port(Refused("no")), Quiet()
    for _ in range(2):
        with pytest.raises(Refused):
            quiet.ask(RESEARCH, port, Port.told)
    assert port.asked == 2


def test_no_cloud_gets_more_than_half_of_the_time_that_is_left() -> None:
    watch = Watch()

    def hangs(_: object) -> NoReturn:
        left.append(deadline.left_s())
        raise TryAgain("slow")

    left: list[float] = []
    with deadline.within(18.0, watch):
        for cloud in ("", RESEARCH):
            with pytest.raises(TryAgain):
                Quiet().ask(cloud, None, hangs)
            watch.at += 9.0 if not cloud else 0.0
        assert deadline.left_s() == 9.0
    assert left == [pytest.approx(9.0, abs=0.5), pytest.approx(4.5, abs=0.5)]


def test_outside_of_a_verb_there_is_no_end() -> None:
    assert Quiet().ask("", None, lambda _: deadline.left_s()) == inf


def test_one_call_of_lsf_waits_for_a_silent_cloud_once(make: Any) -> None:
    two = TwoClouds(make)
    two.request("")
    two.now += 3600
    two.down(RESEARCH)
    (mine,) = two.alive
    assert two.lost(named(mine), hosts=[]) == [mine]
    assert two.alive == set()
    assert two.attempts[RESEARCH] == 1
