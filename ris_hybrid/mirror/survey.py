"""What every decision of one plan looks at, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.mirror.known import held_in, known_in
from ris_hybrid.mirror.projects import shared_groups
from ris_hybrid.mirror.renames import resolve
from ris_hybrid.mirror.report import report_of
from ris_hybrid.mirror.values import Held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.holdings.values import Bucket, Holdings
    from ris_hybrid.mirror.known import Known, Where
    from ris_hybrid.mirror.renames import Renames
    from ris_hybrid.mirror.report import Report
    from ris_hybrid.mirror.settings import Environment, MirrorSettings
    from ris_hybrid.mirror.sources import Sources
    from ris_hybrid.mirror.values import DataClass, Unmapped
    from ris_hybrid.mirror.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The site and AWS as one plan sees them."""

    sources: Sources
    settings: MirrorSettings
    report: Report
    known: Mapping[str, Known]
    """The home of each allocation that is mirrored, by key."""
    everywhere: Mapping[Where, Known]
    """These, and what allocations that moved have left behind."""
    renames: Renames
    groups: Mapping[str, int]
    """How often each directory group is meant."""
    classes: Mapping[str, DataClass]
    """Of single allocations, by key."""
    environments: Mapping[str, Environment]
    buckets: Mapping[tuple[str, str], Bucket]
    """By environment and name; only of environments where that is known."""
    spaces: Mapping[tuple[str, str], str]
    """Namespace of the images AWS holds, by environment and allocation's key."""
    unmapped: tuple[Unmapped, ...]
    """What is strange about AWS's buckets."""

    def homes(self, wanted: Wanted) -> tuple[Known, ...]:
        """Where its file may find it mirrored: under its own name, or under the one it had."""
        own, origin = self.known.get(wanted.key), self.renames.origins.get(wanted.key)
        return tuple(one for one in (own, origin) if one)

    def at(self, wanted: Wanted, environment: str) -> Known | None:
        """What it has in one environment: its home, or what it left there when it moved."""
        here = (one for one in self.homes(wanted) if one.environment == environment)
        return next(here, None) or self.everywhere.get((wanted.key, environment))

    def aws_known(self, environment: str) -> bool:
        """Whether what AWS holds there is known."""
        where = self.environments.get(environment)
        return where is not None and held_in(where, self.sources.holdings) is not None


def survey(
    sources: Sources, settings: MirrorSettings, files: Sequence[Wanted], blocked: Sequence[Wanted], now: float
) -> Survey:
    """Index everything.

    Args:
        sources: of the plan.
        settings: mirror.yaml.
        files: the allocations that can be mirrored, each name once.
        blocked: the others.
        now: epoch seconds.
    """
    mirrored = known_in(sources, settings)
    known = mirrored.homes
    held = {one.name: found for one in settings.environments if (found := held_in(one, sources.holdings))}
    return Survey(
        sources=sources,
        settings=settings,
        report=report_of(sources.listing, settings.brakes, now),
        known=known,
        everywhere=mirrored.everywhere,
        renames=resolve(files, blocked, known, aws_known=len(held) == len(settings.environments)),
        groups=shared_groups(files),
        classes={name.casefold(): one for name, one in settings.data_classes.items()},
        environments={one.name: one for one in settings.environments},
        buckets={(where, one.name): one for where, each in held.items() for one in each.buckets or ()},
        spaces=_spaces(held),
        unmapped=mirrored.unmapped,
    )


def _spaces(held: Mapping[str, Holdings]) -> dict[tuple[str, str], str]:
    spaces: dict[tuple[str, str], str] = {}
    for where, each in held.items():
        for one in sorted(each.repositories or (), key=lambda repository: repository.name, reverse=True):
            allocation, space = (one.tags or {}).get("ris_allocation", ""), one.name.rpartition("/")[0]
            if allocation and space:
                spaces[where, allocation.casefold()] = space
    return spaces


def unknown_environments(seen: Survey) -> Iterator[Held]:
    """What is not done where nobody knows what AWS holds."""
    for environment in seen.settings.environments:
        held = seen.sources.holdings.get(environment.name)
        if environment.name not in seen.sources.holdings:
            why = "what AWS holds is not known (it was not asked)"
        elif held is None or held.buckets is None:
            why = "what AWS holds is not known"
        elif not seen.aws_known(environment.name):
            why = f"what was read is of account {held.account}, region {held.region}"
        else:
            continue
        text = f"environment {environment.name}: {why}: names are the recorded plan's, and nothing goes further"
        yield Held(allocation="", step="keep to the buckets AWS holds", reason=text)
