"""The durable journal: SQLite, in one file readable by its owner alone, for it holds the names of files.

WAL with ``synchronous=FULL``: what ``record`` wrote outlives a power cut. One process writes at a time; the
kernel's lock on ``<journal>.lock`` ends with its process, however that ends. Readers are never kept waiting.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from ris_hybrid import clocks
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.staging import rows, schema
from ris_hybrid.staging.values import Spent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.data.values import Direction
    from ris_hybrid.staging.values import Change, Count, FileRow, Staging, Transition, Which

_CHUNK = 2_000  # rows of files read at once
_BUSY_S = 30.0  # a reader's checkpoint may hold the file for a moment
_FILE = "direction, path, size, mtime_ns, state, move_id, attempts, crc64nvme, sha256, version_id, base, older, reason"
_LOOK_S = 0.2
_DIRECTIONS: tuple[Direction, ...] = ("in", "out")
_HINT = "see `journal` in data.yaml; a lost journal is made anew by planning again"


@contextmanager
def writing(path: Path, patience_s: float = 0.0) -> Iterator[SqliteJournal]:
    """The journal for the one process that may write it; made when it is not there.

    Raises ``SiteUnavailable`` while another process has it, for so long; ``ConfigError`` when it cannot be opened.
    """
    with _alone(path, patience_s):
        try:
            connection = _opened(path)
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(f"{path}: the journal cannot be opened: {error}", _HINT) from error
        with closing(connection):
            yield SqliteJournal(connection, str(path))


@contextmanager
def reading(path: Path) -> Iterator[SqliteJournal]:
    """The journal for a look; one that was never made has nothing in it, and no right to write is needed.

    Raises ``ConfigError`` when it cannot be read, ``SiteUnavailable`` when it changed under a reader who may not
    write beside it.
    """
    before = _stamp(path)
    try:
        connection, still = _for_a_look(path) if before else (_empty(), False)
        if not _version(connection):  # its maker was killed before it had written anything
            connection.close()
            connection, still = _empty(), False
        _check_version(connection, str(path))
    except sqlite3.Error as error:
        raise ConfigError(f"{path}: the journal cannot be read: {error}", _HINT) from error
    with closing(connection):
        yield SqliteJournal(connection, str(path))
    if still and _stamp(path) != before:
        raise SiteUnavailable(f"{path}: the journal changed while it was read", "try again")


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(f"{schema.TABLES}; PRAGMA user_version = {schema.VERSION};")
    return connection


def _for_a_look(path: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection, and whether it takes the file to stand still.

    A reader of WAL's files writes beside them. Who may not do that can still read a journal that rests: then all of it
    is in the one file.
    """
    where = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(where, uri=True, isolation_level=None, timeout=_BUSY_S)
    try:
        connection.execute("PRAGMA user_version")
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        return sqlite3.connect(f"{where}&immutable=1", uri=True, isolation_level=None), True
    return connection, False


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes with the file; None where there is none. Raises ``ConfigError`` where that is not known."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path}: the journal cannot be read: {error.strerror}", _HINT) from error
    return seen.st_mtime_ns, seen.st_size


@contextmanager
def _alone(path: Path, patience_s: float) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"{lock}: cannot be opened: {error.strerror}", _HINT) from error
    try:
        while not _locked(handle):
            if patience_s <= 0:
                hint = "wait for it, or look with `ris-hybrid data status`"
                raise SiteUnavailable(f"{path}: another process works with this journal", hint)
            patience_s -= _LOOK_S
            clocks.wait(_LOOK_S)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # a mount without locks, or whose lock service is gone
        hint = "keep the journal on a disk of this host: see `journal` in data.yaml"
        raise ConfigError(f"the journal's lock file cannot be locked: {error.strerror}", hint) from error
    return True


def _opened(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # SQLite would make it 0644
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    if not _version(connection):
        connection.executescript(f"BEGIN IMMEDIATE;{schema.TABLES}PRAGMA user_version={schema.VERSION};COMMIT;")
    _check_version(connection, str(path))
    return connection


def _after_all(start: bytes) -> bytes:
    """The first path that is behind all which begin so; ``start`` ends with a slash, which is no last byte."""
    return start[:-1] + bytes([start[-1] + 1])


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_version(connection: sqlite3.Connection, name: str) -> None:
    version = _version(connection)
    if version != schema.VERSION:
        message = f"{name}: the journal has version {version}, this release knows {schema.VERSION}"
        raise ConfigError(message, "use the release that wrote it, or move it aside and plan again")


class SqliteJournal:
    """The ports ``StagingJournal`` and ``JournalHistory``."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._db = connection
        self._name = name

    def stagings(self) -> tuple[Staging, ...]:
        """All of them, the oldest first."""
        with self._told():
            moves = {
                staging_id: tuple(rows.move_of(row[1:]) for row in group)
                for staging_id, group in groupby(self._all("move", "staging_id, move_id"), lambda row: row[0])
            }
            leases = {
                staging_id: tuple(rows.lease_of(row[1:]) for row in group)
                for staging_id, group in groupby(self._all("lease", "staging_id, since, job_id"), lambda row: row[0])
            }
            return tuple(
                rows.staging_of(row, moves.get(row[0], ()), leases.get(row[0], ()))
                for row in self._all("staging", "created, staging_id")
            )

    def files(self, staging_id: str, which: Which) -> Iterator[FileRow]:
        """Those asked for, read in portions so that others may be written meanwhile."""
        for direction in (which.direction,) if which.direction else _DIRECTIONS:
            yield from self._files(staging_id, direction, which)

    def _files(self, staging_id: str, direction: Direction, which: Which) -> Iterator[FileRow]:
        """One direction: a portion begins at a path that an index finds.

        Of ``(direction, path) > (?, ?)`` SQLite looks for the first column alone: each portion went through all before.
        """
        asked = {"state": which.state, "move_id": which.move_id}
        wanted: dict[str, str | bytes] = {name: value for name, value in asked.items() if value is not None}
        where = "".join(f" AND {name} = ?" for name in wanted)
        if which.below:
            where += " AND path < ?"
            wanted["end"] = _after_all(os.fsencode(which.below))
        query = (
            f"SELECT {_FILE} FROM file WHERE staging_id = ? AND direction = ?{where} "  # noqa: S608 - our own column names, values are bound
            f"AND path > ? ORDER BY path LIMIT {_CHUNK}"
        )
        after = os.fsencode(which.below)  # a directory with its slash is no file's path
        while True:
            with self._told():
                found = self._db.execute(query, (staging_id, direction, *wanted.values(), after)).fetchall()
            yield from map(rows.file_of, found)
            if len(found) < _CHUNK:
                return
            after = found[-1][1]

    def record(self, change: Change) -> None:
        """In one transaction."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(change)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # of a disk that is full SQLite has taken it back by itself
                    self._db.execute("ROLLBACK")
                raise

    def history(self, staging_id: str) -> tuple[Transition, ...]:
        """The log of one staging."""
        query = "SELECT at, actor, event, before, after, reason FROM transition WHERE staging_id = ? ORDER BY number"
        with self._told():
            return tuple(map(rows.transition_of, self._db.execute(query, (staging_id,))))

    def counts(self, staging_id: str) -> tuple[Count, ...]:
        """Files by direction and state."""
        query = (
            "SELECT direction, state, count(*), sum(size) FROM file WHERE staging_id = ? GROUP BY 1, 2 ORDER BY 1, 2"
        )
        with self._told():
            return tuple(map(rows.count_of, self._db.execute(query, (staging_id,))))

    def spent(self, month: str) -> Spent:
        """What was reserved in that month."""
        sums = "staging_id, sum(usd), sum(bytes) FILTER (WHERE kind = 'egress')"
        query = f"SELECT {sums} FROM spend WHERE month = ? GROUP BY 1"  # noqa: S608 - our own words, the value is bound
        with self._told():
            found = self._db.execute(query, (month,)).fetchall()
        by_staging = {staging_id: usd for staging_id, usd, _ in found}
        return Spent(
            usd=sum(by_staging.values()), egress_bytes=sum(sent or 0 for _, _, sent in found), by_staging=by_staging
        )

    def spent_on(self, staging_id: str) -> frozenset[str]:
        """Keys of what was reserved for it."""
        query = "SELECT key FROM spend WHERE staging_id = ?"
        with self._told():
            return frozenset(key for (key,) in self._db.execute(query, (staging_id,)))

    def _all(self, table: str, order: str) -> list[rows.Row]:
        return self._db.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()  # noqa: S608 - our own names

    def _write(self, change: Change) -> None:
        mine = change.staging_id
        if change.anew:
            settled = "DELETE FROM file WHERE staging_id = ? AND NOT (direction = 'in' AND state = 'ok')"
            self._db.execute(settled, (mine,))
        if change.staging is not None:
            self._put("staging", [rows.staging_row(change.staging)])
        self._put("move", [rows.move_row(mine, one) for one in change.moves])
        self._put("lease", [rows.lease_row(mine, one) for one in change.leases])
        spends = [rows.spend_row(mine, one) for one in change.spends]
        self._db.executemany("INSERT OR IGNORE INTO spend VALUES (?, ?, ?, ?, ?, ?)", spends)
        files = (rows.file_row(mine, one) for one in change.files)
        self._db.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", files)
        if change.transition is not None:
            self._put("transition", [(None, *rows.transition_row(mine, change.transition))])

    def _put(self, table: str, written: list[rows.Row]) -> None:
        if written:
            marks = ", ".join("?" * len(written[0]))
            insert = f"INSERT OR REPLACE INTO {table} VALUES ({marks})"  # noqa: S608 - our own names, values are bound
            self._db.executemany(insert, written)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ConfigError(f"{self._name}: the journal failed: {error}", _HINT) from error
