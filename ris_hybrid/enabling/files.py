"""Changes of files: shown as a diff, written whole or not at all, with owner and mode as they were."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HINT = "work as the LSF administrator, who owns these files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a file is and is to be; None stands for no file."""

    path: Path
    old: str | None
    new: str | None
    executable: bool = False

    def reversed(self) -> Change:
        """The way back."""
        return Change(path=self.path, old=self.new, new=self.old, executable=self.executable)


def current(path: Path) -> str | None:
    """A file's text, None where there is none; bytes that are no UTF-8 come through unharmed."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", _HINT) from error


def diff(change: Change) -> str:
    """The change as ``diff -u`` shows it."""
    named = [str(change.path) if text is not None else "/dev/null" for text in (change.old, change.new)]
    old, new = ((text or "").splitlines(keepends=True) for text in (change.old, change.new))
    return "".join(_complete(unified_diff(old, new, named[0], named[1])))


def _complete(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def make(change: Change) -> None:
    """Bring the file to its new text.

    Raises:
        SiteUnavailable: somebody changed the file since it was read.
        ConfigError: it may not be written.
    """
    if current(change.path) not in {change.old, change.new}:
        raise SiteUnavailable(f"{change.path}: was changed by somebody else just now", "run the command again")
    try:
        if change.new is None:
            change.path.unlink(missing_ok=True)
        else:
            _write(change.path.resolve(), change.new, executable=change.executable)
    except OSError as error:
        raise ConfigError(f"{change.path}: cannot be written: {error.strerror}", _HINT) from error


def _write(path: Path, text: str, *, executable: bool) -> None:
    """By a draft beside the file and a rename, so that a reader sees the old text or the new one."""
    _folder(path.parent)
    draft = path.with_name(f".{path.name}.ris-hybrid")
    draft.unlink(missing_ok=True)
    try:
        with draft.open("x", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)
            file.flush()
            like = path if path.exists() else path.parent
            _own(file.fileno(), like)
            os.fchmod(file.fileno(), like.stat().st_mode & 0o7777 if like == path else 0o755 if executable else 0o644)
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _folder(folder: Path) -> None:
    """Make it, owned as the one it lies in: root may be at work here."""
    if not folder.is_dir():
        _folder(folder.parent)
        folder.mkdir()
        stat = folder.parent.stat()
        if (stat.st_uid, stat.st_gid) != (os.geteuid(), folder.stat().st_gid) and os.geteuid() == 0:
            os.chown(folder, stat.st_uid, stat.st_gid)


def _own(descriptor: int, like: Path) -> None:
    stat, made = like.stat(), os.fstat(descriptor)
    if (stat.st_uid, stat.st_gid) != (made.st_uid, made.st_gid) and (like.is_file() or os.geteuid() == 0):
        os.fchown(descriptor, stat.st_uid, stat.st_gid)


def prune(folder: Path) -> None:
    """Remove a folder and the empty ones in it; what still holds something stays."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()
    with suppress(OSError):
        folder.rmdir()
