"""Means over time are the whole, cut into pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.simulating.levels import mean_levels

ENTRY = st.tuples(st.floats(0, 900), st.floats(0, 100), st.integers(1, 9))


@given(entries=st.lists(ENTRY, max_size=20), bins=st.integers(1, 40))
def test_nothing_is_lost_between_bins(entries: list[tuple[float, float, int]], bins: int) -> None:
    begins = np.array([begin for begin, _, _ in entries], dtype=np.float64)
    ends = begins + np.array([length for _, length, _ in entries], dtype=np.float64)
    weights = np.array([weight for *_, weight in entries], dtype=np.float64)
    edges = np.linspace(0, 1000, bins + 1)
    levels = mean_levels(begins, ends, weights, edges)
    whole = sum(length * weight for _, length, weight in entries)
    assert float((levels * np.diff(edges)).sum()) == pytest.approx(whole, abs=1e-6)
    assert (levels >= -1e-9).all()


def test_a_level_is_a_mean() -> None:
    levels = mean_levels(np.array([5.0]), np.array([15.0]), np.array([4.0]), np.array([0.0, 10.0, 20.0, 30.0]))
    assert list(levels) == [2.0, 2.0, 0.0]
