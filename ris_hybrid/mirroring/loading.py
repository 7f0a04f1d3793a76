"""A site as the mirror sees it: its files, what it reports, and what was verified last; and the plan made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.load import LoadedAllocations, load_site
from ris_hybrid.config.mirror_file import load_mirror
from ris_hybrid.config.schema import same
from ris_hybrid.config.wanted import wanted
from ris_hybrid.errors import CloudError, ConfigError
from ris_hybrid.mirror.plan import plan_mirror
from ris_hybrid.mirror.sources import Sources
from ris_hybrid.mirroring.collecting import seldom
from ris_hybrid.mirroring.record import read_applied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.settings import Environment, MirrorSettings
    from ris_hybrid.mirror.values import MirrorPlan
    from ris_hybrid.ports import Inventory, SiteReports

MIRROR_YAML, BURST_YAML, WAIVERS_YAML = "mirror.yaml", "burst.yaml", "waivers.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where a site's files are."""

    site: Path
    mirror: Path
    burst: Path | None
    """None where the site has no pools."""
    record: Path | None = None
    """In place of the one mirror.yaml names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSite:
    """Everything that is known before AWS is asked."""

    settings: MirrorSettings
    loaded: LoadedAllocations
    sources: Sources
    """Without holdings."""
    record: Path
    waivers: Path | None
    """Rules that are waived, where the site has such a file."""

    @property
    def file_names(self) -> dict[str, str]:
        """The name of each allocation's file."""
        return {name: Path(file).name for name, file in self.loaded.files.items()}

    def warnings(self, allocation: str = "") -> tuple[str, ...]:
        """What the allocation files, or one's alone, say that is not used, and how much more there is to mend.

        A key that is not known may have been meant to give access.
        """
        named = {file for name, file in self.loaded.files.items() if same(name) == same(allocation)}
        said = [one for one in self.loaded.warnings if not allocation or one.file in named]
        unused = [str(replace(one, file=Path(one.file).name)) for one in said if one.unused]
        more = len(said) - len(unused)
        if not more:
            return tuple(unused)
        words = f"{more} {'' if not unused else 'more '}{'warning' if more == 1 else 'warnings'}"
        return (*unused, f"allocation files: {words}: see `ris-hybrid allocation check`")


def find_files(site: Path, mirror: Path | None, burst: Path | None) -> Files:
    """mirror.yaml and burst.yaml where no others are named: those in the site's top folder."""
    own = site / BURST_YAML
    return Files(site=site, mirror=mirror or site / MIRROR_YAML, burst=burst or (own if own.is_file() else None))


def load(
    files: Files,
    reports: Callable[[Path], SiteReports],
    by_scale: Callable[[Path, Path], SiteReports] | None = None,
) -> MirrorSite:
    """Read it all; ``by_scale`` makes the reports of data.yaml's ``gpfs`` and the listing, where mirror.yaml says so.

    Raises:
        UnusableFile: with every mistake of the file that has some.
        ConfigError: the record is no plan of this version.
    """
    settings = load_mirror(files.mirror)
    loaded = load_site(files.site)
    record = files.record or files.mirror.parent / settings.record
    sources = Sources(
        allocations=wanted(loaded.allocations),
        listing=_reports(files.mirror, settings, reports, by_scale).listing(),
        recorded=read_applied(record),
        burst=load_burst(files.burst) if files.burst else None,
    )
    waivers = files.site / WAIVERS_YAML
    return MirrorSite(
        settings=settings,
        loaded=loaded,
        sources=sources,
        record=record,
        waivers=waivers if waivers.is_file() else None,
    )


def _reports(
    mirror: Path,
    settings: MirrorSettings,
    reports: Callable[[Path], SiteReports],
    by_scale: Callable[[Path, Path], SiteReports] | None,
) -> SiteReports:
    listing = mirror.parent / settings.listing
    if not settings.data:
        return reports(listing)
    if by_scale is None:
        raise ConfigError(f"{mirror}: data: here the captured listing alone is read", "leave `data` out of mirror.yaml")
    return by_scale(mirror.parent / settings.data, listing)


def on_its_clock(site: MirrorSite, now: float) -> MirrorSite:
    """For a sandbox, whose clock is its own: the site's files have the host's times, which may be later than now."""
    listing = site.sources.listing
    if listing.captured_at is None:
        return site
    told = replace(listing, captured_at=min(listing.captured_at, now))
    return replace(site, sources=replace(site.sources, listing=told))


def planned(site: MirrorSite, holdings: Mapping[str, Holdings | None], now: float) -> MirrorPlan:
    """What every allocation becomes, with what each environment is known to hold."""
    with seldom():
        return plan_mirror(replace(site.sources, holdings=holdings), site.settings, now)


def chosen(settings: MirrorSettings, environment: str) -> tuple[Environment, ...]:
    """The environments to work on: the one named, else all. Raises ``ConfigError`` for one that is not there."""
    found = tuple(one for one in settings.environments if environment in {"", one.name})
    if not found:
        names = ", ".join(one.name for one in settings.environments)
        raise ConfigError(f"no environment is named {environment}", f"mirror.yaml has {names}")
    return found


def held(environments: Iterable[Environment], inventory: Callable[[str], Inventory]) -> dict[str, Holdings]:
    """What each environment holds, by name. Raises ``CloudError`` when one cannot be asked."""
    with seldom():
        return {one.name: inventory(one.name).holdings() for one in environments}


def held_or_unknown(
    environments: Iterable[Environment], inventory: Callable[[str], Inventory], tell: Callable[[str], None]
) -> dict[str, Holdings | None]:
    """The same; None, and a word on why, for one that cannot be asked now."""
    found: dict[str, Holdings | None] = {}
    for environment in environments:
        try:
            found[environment.name] = inventory(environment.name).holdings()
        except CloudError as failure:
            tell(f"what {environment.name} ({environment.account}) holds is not known: {failure.message}")
            found[environment.name] = None
    return found
