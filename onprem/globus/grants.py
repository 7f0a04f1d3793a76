"""Who an allocation's plan lets read and write which directory of its guest collection (pure).

Each storage group of the directory has a Globus group of its own: a member who comes or goes changes the group and no
rule, and a collection has room for 1,000 rules only. The collection's root is the allocation's directory. ``Archive``
is given to nobody: reading it recalls tapes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.mirror.values import AllocationPlan, DataClass

Permissions = Literal["r", "rw"]
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What members of one storage group may do below one directory."""

    group: str
    """The directory's name of it: ``storage-wucci-cryo-em-rw``."""
    path: str
    """As access rules name it, with slashes at both ends: ``/Active/Cryo-EM/``."""
    permissions: Permissions
    reason: str


def grants(allocation: AllocationPlan) -> tuple[Grant, ...]:
    """The whole group on ``Active``, and each project's groups on its directory.

    Groups with nobody in the allocation's file get no rule. Once an allocation is on its way out nobody writes. A group
    that is named for both reads only: what is in doubt never gains write.
    """
    found: dict[tuple[str, str], Grant] = {}
    for one in _wanted(allocation):
        key = (one.group.casefold(), one.path)
        if key not in found or one.permissions == "r":
            found[key] = one
    return tuple(found.values())


def group_name(storage_group: str, data_class: DataClass) -> str:
    """What the Globus group is called: names leave the site, so that of a PHI allocation says nothing."""
    return pseudonym(storage_group) if data_class == "phi" else storage_group.casefold()


def pseudonym(name: str) -> str:
    """A name that follows from another and does not show it."""
    return f"ris-{hashlib.sha256(name.casefold().encode()).hexdigest()[:_DIGITS]}"


def people(group: str, groups: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Members of a storage group with those of groups inside it, and the groups that are not known.

    ``groups`` is the site's listing, by case-folded name. The second is the group itself where the listing has not it.
    """
    seen: set[str] = set()
    found: dict[str, None] = {}
    unknown: list[str] = []
    waiting = [group]
    while waiting:
        name = waiting.pop(0)
        key = name.casefold()
        if key in seen:
            continue
        seen.add(key)
        if key not in groups:
            unknown.append(name)
            continue
        for member in groups[key]:
            if member.casefold() in groups or member.casefold().startswith(_GROUPS_BEGIN):
                waiting.append(member)
            else:
                found[member.casefold()] = None
    return tuple(found), tuple(unknown)


_GROUPS_BEGIN = ("storage-", "compute-")
"""What a member's name begins with when it is a group's, though nobody listed that."""


def _wanted(allocation: AllocationPlan) -> Iterator[Grant]:
    if allocation.group:
        yield _grant(allocation, allocation.group, "/Active/", "group of the whole allocation")
    for project in allocation.projects:
        path = f"/{project.prefix}"
        if project.rw:
            yield _grant(allocation, project.rw_group, path, f"rw of project {project.slug}")
        if project.ro:
            reason = f"ro of project {project.slug}"
            yield Grant(group=project.ro_group, path=path, permissions="r", reason=reason)


def _grant(allocation: AllocationPlan, group: str, path: str, reason: str) -> Grant:
    if allocation.bucket.writable:
        return Grant(group=group, path=path, permissions="rw", reason=reason)
    return Grant(group=group, path=path, permissions="r", reason=f"{reason}; the allocation is {allocation.stage}")
