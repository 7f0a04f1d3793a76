"""The policy script: the last word on how many new nodes LSF may ask for. It fails closed, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.decide import data_fields
from burst.engine import allow, observe
from burst.limits import Ask, marks_said
from burst.reaping import note_joined
from ris_hybrid.errors import ConfigError, RisHybridError
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from burst.provider import Provider
    from burst.rc.wire import DemandRequest, Json
    from ris_hybrid.ports import Scheduler

_TURNED = "requestMachines will refuse, so that LSF turns to its next template"


def answer(request: DemandRequest, scheduler: Scheduler, provider: Provider) -> Json:
    """The request with newDemand lowered to what pressure, gates, caps and budget allow, and the reason.

    A pool that is held or off is not answered with 0: LSF would ask for it again and again and never for another.
    ``requestMachines`` refuses it with a capacity code, and LSF turns to its next template.

    Unknown is not zero pressure but no launch: when LSF or EC2 cannot be asked the answer is 0 with that reason.
    """
    pool = provider.settings.pool(request.template)
    try:
        if pool is None:
            raise ConfigError(f"template {request.template} is not a pool of this provider")
        observed = observe(scheduler, provider)
    except RisHybridError as error:
        return closed(request, error.message, provider)
    machines = note_joined(provider, observed.fleet.machines, observed.hosts)
    observed = replace(observed, fleet=replace(observed.fleet, machines=machines))
    decision = allow(observed, provider.settings, pool, request.lab, request.new_demand)
    nodes = min(decision.nodes, request.new_demand)
    ask = Ask(pool=pool, lab=request.lab, nodes=nodes)
    marked = marks_said(ask, observed.fleet, provider.settings) if nodes else ()
    why = "; ".join((decision.why, *marked, *([_TURNED] if marked else ())))
    fields: Json = {"pool": pool.name, "lab": request.lab, "asked": request.new_demand, "allowed": nodes}
    fields |= data_fields(replace(decision, nodes=nodes))
    provider.audit.record(Event(at=provider.now, kind="decision", fields={**fields, "why": why}))
    return lowered(request.raw, nodes, why)


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
