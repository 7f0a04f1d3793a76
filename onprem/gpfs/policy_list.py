"""The list file of ``mmapplypolicy -I defer`` → entries, one at a time (IBM, "File list format").

A record is ``inode generation snapshot SHOW -- path``; the first `` -- `` ends what is shown, and with ``ESCAPE`` the
path and the shown text are percent-encoded, so a record is one line. The policy is ``policy.render_policy``'s. Times
are UTC, as policies have them, with microseconds. Hard links come once for each of their names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from onprem.gpfs.residency import residency
from ris_hybrid.data.excluded import excluded_path
from ris_hybrid.data.values import Entry
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.data.values import EntryKind

_RECORD = re.compile(rb" *\d+ +-?\d+ +(-?\d+) +(.*?) -- (/.*)\n")
_SHOWN = re.compile(
    r"size=(\d{1,19}) mtime=(\d{4}-\d\d-\d\d)[ @](\d\d:\d\d:\d\d(?:\.\d{1,6})?)"
    r" uid=(\d{1,19}) gid=(\d{1,19}) mode=([a-zA-Z-][rwxsStT-]{9}) links=(\d{1,19}) misc=(\S*)",
    re.ASCII,
)
_KINDS: dict[str, EntryKind] = {"-": "file", "d": "directory", "l": "symlink"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ACTIVE = b"0"  # snapshot of what is no snapshot


def parse_list(lines: Iterable[bytes], root: str) -> Iterator[Entry]:
    """Everything below ``root``, an absolute path as the list has it; each line with its newline.

    Raises:
        SiteUnavailable: a line is not such a record, the last is cut off, or no record is at or below ``root``: then
            the list is of something else. It may be raised after entries were given.
    """
    below, at = f"{root.rstrip('/')}/", root.rstrip("/") or "/"
    seen = False
    for number, line in enumerate(lines, start=1):
        snapshot, shown, path = _record(line, number)
        if path != at and not path.startswith(below):
            continue
        seen = True
        relative = path.removeprefix(below)
        if snapshot == _ACTIVE and path != at and not excluded_path(relative):
            yield _entry(relative, shown, number)
    if not seen:
        raise SiteUnavailable(
            f"the list has nothing of {root}", "was it made for this allocation, under the same mount point?"
        )


def _record(line: bytes, number: int) -> tuple[bytes, str, str]:
    match = _RECORD.fullmatch(line)
    if match is None:
        cut = "" if line.endswith(b"\n") else ": it is cut off"
        raise SiteUnavailable(
            f"line {number} is no record of a policy's list{cut}",
            "make the list with the policy of `ris-hybrid`: it asks for ESCAPE, so that a name stays on its line",
        )
    snapshot, shown, path = match.groups()
    # What a record shows is short of these three alone, and taking them out first is twice as fast.
    shown = shown.replace(b"%20", b" ").replace(b"%3D", b"=").replace(b"%3A", b":")
    return snapshot, _text(shown), _text(path)


def _entry(path: str, shown: str, number: int) -> Entry:
    match = _SHOWN.fullmatch(shown)
    if match is None:
        raise SiteUnavailable(f"line {number}: shows {shown[:80]!r}", "make the list with the policy of `ris-hybrid`")
    size, day, clock, uid, gid, mode, links, misc = match.groups()
    kind = _KINDS.get(mode[0], "other")
    return Entry(
        path,
        kind,
        int(size) if kind == "file" else 0,
        _nanoseconds(day, clock, number),
        int(uid),
        int(gid),
        _bits(mode),
        int(links),
        residency(misc),
    )


def _nanoseconds(day: str, clock: str, number: int) -> int:
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
    except ValueError as error:
        raise SiteUnavailable(f"line {number}: {day} {clock} is no time") from error
    return (moment - _EPOCH) // _MICROSECOND * 1000


@cache  # a tree has few modes
def _bits(mode: str) -> int:
    """``-rwsr-x--T`` → permission bits."""
    bits = 0
    for letter in mode[1:]:
        bits = bits << 1 | (letter not in "-ST")
    special = (mode[3] in "sS") << 2 | (mode[6] in "sS") << 1 | (mode[9] in "tT")
    return special << 9 | bits


def _text(encoded: bytes) -> str:
    raw = unquote_to_bytes(encoded) if b"%" in encoded else encoded
    return raw.decode("utf-8", "surrogateescape")
