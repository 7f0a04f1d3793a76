"""Why an allocation file is not mirrored (or stays as it was): the first reason that an admin can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.placing import class_of, place, takes
from ris_hybrid.mirror.values import Unmapped

if TYPE_CHECKING:
    from ris_hybrid.mirror.facts import Facts
    from ris_hybrid.mirror.settings import Environment
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.wanted import Wanted

_LONGEST = 200
"""Of an allocation's name: its groups and filesets, which add to it, still have at most 255."""


def unsupported(wanted: Wanted) -> Unmapped | None:
    """Storage of another kind than what is mirrored, or a name no fileset can have."""
    if wanted.backend != "gpfs":
        return _no(wanted, "backend", f"{wanted.backend} is not mirrored: only gpfs is")
    if wanted.platform != "storage1":
        return _no(wanted, "platform", f"{wanted.platform} is not mirrored: only storage1 is")
    if len(wanted.name) > _LONGEST:
        return _no(wanted, "name", f"a name has at most {_LONGEST} characters")
    return None


def doubled(wanted: Wanted) -> Unmapped:
    """For each of several files with one name."""
    return _no(wanted, "name", "several files have this name: which one is meant is not clear")


def refusal(wanted: Wanted, seen: Survey) -> Unmapped | None:
    """What stands against a file of a supported kind, before anything is made of it."""
    if reason := seen.renames.refused.get(wanted.key):
        return _no(wanted, "renamed_from", reason)
    if "filesets" not in seen.report.unknown and seen.report.fileset(wanted.name, wanted.path) is None:
        text = f"the file system has no fileset {wanted.name}_active: if it is new, capture the listing again"
        return _no(wanted, "fileset", text)
    return None


def placed(wanted: Wanted, seen: Survey) -> Environment | Unmapped:
    """Where it goes: it stays where it is as long as its data class may, and else moves; or why it goes nowhere."""
    data_class = class_of(wanted, seen)
    home = next(iter(seen.homes(wanted)), None)
    current = seen.environments.get(home.environment) if home else None
    if current is not None and takes(current, data_class, seen.settings):
        return current
    found = place(data_class, seen.settings)
    if isinstance(found, str):
        return _no(wanted, "data_class", found)
    unknown = [name for name in (home.environment, found.name) if not seen.aws_known(name)] if home else []
    if home is None or not unknown:
        return found
    text = f"{data_class} data belongs in environment {found.name}, but its bucket is in {home.environment}"
    return _no(wanted, "data_class", f"{text}: it moves once it is known what AWS holds in {' and '.join(unknown)}")


def taken(facts: Facts, seen: Survey) -> Unmapped | None:
    """A new bucket's name that AWS has already: it would be known if it were this allocation's."""
    there = seen.buckets.get((facts.environment.name, facts.bucket))
    if there is None:
        return None
    what = "whose tags could not be read" if there.tags is None else "that is not this allocation's by its tags"
    return Unmapped(allocation=facts.name, field="bucket", reason=f"AWS has a bucket {facts.bucket} {what}")


def _no(wanted: Wanted, field: str, reason: str) -> Unmapped:
    return Unmapped(allocation=wanted.name, field=field, reason=reason)
