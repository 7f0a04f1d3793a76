"""What an edit of an admin's file gives: the new text, and what was left because an admin had set it.

Our lines stand between two comment lines that name us, so that a person sees whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _same(has: str, wanted: str) -> bool:
    return has == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A key and the value it should have."""

    key: str
    value: str
    enough: Callable[[str, str], bool] = _same
    """``enough(has, wanted)``: whether a value that is there already will do."""
    add: bool = True
    """False: no key at all will do as well, and none is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A setting that was left as it is, although we want another."""

    where: str
    key: str
    has: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: kept {self.has!r}, because an admin set it; wanted {self.wanted!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A file's text after an edit."""

    text: str
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """How to edit: in whose name, and which keys may be set anew although an admin set them."""

    owner: str
    replace: frozenset[str] = field(default_factory=frozenset)

    def block(self, lines: Sequence[str]) -> str:
        """The lines between our two comment lines; nothing for none."""
        if not lines:
            return ""
        body = "".join(f"{line}\n" for line in lines)
        return f"# ris-hybrid ({self.owner}) from here\n{body}# ris-hybrid ({self.owner}) to here\n"


def anything(has: str, _wanted: str) -> bool:
    """Any value will do."""
    return bool(has)


def includes(has: str, wanted: str) -> bool:
    """A list of words that has ours, or ``all``."""
    words = has.split()
    return "all" in words or set(wanted.split()) <= set(words)


def lends_nothing(has: str, _wanted: str) -> bool:
    """RC_HOSTS of a queue that borrows no host."""
    return has.lower() in {"", "none"}


def insert(text: str, at: int, block: str) -> str:
    """The text with a block before line ``at`` (from 0); behind the last line if that is where it is."""
    lines = text.splitlines(keepends=True)
    head = "".join(lines[:at])
    if block and head and not head.endswith("\n"):
        head += "\n"
    return head + block + "".join(lines[at:])


def unusable(file: str, line: int, expected: str) -> ConfigError:
    """The error for a file that is not in LSF's form."""
    return ConfigError(f"{file}:{line}: {expected}", "nothing was changed; `badmin ckconfig -v` shows what LSF reads")
