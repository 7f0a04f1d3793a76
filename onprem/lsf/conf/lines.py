"""LSF's configuration text as logical lines: comments gone, continued lines joined, each with its place.

Form: IBM Spectrum LSF 10.1, configuration reference: ``#`` begins a comment, a backslash at the end continues a
line. A line of a file is numbered from 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASSIGNMENT = re.compile(r"\s*(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One logical line, over ``first`` to ``last`` of the file."""

    first: int
    last: int
    text: str

    def assignment(self) -> tuple[str, str] | None:
        """Key and value without quotes, or None."""
        found = _ASSIGNMENT.fullmatch(self.text)
        return None if found is None else (found["key"], unquoted(found["value"]))


def logical(text: str) -> Iterator[Line]:
    """The lines that say something."""
    first, parts = 0, [""]
    for number, physical in enumerate(text.splitlines()):
        if parts == [""]:
            first = number
        said = _COMMENT.sub("", physical).rstrip()
        if said.endswith("\\"):
            parts.append(said[:-1])
            continue
        whole = " ".join([*parts, said]).strip()
        parts = [""]
        if whole:
            yield Line(first=first, last=number, text=whole)


def unquoted(value: str) -> str:
    """A value without the quotes around it."""
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1].strip()
    return value


def included(text: str) -> bool:
    """Whether parts of the file lie elsewhere (``#INCLUDE``): what is not found here may be there."""
    return any(line.lstrip().upper().startswith("#INCLUDE") for line in text.splitlines())
