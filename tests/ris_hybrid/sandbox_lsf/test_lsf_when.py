from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.when import begin_time, run_limit

NOW = datetime(2026, 12, 31, 20, 32, 10, tzinfo=UTC)


@pytest.mark.parametrize(("text", "seconds"), [("10", 600), ("1:30", 5400), ("24:00/hostA", 86400), ("0:1", 60)])
def test_a_run_limit_in_minutes_or_hours(text: str, seconds: float) -> None:
    assert run_limit(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "x", "1:2:3", "-5", "1:30/"])
def test_a_run_limit_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="Bad run limit"):
        run_limit(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21:00", (2026, 12, 31, 21, 0)),
        ("20:32", (2026, 12, 31, 20, 32)),
        ("8:05", (2027, 1, 1, 8, 5)),
        ("30:8:05", (2027, 1, 30, 8, 5)),
        ("12:31:23:00", (2026, 12, 31, 23, 0)),
        ("2:28:8:05", (2027, 2, 28, 8, 5)),
        ("2020:2:28:8:05", (2020, 2, 28, 8, 5)),
    ],
)
def test_a_start_time_is_the_next_of_its_kind(text: str, moment: tuple[int, int, int, int, int]) -> None:
    assert begin_time(text, NOW.timestamp()) == datetime(*moment, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["soon", "9", "25:00", "2:30:8:00", "1:2:3:4:5", "2027:2:30:8:00"])
def test_a_start_time_that_is_none(text: str) -> None:
    with pytest.raises(ConfigError, match="Bad time specification"):
        begin_time(text, NOW.timestamp())


def test_a_day_the_next_month_does_not_have() -> None:
    with pytest.raises(ConfigError, match="Bad time specification"):
        begin_time("30:8:00", datetime(2027, 1, 31, 12, 0, tzinfo=UTC).timestamp())
