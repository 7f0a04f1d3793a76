from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from burst.deadline import VERB_S
from burst.lock import PATIENCE_S, if_nobody_acted, one_at_a_time
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_holder_has_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "data" / "launch.lock"
    with one_at_a_time(path), path.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_lock_goes_with_an_error(tmp_path: Path) -> None:
    path = tmp_path / "launch.lock"
    with pytest.raises(ZeroDivisionError), one_at_a_time(path):
        _ = 1 // 0
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_without_a_lock_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with (
        pytest.raises(SiteUnavailable, match=r"launch\.lock: cannot be opened"),
        one_at_a_time(tmp_path / "data" / "launch.lock"),
    ):
        pytest.fail("went on without the lock")


def test_who_waits_gets_the_lock_when_it_comes_free(tmp_path: Path) -> None:
    path = tmp_path / "launch.lock"
    path.touch()
    waits: list[float] = []
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                fcntl.flock(other, fcntl.LOCK_UN)

        with one_at_a_time(path, wait=wait):
            assert waits == [0.05, 0.1, 0.2]


def test_a_lock_that_stays_taken_is_waited_for_in_bounded_time(tmp_path: Path) -> None:
    path = tmp_path / "launch.lock"
    path.touch()
    waits: list[float] = []
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with (
            pytest.raises(SiteUnavailable, match=r"launch\.lock: held by another launch for 14 s"),
            one_at_a_time(path, wait=waits.append),
        ):
            pytest.fail("went on without the lock")
    assert 14.0 <= sum(waits) < 14.5


def test_who_waits_in_vain_can_still_answer_in_time() -> None:
    assert PATIENCE_S + 3 < VERB_S


def test_one_acts_at_a_time_and_only_on_what_it_saw_since(tmp_path: Path) -> None:
    path = tmp_path / "data" / "reap.lock"
    with if_nobody_acted(path, 100.0, lambda: 107.0) as first, if_nobody_acted(path, 101.0, lambda: 107.0) as second:
        assert (first, second) == (True, False)
    with if_nobody_acted(path, 106.9, lambda: 108.0) as late:
        assert not late
    with if_nobody_acted(path, 107.0, lambda: 109.0) as fresh:
        assert fresh
    with if_nobody_acted(path, 50.0, lambda: 60.0) as after_the_clock_was_set_back:
        assert after_the_clock_was_set_back


def test_a_lock_that_cannot_be_made_keeps_no_reaper_back(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with if_nobody_acted(tmp_path / "data" / "reap.lock", 1.0, lambda: 2.0) as mine:
        assert mine
