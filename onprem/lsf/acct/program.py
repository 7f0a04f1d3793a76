"""A layout made ready for walking: runs of fixed fields and repeated parts, and where each field is (pure)."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from onprem.lsf.acct.layout import Field, Repeat, forms
from onprem.lsf.acct.tokens import MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onprem.lsf.acct.layout import Form, Layout


class Run(NamedTuple):
    """Fields that each stand once."""

    names: tuple[str, ...]
    quoted: tuple[bool, ...]
    length: int
    strings: int
    pick: Callable[[list[str]], object]
    """The tokens where strings belong, of the tokens of the run."""
    marks: object
    """What ``pick`` must give."""


class Place(NamedTuple):
    """Where a field of a run is: in which part, and which of the part's strings, or tokens for a number."""

    part: int
    offset: int


NOWHERE = Place(1_000_000, 0)
"""A field that the layout does not have."""


class Program(NamedTuple):
    """A layout ready for walking."""

    parts: tuple[Run | Repeat, ...]
    places: dict[str, Place]
    """By name; a repeated part by the name of its count, with the offset of its first entry."""
    least: int
    """Parts before this one must be there."""
    least_in_part: int
    """Fields that must be there of the part ``least``."""


@lru_cache(maxsize=256)
def programs(version: str) -> tuple[Program, ...]:
    """The layouts to try for a version, ready for walking."""
    return tuple(_compiled(form) for form in forms(version))


@lru_cache(maxsize=16)
def _compiled(form: Form) -> Program:
    """The layout as runs and repeated parts, with the place of each name."""
    parts = tuple(part for group in _grouped(form.layout) for part in group)
    places: dict[str, Place] = {}
    for number, part in enumerate(parts):
        if isinstance(part, Repeat):
            places[part.counted_by] = Place(number, 0)
            continue
        seen = {False: 0, True: 0}
        for offset, (name, quoted) in enumerate(zip(part.names, part.quoted, strict=True)):
            places[name] = Place(number, seen[True] if quoted else offset)
            seen[quoted] += 1
    least = places[form.least].part
    last = parts[least]
    fields = last.names.index(form.least) + 1 if isinstance(last, Run) else 1
    return Program(parts, places, least, fields)


def _grouped(layout: Layout) -> list[Sequence[Run | Repeat]]:
    groups: list[Sequence[Run | Repeat]] = []
    for once, items in groupby(layout, key=lambda item: isinstance(item, Field)):
        if once:
            groups.append([_run([item for item in items if isinstance(item, Field)])])
        else:
            groups.append([item for item in items if isinstance(item, Repeat)])
    return groups


def _run(fields: list[Field]) -> Run:
    places = [place for place, field in enumerate(fields) if field.quoted]
    pick = itemgetter(*places) if places else _nothing
    marks = MARK if len(places) == 1 else (MARK,) * len(places)
    names, quoted = tuple(field.name for field in fields), tuple(field.quoted for field in fields)
    return Run(names, quoted, len(fields), len(places), pick, marks)


def _nothing(tokens: list[str]) -> tuple[str, ...]:
    del tokens
    return ()
