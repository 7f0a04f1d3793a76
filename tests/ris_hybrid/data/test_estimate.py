from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.estimate import Load, Spent, estimate, over, tib
from ris_hybrid.data.settings import Bounds, DataSettings
from ris_hybrid.data.values import Estimate, Totals

if TYPE_CHECKING:
    from typing import Any

GIB = 1024**3
TERABYTE = Totals(files=1000, bytes=1000 * GIB)
LOAD = Load(way="globus", moving=TERABYTE, kept=TERABYTE, data_class="internal")


def test_a_terabyte_by_globus(every_way: DataSettings) -> None:
    made = estimate(LOAD, every_way)
    moving, reading = 1000 * GIB / (5e9 / 8), 1000 * GIB / (4e9 / 8)
    assert made.seconds_p50 == pytest.approx(60 + moving + 1000 / 200 + reading + 1000 / 300)
    assert made.seconds_p90 == pytest.approx(2 * made.seconds_p50)
    assert made.usd == {
        "transfer": 0.0,
        "requests": pytest.approx((1000 + 16_000) * 0.005 / 1000 + 2000 * 0.0004 / 1000),
        "storage_month": pytest.approx(23.0),
        "egress": pytest.approx(9.0),
    }
    assert made.usd_once == pytest.approx(9.0 + made.usd["requests"])


def test_datasync_charges_by_volume(every_way: DataSettings) -> None:
    made = estimate(replace(LOAD, way="datasync"), every_way)
    assert made.usd["transfer"] == pytest.approx(12.5)
    assert estimate(replace(LOAD, way="afm"), every_way).usd["transfer"] == 0.0


def test_a_bucket_with_a_key_of_its_own_asks_kms(every_way: DataSettings) -> None:
    made = estimate(replace(LOAD, data_class="phi"), every_way)
    assert made.usd["kms"] == pytest.approx(19_000 * 0.01 * 0.03 / 10_000)
    assert "kms" not in estimate(LOAD, every_way).usd


def test_a_mount_costs_what_comes_back(every_way: DataSettings) -> None:
    load = replace(LOAD, way="mount", results_bytes=10 * GIB)
    assert estimate(load, every_way) == Estimate(seconds_p50=0.0, seconds_p90=0.0, usd={"egress": pytest.approx(0.9)})
    small = replace(every_way, bounds=Bounds(staging_bytes=1, staging_files=1))
    assert over(estimate(load, small), load, small, Spent()) == ()


def test_what_is_there_does_not_move(every_way: DataSettings) -> None:
    made = estimate(replace(LOAD, moving=Totals(), results_bytes=0), every_way)
    assert (made.seconds_p50, made.usd["transfer"], made.usd["egress"]) == (0.0, 0.0, 0.0)
    assert made.usd["storage_month"] == pytest.approx(23.0)


def test_every_bound_that_is_passed_is_said_with_its_figures(every_way: DataSettings) -> None:
    tight = Bounds(
        staging_bytes=999 * GIB, staging_files=999, egress_gb_per_month=100, usd_per_month=9, deadline_hours=1
    )
    its = replace(every_way, bounds=tight)
    assert over(estimate(LOAD, its), LOAD, its, Spent(usd=1.5, egress_gb=1)) == (
        "size: 1,000.00 GiB is more than bounds.staging_bytes, 999.00 GiB",
        "size: 1,000 files are more than bounds.staging_files, 999",
        "egress: 100.0 GB of results and 1.0 GB this month so far are more than bounds.egress_gb_per_month, 100.0",
        "budget: $9.09 and $1.50 this month so far are more than bounds.usd_per_month, $9.00",
        "time: 2.2 hours, at worst, are more than bounds.deadline_hours, 1",
    )
    assert over(estimate(LOAD, every_way), LOAD, every_way, Spent()) == ()


@given(st.sampled_from(["globus", "afm", "datasync"]), st.integers(0, 10**6), st.integers(0, 10**15))
def test_more_never_costs_less(every_way: DataSettings, way: Any, files: int, size: int) -> None:
    less = Totals(files=files, bytes=size)
    more = Totals(files=files + 1, bytes=size + 1000)
    one = estimate(Load(way=way, moving=less, kept=less, data_class="phi"), every_way)
    other = estimate(Load(way=way, moving=more, kept=more, data_class="phi"), every_way)
    assert one.seconds_p50 <= one.seconds_p90
    assert one.seconds_p50 < other.seconds_p50
    assert all(one.usd[name] <= other.usd[name] for name in one.usd)
    assert one.usd_once >= 0


def test_sizes_for_people() -> None:
    sizes = (0, 1023, 5 * 1024**2, 1024**3, 1536 * 1024**3)
    assert [tib(size) for size in sizes] == ["0 bytes", "1,023 bytes", "5.00 MiB", "1.00 GiB", "1.50 TiB"]
