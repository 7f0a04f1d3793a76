"""Where a ``mirror`` command works: the site it is told and AWS, or the sandbox that runs."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks, wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.which_site import chosen_site
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.values import MirrorPlan
    from ris_hybrid.mirroring.applying import World
    from ris_hybrid.mirroring.loading import MirrorSite
    from ris_hybrid.ports import Clock, Deployer, Inventory, SiteReports
    from ris_hybrid.sandbox.places import Places

MirrorOption = Annotated[
    Path | None, typer.Option("--mirror", metavar="FILE", help="mirror.yaml; without it the one in the site's folder.")
]
BurstOption = Annotated[
    Path | None, typer.Option("--burst", metavar="FILE", help="burst.yaml; without it the one in the site's folder.")
]
StacksOption = Annotated[
    Path,
    typer.Option("--stacks", metavar="DIR", envvar="RIS_HYBRID_STACKS", help="The folder of the stacks' Pulumi.yaml."),
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Ask nothing of AWS: names come from the record.")]
EnvironmentOption = Annotated[
    str, typer.Option("--environment", metavar="NAME", help="Only this environment of mirror.yaml.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

RECORD = "mirror.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A site and the AWS it is mirrored into."""

    site: MirrorSite
    sandbox: Places | None
    clock: Clock
    names: Callable[[], MirrorPlan]
    """The plan without what AWS holds: what is looked for there by name, and not by its tags alone."""
    _inventories: dict[tuple[str, bool], Inventory] = field(default_factory=dict, init=False)

    @property
    def in_sandbox(self) -> bool:
        """Whether AWS is the sandbox's."""
        return self.sandbox is not None

    def plan(self, environment: str, *, offline: bool) -> MirrorPlan:
        """What every allocation becomes, as far as AWS can be asked; offline it is not.

        With an environment only that one is asked, and only what is of it is in the plan.
        """
        from ris_hybrid.mirror.portion import within
        from ris_hybrid.mirroring.loading import chosen, held_or_unknown

        asked = chosen(self.site.settings, environment)
        holdings = {} if offline else held_or_unknown(asked, self.inventory, show.warn)
        plan = self.planned(holdings)
        return within(plan, environment) if environment else plan

    def seen(self, environment: str) -> tuple[MirrorPlan, dict[str, Holdings]]:
        """The plan of all, and what each environment to work on holds.

        Raises ``CloudError`` when one cannot be asked.
        """
        from ris_hybrid.mirroring.loading import chosen, held

        holdings = held(chosen(self.site.settings, environment), self.inventory)
        return self.planned(holdings), holdings

    def planned(self, holdings: Mapping[str, Holdings | None]) -> MirrorPlan:
        """The plan of all, with what environments are known to hold."""
        from ris_hybrid.mirroring.loading import planned

        return planned(self.site, holdings, self.clock.now())

    def inventory(self, environment: str, *, everything: bool = False) -> Inventory:
        """Reads what an environment holds, with the same clients each time; the sandbox needs no profile."""
        if (environment, everything) not in self._inventories:
            (found,) = (one for one in self.site.settings.environments if one.name == environment)
            profile = "" if self.in_sandbox else found.profile
            made = wiring.inventory(found, self.names(), profile, everything=everything)
            self._inventories[environment, everything] = made
        return self._inventories[environment, everything]

    def today(self) -> str:
        """The day in UTC, as an ISO date."""
        return datetime.fromtimestamp(self.clock.now(), UTC).date().isoformat()

    def site_cidrs(self) -> tuple[str, ...]:
        """The networks of the site's hosts: mirror.yaml's, or those the running sandbox was built for."""
        if self.sandbox is None:
            return self.site.settings.site_cidrs
        from ris_hybrid.sandbox.apply.environment import onprem_cidrs
        from ris_hybrid.sandbox.apply.opening import ENVIRONMENTS

        return onprem_cidrs(self.sandbox.root / ENVIRONMENTS) or self.site.settings.site_cidrs

    def world(self, stacks: Path) -> World:
        """What an apply needs; the stacks' project is that folder, off the sandbox."""
        from ris_hybrid.cli.policy_context import context
        from ris_hybrid.mirroring.applying import World

        waivers, today = self.site.waivers, self.today()
        sources = self.site.sources
        told = context(sources.burst, self.site_cidrs(), self.site.settings.trusted_accounts, sources.allocations)
        return World(
            deployer=self._deployer(stacks),
            inventory=self.inventory,
            judge=lambda plan: wiring.judge(plan, told, waivers, today, show.note),
        )

    def _deployer(self, stacks: Path) -> Callable[[Path], AbstractContextManager[Deployer]]:
        if self.sandbox is None:
            profiles = {one.name: one.profile for one in self.site.settings.environments}
            return lambda plan: nullcontext(wiring.pulumi_deployer(stacks, plan, profiles))
        from ris_hybrid.sandbox.apply.opening import SandboxStacks

        places = self.sandbox
        return lambda plan: SandboxStacks.of(places, plan).opened()


def open_mirror(site: Path | None, mirror: Path | None, burst: Path | None) -> Opened:
    """Read the site's files; enter the sandbox where the command is to work on it."""
    from ris_hybrid.mirroring.loading import Files, find_files, load, on_its_clock, planned

    places = _sandbox(site)
    found = find_files(chosen_site(site), mirror, burst)
    record = places.root / RECORD if places else None
    files = Files(site=found.site, mirror=found.mirror, burst=found.burst, record=record)
    clock: Clock = clocks.clock()
    if places is not None:
        show.note(f"sandbox: {places.root}")
        places.enter()
        clock = clocks.ToldClock(places.client_env)
    read = load(files, wiring.site_reports, _by_scale)
    if places is not None:
        read = on_its_clock(read, clock.now())
    return Opened(site=read, sandbox=places, clock=clock, names=cache(lambda: planned(read, {}, clock.now())))


def _by_scale(data_yaml: Path, listing: Path) -> SiteReports:
    """Filesets and quotas as Spectrum Scale says, groups as captured."""
    from ris_hybrid import data_wiring
    from ris_hybrid.config.data_file import load_data

    return data_wiring.scale_reports(load_data(data_yaml), data_yaml.absolute().parent, listing)


def warn_of_files(opened: Opened, allocation: str = "") -> None:
    """Say what is to be mended in the allocation files: a typo must not take access away without a word."""
    for warning in opened.site.warnings(allocation):
        show.warn(warning)


def need_aws(opened: Opened, site: Path | None) -> None:
    """The example site has no AWS but the sandbox's; raises ``ConfigError`` when none runs."""
    if site is None and opened.sandbox is None:
        raise ConfigError(
            "the example site is mirrored into the sandbox, and none is running",
            "run: ris-hybrid sandbox start; or give --site DIR for a site of your own",
        )


def asks_nothing(opened: Opened, site: Path | None, *, offline: bool) -> bool:
    """Whether a plan asks nothing of AWS: as wished, or because the example site's AWS, the sandbox, does not run.

    Its account is made up: credentials that happen to be here must not be asked about it.
    """
    absent = site is None and opened.sandbox is None
    if absent and not offline:
        show.note("no sandbox runs, so nothing is asked of AWS; run: ris-hybrid sandbox start")
    return offline or absent


def _sandbox(site: Path | None) -> Places | None:
    """The running sandbox: for the example site, and in a shell whose AWS endpoint is that sandbox's."""
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None:
        return None
    its = places.client_env().get("AWS_ENDPOINT_URL", "")
    return places if site is None or (its and wiring.aws_endpoint() == its) else None
