"""The promises of the Spend port, kept by the file and by the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from burst.spend import FakeSpend, SpendFile

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.ports import Spend


@pytest.fixture(params=["file", "fake"])
def spend(request: pytest.FixtureRequest, tmp_path: Path) -> Spend:
    return SpendFile(tmp_path / "not yet there", "aws") if request.param == "file" else FakeSpend()


def test_a_month_nobody_noted_anything_in_cost_nothing(spend: Spend) -> None:
    assert spend.month_to_date("2026-11") == {}


def test_dollars_add_up_by_lab_and_month(spend: Spend) -> None:
    spend.add("2026-11", "i-1", "lee", 1.5)
    spend.add("2026-11", "i-2", "lee", 2.0)
    spend.add("2026-11", "i-3", "", 0.25)
    spend.add("2026-12", "i-4", "lee", 8.0)
    assert spend.month_to_date("2026-11") == {"lee": 3.5, "": 0.25}
    assert spend.month_to_date("2026-12") == {"lee": 8.0}


def test_a_machine_is_counted_once_in_a_month(spend: Spend) -> None:
    assert spend.add("2026-11", "i-1", "lee", 1.5)
    assert not spend.add("2026-11", "i-1", "lee", 9.0)
    assert spend.add("2026-12", "i-1", "lee", 4.0)
    assert spend.month_to_date("2026-11") == {"lee": 1.5}
    assert spend.month_to_date("2026-12") == {"lee": 4.0}


def test_what_month_to_date_gave_is_the_callers_own(spend: Spend) -> None:
    spend.add("2026-11", "i-1", "lee", 1.5)
    spend.month_to_date("2026-11")["lee"] = 0.0
    assert spend.month_to_date("2026-11") == {"lee": 1.5}
