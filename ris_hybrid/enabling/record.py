"""What enabling did to which file, kept beside our provider's configuration: it is what disabling goes by.

``backup/manifest.json`` names for each file the text it had before us and those we gave it; the texts lie beside it.
The manifest is written before the files and names old and new text of each, so that a run that is killed in between
can be understood by the next one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_hybrid.enabling.files import Change, current
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file."""

    before: str | None
    written: tuple[str, ...]
    """Newest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All files, and the names of those whose change no daemon has been told of yet."""

    rows: Mapping[Path, Row] = field(default_factory=dict)
    pending: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    """Keys that were set anew on request: the next run does not give them back."""

    def with_row(self, path: Path, before: str | None, text: str) -> Record:
        """The record before ``text`` is written: what was written earlier may still be there."""
        earlier = self.rows[path].written if path in self.rows else ()
        written = (*(one for one in earlier if one != text), text)
        return replace(self, rows={**self.rows, path: Row(before=before, written=written)})

    def settled(self) -> Record:
        """The record once everything has been written."""
        rows = {path: replace(row, written=row.written[-1:]) for path, row in self.rows.items()}
        return replace(self, rows=rows)


def folder(home: Path) -> Path:
    """Where the record of a provider lies."""
    return home / "backup"


def load(home: Path) -> Record:
    """The record, an empty one where there is none. Raises ``ConfigError`` when it cannot be understood."""
    path = folder(home) / MANIFEST
    text = current(path)
    if text is None:
        return Record()
    try:
        body = json.loads(text)
        rows = {Path(row["path"]): _row(home, row) for row in body["files"]}
        lists = {key: tuple(map(str, body[key])) for key in ("pending", "replaced")}
        return Record(rows=rows, **lists)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path}: is not a record of ours: {error}", "the files as they were before us lie beside it"
        ) from error


def _row(home: Path, row: Mapping[str, Any]) -> Row:
    return Row(
        before=None if row["before"] is None else _text(home, row["before"]),
        written=tuple(_text(home, name) for name in row["written"]),
    )


def _text(home: Path, name: str) -> str:
    text = current(folder(home) / name)
    if text is None:
        raise ConfigError(f"{folder(home) / name}: is missing", "restore it from the site's own backup")
    return text


def writes(home: Path, record: Record) -> tuple[Change, ...]:
    """What to write for a record: texts first, the manifest that names them last."""
    texts: dict[str, str] = {}
    files = []
    for path, row in record.rows.items():
        names = [_name(path, text) for text in row.written]
        before = None if row.before is None else _name(path, row.before)
        texts.update(zip(names, row.written, strict=True))
        if before is not None and row.before is not None:
            texts[before] = row.before
        files.append({"path": str(path), "before": before, "written": names})
    said = {"files": files, "pending": list(record.pending), "replaced": list(record.replaced)}
    body = json.dumps(said, indent=2) + "\n"
    wanted = [*texts.items(), (MANIFEST, body)]
    changes = [Change(path=(at := folder(home) / name), old=current(at), new=text) for name, text in wanted]
    return tuple(change for change in changes if change.old != change.new)


def leftovers(home: Path, record: Record) -> tuple[Path, ...]:
    """Texts no row names any more."""
    named = {
        _name(path, text)
        for path, row in record.rows.items()
        for text in (row.before, *row.written)
        if text is not None
    }
    return tuple(path for path in folder(home).glob("*") if path.name not in {*named, MANIFEST})


def _name(path: Path, text: str) -> str:
    return f"{path.name}.{sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"
