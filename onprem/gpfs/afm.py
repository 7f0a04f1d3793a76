"""What ``mmafmctl`` and ``mmafmcosctl`` say of AFM filesets → how caches stand to their homes.

``mmafmctl FS getstate`` prints a table of fixed columns; a value longer than its column pushes the rest of its line to
the right. ``checkDirty --dirty-data -Y`` and ``mmafmcosctl ... --upload-stats -Y`` are in the colon format. IBM's pages
do not name their columns: they are found by the names the plain table has, and everything is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onprem.gpfs.rows import count, rows
from ris_hybrid.data.scale import CacheState, afm_health
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.data.scale import ScaleFileset

_COLUMNS = ("Fileset Name", "Fileset Target", "Cache State", "Gateway Node", "Queue Length", "Queue numExec")
_CLEAN = "no dirty"  # the words a clean fileset is reported with; not confirmed for every release


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """What AFM to cloud object storage has moved for one fileset."""

    fileset: str
    queued: int | None
    failed: int | None
    already_cached: int | None
    total_bytes: int | None
    values: Mapping[str, str]
    """All columns, as they came."""


def cache_state(file_system: str, fileset: str, state: str, queued: int | None = None, gateway: str = "") -> CacheState:
    """The value for GPFS's word."""
    health, reason = afm_health(state, queued)
    return CacheState(
        file_system=file_system,
        fileset=fileset,
        health=health,
        state=state,
        queued=queued,
        gateway=gateway,
        reason=reason,
    )


def checked(cache: CacheState, *, dirty: bool) -> CacheState:
    """The same after ``checkDirty``, which sees what the queue does not tell while AFM is not active."""
    if dirty:
        return replace(cache, health="busy", reason=f"{cache.state}: checkDirty found files that are not at home")
    if cache.health == "unknown":
        return replace(cache, health="clean", reason=f"{cache.state}: checkDirty found nothing that waits")
    return cache


def without_relation(filesets: Iterable[ScaleFileset], file_system: str, fileset: str) -> CacheState:
    """Of a fileset that ``getstate`` does not list: it is no cache, if there is such a fileset at all.

    Raises:
        SiteUnavailable: there is none of that name, or it has a relation, and ``getstate`` should have told of it.
    """
    found = next((one for one in filesets if (one.file_system, one.name) == (file_system, fileset)), None)
    if found is None:
        raise SiteUnavailable(f"no fileset {fileset} in {file_system}", "compare its name with mmlsfileset")
    if found.afm_mode:
        raise SiteUnavailable(f"{fileset} is an AFM fileset ({found.afm_mode}), and its state is not told")
    return cache_state(file_system, fileset, "")


def parse_getstate(file_system: str, text: str) -> dict[str, CacheState]:
    """By fileset.

    Raises:
        SiteUnavailable: the table's header is not there, or a line does not fit it.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    at = next((number for number, line in enumerate(lines) if all(name in line for name in _COLUMNS)), None)
    if at is None:
        raise SiteUnavailable("no header of a table: is it the output of mmafmctl getstate?")
    starts = [lines[at].index(name) for name in _COLUMNS]
    found = {}
    for number, line in enumerate(lines[at + 1 :], start=at + 2):
        if line.strip() and not set(line) <= {"-", " "}:
            cells = _cells(line, starts, number)
            found[cells[0]] = cache_state(file_system, cells[0], cells[2], _length(cells[4], number), cells[3])
    return found


def parse_dirty(text: str) -> bool:
    """Whether ``mmafmctl FS checkDirty -j FILESET [--dirty-data [-Y]]`` found something that is not at home.

    Clean is only what says so, a header without rows, or rows that count nothing. Any other row, or a path, is
    something dirty.

    Raises:
        SiteUnavailable: the text is not understood.
    """
    if ":HEADER:" in text:
        return not all(map(_counts_nothing, rows(text)))
    if _CLEAN in text.casefold():
        return False
    if "dirty" in text.casefold() and "/" in text:
        return True
    raise SiteUnavailable(f"not understood: is it the output of mmafmctl checkDirty? {text.strip()[:60]!r}")


def parse_transfers(text: str) -> tuple[Transfers, ...]:
    """``mmafmcosctl FS FILESET PATH --upload-stats -Y`` (or ``--download-stats``). Raises as ``rows``."""
    return tuple(map(_transfers, rows(text)))


def _counts_nothing(row: Mapping[str, str]) -> bool:
    numbers = [value for value in row.values() if value.isdigit()]
    return bool(numbers) and set("".join(numbers)) == {"0"} and not any("/" in value for value in row.values())


def _transfers(row: Mapping[str, str]) -> Transfers:
    by_name = {name.casefold().replace("_", ""): value for name, value in row.items()}
    return Transfers(
        fileset=by_name.get("filesetname", ""),
        queued=count(by_name, "queued"),
        failed=count(by_name, "failed"),
        already_cached=count(by_name, "alreadycached"),
        total_bytes=count(by_name, "totaldata"),
        values=row,
    )


def _cells(line: str, starts: Sequence[int], number: int) -> list[str]:
    """By the header's positions where the line keeps to them, else by its words."""
    ends = [*starts[1:], len(line) + 1]
    cells = [line[start:end] for start, end in zip(starts, ends, strict=True)]
    # A value that ends where the next column begins, or a column that begins with a space, was pushed.
    if all(not cell or (cell[:1] != " " or not cell.strip()) for cell in cells) and all(
        line[start - 1 : start] in {"", " "} for start in starts[1:]
    ):
        return [cell.strip() for cell in cells]
    words = line.split()
    if len(words) in {3, len(starts)}:  # one that is not active has neither gateway nor queue
        return [*words, *[""] * (len(starts) - len(words))]
    raise SiteUnavailable(f"line {number}: does not fit the table's columns: {line[:60]!r}")


def _length(cell: str, number: int) -> int | None:
    if cell in {"", "-", "N/A"}:
        return None
    if not (cell.isascii() and cell.isdigit()):
        raise SiteUnavailable(f"line {number}: expected the length of a queue, found {cell[:60]!r}")
    return int(cell)
