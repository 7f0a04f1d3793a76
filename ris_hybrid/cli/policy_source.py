"""What ``policy check`` judges: the plan in a file, or the one a site's files make now."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.cli.mirror_site import Opened
    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan
    from ris_hybrid.mirror.wanted import Wanted
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the rules are asked of."""

    plan: MirrorPlan
    today: str
    """ISO date, for waivers."""
    waivers: Path | None
    burst: BurstSettings | None
    site_cidrs: tuple[str, ...] = ()
    """The networks of the site's hosts, where its files were read."""
    trusted_accounts: tuple[str, ...] = ()
    allocations: tuple[Wanted, ...] = ()
    """Of the site's files, where they were read."""
    held: tuple[Holdings, ...] = ()
    """What AWS holds; only where it was to be read."""


def of_file(plan: Path, burst: Path | None, environment: str, *, live: bool, everything: bool) -> Asked:
    """The plan as it was recorded."""
    from ris_hybrid.cli.burst_site import enter_sandbox
    from ris_hybrid.config.burst_file import load_burst
    from ris_hybrid.config.plan_file import read_plan
    from ris_hybrid.mirror.portion import within

    read = read_plan(plan)
    today = datetime.fromtimestamp(enter_sandbox().now(), UTC).date().isoformat()
    chosen = _chosen(read, environment)
    return Asked(
        plan=within(read, environment) if environment and not live else read,
        today=today,
        waivers=None,
        burst=load_burst(burst) if burst else None,
        held=tuple(_held(one, read, everything=everything) for one in chosen if live),
    )


def of_site(opened: Opened, environment: str, *, live: bool, everything: bool, offline: bool) -> Asked:
    """The plan as ``mirror plan`` makes it; AWS is read once for both."""
    from ris_hybrid.mirroring.loading import chosen

    if live:
        names = [one.name for one in chosen(opened.site.settings, environment)]
        held = {name: opened.inventory(name, everything=everything).holdings() for name in names}
        plan = opened.planned(held)
    else:
        held, plan = {}, opened.plan(environment, offline=offline)
    return Asked(
        plan=plan,
        today=opened.today(),
        waivers=opened.site.waivers,
        burst=opened.site.sources.burst,
        site_cidrs=opened.site_cidrs(),
        trusted_accounts=opened.site.settings.trusted_accounts,
        allocations=opened.site.sources.allocations,
        held=tuple(held.values()),
    )


def _chosen(plan: MirrorPlan, name: str) -> list[EnvironmentPlan]:
    found = [one for one in plan.environments if name in {"", one.name}]
    if not found:
        names = ", ".join(one.name for one in plan.environments)
        raise ConfigError(f"the plan has no environment {name!r}", f"it has: {names or 'none'}")
    return found


def _held(environment: EnvironmentPlan, plan: MirrorPlan, *, everything: bool) -> Holdings:
    from ris_hybrid.holdings.inventory import AwsInventory
    from ris_hybrid.holdings.scope import Scope

    scope = Scope.of_plan(plan, environment.name, everything=everything)
    with closing(AwsInventory(environment.account, environment.region, scope)) as inventory:
        return inventory.holdings()
