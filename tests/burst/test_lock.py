from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from burst.lock import one_at_a_time
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
            pytest.raises(SiteUnavailable, match=r"launch\.lock: held by another launch for 20 s"),
            one_at_a_time(path, wait=waits.append),
        ):
            pytest.fail("went on without the lock")
    assert 20.0 <= sum(waits) < 20.5
