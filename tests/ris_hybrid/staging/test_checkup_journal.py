"""The journal as ``doctor`` finds it, and read by one who may not write."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from burst.outlook import Word
from ris_hybrid.checkup import data_journal
from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.settings import Bounds
from ris_hybrid.data.values import StagingState
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.staging.journal import reading, writing
from ris_hybrid.staging.values import Change, Spend, Transition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.checkup.finding import Finding

NOW = 1_800_000_000.0  # January 2027
HOUR = 3600.0
NOBODY = 65534


def found(path: Path, bounds: Bounds = Bounds(), now: float = NOW) -> dict[str, Finding]:  # noqa: B008 - it is frozen
    return {one.name: one for one in data_journal.look(path, bounds, now)}


def filled(new_rig: Any, path: Path, *changes: Change) -> None:
    with writing(path) as journal:
        new_rig(journal=journal).plan()
        for change in changes:
            journal.record(change)


def blocked(at: float) -> Change:
    line = Transition(
        at=at,
        actor="ann",
        event=StagingEvent.HELD,
        before=StagingState.PLANNED,
        after=StagingState.BLOCKED,
        reason="dirty cache",
    )
    return Change(staging_id="s1", transition=line)


def test_one_that_was_never_made_is_no_fault(tmp_path: Path) -> None:
    (told,) = found(tmp_path / "journal.db").values()
    assert (told.ok, told.text.endswith("nothing was ever staged")) == (True, True)


def test_all_well(new_rig: Any, tmp_path: Path) -> None:
    filled(new_rig, tmp_path / "journal.db")
    told = found(tmp_path / "journal.db")
    assert all(one.ok for one in told.values())
    assert told["journal"].text.endswith("version 1, mode 0600")
    assert told["stagings"].text == "1, none is stuck"
    assert told["dollars of data in 2027-01"].text == "0.00 of 1,000.00 $ reserved"


def test_others_may_not_read_it(new_rig: Any, tmp_path: Path) -> None:
    filled(new_rig, tmp_path / "journal.db")
    (tmp_path / "journal.db").chmod(0o640)
    told = found(tmp_path / "journal.db")["journal"]
    assert (told.ok, told.needed, told.hint.startswith("run: chmod 600 ")) == (False, True, True)


@pytest.mark.parametrize(("hours", "stuck"), [(1, False), (30, True)])
def test_what_is_blocked_for_long_waits_for_a_person(new_rig: Any, tmp_path: Path, hours: int, stuck: bool) -> None:
    path = tmp_path / "journal.db"
    filled(new_rig, path, blocked(NOW - hours * HOUR))
    with writing(path) as journal:
        (staging,) = journal.stagings()
        journal.record(Change(staging_id="s1", staging=replace(staging, state=StagingState.BLOCKED)))
    told = found(path)["stagings"]
    assert (told.ok, told.needed) == (not stuck, False)
    assert told.text == ("s1 blocked for 30 h" if stuck else "1, none is stuck")


@pytest.mark.parametrize(("usd", "ok", "needed"), [(10.0, True, False), (95.0, False, False), (100.0, False, True)])
def test_the_months_dollars_are_held_against_the_bound(
    new_rig: Any, tmp_path: Path, usd: float, ok: bool, needed: bool
) -> None:
    path = tmp_path / "journal.db"
    spend = Spend(key="k", month="2027-01", kind="egress", usd=usd, bytes=5 * 1024**3)
    filled(new_rig, path, Change(staging_id="s1", spends=(spend,)))
    told = found(path, Bounds(usd_per_month=100.0))
    dollars = told["dollars of data in 2027-01"]
    assert (dollars.ok, dollars.needed) == (ok, needed)
    assert told["egress in 2027-01"].text == "5.00 of 5,000.00 GB reserved"


def test_another_releases_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_text("no database at all, and long enough to be looked at " * 40)
    with pytest.raises(ConfigError, match="cannot be read"):
        found(tmp_path / "journal.db")


@pytest.mark.parametrize(
    ("word", "ok", "needed", "text"),
    [
        (None, False, False, "burst.yaml names none"),
        (Word(at=NOW, problem="the outlook is 40 min old (at most 15)"), False, True, "the outlook is 40 min old"),
        (Word(at=NOW), True, True, "outlook.json: 0 jobs"),
    ],
)
def test_an_outlook_that_is_old_sends_nobody(word: Word | None, ok: bool, needed: bool, text: str) -> None:
    told = data_journal.outlook("outlook.json", word)
    assert (told.ok, told.needed) == (ok, needed)
    assert told.text.startswith(text)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As somebody whom modes of files hold."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.fixture
def shown(new_rig: Any) -> Iterator[Path]:
    """A journal that everybody may read and nobody may write beside."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        filled(new_rig, path)
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        yield path
        Path(folder).chmod(0o700)


def test_a_journal_is_read_without_a_right_to_write(shown: Path) -> None:
    with unprivileged():
        with reading(shown) as journal:
            assert [one.staging_id for one in journal.stagings()] == ["s1"]
        assert not found(shown)["journal"].ok


def test_one_that_changes_meanwhile_is_not_trusted(shown: Path) -> None:
    changed = pytest.raises(SiteUnavailable, match="changed while it was read")
    with changed, unprivileged(), reading(shown), _privileged_again():
        os.utime(shown, (1, 1))


@contextmanager
def _privileged_again() -> Iterator[None]:
    now = os.geteuid()
    os.seteuid(os.getuid())
    try:
        yield
    finally:
        os.seteuid(now)


def test_one_that_is_at_work_elsewhere_is_not_read_in_part(shown: Path) -> None:
    shown.parent.chmod(0o755)
    shown.with_name("journal.db-wal").write_bytes(b"")
    shown.parent.chmod(0o555)
    with unprivileged(), pytest.raises(ConfigError, match="cannot be read"), reading(shown):
        pass
