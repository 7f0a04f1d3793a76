"""The journal's tables. A change here is a new VERSION; a journal of a newer one is refused."""

from __future__ import annotations

VERSION = 1
"""PRAGMA user_version of a journal that this release writes."""

TABLES = """
CREATE TABLE staging (
  staging_id TEXT PRIMARY KEY, site_path BLOB NOT NULL, state TEXT NOT NULL, going TEXT NOT NULL, reason TEXT NOT NULL,
  consistency TEXT NOT NULL, begun_at REAL NOT NULL, verified_at REAL NOT NULL, created REAL NOT NULL,
  plan TEXT NOT NULL
) STRICT;
CREATE TABLE move (
  staging_id TEXT NOT NULL, move_id TEXT NOT NULL, direction TEXT NOT NULL, stage TEXT NOT NULL, token TEXT NOT NULL,
  task_id TEXT NOT NULL, files INTEGER NOT NULL, bytes INTEGER NOT NULL, sent_at REAL NOT NULL, seen TEXT NOT NULL,
  moved_files INTEGER NOT NULL, moved_bytes INTEGER NOT NULL, bytes_per_s REAL NOT NULL, faults INTEGER NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (staging_id, move_id)
) STRICT;
CREATE TABLE file (
  staging_id TEXT NOT NULL, direction TEXT NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL, state TEXT NOT NULL, move_id TEXT NOT NULL, attempts INTEGER NOT NULL,
  crc64nvme TEXT NOT NULL, sha256 TEXT NOT NULL,
  version_id TEXT NOT NULL, base TEXT NOT NULL, older TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (staging_id, direction, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_move ON file (staging_id, move_id, direction, path);
CREATE TABLE lease (
  staging_id TEXT NOT NULL, job_id TEXT NOT NULL, state TEXT NOT NULL, since REAL NOT NULL, results TEXT NOT NULL,
  PRIMARY KEY (staging_id, job_id)
) STRICT;
CREATE TABLE transition (
  number INTEGER PRIMARY KEY, staging_id TEXT NOT NULL, at REAL NOT NULL, actor TEXT NOT NULL, event TEXT NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER transition_stays BEFORE UPDATE ON transition BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TRIGGER transition_kept BEFORE DELETE ON transition BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END;
CREATE TABLE spend (
  key TEXT PRIMARY KEY, staging_id TEXT NOT NULL, month TEXT NOT NULL, kind TEXT NOT NULL, usd REAL NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
"""
