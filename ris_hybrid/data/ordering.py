r"""Files in order of their keys, in bounded memory: sorted in runs, put away, merged.

A walk, a policy's list and S3 each have an order of their own; a manifest needs S3's, to be compared with what a bucket
lists in one pass, and to be the same for the same tree whoever listed it. S3 lists by the bytes of UTF-8, which is the
order of Python's text. A record is ``path NUL size NUL mtime_ns``: a path with a key has no control character, so
records sort as their paths do and each fits a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

RUN = 200_000
"""Records sorted at once: about 40 MB."""

Spill = Callable[[list[str]], Iterator[str]]
"""Puts a sorted run away **before it returns** (it is no generator function: those begin when they are read, and the
run would stay in memory until then), and gives it back in its order. A record has no line break, and is valid UTF-8."""


class FileRecord(NamedTuple):
    """One file that may go."""

    path: str
    size: int
    mtime_ns: int


def in_memory(run: list[str]) -> Iterator[str]:
    """For trees that fit."""
    return iter(run)


def packed(path: str, size: int, mtime_ns: int) -> str:
    """A record of a path that has a key."""
    return f"{path}\0{size}\0{mtime_ns}"


def unpacked(record: str) -> FileRecord:
    """The inverse of ``packed``."""
    path, size, mtime_ns = record.split("\0")
    return FileRecord(path, int(size), int(mtime_ns))


def ordered(records: Iterable[str], spill: Spill, run: int = RUN) -> Iterator[str]:
    """All records, sorted. The source is read to its end before the first comes out."""
    runs: list[Iterator[str]] = []
    held: list[str] = []
    for record in records:
        held.append(record)
        if len(held) >= run:
            runs.append(_put_away(held, spill))
            held = []
    held.sort()
    return merge(*runs, held) if runs else iter(held)


def _put_away(held: list[str], spill: Spill) -> Iterator[str]:
    held.sort()
    return spill(held)
