from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.fake import FakeLedger
from burst.ledger import note_cost, observe_fleet
from burst.spend import FakeSpend, SpendFile
from ris_hybrid.errors import CloudError, SiteUnavailable, TryAgain
from ris_hybrid.settings import Budget

if TYPE_CHECKING:
    from pathlib import Path

MONTH = "2026-11"
GOOD = '{"machine": "i-1", "lab": "lee", "usd": 1.5}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / f"aws-spend-{MONTH}.jsonl"


def test_one_file_a_provider_and_month(tmp_path: Path, path: Path) -> None:
    SpendFile(tmp_path, "aws").add(MONTH, "i-1", "lee", 1.5)
    assert path.read_text() == GOOD
    assert SpendFile(tmp_path, "other").month_to_date(MONTH) == {}


def test_a_torn_line_is_passed_over_and_does_not_swallow_the_next(tmp_path: Path, path: Path) -> None:
    path.write_text(GOOD + '{"machine": "i-2", "la')  # the writer was killed
    spend = SpendFile(tmp_path, "aws")
    spend.add(MONTH, "i-3", "lee", 2.0)
    spend.add(MONTH, "i-4", "lee", 4.0)
    assert SpendFile(tmp_path, "aws").month_to_date(MONTH) == {"lee": 7.5}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "7",
        '{"machine": "i-9", "lab": "lee"}',
        '{"machine": "i-9", "lab": "lee", "usd": null}',
        '{"machine": "i-9", "lab": "lee", "usd": "many"}',
        '{"machine": "i-9", "lab": "lee", "usd": NaN}',
        '{"machine": "i-9", "lab": "lee", "usd": 1e999}',
    ],
)
def test_a_line_of_another_form_is_passed_over(tmp_path: Path, path: Path, line: str) -> None:
    path.write_text(f"{line}\n{GOOD}")
    assert SpendFile(tmp_path, "aws").month_to_date(MONTH) == {"lee": 1.5}


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path, path: Path) -> None:
    path.write_bytes(b"\xff\xfe\n" + GOOD.encode())
    assert SpendFile(tmp_path, "aws").month_to_date(MONTH) == {"lee": 1.5}


def test_two_processes_may_note_the_same_machine(tmp_path: Path) -> None:
    one, other = SpendFile(tmp_path, "aws"), SpendFile(tmp_path, "aws")
    other.add(MONTH, "i-0", "lee", 1.0)
    one.add(MONTH, "i-1", "lee", 1.0)
    other.add(MONTH, "i-1", "lee", 9.0)
    assert one.month_to_date(MONTH) == other.month_to_date(MONTH) == {"lee": 2.0}


def test_a_file_that_cannot_be_read_is_not_an_empty_one(tmp_path: Path, path: Path) -> None:
    path.mkdir()
    with pytest.raises(SiteUnavailable, match=r"aws-spend-2026-11\.jsonl: cannot be read"):
        SpendFile(tmp_path, "aws").month_to_date(MONTH)
    with pytest.raises(SiteUnavailable, match="cannot be read"):
        SpendFile(tmp_path, "aws").add(MONTH, "i-1", "lee", 1.0)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(SiteUnavailable, match=r"cannot be (read|written)"):
        SpendFile(tmp_path / "link", "aws").add(MONTH, "i-1", "lee", 1.0)
    dangling = tmp_path / f"aws-spend-{MONTH}.jsonl"
    dangling.symlink_to(tmp_path / "not there" / "file")
    with pytest.raises(SiteUnavailable, match="cannot be written"):
        SpendFile(tmp_path, "aws").add(MONTH, "i-1", "lee", 1.0)


def test_lost_files_do_not_open_the_budget_again(room: Any) -> None:
    room.change(budget=Budget(usd_per_month=3.0, commit_hours=1.0))
    room.request(2)
    room.now += 1.5 * 3600
    room.give_back(*room.ids())  # 2 machines for 1.5 h at $0.68
    room.spend = FakeSpend()
    fleet = observe_fleet(room.provider)
    assert (fleet.spent, fleet.lost_usd) == ({}, pytest.approx(2.04, abs=0.01))
    assert fleet.committed_usd(room.settings) == pytest.approx(2.04, abs=0.01)
    assert fleet.committed_usd(room.settings, "lee") == 0.0  # whose it was, only the file knew
    assert len(room.request(2, key="in-2.json")["message"].split("$0.96 of this month is not committed")) == 2
    with pytest.raises(CloudError, match="budget"):
        room.request(1, key="in-3.json")


def test_what_is_spent_after_the_loss_comes_on_top(room: Any) -> None:
    for key in ("in-1.json", "in-2.json"):
        before = set(room.ids())
        room.request(1, key=key)
        room.now += 3600
        room.give_back(*set(room.ids()) - before)
        room.spend = FakeSpend()
    assert room.ledger.pools()["cpu"].spent_usd == pytest.approx(1.36)
    assert observe_fleet(room.provider).lost_usd == pytest.approx(1.36)
    room.now += 31 * 86400  # another month
    assert observe_fleet(room.provider).lost_usd == 0.0


def test_the_ledgers_total_is_written_once_for_a_machine(room: Any) -> None:
    room.request(1)
    room.now += 3600
    for _ in range(3):
        room.give_back(*room.ids())
    assert room.ledger.pools()["cpu"].spent_usd == pytest.approx(0.68)
    assert observe_fleet(room.provider).lost_usd == 0.0


def test_a_ledger_that_refuses_is_told_to_the_audit_log(room: Any) -> None:
    room.request(1)
    room.now += 3600
    (machine,) = room.cloud.machines()

    class Deaf(FakeLedger):
        def pools(self) -> Any:
            raise TryAgain("throttled")

    room.ledger = Deaf(room.cloud)
    note_cost([machine], room.provider)
    assert room.spend.month_to_date("2027-01") == {"lee": pytest.approx(0.68)}
    assert room.kinds[-1] == "spend not marked"
