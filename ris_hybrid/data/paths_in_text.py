"""Absolute paths in the text of a command (pure).

A command is whatever a person or a workflow engine wrote: quotes within quotes, redirections, options with ``=``. So no
shell's grammar is applied: a path is what begins as one of the given directories do, up to a sign that ends a word.
Right behind a quote it may have spaces, up to the closing one or to what looks like the next argument. A wildcard ends
it at the directory above.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(r"""(?:\\.|[^\s"'`<>|&;(),:=\\])*\\?""", re.DOTALL)
_UNTIL = {sign: re.compile(rf"(?:\\.|[^{sign}\\])*\\?", re.DOTALL) for sign in "\"'"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NEXT = re.compile(r"\s+[-/<>|&;$\"'(]")
_CLIMBS = re.compile(r"(?<![^\s\"'`<>|&;(),:=])(?:[^\s\"'`<>|&;(),:=\\/$*?\[{]+/)*?\.\.(?=[/\s\"'`<>|&;(),:=]|$)")
_WILD = re.compile(r"[*?\[{$]")


def paths_in(text: str, beginnings: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Each path below one of the beginnings, and whether it can only be a directory."""
    shape = _shape(tuple(sorted({one.rstrip("/") for one in beginnings} - {""}, key=len, reverse=True)))
    end = 0
    for match in shape.finditer(text) if shape else ():
        if match.start() < end:
            continue
        path, end = _read(text, match.start())
        wild = _WILD.search(path)
        if wild:
            path = path[: path.rfind("/", 0, wild.start()) + 1]
        yield path, path.endswith("/") or path in beginnings


def climbing_in(text: str) -> Iterator[str]:
    """Each relative path that goes up (``../b/x``), as it stands: below where a job starts it need not be."""
    for match in _CLIMBS.finditer(text):
        path, _ = _read(text, match.start())
        wild = _WILD.search(path)
        yield path[: path.rfind("/", 0, wild.start()) + 1] if wild else path


@lru_cache(maxsize=64)  # jobs of one user have the same volumes
def _shape(beginnings: tuple[str, ...]) -> re.Pattern[str] | None:
    words = "|".join(map(re.escape, beginnings))
    return re.compile(rf"(?<![\w./~}}-])(?:{words})(?=/|$|[\s\"'`<>|&;(),:=])") if words else None


def _read(text: str, start: int) -> tuple[str, int]:
    """The path that begins there, without backslashes before signs, and where it ends."""
    before = text[start - 1] if start else ""
    shape = _UNTIL.get(before, _WORD)
    argument = _NEXT.search(text, start) if before in _UNTIL else None
    match = shape.match(text, start, argument.start() if argument else len(text))
    found = match[0] if match else ""
    return (_ESCAPED.sub(r"\1", found) if "\\" in found else found), start + len(found)
