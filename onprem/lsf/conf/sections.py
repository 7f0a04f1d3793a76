"""Files made of ``Begin NAME`` ... ``End NAME``: their sections, as assignments (vertical) or as a table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.lsf.conf.edits import unusable
from onprem.lsf.conf.lines import Line, logical

if TYPE_CHECKING:
    from collections.abc import Iterator

_CELL = re.compile(r"\([^)]*\)|\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section; ``end`` is the line of its End."""

    name: str
    begin: int
    end: int
    lines: tuple[Line, ...]

    def assignments(self) -> dict[str, Line]:
        """Key to the line that sets it, the last one of a key."""
        return {found[0]: line for line in self.lines if (found := line.assignment())}

    def value(self, key: str) -> str | None:
        """What a key is set to, or None."""
        line = self.assignments().get(key)
        found = line.assignment() if line else None
        return found[1] if found else None

    def header(self) -> tuple[str, ...]:
        """The columns of a table."""
        return tuple(self.lines[0].text.split()) if self.lines else ()

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows of a table; a cell is a word, or words in brackets."""
        return tuple(tuple(_CELL.findall(line.text)) for line in self.lines[1:])


def sections(text: str, file: str, name: str) -> tuple[Section, ...]:
    """Every section of that name. Raises ``ConfigError`` when a section is not closed."""
    return tuple(section for section in _all(text, file) if section.name.lower() == name.lower())


def _all(text: str, file: str) -> Iterator[Section]:
    begun: Line | None = None
    held: list[Line] = []
    for line in logical(text):
        word = line.text.split()[0]
        if word.lower() == "begin":
            if begun is not None:
                raise unusable(file, begun.first + 1, f"expected an End for {begun.text!r} before another Begin")
            begun, held = line, []
        elif word.lower() == "end":
            if begun is None:
                raise unusable(file, line.first + 1, f"expected a Begin before {line.text!r}")
            yield Section(name=_name(begun), begin=begun.first, end=line.first, lines=tuple(held))
            begun = None
        elif begun is not None:
            held.append(line)
    if begun is not None:
        raise unusable(file, begun.first + 1, f"expected an End for {begun.text!r}")


def _name(begin: Line) -> str:
    return " ".join(begin.text.split()[1:])
