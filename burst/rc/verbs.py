"""What each provider script answers. Every answer is rebuilt from the ledger; local files are never asked.

Exit 1 only if nothing was started: a machine that runs is always told to LSF, and when EC2's answer was lost LSF
gets the request id too, because only the ledger can tell what runs.
"""

from __future__ import annotations

from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING

from burst.fleet import Fleet, account_of
from burst.ledger import month_of, month_start, observe_fleet
from burst.limits import Ask, apply_caps
from burst.rc import wire
from ris_hybrid.errors import CloudError, ConfigError, SiteUnavailable, TryAgain
from ris_hybrid.model import EndReason, Event, Launch, MachineState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.provider import Provider
    from burst.rc.wire import Json, Named
    from ris_hybrid.model import Machine, Shortfall

_SETTLE_S = 120.0  # EC2 may not list a machine for a moment after it was launched
_LIMIT = "LimitReached"  # our own word for "the caps allow no more": LSF goes on asking as demand changes
_CREATE, _RETURN = "add", "ret"


def request_machines(payload: object, key: str, at: float, provider: Provider) -> Json:
    """Launch up to what the caps allow.

    Args:
        payload: the request.
        key: what names this call and no other (LSF's input file); the same key is the same launch.
        at: when the request was written, epoch seconds.
        provider: ports and settings.
    """
    request = wire.read_machine_request(payload)
    pool = provider.settings.pool(request.template)
    if pool is None:
        raise ConfigError(f"template {request.template} is not a pool of this provider", "see burst.yaml: pools")
    if pool.labs and request.lab not in pool.labs:
        raise ConfigError(
            f"account {account_of(request.lab)} may not use pool {pool.name}", "see burst.yaml: pools, labs"
        )
    request_id = _id(_CREATE, at, provider.settings.cluster, provider.settings.provider, key, str(request))
    fleet = observe_fleet(provider.cloud, provider.spend, provider.now)
    if any(machine.request_id == request_id for machine in fleet.machines):
        return {"requestId": request_id, "message": "already launched by this request"}
    ask = Ask(pool=pool, lab=request.lab, nodes=request.count)
    nodes, reasons = apply_caps(ask, fleet, provider.settings)
    why = "; ".join(f"{reason.stage}: {reason.text}" for reason in reasons)
    _audit(provider, "limits", request=request_id, asked=request.count, allowed=nodes, why=why)
    if nodes == 0:
        raise CloudError(f"nothing launched: {why}", code=_LIMIT)
    launch = Launch(
        token=request_id,
        request_id=request_id,
        pool=pool.name,
        lab=request.lab,
        count=nodes,
        asked=request.count,
        shortfall=_LIMIT if nodes < request.count else "",
    )
    return {"requestId": request_id, "message": _launched(launch, why, provider)}


def _launched(launch: Launch, why: str, provider: Provider) -> str:
    """Launch and say how it went. Raises when EC2 said no; a lost answer is not a no."""
    try:
        given = provider.cloud.launch(launch)
    except TryAgain as error:
        message = f"not confirmed, its status will tell: {error.message}"
        _audit(provider, "launch not confirmed", request=launch.request_id, code=error.code, message=error.message)
        return message
    except CloudError as error:
        _audit(provider, "not launched", request=launch.request_id, code=error.code, message=error.message)
        raise
    message = _launch_message(launch.asked, len(given.machine_ids), given.shortfall, why)
    _audit(provider, "launched", request=launch.request_id, machines=given.machine_ids, message=message)
    return message


def get_request_status(payload: object, provider: Provider) -> Json:
    """Every request named, create and return alike, from one look at the ledger."""
    ids = wire.read_request_ids(payload)
    machines = provider.cloud.machines()
    _end_failed([machine for machine in machines if machine.request_id in ids], provider)
    return {
        "status": "complete",
        "requests": [
            _return_status(request_id, machines, provider)
            if request_id.startswith(f"{_RETURN}-")
            else _create_status(request_id, machines, provider.now)
            for request_id in ids
        ],
    }


def request_return_machines(payload: object, provider: Provider) -> Json:
    """Mark the machines as returned and end them. Calling it again gives the same id."""
    named = wire.read_machines(payload)
    if not named:
        raise wire.WireError("machines: expected at least one, found none")
    machines = _find(named, provider.cloud.machines())
    if not machines:  # LSF may return what ended long ago; an error would make it ask again for ever
        return_id = _id(_RETURN, provider.now, *(host.machine_id or host.name for host in named))
        return {"requestId": return_id, "message": "EC2 knows none of these under this provider's tags: nothing to end"}
    ids = sorted(machine.machine_id for machine in machines)
    return_id = next((m.return_id for m in machines if m.return_id), _id(_RETURN, provider.now, *ids))
    message = ""
    try:
        ended = provider.cloud.end(ids, return_id, EndReason.RETURNED)
    except CloudError as error:
        if not _marked(ids, return_id, provider):
            raise
        ended, message = (), f"marked, but not ended yet: {error.message}"
    _note_cost([m for m in machines if m.machine_id in ended], provider)
    _audit(provider, "returned", request=return_id, machines=ids, ended=ended, message=message)
    return {"requestId": return_id, "message": message or f"{len(ended)} of {len(named)} machines are ending"}


def get_return_requests(payload: object, provider: Provider) -> Json:
    """Which of LSF's hosts have ended, stopped or gone without LSF asking for it."""
    named = wire.read_machines(payload)
    if not named:
        return {"status": "complete", "message": "", "requests": []}
    by_id = {machine.machine_id: machine for machine in provider.cloud.machines()}
    by_name = {machine.name: machine for machine in by_id.values() if machine.name}
    lost = []
    for host in named:
        machine = by_id.get(host.machine_id) if host.machine_id else by_name.get(host.name)
        if machine is None or machine.state in wire.ENDING:
            lost.append({"machine": host.name, "machineId": host.machine_id, "gracePeriod": 0})
            _audit(provider, "lost", machine=host.machine_id, state=machine.state if machine else "not listed")
            if machine is not None and not machine.alive:
                _note_cost([machine], provider)
    return {"status": "complete", "message": "", "requests": lost}


def _create_status(request_id: str, machines: Sequence[Machine], now: float) -> Json:
    mine = [machine for machine in machines if machine.request_id == request_id]
    rows = [wire.created(machine) for machine in mine]
    if not mine:
        if now - _made_at(request_id) < _SETTLE_S:
            return wire.request_row(request_id, "running", [], "EC2 does not list its machines yet")
        return wire.request_row(request_id, "complete_with_error", [], "no machine of this request is known to EC2")
    asked = max(machine.asked for machine in mine)
    short = next((machine.shortfall for machine in mine if machine.shortfall), "")
    settling = len(mine) < asked and not short and now - mine[0].launched < _SETTLE_S
    if settling or any(row["result"] == "executing" for row in rows):
        return wire.request_row(request_id, "running", rows)
    if len(mine) == asked and all(row["result"] == "succeed" for row in rows):
        return wire.request_row(request_id, "complete", rows)
    good = sum(row["result"] == "succeed" for row in rows)
    text = f"asked {asked}, {good} usable" + (f"; {_short_text(short)}" if short else "")
    return wire.request_row(request_id, "complete_with_error", rows, text)


def _return_status(request_id: str, machines: Sequence[Machine], provider: Provider) -> Json:
    mine = [machine for machine in machines if machine.return_id == request_id]
    if not mine:
        if provider.now - _made_at(request_id) < _SETTLE_S:
            return wire.request_row(request_id, "running", [], "EC2 does not show its marks yet")
        text = "EC2 knows no machine of this return: it was never made, or all ended more than an hour ago"
        return wire.request_row(request_id, "complete_with_error", [], text)
    still = [machine.machine_id for machine in mine if machine.alive]
    message = ""
    ended: tuple[str, ...] = ()
    if still:
        try:
            ended = provider.cloud.end(still, request_id, EndReason.RETURNED)
        except CloudError as error:
            message = f"EC2 still refuses to end {len(still)}: {error.message}"
    _note_cost([machine for machine in mine if not machine.alive or machine.machine_id in ended], provider)
    rows = [wire.returned(machine) for machine in mine]
    done = all(row["result"] == "succeed" for row in rows)
    return wire.request_row(request_id, "complete" if done else "running", rows, message)


def _find(named: Sequence[Named], machines: Sequence[Machine]) -> list[Machine]:
    newest = {machine.name: machine.machine_id for machine in machines}  # EC2 gives host names again
    ids = {host.machine_id or newest.get(host.name, "") for host in named}
    return [machine for machine in machines if machine.machine_id in ids]


def _end_failed(machines: Sequence[Machine], provider: Provider) -> None:
    """End stopped machines of open requests: LSF drops what it is told has failed and never returns it."""
    stopped = {MachineState.STOPPING, MachineState.STOPPED}
    failed = [machine for machine in machines if machine.state in stopped and not machine.return_id]
    if not failed:
        return
    ids = [machine.machine_id for machine in failed]
    try:
        ended = provider.cloud.end(ids, _id(_RETURN, provider.now, *ids), EndReason.BROKEN)
    except CloudError as error:
        _audit(provider, "failed machines not ended", machines=ids, message=error.message)
        return
    _note_cost([machine for machine in failed if machine.machine_id in ended], provider)
    _audit(provider, "failed machines ended", machines=ended)


def _marked(ids: Sequence[str], return_id: str, provider: Provider) -> bool:
    """Whether the ledger holds the return although ending failed; if it cannot be asked, it does not."""
    try:
        machines = provider.cloud.machines()
    except CloudError:
        return False
    return any(m.return_id == return_id for m in machines if m.machine_id in ids)


def _note_cost(machines: Sequence[Machine], provider: Provider) -> None:
    """Note what ended machines cost. A file that cannot be written is told to the audit log, never to LSF."""
    at = Fleet(machines=(), spent={}, now=provider.now, month_start=month_start(provider.now))
    for machine in machines:
        usd = at.cost(machine, provider.settings.prices)
        try:
            provider.spend.add(month_of(provider.now), machine.machine_id, machine.lab, usd)
        except SiteUnavailable as error:
            _audit(provider, "spend not noted", machine=machine.machine_id, usd=usd, message=error.message)


def _short_text(code: str) -> str:
    return "our own limits allow no more" if code == _LIMIT else wire.code_text(code)


def _launch_message(asked: int, given: int, shortfall: Sequence[Shortfall], why: str) -> str:
    words = [f"{given} of {asked} machines launched"]
    words += [why] if why else []
    words += [wire.code_text(row.code) for row in shortfall[:1]]
    return "; ".join(words)


def _id(kind: str, at: float, *parts: str) -> str:
    digest = sha256("\0".join(parts).encode()).hexdigest()[:16]
    return f"{kind}-{int(at)}-{digest}"


def _made_at(request_id: str) -> float:
    parts = request_id.split("-")
    return float(parts[1]) if len(parts) == 3 and parts[1].isdecimal() and len(parts[1]) < 12 else -inf


def _audit(provider: Provider, kind: str, **fields: object) -> None:
    provider.audit.record(Event(at=provider.now, kind=kind, fields=fields))
