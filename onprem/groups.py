"""``getent group`` → directory groups and their members.

A name service that does not enumerate (sssd without ``enumerate``) lists the groups it is asked for by name only:
``getent group NAME ...``.
"""

from __future__ import annotations

from ris_hybrid.errors import SiteUnavailable

_FIELDS = 4  # name, password, gid, members with commas


def parse_groups(text: str) -> dict[str, tuple[str, ...]]:
    """By name, case-folded; a group of several lines has the members of all. Lines with ``#`` are remarks.

    Raises:
        SiteUnavailable: a line that is not a group's, or no group at all.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(":")
        if len(fields) != _FIELDS or not fields[0].strip() or not fields[2].isdigit():
            raise SiteUnavailable(f"line {number}: expected name:password:gid:members, found {line[:60]!r}")
        members = [name.strip() for name in fields[3].split(",") if name.strip()]
        key = fields[0].casefold()
        groups[key] = tuple(dict.fromkeys((*groups.get(key, ()), *members)))
    if not groups:
        raise SiteUnavailable("no group: is it the output of getent group?")
    return groups
