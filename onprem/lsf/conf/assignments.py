"""lsf.conf: ``KEY=VALUE`` lines, of which the last one of a key counts; and the same lines inside a section."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onprem.lsf.conf.edits import Edit, Edited, Kept, Want, insert
from onprem.lsf.conf.lines import Line, logical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[0-9]+m?")
_HEAD = re.compile(r"\s*\w+\s*=\s*")


def values(text: str) -> dict[str, str]:
    """Every key with the value that counts."""
    return dict(filter(None, (line.assignment() for line in logical(text))))


def set_keys(text: str, wants: Sequence[Want], edit: Edit, where: str) -> Edited:
    """The file with every wanted key in it, ours in a block of their own at the end."""
    lines = {found[0]: line for line in logical(text) if (found := line.assignment())}
    text, kept, absent = settle(text, wants, lines, edit, where)
    ours = [f"{want.key}={_quoted(want.value)}" for want in absent]
    return Edited(text=insert(text, len(text.splitlines()), edit.block(ours)), kept=kept)


def settle(
    text: str, wants: Sequence[Want], lines: Mapping[str, Line], edit: Edit, where: str
) -> tuple[str, tuple[Kept, ...], tuple[Want, ...]]:
    """Wanted keys that are there: left, replaced or kept; and the wanted keys that are not there."""
    kept: list[Kept] = []
    physical = text.splitlines(keepends=True)
    for want in wants:
        found = lines[want.key].assignment() if want.key in lines else None
        if found is None or want.enough(found[1], want.value):
            continue
        if want.key in edit.replace:
            _replace(physical, lines[want.key], want)
        else:
            kept.append(Kept(where=where, key=want.key, has=found[1], wanted=want.value))
    return "".join(physical), tuple(kept), tuple(want for want in wants if want.add and want.key not in lines)


def _replace(physical: list[str], line: Line, want: Want) -> None:
    """Set the value anew where it stands; further lines of a continued one become empty, so that numbers still hold."""
    old = physical[line.first]
    head = _HEAD.match(old)
    value = _quoted(want.value) if '"' in old else want.value
    physical[line.first] = f"{head[0] if head else f'{want.key}='}{value}\n"
    physical[line.first + 1 : line.last + 1] = ["\n"] * (line.last - line.first)


def _quoted(value: str) -> str:
    """The value as lsf.conf has it: words in quotes."""
    return value if _PLAIN.fullmatch(value) else f'"{value}"'
