from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.config.quota import EXPECTED, parse_quota

UNITS = {"K": 1, "M": 2, "G": 3, "T": 4, "P": 5}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1024T", 1024 * 1024**4),
        ("5500G", 5500 * 1024**3),
        ("1.5T", 3 * 1024**4 // 2),
        ("10P", 10 * 1024**5),
        ("500g", 500 * 1024**3),
        ("1K", 1024),
    ],
)
def test_a_quota_is_bytes_in_powers_of_1024(text: str, size: int) -> None:
    assert parse_quota(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "0T",
        "1024",
        "",
        "T",
        "1,5T",
        "1TB",
        "1TiB",
        "-1T",
        " 1T",
        "1 T",
        "1e3T",
        "nan",
        "0.5K",
        "\u0661T",
        "9" * 40 + "T",
    ],
)
def test_a_quota_without_unit_of_zero_or_in_another_form_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="a size above zero such as 25T") as failure:
        parse_quota(text)
    assert str(failure.value) == EXPECTED


@given(amount=st.integers(1, 10**9), unit=st.sampled_from(list("KMGTPkmgtp")))
def test_whole_amounts_come_back_exactly(amount: int, unit: str) -> None:
    size = parse_quota(f"{amount}{unit}")
    assert Fraction(size, 1024 ** UNITS[unit.upper()]) == amount


@given(hundredths=st.integers(1, 10**6), unit=st.sampled_from("MGTP"))
def test_a_fraction_is_rounded_down_to_whole_kib(hundredths: int, unit: str) -> None:
    size = parse_quota(f"{hundredths // 100}.{hundredths % 100:02}{unit}")
    assert size % 1024 == 0
    assert 0 <= Fraction(hundredths, 100) * 1024 ** UNITS[unit] - size < 1024
