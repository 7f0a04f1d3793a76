"""The journal as a file: who may read it, who may write it, and what is refused."""

from __future__ import annotations

import errno
import multiprocessing
import os
import sqlite3
import stat
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.staging.journal import reading, writing
from ris_hybrid.staging.schema import VERSION
from ris_hybrid.staging.values import Change, FileRow, Which

if TYPE_CHECKING:
    from pathlib import Path


def filled(new_rig: Any, path: Path) -> None:
    with writing(path) as journal:
        rig = new_rig(journal=journal)
        rig.put(a=b"1")
        rig.plan()
        rig.turns()


def test_its_owner_alone_may_read_it(new_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.db"
    filled(new_rig, path)

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}


def test_one_process_writes_and_any_number_reads(new_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(new_rig, path)
    with writing(path) as journal:
        with pytest.raises(SiteUnavailable, match="another process"), writing(path):
            pass
        with reading(path) as other:
            assert other.stagings() == journal.stagings()


def test_a_writer_may_wait_a_moment_for_another(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with writing(path), pytest.raises(SiteUnavailable), writing(path, 0.1):
        pass


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    child = multiprocessing.get_context("fork").Process(target=_die_writing, args=(path,))
    child.start()
    child.join()

    with writing(path) as journal:
        assert journal.stagings() == ()


def _die_writing(path: Path) -> None:
    with writing(path):
        os._exit(9)


def test_a_journal_of_another_release_is_refused(new_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(new_rig, path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={VERSION + 1}")
    connection.close()

    for opened in (writing, reading):
        with pytest.raises(ConfigError, match=f"has version {VERSION + 1}"), opened(path):
            pass


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("no database at all, and long enough to be looked at " * 40)

    for opened in (writing, reading):
        with pytest.raises(ConfigError, match="journal"), opened(path):
            pass


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot be opened"), writing(tmp_path / "file" / "journal.db"):
        pass


def test_one_that_was_never_made_is_empty(tmp_path: Path) -> None:
    with reading(tmp_path / "journal.db") as journal:
        assert journal.stagings() == ()
    assert list(tmp_path.iterdir()) == []


def test_the_log_cannot_be_changed(new_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(new_rig, path)
    connection = sqlite3.connect(path)
    for change in ("UPDATE transition SET reason = ''", "DELETE FROM transition"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            connection.execute(change)
    connection.close()


def test_a_write_that_fails_is_told_without_a_trace(new_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(new_rig, path)
    with reading(path) as journal:
        rig = new_rig(journal=journal)
        with pytest.raises(ConfigError, match="readonly"):
            rig.plan("s2")


def test_one_whose_maker_was_killed_at_once_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch(0o600)

    with reading(path) as journal:
        assert journal.stagings() == ()
    with writing(path) as journal:
        assert journal.stagings() == ()


def test_a_mount_without_locks_is_told_without_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)

    with pytest.raises(ConfigError, match="No locks available"), writing(tmp_path / "journal.db"):
        pass


def test_a_full_disk_is_told_as_such_and_the_journal_goes_on_when_there_is_room(new_rig: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    filled(new_rig, path)
    with writing(path) as journal:
        rig = new_rig(journal=journal)
        for number in range(2_000):
            rig.tree.put(f"/storage1/fs1/wucci/Active/A/{number}", b"1")
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(ConfigError, match="full"):
            rig.plan("s2")
        journal._db.execute(f"PRAGMA max_page_count={pages * 1000}")
        rig.plan("s2")
        assert len(journal.stagings()) == 2


def test_files_below_a_directory_alone_are_read(new_rig: Any, tmp_path: Path) -> None:
    with writing(tmp_path / "journal.db") as journal:
        rig = new_rig(journal=journal)
        for name in ("out", "out!", "out/1", "out/2/3", "out0", "\u00fc/1"):
            rig.tree.put(f"/storage1/fs1/wucci/Active/A/{name}x", b"1")
        rig.plan()
        found = [row.path for row in journal.files("s1", Which(direction="in", below="out/"))]
        assert found == ["out/1x", "out/2/3x"]
        assert [row.path for row in journal.files("s1", Which(below="\u00fc/"))] == ["\u00fc/1x"]


def test_a_portion_of_rows_costs_the_same_wherever_it_is(new_rig: Any, tmp_path: Path) -> None:
    """Each portion that goes through all before it makes hours of a million rows."""
    with writing(tmp_path / "journal.db") as journal:
        rig = new_rig(journal=journal)
        rig.plan()
        rows = (FileRow("in", f"{number:06d}", 1, state="ok") for number in range(20_000))
        journal.record(Change(staging_id="s1", files=rows))
        steps: list[None] = []
        journal._db.set_progress_handler(lambda: steps.append(None), 1_000)
        assert sum(1 for _ in journal.files("s1", Which(direction="in"))) == 20_000
        assert len(steps) < 1_000  # about 40 steps of SQLite's machine a row, not the half of all rows
