"""The colon format of GPFS's commands (``-Y``) → rows by column name.

``command:section:HEADER:version:reserved:reserved:column:...:`` names the columns of one section of one command, and
``command:section:0:...`` are its rows; values are percent-encoded. Releases add columns at the end, so rows are read
by name; a row may be longer or shorter than its header. A header may have another word than its rows (seen of mmlsfs):
then the last header holds. Lines with ``#`` are remarks of whoever kept the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FIRST = 6  # columns before the first of the command's own
_DIGITS = 19  # of 64 bits
NONE = frozenset({"", "-", "--"})
"""Values that say there is none."""


def rows(text: str) -> Iterator[Mapping[str, str]]:
    """Every row, decoded; an escape that is none stays as it is.

    Raises:
        SiteUnavailable: a line that is not of this form, or is cut off, or the text has no header: then nobody can
            tell what is missing.
    """
    headers: dict[tuple[str, str], list[str]] = {}
    last: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        command, section, kind, *rest = _cells(line, number)
        if kind == "HEADER":
            last = headers[command, section] = rest
            continue
        columns = headers.get((command, section), last)
        if not columns:
            raise SiteUnavailable(f"line {number}: a row without a header before it")
        start = _FIRST - 3
        yield {name: unquote(cell) for name, cell in zip(columns[start:], rest[start:], strict=False)}
    if not last:
        raise SiteUnavailable("no header: is it the output of the command with -Y?")


def kib(row: Mapping[str, str], column: str) -> int | None:
    """Bytes of a column that counts KiB; None where it is not there.

    Raises:
        SiteUnavailable: not a number, or none that fits 64 bits.
    """
    value = row.get(column, "")
    if value in NONE:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
        raise SiteUnavailable(f"{column}: expected a number of KiB, found {value[:60]!r}")
    return int(value) * 1024


def _cells(line: str, number: int) -> list[str]:
    cells = line.split(":")
    if len(cells) < _FIRST or cells[2] not in {"HEADER", "0"}:
        raise SiteUnavailable(f"line {number}: not in the form of -Y: {line[:60]!r}")
    if cells[-1]:
        raise SiteUnavailable(f"line {number}: cut off, as it has no colon at its end")
    return cells[:-1]
