"""What ``burst status`` shows: the ledger and the scheduler, each on its own if the other cannot be asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from burst.engine import observe_pressure, with_word
from burst.fleet import account_of, by_pool_and_lab
from burst.ledger import observe_fleet
from burst.lifecycle import Stage, by_name, short_name, stage_of
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_pools import state_text
from ris_hybrid.errors import RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
    failure = None
    fleet = pressure = hosts = None
    try:
        fleet = with_word(observe_fleet(site.provider), site.provider.word())
    except RisHybridError as error:
        failure = error
    try:
        pressure = observe_pressure(site.scheduler, site.provider)
        hosts = by_name(site.scheduler.hosts())
    except RisHybridError as error:
        failure = error if failure is None else type(failure)(f"{failure.message}\n{error.message}", failure.hint)
    return Seen(fleet=fleet, pressure=pressure, hosts=hosts), failure


def status_json(site: BurstSite, seen: Seen, failure: RisHybridError | None) -> dict[str, Any]:
    """The object of ``burst status --json``; ``null`` stands for what could not be asked."""
    return {
        "sandbox": site.sandbox,
        "cluster": site.settings.cluster,
        "provider": site.settings.provider,
        "now": site.provider.now,
        "mode": site.settings.mode,
        "plan": _plan_json(site.provider.standing(), site),
        "fleet": None if seen.fleet is None else _fleet_json(seen, seen.fleet, site.settings),
        "pressure": None if seen.pressure is None else _pressure_json(seen.pressure),
        "error": None if failure is None else failure.message,
    }


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


def _plan_json(standing: Standing, site: BurstSite) -> dict[str, Any] | None:
    if site.settings.mode == "thresholds":
        return None
    if standing.problem:
        return {"problem": standing.problem, "at": standing.at or None}
    return {
        "at": standing.at,
        "age_s": round(site.provider.now - standing.at, 1),
        "chosen": len(standing.chosen),
        "jobs": standing.reached + standing.beyond,
        "usd": standing.usd,
        "share_of_v": {lab or "site": share for lab, share in standing.shares.items()},
        "nodes": [
            {"pool": pool, "lab": lab, "nodes": want.nodes}
            for (pool, lab), want in standing.wants.items()
            if want.nodes
        ],
    }


def _show_fleet(seen: Seen, fleet: Fleet, settings: BurstSettings) -> None:
    show.line(f"cloud nodes: {fleet.count()} of at most {settings.caps.nodes}")
    rows = [
        (
            pool,
            account_of(lab),
            len(machines),
            *_counts(seen.stage(machine, settings.life) for machine in machines),
            f"{_usd(fleet, settings, lab):.2f}",
        )
        for (pool, lab), machines in by_pool_and_lab(fleet.machines).items()
    ]
    if rows:
        show.table(("pool", "lab", "nodes", *_COLUMNS, "lab's $ this month"), rows)
    for pool in settings.pools:
        why = state_text(fleet.marks_of(pool.name), fleet.now)
        if why:
            show.line(f"pool {pool.name}: {why}")
    committed, ahead = fleet.committed_usd(settings), settings.budget.commit_hours
    limit = settings.budget.usd_per_month
    show.line(f"committed this month, {ahead:g} h ahead of each node included: ${committed:.2f} of ${limit:.2f}")
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


def _fleet_json(seen: Seen, fleet: Fleet, settings: BurstSettings) -> dict[str, Any]:
    return {
        "nodes": fleet.count(),
        "committed_usd": round(fleet.committed_usd(settings), 2),
        "budget_usd": settings.budget.usd_per_month,
        "data_usd": round(sum(fleet.data_usd.values()), 2),
        "pools": {p.name: state_text(fleet.marks_of(p.name), fleet.now) or "on" for p in settings.pools},
        "machines": [
            {
                "id": m.machine_id,
                "name": m.name,
                "state": str(m.state),
                "stage": str(seen.stage(m, settings.life)),
                "pool": m.pool,
                "lab": m.lab,
                "type": m.instance_type,
                "launched": m.launched,
                "request": m.request_id,
                "return": m.return_id,
                "why_returned": m.end_reason,
            }
            for m in fleet.machines
        ],
    }


def _pressure_json(pressure: Pressure) -> dict[str, Any]:
    return {
        "jobs": pressure.jobs,
        "slots": pressure.slots,
        "slots_in_service": pressure.slots_in_service,
        "data_known": pressure.data_known,
        "data_problem": pressure.data_problem,
        "groups": [
            {
                "queue": g.queue,
                "lab": g.lab,
                "jobs": g.jobs,
                "slots": g.slots,
                "core_hours": round(g.core_hours, 3),
                "longest_wait_s": round(g.longest_wait_s, 1),
                "expected_wait_s": round(g.expected_wait_s, 1),
                "data_usd": round(g.data_usd, 4),
            }
            for g in pressure.groups
        ],
        "left_out": [{"reason": x.reason, "jobs": x.jobs, "slots": x.slots} for x in pressure.left_out],
    }


def _usd(fleet: Fleet, settings: BurstSettings, lab: str) -> float:
    return fleet.committed_usd(settings, lab)
