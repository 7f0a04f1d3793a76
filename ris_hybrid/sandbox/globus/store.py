"""What the sandbox's Globus knows, in one SQLite file: a service that is killed goes on where it was.

Tokens are kept as their hashes: the file is no place to find one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Kind = Literal["endpoint", "task", "document", "submission", "pause", "rule", "group", "identity", "token"]
"""``task`` is what is told of a task, ``document`` what was asked, ``submission`` its id to the task's."""
Rows = Literal["moved", "skipped"]

_TABLES = """
CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, json TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rows_of (task TEXT, kind TEXT, source TEXT, json TEXT, PRIMARY KEY (task, kind, source))
  WITHOUT ROWID;
"""


class Store:
    """Records by kind and id, and rows of tasks; safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        # One process writes, and a machine that dies takes the sandbox's AWS with it: no fsync is waited for.
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_TABLES}")

    def get(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        """One record, or None."""
        with self._lock:
            found = self._db.execute("SELECT json FROM records WHERE kind=? AND id=?", (kind, record_id)).fetchone()
        return json.loads(found[0]) if found else None

    def put(self, kind: Kind, record_id: str, record: dict[str, Any]) -> None:
        """Write a record, new or not."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO records VALUES (?,?,?)", (kind, record_id, json.dumps(record)))

    def change(self, kind: Kind, record_id: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Read, change and write in one step; one that is not there stays so."""
        with self._lock:
            record = self.get(kind, record_id)
            if record is not None:
                change(record)
                self.put(kind, record_id, record)

    def drop(self, kind: Kind, record_id: str) -> bool:
        """Delete one; whether there was one."""
        with self._lock:
            return self._db.execute("DELETE FROM records WHERE kind=? AND id=?", (kind, record_id)).rowcount > 0

    def every(self, kind: Kind) -> list[dict[str, Any]]:
        """All records of a kind, by id."""
        with self._lock:
            found = self._db.execute("SELECT json FROM records WHERE kind=? ORDER BY id", (kind,)).fetchall()
        return [json.loads(text) for (text,) in found]

    def add_rows(self, task_id: str, kind: Rows, rows: Iterable[dict[str, Any]]) -> None:
        """Files that a task has moved or skipped; each has its ``source_path``."""
        made = [(task_id, kind, row["source_path"], json.dumps(row)) for row in rows]
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR REPLACE INTO rows_of VALUES (?,?,?,?)", made)
            self._db.execute("COMMIT")

    def rows(self, task_id: str, kind: Rows, after: str = "", most: int = 1000) -> list[dict[str, Any]]:
        """A page of them, by source path."""
        query = "SELECT json FROM rows_of WHERE task=? AND kind=? AND source>? ORDER BY source LIMIT ?"
        with self._lock:
            found = self._db.execute(query, (task_id, kind, after, most)).fetchall()
        return [json.loads(text) for (text,) in found]

    def sources(self, task_id: str, kinds: Sequence[Rows]) -> set[str]:
        """Source paths of all of them."""
        marks = ",".join("?" * len(kinds))
        query = f"SELECT source FROM rows_of WHERE task=? AND kind IN ({marks})"  # noqa: S608 - only question marks
        with self._lock:
            return {source for (source,) in self._db.execute(query, (task_id, *kinds))}

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()
