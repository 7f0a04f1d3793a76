"""Takes our lines out of a file again and leaves what an admin has changed since. Pure, by lines."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """A file without us; None when it is not to be there."""

    text: str | None
    kept: tuple[str, ...] = ()
    """Lines that an admin made of ours, or wrote among them."""


def undo(current: str, written: Sequence[str], before: str) -> Undone:
    """The file as it was before us, with an admin's later changes.

    ``written`` are the texts we have given it (an interrupted run may have left an earlier one), ``before`` the one
    without us. Untouched since, the file is ``before`` to the byte.
    """
    if current == before or current in written:
        return Undone(text=before)
    now = _lines(current)
    there = set(now)
    ours = max((_lines(text) for text in written), key=lambda lines: len(there.intersection(lines)))
    place = _places(ours, now)
    drop: set[int] = set()
    anew: dict[int, str] = {}
    kept: list[str] = []
    plain = _lines(before)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, ours, plain, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for at in range(i1, i2):
            if at not in place:
                continue
            drop.add(place[at])
            if at - i1 < j2 - j1:
                anew[place[at]] = plain[j1 + at - i1]
        kept += _foreign([place[at] for at in range(i1, i2) if at in place], now, set(place.values()))
    rest = (anew.get(at, "") if at in drop else line for at, line in enumerate(now))
    return Undone(text="".join(rest), kept=tuple(line.strip() for line in kept if line.strip()))


def _places(ours: list[str], now: list[str]) -> dict[int, int]:
    """Where each line we wrote is now."""
    blocks = SequenceMatcher(None, ours, now, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _foreign(found: list[int], now: list[str], known: set[int]) -> list[str]:
    """Lines between ours that we did not write."""
    if not found:
        return []
    return [now[at] for at in range(found[0], found[-1]) if at not in known]


def _lines(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines
