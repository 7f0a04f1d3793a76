"""In which order resources are deleted, and which are not (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.sandbox.apply.state import Record


def in_order(records: Sequence[Record]) -> list[Record]:
    """The younger before the older, but what depends on another always before it.

    A replaced copy and its successor have one urn; what depends on it goes before both.
    """
    needed_by = _needed_by(records)
    order: dict[int, Record] = {}
    for place in reversed(range(len(records))):
        _visit(place, records, needed_by, order, ())
    return list(order.values())


def _needed_by(records: Sequence[Record]) -> list[list[int]]:
    """By place of a record the places of those that depend on it, the youngest first."""
    copies: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        copies.setdefault(record.urn, []).append(place)
    found: list[list[int]] = [[] for _ in records]
    for place, record in reversed(list(enumerate(records))):
        for urn in {*record.dependencies, record.parent} - {record.urn}:
            for below in copies.get(urn, ()):
                found[below].append(place)
    return found


def _visit(
    place: int, records: Sequence[Record], needed_by: list[list[int]], order: dict[int, Record], above: tuple[int, ...]
) -> None:
    if place in above:
        raise ConfigError(
            "the sandbox's state has resources that depend on each other in a ring", "start another sandbox"
        )
    if place in order:
        return
    for dependent in needed_by[place]:
        _visit(dependent, records, needed_by, order, (*above, place))
    order[place] = records[place]


def held(records: Sequence[Record]) -> dict[str, str]:
    """What ``destroy`` leaves, by urn with the reason: what is protected, and all that it depends on."""
    by_urn = {record.urn: record for record in records}
    reasons = {record.urn: "protected" for record in records if record.protect and not record.replaced}
    waiting = list(reasons)
    while waiting:
        record = by_urn[waiting.pop()]
        for urn in (*record.dependencies, record.parent):
            if urn in by_urn and urn not in reasons:
                reasons[urn] = f"{record.name} needs it and is protected"
                waiting.append(urn)
    return reasons


def dependents(record: Record, records: Sequence[Record], replaced_by: Mapping[str, frozenset[str]]) -> list[Record]:
    """What must be made anew because ``record`` is deleted before its successor is there, in the order of deletion.

    ``replaced_by`` has by type the properties that cannot be changed in place.
    """
    found: list[Record] = [record]
    for one in records:
        hit = {prop for prop, urns in one.reasons.items() if any(dep.urn in urns for dep in found)}
        if one not in found and not one.replaced and hit & replaced_by.get(one.kind, frozenset()):
            found.append(one)
    return in_order(found[1:])


def unwanted(records: Iterable[Record], wanted: Iterable[str]) -> list[Record]:
    """What the program no longer asks for, and old copies."""
    known = set(wanted)
    return [record for record in records if record.replaced or record.urn not in known]
