"""The site's listing as the plan may use it: absence means something only if it is whole and fresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.mirror.values import Held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.listing import Fileset, SiteListing
    from ris_hybrid.mirror.settings import Brakes

_DAY_S = 86_400.0
_SKEW_S = 3600.0
"""Clocks of two hosts may differ so far; a later time says nothing of how old a listing is."""
_CHECKS = {
    "filesets": "compare the allocations with the filesets",
    "quotas": "compare the quotas",
    "groups": "look for members in the directory",
}
"""What is not done without each part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A listing, indexed. Names compare without case."""

    fault: str
    """Why nothing may be concluded from what is not in it; empty when it is whole and fresh."""
    unknown: frozenset[str]
    """Parts whose gaps mean nothing."""
    by_name: Mapping[str, Fileset]
    by_path: Mapping[str, Fileset]
    directory: frozenset[str]
    """Every group and every member of one."""
    held: tuple[Held, ...]

    def fileset(self, name: str, path: str) -> Fileset | None:
        """The one of an allocation: ``<name>_active``, the name alone on old ones, or what is linked at its path."""
        for candidate in (f"{name}_active", name):
            if found := self.by_name.get(candidate.casefold()):
                return found
        return self.by_path.get(f"{path}/active".casefold())

    def knows(self, principal: str) -> bool:
        """Whether the directory has this group or person; everyone counts as known where that was not asked."""
        return "groups" in self.unknown or principal.casefold() in self.directory


def report_of(listing: SiteListing, brakes: Brakes, now: float) -> Report:
    """The listing as it counts now."""
    late = _late(listing, brakes, now)
    whys = dict.fromkeys(_CHECKS, late) if late else {each.part: each.reason for each in listing.missing}
    members = (member for group in listing.groups.values() for member in group)
    return Report(
        fault=late or "; ".join(f"{part}: {why}" for part, why in whys.items()),
        unknown=frozenset(whys),
        by_name={name.casefold(): fileset for name, fileset in listing.filesets.items()},
        by_path={fileset.path.casefold(): fileset for fileset in listing.filesets.values() if fileset.path},
        directory=frozenset(name.casefold() for name in (*listing.groups, *members)),
        held=tuple(Held(allocation="", step=_CHECKS.get(part, part), reason=why) for part, why in whys.items()),
    )


def _late(listing: SiteListing, brakes: Brakes, now: float) -> str:
    if listing.captured_at is None:
        return "the site reported nothing"
    if listing.captured_at - now > _SKEW_S:
        hours = (listing.captured_at - now) / 3600
        return f"what the site reported is dated {hours:.1f} hours from now: set the clock of the host that wrote it"
    days = (now - listing.captured_at) / _DAY_S
    if days > brakes.listing_age_days:
        return f"what the site reported is {days:.1f} days old, more than listing_age_days {brakes.listing_age_days:g}"
    return ""
