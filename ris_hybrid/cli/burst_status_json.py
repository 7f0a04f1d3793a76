"""The object of ``burst status --json``: ``null`` stands for what could not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burst.clouds import partly
from burst.clouds.naming import cloud_of
from ris_hybrid.cli.burst_pools import pool_state

if TYPE_CHECKING:
    from burst.fleet import Fleet
    from burst.plan_file import Standing
    from burst.pressure import Pressure
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.cli.burst_view import Seen
    from ris_hybrid.errors import RisHybridError
    from ris_hybrid.settings import BurstSettings


def status_json(site: BurstSite, seen: Seen, failure: RisHybridError | None) -> dict[str, Any]:
    """The whole object. ``cloud`` is empty for EC2; ``unread`` names clouds that did not answer though others did."""
    return {
        "sandbox": site.sandbox,
        "cluster": site.settings.cluster,
        "provider": site.settings.provider,
        "now": site.provider.now,
        "mode": site.settings.mode,
        "plan": _plan_json(site.provider.standing(), site),
        "unread": partly.rows(seen.unread),
        "fleet": None if seen.fleet is None else _fleet_json(seen, seen.fleet, site.settings),
        "pressure": None if seen.pressure is None else _pressure_json(seen.pressure),
        "error": None if failure is None else failure.message,
    }


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


def _fleet_json(seen: Seen, fleet: Fleet, settings: BurstSettings) -> dict[str, Any]:
    return {
        "nodes": fleet.count(),
        "committed_usd": None if seen.unread else round(fleet.committed_usd(settings), 2),
        "budget_usd": settings.budget.usd_per_month,
        "data_usd": round(sum(fleet.data_usd.values()), 2),
        "pools": {p.name: pool_state(p, seen, fleet) or "on" for p in settings.pools},
        "pool_clouds": {p.name: p.cloud for p in settings.pools},
        "machines": [
            {
                "id": m.machine_id,
                "cloud": cloud_of(m.machine_id),
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
