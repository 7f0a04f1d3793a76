"""Allocations under a new name: the old bucket, key and images stay with them, but only if the file says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from ris_hybrid.mirror.known import Known
    from ris_hybrid.mirror.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """What each ``renamed_from`` comes to, and what looks like a rename that nobody has named."""

    origins: Mapping[str, Known]
    """Key of a new name to what it takes over."""
    refused: Mapping[str, str]
    """Key of a new name to why it is not planned."""
    waiting: Mapping[str, str]
    """Key of an old name that stays as it is, to the reason."""


def resolve(
    allocations: Sequence[Wanted], blocked: Sequence[Wanted], known: Mapping[str, Known], *, aws_known: bool
) -> Renames:
    """Read every ``renamed_from``, and hold what is not clear.

    Args:
        allocations: the files that can be mirrored, each name once.
        blocked: the others.
        known: what is mirrored, by key.
        aws_known: whether what AWS holds is known everywhere.
    """
    here = {wanted.key for wanted in (*allocations, *blocked)}
    asked = Counter(map(old_key, allocations))
    unclear = [(one, why) for one in allocations if (why := _unclear(one, known, here, asked, aws_known=aws_known))]
    refused = {one.key: why for one, why in unclear if one.key not in known}
    unclear += [(one, "its file cannot be followed") for one in blocked]
    waiting = {old_key(one): f"{one.name} is to have been renamed from it, but {why}" for one, why in unclear}
    origins = {
        one.key: known[old_key(one)]
        for one in allocations
        if old_key(one) in known and one.key not in known and one.key not in refused
    }
    taken_over = {one.name.casefold() for one in origins.values()}
    left = sorted(known.keys() - here - taken_over - waiting.keys())
    lost = [known[key] for key in left if not known[key].deleted]
    decided = {*known, *origins, *refused}
    for wanted, gone in _alike([one for one in allocations if one.key not in decided], lost):
        refused[wanted.key] = _which(gone.name)
        waiting[gone.name.casefold()] = f"{wanted.name} of the same owner is new: it may be this one under a new name"
    return Renames(origins=origins, refused=refused, waiting=waiting)


def old_key(wanted: Wanted) -> str:
    """The key of the name it had; empty where the file names none, or its own."""
    old = wanted.renamed_from.casefold()
    return old if old != wanted.key else ""


def _unclear(
    wanted: Wanted, known: Mapping[str, Known], here: Container[str], asked: Mapping[str, int], *, aws_known: bool
) -> str:
    old = old_key(wanted)
    if not old:
        return ""
    if old in here:
        return f"{wanted.renamed_from} has a file of its own"
    if asked[old] > 1:
        return f"several files say that they were renamed from {wanted.renamed_from}"
    if old in known:
        both = f"both have a bucket: move the data of {wanted.renamed_from} by hand"
        return both if wanted.key in known else ""
    if wanted.key not in known and not aws_known:
        return f"what AWS holds is not known, nor then whether {wanted.renamed_from} is mirrored"
    return ""


def _alike(new: Iterable[Wanted], lost: Sequence[Known]) -> Iterable[tuple[Wanted, Known]]:
    """New allocations, each with one that has just gone and has the same owner."""
    owners = {one.owner.casefold(): one for one in reversed(lost) if one.stage == "active" and one.owner}
    return [(wanted, owners[wanted.owner.casefold()]) for wanted in new if wanted.owner.casefold() in owners]


def _which(gone: str) -> str:
    return (
        f"{gone} of the same owner is gone: write renamed_from: {gone} if this is it, "
        f"else leave this file out until {gone} is marked as gone"
    )
