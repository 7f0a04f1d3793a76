"""What an allocation file may say but should not: remarks a person can act on, each at its line (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.config.problems import found, nearest
from ris_hybrid.config.schema import Allocation, Members, flag, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.document import Document, Loc, Remark

ABOVE = "allocation"
"""The top key of an allocation file."""

# Keys of the service records and of ColdFront which this product does not use: kept without a word.
_PASSED_ON = {
    *("audit", "billing_cycle", "billing_exempt", "billing_startdate", "exempt", "fileset_alias", "fileset_name"),
    *("is_condo_group", "parent_id", "service_desk_ticket_number", "service_rate_category", "sla", "sponsor"),
    *("status", "storage_export_path", "storage_filesystem_path", "storage_name", "storage_protocols"),
    *("storage_quota", "storage_ticket", "subsidized", "who"),
}
_FLAGS = ("afm_cache_enable", "add_archive", "secure")
_RECOMMENDED = {
    "afm_cache_enable": "taken as false",
    "department_number": "its cost cannot be charged to a department",
    "issue_key": "nothing tells who asked for it",
    "add_archive": "taken as false",
    "quota": "its size is not limited here",
}
_SHAPES = {
    "department_number": (re.compile(r"[0-9]{4}|(CH|AU)[0-9]+"), "four digits, or CH or AU and digits"),
    "issue_key": (re.compile(r"[A-Z]+-[0-9]+|[0-9]+"), "a ticket such as ITDEV-13526"),
}
_NOT_IN_GROUPS = re.compile(r"[()@]|\.$")

_Said = tuple["Loc", str]


def advice(document: Document, raw: Mapping[str, object], allocation: Allocation) -> tuple[Remark, ...]:
    """Every remark about a file that can be used, in the order of its lines."""
    unused = [*_repeats(document), *_top_keys(document)]
    unused += [((ABOVE, key), text) for key, text in _unknown(allocation, _PASSED_ON)]
    said = [*_unsupported(allocation), *_renamed(allocation)]
    said += [((ABOVE, *loc), text) for loc, text in _values(raw)]
    said += [((ABOVE, *loc), text) for loc, text in _flags(raw, _FLAGS)]
    for name, members in allocation.dir_projects.items():
        body = _mapping(_mapping(raw["dir_projects"]).get(name))
        project = [*_project_name(name), *_principals(members), *_flags(body, ("archive",))]
        said += [((ABOVE, "dir_projects", name, *loc), text) for loc, text in project]
        unused += [((ABOVE, "dir_projects", name, key), text) for key, text in _unknown(members, set())]
    return tuple(
        sorted(
            (
                *(document.remark(loc, text) for loc, text in said),
                *(replace(document.remark(loc, text), unused=True) for loc, text in unused),
            ),
            key=lambda remark: (remark.line, remark.field, remark.message),
        )
    )


def _repeats(document: Document) -> Iterator[_Said]:
    for repeat in document.repeats:
        yield repeat.loc, f"written on line {repeat.first} and again on line {repeat.again}: the last one holds"


def _top_keys(document: Document) -> Iterator[_Said]:
    for key in _mapping(document.data):
        if key != ABOVE:
            yield (key,), f"beside {ABOVE!r}: not read"


def _values(raw: Mapping[str, object]) -> Iterator[_Said]:
    for key, value in raw.items():
        if value is None or value == "":
            yield (key,), "has no value: taken as not given"
    for key, meaning in _RECOMMENDED.items():
        if key not in raw:
            yield (key,), f"not given: {meaning}"
    for key, (shape, expected) in _SHAPES.items():
        value = str(raw.get(key) or "")
        if value and not shape.fullmatch(value):
            yield (key,), f"expected {expected}, found {found(value)}: kept as it is"


def _flags(raw: Mapping[str, object], keys: tuple[str, ...]) -> Iterator[_Said]:
    for key in keys:
        value = raw.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            yield (key,), f"expected true or false, found {found(value)}: taken as {found(flag(value))}"


def _unknown(model: Allocation | Members, passed_on: set[str]) -> Iterator[tuple[str, str]]:
    known = tuple(type(model).model_fields)
    for key in (model.model_extra or {}).keys() - passed_on:
        yield key, f"unknown key, kept but not used{nearest(key, known)}"


def _unsupported(allocation: Allocation) -> Iterator[_Said]:
    if allocation.backend != "gpfs":
        yield (ABOVE, "backend"), f"{found(allocation.backend)} is read but not mirrored: only gpfs is"
    elif allocation.platform != "storage1":
        yield (ABOVE, "platform"), f"{found(allocation.platform)} is read but not mirrored: only storage1 is"


def _renamed(allocation: Allocation) -> Iterator[_Said]:
    if allocation.renamed_from is not None and same(allocation.renamed_from) == same(allocation.name):
        yield (ABOVE, "renamed_from"), "is the name it has: not a rename"


def _project_name(name: str) -> Iterator[_Said]:
    if any(sign.isspace() for sign in name):
        yield (), f"project name {name!r} has a space: kept, but new projects may not have one"
    if _NOT_IN_GROUPS.search(name):
        yield (), f"project name {name!r} cannot be part of a group name: no '(', ')', '@' or '.' at the end"


def _principals(members: Members) -> Iterator[_Said]:
    writers = {same(principal) for principal in members.rw}
    for key, principals in (("rw", members.rw), ("ro", members.ro)):
        for index, principal in enumerate(principals):
            if same(principal) in set(map(same, principals[:index])):
                yield (key, index), f"{principal} is listed twice"
            elif key == "ro" and same(principal) in writers:
                yield (key, index), f"{principal} is also in rw: rw holds"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
