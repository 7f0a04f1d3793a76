"""waivers.yaml → waivers, every field of which must be there: a waiver nobody answers for is none.

The file has one key, ``waivers``, a list; what each field means is in ``ris_hybrid.config.waiver``.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ris_hybrid.config.document import Loc, Remark, UnusableFile, read
from ris_hybrid.config.problems import found, nearest
from ris_hybrid.config.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from ris_hybrid.config.document import Document

_KEYS = tuple(field.name for field in fields(Waiver) if field.name != "where")
_LONGEST = timedelta(days=366)
_HINT = "each waiver has rule, resource, reason, owner, until and ticket: see docs/security.md"


def load_waivers(path: Path, rules: Collection[str], today: str) -> tuple[Waiver, ...]:
    """The waivers in one file, in its order.

    Args:
        path: the file.
        rules: the names there are.
        today: ISO date; a waiver ends within a year of it, so that somebody looks at it again.

    Raises:
        UnusableFile: with everything that is wrong, a line each.
    """
    document = read(path)
    wrong = tuple(_wrong(document, rules, date.fromisoformat(today)))
    if wrong:
        raise UnusableFile(tuple(sorted(wrong, key=lambda remark: remark.line)), _HINT)
    return tuple(
        Waiver(**entry, where=f"{document.file}:{document.line_of(('waivers', index))}")
        for index, entry in enumerate(_entries(document))
    )


def _entries(document: Document) -> list[dict[str, Any]]:
    data = document.data
    return list(data["waivers"] or ()) if isinstance(data, dict) else []


def _wrong(document: Document, rules: Collection[str], today: date) -> Iterator[Remark]:
    for repeat in document.repeats:
        text = f"expected the key once, found it on line {repeat.first} and on line {repeat.again}"
        yield document.remark(repeat.loc, text)
    data = document.data
    if data is None:
        return
    if not isinstance(data, dict) or set(data) != {"waivers"} or not isinstance(data["waivers"], list | None):
        yield document.remark((), "expected the one key waivers with a list")
        return
    for index, entry in enumerate(data["waivers"] or ()):
        here = ("waivers", index)
        if isinstance(entry, dict):
            yield from (
                document.remark(loc, text)
                for loc, text in (*_faults(here, entry, rules), *_until_faults(here, entry, today))
            )
        else:
            yield document.remark(here, f"expected keys and values, found {found(entry)}")


def _faults(here: Loc, entry: dict[str, object], rules: Collection[str]) -> Iterator[tuple[Loc, str]]:
    for key in entry:
        if key not in _KEYS:
            yield (*here, key), f"expected a known key, found {key!r}{nearest(key, _KEYS)}"
    for key in _KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            yield (*here, key), f"expected text, found {found(value)}"
    rule = entry.get("rule")
    if isinstance(rule, str) and rule and rule not in rules:
        yield (*here, "rule"), f"expected the name of a rule, found {rule!r}{nearest(rule, sorted(rules))}"
    resource = entry.get("resource")
    if isinstance(resource, str) and resource.strip() and not any(map(str.isalnum, resource.rpartition(" ")[2])):
        yield (*here, "resource"), f"expected a name, or its beginning before '*', found {found(resource)}"


def _until_faults(here: Loc, entry: dict[str, object], today: date) -> Iterator[tuple[Loc, str]]:
    until = entry.get("until")
    if not isinstance(until, str) or not until.strip():
        return
    last = _date(until)
    if last is None:
        yield (*here, "until"), f"expected a date such as 2027-03-31, found {until!r}"
    elif last - today > _LONGEST:
        latest = (today + _LONGEST).isoformat()
        yield (*here, "until"), f"expected a date within a year, {latest} at the latest, found {until!r}"


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None
