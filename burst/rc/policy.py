"""The policy script: the last word on how many new nodes LSF may ask for. It fails closed, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.decide import data_fields
from burst.engine import allow, allow_planned, observe, with_word
from burst.ledger import observe_fleet
from burst.limits import Ask, marks_said
from burst.reaping import note_joined
from ris_hybrid.errors import ConfigError, RisHybridError, SiteUnavailable
from ris_hybrid.model import Event, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.decide import Decision
    from burst.fleet import Fleet
    from burst.provider import Provider
    from burst.rc.wire import DemandRequest, Json
    from ris_hybrid.model import Host
    from ris_hybrid.ports import Scheduler
    from ris_hybrid.settings import Pool

_TURNED = "requestMachines will refuse, so that LSF turns to its next template"


def answer(request: DemandRequest, scheduler: Scheduler, provider: Provider) -> Json:
    """The request with newDemand lowered to what pressure, gates, plan, caps and budget allow, and the reason.

    A pool that is held or off is not answered with 0: LSF would ask for it again and again and never for another.
    ``requestMachines`` refuses it with a capacity code, and LSF turns to its next template.

    Unknown is not zero pressure but no launch: when LSF or a cloud cannot be asked the answer is 0 with that reason. In
    mode ``planned`` the service's last plan says what is wanted; without one ``steering.fallback`` decides.
    """
    pool = provider.settings.pool(request.template)
    try:
        if pool is None:
            raise ConfigError(f"template {request.template} is not a pool of this provider")
        decide = _by_plan if provider.settings.mode == "planned" else _by_thresholds
        decision, fleet = decide(pool, request, scheduler, provider)
    except RisHybridError as error:
        return closed(request, error.message, provider)
    nodes = min(decision.nodes, request.new_demand)
    ask = Ask(pool=pool, lab=request.lab, nodes=nodes)
    marked = marks_said(ask, fleet, provider.settings) if nodes else ()
    why = "; ".join((decision.why, *marked, *([_TURNED] if marked else ())))
    fields: Json = {"pool": pool.name, "lab": request.lab, "asked": request.new_demand, "allowed": nodes}
    fields |= data_fields(replace(decision, nodes=nodes))
    provider.audit.record(Event(at=provider.now, kind="decision", fields={**fields, "why": why}))
    return lowered(request.raw, nodes, why)


def _by_thresholds(
    pool: Pool, request: DemandRequest, scheduler: Scheduler, provider: Provider
) -> tuple[Decision, Fleet]:
    observed = observe(scheduler, provider)
    fleet = _with_joined(observed.fleet, observed.hosts, provider)
    observed = replace(observed, fleet=fleet)
    return allow(observed, provider.settings, pool, request.lab, request.new_demand), fleet


def _by_plan(pool: Pool, request: DemandRequest, scheduler: Scheduler, provider: Provider) -> tuple[Decision, Fleet]:
    """By the plan of the service. LSF is asked for its hosts alone: its jobs are what the plan has looked at."""
    standing = provider.standing()
    if standing.problem:
        return _without_plan(standing.problem, pool, request, scheduler, provider)
    hosts, word = scheduler.hosts(), provider.word()
    fleet = _with_joined(with_word(observe_fleet(provider), word), hosts, provider)
    ask = Ask(pool=pool, lab=request.lab, nodes=0, new_demand=request.new_demand)
    return allow_planned(standing, fleet, provider.settings, ask), fleet


def _without_plan(
    problem: str, pool: Pool, request: DemandRequest, scheduler: Scheduler, provider: Provider
) -> tuple[Decision, Fleet]:
    """What burst.yaml says for the time without a plan. Raises ``SiteUnavailable`` where that is to launch nothing."""
    if provider.settings.planner.steering.fallback == "none":
        raise SiteUnavailable(f"{problem}; planner.steering.fallback is none")
    decision, fleet = _by_thresholds(pool, request, scheduler, provider)
    told = Reason(stage="fallback", text=f"{problem}; thresholds decide as long")
    return replace(decision, reasons=(told, *decision.reasons)), fleet


def _with_joined(fleet: Fleet, hosts: Sequence[Host], provider: Provider) -> Fleet:
    return replace(fleet, machines=note_joined(provider, fleet.machines, hosts))


def closed(request: DemandRequest, message: str, provider: Provider) -> Json:
    """No new nodes, because something needed for the decision is unknown."""
    fields = {"pool": request.template, "lab": request.lab, "asked": request.new_demand, "allowed": 0}
    why = f"nothing is launched on missing knowledge: {message}"
    provider.audit.record(Event(at=provider.now, kind="decision", fields={**fields, "why": why}))
    return lowered(request.raw, 0, why)


def lowered(raw: Json, nodes: int, message: str) -> Json:
    """The answer's shape: LSF's own object with newDemand changed."""
    return {"message": message or "Success", "request": {**raw, "newDemand": nodes}}


def unreadable(payload: object, message: str) -> Json:
    """The answer when the request itself cannot be read: what can be echoed, with no new nodes."""
    raw = payload.get("request") if isinstance(payload, dict) else None
    return lowered(raw if isinstance(raw, dict) else {}, 0, message)
