"""The colon format of GPFS's commands (``-Y``) → rows by column name.

``command:section:HEADER:version:reserved:reserved:column:...:`` names the columns of one section of one command, and
``command:section:0:...`` are its rows; values are percent-encoded. Releases add columns at the end, so rows are read
by name; a row may be longer or shorter than its header. A header may have another word than its rows (seen of mmlsfs):
then the last header holds. Lines with ``#`` are remarks of whoever kept the file. Bytes that are not UTF-8 become lone
surrogates, as in every path of ours.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIRST = 6  # columns before the first of the command's own
_DIGITS = 19  # of 64 bits
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NONE = frozenset({"", "-", "--"})
"""Values that say there is none."""


class Row(NamedTuple):
    """One row with where it belongs."""

    command: str
    section: str
    """Empty for commands that have one only."""
    values: Mapping[str, str]
    """By column. A name that comes again in one header is numbered: ``reserved``, ``reserved#2``."""


def sections(text: str) -> Iterator[Row]:
    """Every row, decoded; an escape that is none stays as it is.

    Raises:
        SiteUnavailable: a line that is not of this form, or is cut off, or the text has no header: then nobody can
            tell what is missing.
    """
    headers: dict[tuple[str, str], list[str]] = {}
    last: list[str] = []
    # Not splitlines: it also splits at characters that a value may have.
    for number, read in enumerate(text.split("\n"), start=1):
        line = read.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        command, section, kind, *rest = _cells(line, number)
        if kind == "HEADER":
            last = headers[command, section] = _columns(rest[_FIRST - 3 :])
            continue
        columns = headers.get((command, section), last)
        if not columns:
            raise SiteUnavailable(f"line {number}: a row without a header before it")
        yield Row(command, section, dict(zip(columns, map(_decoded, rest[_FIRST - 3 :]), strict=False)))
    if not last:
        raise SiteUnavailable("no header: is it the output of the command with -Y?")


def rows(text: str) -> Iterator[Mapping[str, str]]:
    """The values of every row, whatever its section. Raises as ``sections``."""
    return (row.values for row in sections(text))


def word(row: Mapping[str, str], column: str) -> str:
    """A value; empty where there is none."""
    value = row.get(column, "")
    return "" if value in NONE else value


def count(row: Mapping[str, str], column: str) -> int | None:
    """A whole number; None where there is none.

    Raises:
        SiteUnavailable: not a number, or none that fits 64 bits.
    """
    value = row.get(column, "")
    if value in NONE:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        raise SiteUnavailable(f"{column}: expected a whole number, found {value[:60]!r}")
    return int(value)


def kib(row: Mapping[str, str], column: str) -> int | None:
    """Bytes of a column that counts KiB; None where there are none. Raises as ``count``."""
    found = count(row, column)
    return None if found is None else found * 1024


def local_time(printed: str) -> str:
    """``Wed May 18 10:41:35 2016`` → ``2016-05-18T10:41:35``, which sorts; empty when it is no such date.

    It is the cluster's local time and names no zone, so it becomes no moment.
    """
    match printed.split():
        case [_, month, day, clock, year] if month in _MONTHS and day.isdigit() and year.isdigit():
            return f"{year}-{_MONTHS.index(month) + 1:02}-{day:0>2}T{clock}"
    return ""


def _columns(names: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return numbered


def _decoded(cell: str) -> str:
    return unquote(cell, errors="surrogateescape") if "%" in cell else cell


def _cells(line: str, number: int) -> list[str]:
    cells = line.split(":")
    if len(cells) < _FIRST or cells[2] not in {"HEADER", "0"}:
        raise SiteUnavailable(f"line {number}: not in the form of -Y: {line[:60]!r}")
    if cells[-1]:
        raise SiteUnavailable(f"line {number}: cut off, as it has no colon at its end")
    return cells[:-1]
