"""What ``burst status`` shows: the ledger and the scheduler, each on its own if the other cannot be asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.clouds import partly
from burst.clouds.naming import cloud_of
from burst.engine import observe_pressure, with_word
from burst.fleet import account_of, by_pool_and_lab
from burst.ledger import glimpse
from burst.lifecycle import Stage, by_name, short_name, stage_of
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_pools import pool_state
from ris_hybrid.cli.burst_status_json import status_json
from ris_hybrid.errors import RisHybridError, SiteUnavailable, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from burst.fleet import Fleet
    from burst.plan_file import Standing
    from burst.pressure import Pressure
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.settings import BurstSettings, Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What could be asked; None is unknown, never empty."""

    fleet: Fleet | None
    pressure: Pressure | None
    hosts: Mapping[str, Host] | None = None
    """LSF's rows by short name."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer though others did, with the reason: the fleet is known in part."""

    def stage(self, machine: Machine, life: Life) -> Stage:
        """Where a machine is in its life, as far as is known."""
        host = (self.hosts or {}).get(short_name(machine.name))
        return stage_of(machine, host, self.fleet.now if self.fleet else 0.0, life)


def show_once(site: BurstSite, *, as_json: bool = False, stream: bool = False) -> RisHybridError | None:
    """Ask and show; gives what could not be asked. In a ``stream`` a JSON document takes one line."""
    seen, failure = look(site)
    if as_json:
        (show.json_line if stream else show.json_object)(status_json(site, seen, failure))
    else:
        show_status(site, seen)
    return failure


def watch(conf: Path | None, every_s: float, *, as_json: bool = False) -> None:
    """Show the status again and again until Ctrl-C; a failure is said and asked about again."""
    from ris_hybrid import clocks
    from ris_hybrid.cli.burst_site import open_site

    while True:
        try:
            if not as_json:
                show.clear()
            failure = show_once(open_site(conf), as_json=as_json, stream=True)
        except SiteUnavailable as error:
            failure = error
        if failure is not None:
            show.error(failure.message, failure.hint)
        clocks.wait(every_s)


def look(site: BurstSite) -> tuple[Seen, RisHybridError | None]:
    """Ask both sides; the failure returned has the first one's exit code and says both."""
    failure: RisHybridError | None = None
    fleet = pressure = hosts = None
    unread: Mapping[str, str] = {}
    try:
        known, unread = glimpse(site.provider, partly.look(site.provider.cloud))
        fleet = with_word(known, site.provider.word())
        failure = partly.PartlyUnknown(fleet.machines, unread) if unread else None
    except RisHybridError as error:
        failure = error
    try:
        pressure = observe_pressure(site.scheduler, site.provider)
        hosts = by_name(site.scheduler.hosts())
    except RisHybridError as error:
        failure = error if failure is None else _both(failure, error)
    return Seen(fleet=fleet, pressure=pressure, hosts=hosts, unread=unread), failure


def _both(first: RisHybridError, second: RisHybridError) -> RisHybridError:
    kind = TryAgain if isinstance(first, TryAgain) else type(first)
    return kind(f"{first.message}\n{second.message}", first.hint)


def show_status(site: BurstSite, seen: Seen) -> None:
    """The same for people."""
    where = "sandbox, " if site.sandbox else ""
    show.line(f"{where}cluster {site.settings.cluster}, provider {site.settings.provider}")
    if site.settings.mode != "thresholds":
        show.line(plan_text(site.provider.standing(), site))
    if seen.fleet is None:
        show.line("cloud nodes: unknown")
    else:
        _show_fleet(seen, seen.fleet, site.settings)
    if seen.pressure is None:
        show.line("pressure: unknown")
    else:
        _show_pressure(seen.pressure)


def plan_text(standing: Standing, site: BurstSite) -> str:
    """The service's last plan in a line, as the policy script finds it."""
    from burst.planner.pacing import percent

    mode = site.settings.mode
    if standing.problem:
        then = f"; launches as long: {site.settings.planner.steering.fallback}" if mode == "planned" else ""
        return f"mode {mode}: no plan: {standing.problem}{then}"
    age = max(0.0, site.provider.now - standing.at)
    text = f"mode {mode}: plan of {age:.0f} s ago, {len(standing.chosen)} of {standing.reached + standing.beyond} jobs"
    text += f" chosen for ${standing.usd:.2f}"
    share = standing.shares.get("", 1.0)
    return text if share >= 1.0 else f"{text}, v lowered to {percent(share)} by pacing"


def _show_fleet(seen: Seen, fleet: Fleet, settings: BurstSettings) -> None:
    known = " known" if seen.unread else ""
    show.line(f"cloud nodes: {fleet.count()}{known} of at most {settings.caps.nodes}")
    for cloud, why in seen.unread.items():
        show.line(f"{partly.cloud_word(cloud)}: unknown, and nothing is launched anywhere: {why}")
    rows = [
        (
            pool,
            *_cloud_cell(machines, settings),
            account_of(lab),
            len(machines),
            *_counts(seen.stage(machine, settings.life) for machine in machines),
            f"{_usd(fleet, settings, lab):.2f}",
        )
        for (pool, lab), machines in by_pool_and_lab(fleet.machines).items()
    ]
    if rows:
        several = ("cloud",) if settings.clouds else ()
        show.table(("pool", *several, "lab", "nodes", *_COLUMNS, "lab's $ this month"), rows)
    for pool in settings.pools:
        why = pool_state(pool, seen, fleet)
        if why:
            show.line(f"pool {pool.name}: {why}")
    _show_money(seen, fleet, settings)


def _cloud_cell(machines: Sequence[Machine], settings: BurstSettings) -> tuple[str, ...]:
    """A column more, where burst.yaml names clouds beside EC2: where a pool's machines are, if it is there or not."""
    words = sorted({partly.cloud_word(cloud_of(machine.machine_id)) for machine in machines})
    return (", ".join(words),) if settings.clouds else ()


def _show_money(seen: Seen, fleet: Fleet, settings: BurstSettings) -> None:
    committed, ahead = fleet.committed_usd(settings), settings.budget.commit_hours
    limit = settings.budget.usd_per_month
    least = "at least " if seen.unread else ""
    show.line(f"committed this month, {ahead:g} h ahead of each node included: {least}${committed:.2f} of ${limit:.2f}")
    if data := sum(fleet.data_usd.values()):
        show.line(f"of that for data, transfers and egress: ${data:.2f}")


_COLUMNS = {
    "starting": (Stage.REQUESTED, Stage.LAUNCHING, Stage.BOOTING),
    "busy": (Stage.BUSY,),
    "idle": (Stage.JOINED, Stage.IDLE),
    "leaving": (Stage.DRAINING, Stage.INTERRUPTED, Stage.TERMINATING, Stage.GONE),
    "useless": (Stage.FAILED_TO_JOIN, Stage.LOST),
}


def _counts(stages: Iterable[Stage]) -> list[int]:
    counted = Counter(stages)
    return [sum(counted[stage] for stage in members) for members in _COLUMNS.values()]


def _show_pressure(pressure: Pressure) -> None:
    show.line(f"pressure: {pressure.jobs} jobs, {pressure.slots} slots; {pressure.slots_in_service} slots in service")
    data = ("data $",) if pressure.data_known else ()  # a column more, where the data plane is asked
    if pressure.data_problem:
        show.line(f"data: unknown, so no job is sent: {pressure.data_problem}")
    if pressure.groups:
        show.table(
            ("queue", "lab", "jobs", "slots", "core-hours", "longest wait min", "expected wait min", *data),
            [
                (
                    g.queue,
                    g.lab or "-",
                    g.jobs,
                    g.slots,
                    f"{g.core_hours:.1f}",
                    f"{g.longest_wait_s / 60:.0f}",
                    f"{g.expected_wait_s / 60:.0f}",
                    *(f"{g.data_usd:.2f}" for _ in data),
                )
                for g in pressure.groups
            ],
        )
    for left in pressure.left_out:
        show.line(f"no pressure: {left.jobs} jobs, {left.slots} slots: {left.reason}")


def _usd(fleet: Fleet, settings: BurstSettings, lab: str) -> float:
    return fleet.committed_usd(settings, lab)
