from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.lsf.durations import run_limit, seconds
from ris_hybrid.errors import SiteUnavailable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("17", 17.0),
        ("57208 second(s)", 57208.0),
        ("1 second", 1.0),
        ("2 seconds", 2.0),
        ("00:00:01", 1.0),
        ("120:10:00", 432600.0),
        ("", None),
        ("-", None),
    ],
)
def test_seconds_of_every_recorded_form(text: str, expected: float | None) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1440.0", 86400.0), ("60", 3600.0), ("00:10:00", 600.0), ("", None), ("-", None)]
)
def test_a_bare_run_limit_is_minutes_and_a_clock_is_hours(text: str, expected: float | None) -> None:
    assert run_limit(text) == expected


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e9", "-5", "1_0", "10:00", "00:60:00", "00:00:61", "5 minutes", "٣", "9" * 400, "1\n"]
)
@pytest.mark.parametrize("read", [seconds, run_limit])
def test_a_form_lsf_does_not_print_is_refused(read: type[float], text: str) -> None:
    with pytest.raises(SiteUnavailable, match="not a duration") as caught:
        read(text)
    assert caught.value.hint


@given(st.integers(min_value=0, max_value=10**9))
def test_durations_survive_the_way_through_text(figure: int) -> None:
    clock = f"{figure // 3600:02d}:{figure // 60 % 60:02d}:{figure % 60:02d}"
    assert seconds(str(figure)) == seconds(f"{figure} second(s)") == seconds(clock) == run_limit(clock) == figure
    assert run_limit(f"{figure}.0") == figure * 60


@given(st.text())
def test_any_text_is_a_duration_unset_or_refused(text: str) -> None:
    for read in (seconds, run_limit):
        try:
            figure = read(text)
        except SiteUnavailable:
            continue
        assert figure is None or 0 <= figure < 10**13
