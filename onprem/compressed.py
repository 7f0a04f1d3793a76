"""Lines of a text file, plain or gzipped, one at a time, with the bytes of disk they took for a progress bar."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"
_EVERY = 4096
"""Lines between two words of progress."""


def no_progress(count: int) -> None:
    """Takes bytes read, and shows nothing."""
    del count


def read_lines(
    path: Path,
    what: str,
    on_bytes: Callable[[int], None] = no_progress,
    on_cut: Callable[[], None] | None = None,
) -> Iterator[str]:
    """Each line with its end, a byte a character (Latin-1), so that no byte is lost or fails.

    ``on_bytes`` is given what was consumed of the file as it lies on disk since it was last called. ``on_cut`` is
    called where a gzipped file ends early, after the lines that could be read; without it that is an error too.

    Raises:
        ConfigError: the file cannot be opened or read; ``what`` says what was expected there.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if packed else file
            text = io.TextIOWrapper(io.BufferedReader(stream, 1 << 20), encoding="latin-1", newline="\n")
            told = 0
            try:
                for number, line in enumerate(text, start=1):
                    yield line
                    if number % _EVERY == 0:
                        told = _tell(file.tell(), told, on_bytes)
            except EOFError:
                if on_cut is None:
                    raise
                on_cut()
            _tell(file.tell(), told, on_bytes)
    except (OSError, EOFError, zlib.error) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        hint = f"name the files in it: {path}/..." if isinstance(error, IsADirectoryError) else "check the path"
        raise ConfigError(f"{path}: expected a readable {what}, plain or gzipped: {why}", hint) from error


def _tell(now: int, told: int, on_bytes: Callable[[int], None]) -> int:
    on_bytes(now - told)
    return now
