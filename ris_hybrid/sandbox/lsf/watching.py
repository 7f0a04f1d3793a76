"""ebrokerd's query round, the provider's side: open requests, machines wanted back, machines handed back (sandbox)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.answers import Asked, ProtocolError
from ris_hybrid.sandbox.lsf.holdings import Holding, OpenReturn, Stage
from ris_hybrid.sandbox.lsf.leaving import drain, leave
from ris_hybrid.sandbox.lsf.protocol import check_reclaims, check_return
from ris_hybrid.sandbox.lsf.rcevents import Dropped, Granted, RequestClosed, Returned
from ris_hybrid.sandbox.lsf.statuses import check_status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.sandbox.lsf.answers import MachineAnswer, Reclaim, RequestAnswer
    from ris_hybrid.sandbox.lsf.desk import Desk
    from ris_hybrid.sandbox.lsf.holdings import OpenRequest
    from ris_hybrid.sandbox.lsf.rcconf import Provider


def poll(desk: Desk, provider: Provider) -> None:
    """One getRequestStatus call with every open id of the provider; nothing is open, nothing is called.

    A call that failed, or an id without a usable answer, changes nothing: it is asked again next time.
    """
    asked = {
        request.request_id: Asked(kind="create", machines=request.asked)
        for (name, _), request in sorted(desk.book.requests.items())
        if name == provider.name
    } | {
        back.request_id: Asked(kind="return", machines=back.handed_back)
        for (name, _), back in sorted(desk.book.returns.items())
        if name == provider.name
    }
    if not asked:
        return
    payload = {"requests": [{"requestId": request_id} for request_id in asked]}
    checked = desk.ask(provider, "getRequestStatus", payload, lambda rc, out: check_status(rc, out, asked))
    for answer in checked.value or ():
        key = (provider.name, answer.request_id)
        if asked[answer.request_id].kind == "create":
            _settle_request(desk, desk.book.requests[key], answer, checked.message)
        else:
            _settle_return(desk, desk.book.returns[key], answer)


def _settle_request(desk: Desk, request: OpenRequest, answer: RequestAnswer, message: str) -> None:
    """Take what has come; a settled request is forgotten, with every machine it never called usable."""
    for machine in answer.machines:
        if machine.result == "succeed":
            request = _granted(desk, request, machine)
        elif machine.result == "fail":
            request = _failed(desk, request, machine)
    key = (request.borrower.provider, request.request_id)
    if answer.status == "running":
        desk.book.requests[key] = request
        return
    del desk.book.requests[key]
    desk.tell(
        RequestClosed(
            at=desk.now,
            borrower=request.borrower,
            request_id=request.request_id,
            status=answer.status,
            asked=request.asked,
            granted=len(request.granted),
            message=answer.message,
        )
    )
    if answer.status == "complete_with_error":
        desk.delay(request.borrower.provider, request.borrower.template, f"{answer.message} {message}")


def _granted(desk: Desk, request: OpenRequest, machine: MachineAnswer) -> OpenRequest:
    now = desk.now
    if machine.machine_id in request.granted:
        _update(desk, (request.borrower.provider, machine.machine_id), machine)
        return request
    request = replace(request, granted=request.granted | {machine.machine_id})
    held = desk.book.held.get((request.borrower.provider, machine.machine_id))
    if held is not None:
        _complain(desk, request, f"machine {machine.machine_id} was granted by another request already")
        return request
    taken = desk.book.named(machine.name) or desk.cluster.host(machine.name) is not None
    holding = Holding(
        borrower=request.borrower,
        machine_id=machine.machine_id,
        name=machine.name,
        slots=request.slots,
        resources=request.resources,
        allocated_at=now,
        join_at=max(now, (machine.launched or now) + desk.boot_s),
        updated_at=now,
        prov_status=machine.status,
    )
    desk.book.keep(holding)
    desk.tell(
        Granted(
            at=now,
            borrower=request.borrower,
            request_id=request.request_id,
            machine_id=machine.machine_id,
            name=machine.name,
        )
    )
    if taken:
        _complain(desk, request, f"machine {machine.machine_id}: there is a host {machine.name} already")
        leave(desk, holding, "its host name is taken")
    return request


def _failed(desk: Desk, request: OpenRequest, machine: MachineAnswer) -> OpenRequest:
    """LSF drops a failed machine, unless it has joined: then the host itself shows what became of it."""
    if machine.machine_id in request.failed:
        return request
    key = (request.borrower.provider, machine.machine_id)
    held = desk.book.held.get(key)
    if held is not None and held.stage is not Stage.BOOTING:
        return request
    desk.book.held.pop(key, None)
    desk.tell(Dropped(at=desk.now, borrower=request.borrower, machine_id=machine.machine_id, message=machine.message))
    return replace(request, failed=request.failed | {machine.machine_id})


def _settle_return(desk: Desk, back: OpenReturn, answer: RequestAnswer) -> None:
    """Forget what has ended. A machine still executing or failed stays open, whatever the status says."""
    open_ids = {machine.machine_id for machine in answer.machines if machine.result != "succeed"}
    done = {machine.machine_id for machine in answer.machines if machine.result == "succeed"}
    if answer.status != "running":
        done = set(back.machine_ids) - open_ids
    for machine in answer.machines:
        if machine.machine_id in back.machine_ids:
            _update(desk, (back.provider, machine.machine_id), machine)
    for machine_id in sorted(done & back.machine_ids):
        _forget(desk, (back.provider, machine_id))
    left = back.machine_ids - done
    if left:
        desk.book.returns[back.provider, back.request_id] = replace(back, machine_ids=left)
    else:
        del desk.book.returns[back.provider, back.request_id]


def _update(desk: Desk, key: tuple[str, str], machine: MachineAnswer) -> None:
    holding = desk.book.held.get(key)
    if holding is not None:
        desk.book.keep(replace(holding, prov_status=machine.status, updated_at=desk.now))


def _forget(desk: Desk, key: tuple[str, str]) -> None:
    holding = desk.book.held.pop(key)
    desk.tell(Returned(at=desk.now, borrower=holding.borrower, machine_id=holding.machine_id, name=holding.name))


def _complain(desk: Desk, request: OpenRequest, what: str) -> None:
    error = ProtocolError(verb="getRequestStatus", what=what, excerpt=request.request_id)
    desk.breach(error, request.borrower.provider)


def look_for_reclaims(desk: Desk, provider: Provider) -> None:
    """One getReturnRequests call with every machine held, none if none is; what is wanted back starts to leave."""
    held = desk.book.of(provider.name)
    if not held:
        return
    pairs = [(holding.name, holding.machine_id) for holding in held]
    payload = {"machines": [{"name": name, "machineId": machine_id} for name, machine_id in pairs]}
    checked = desk.ask(provider, "getReturnRequests", payload, lambda rc, out: check_reclaims(rc, out, pairs))
    for reclaim in checked.value or ():
        _reclaim(desk, desk.book.held[provider.name, reclaim.machine_id], reclaim)


def _reclaim(desk: Desk, holding: Holding, reclaim: Reclaim) -> None:
    """Jobs may run until LSB_RC_REQUEUE_BUFFER before the grace ends; a machine that never joined goes at once."""
    if holding.stage is Stage.BOOTING:
        leave(desk, holding, "reclaimed")
    elif holding.stage in {Stage.JOINED, Stage.DRAINING}:
        leave_at = desk.now + max(0.0, reclaim.grace_s - desk.conf.requeue_buffer_s)
        drain(desk, holding, "reclaimed", min(leave_at, holding.leave_at))


def hand_back(desk: Desk, provider: Provider, leaving: Iterable[Holding]) -> None:
    """One requestReturnMachines call for the machines; refused, they stay to be handed back at the next query."""
    machines = [holding for holding in leaving if holding.borrower.provider == provider.name]
    if not machines:
        return
    payload = {"machines": [{"name": holding.name, "machineId": holding.machine_id} for holding in machines]}
    request_id = desk.ask(provider, "requestReturnMachines", payload, check_return).value
    if request_id is None:
        return
    for holding in machines:
        desk.book.keep(replace(holding, stage=Stage.RETURNING, updated_at=desk.now))
        if not request_id:  # accepted without an id to ask about: LSF has nothing left to wait for
            _forget(desk, holding.key)
    if request_id:
        _open_return(desk, provider, request_id, machines)


def _open_return(desk: Desk, provider: Provider, request_id: str, machines: list[Holding]) -> None:
    key = (provider.name, request_id)
    if key in desk.book.requests:
        what = "requestId is that of an open request for machines"
        desk.breach(ProtocolError(verb="requestReturnMachines", what=what, excerpt=request_id), provider.name)
        for holding in machines:
            desk.book.keep(holding)
        return
    earlier = desk.book.returns.get(key)
    left = earlier.machine_ids if earlier else frozenset()
    ids = frozenset(holding.machine_id for holding in machines)
    desk.book.returns[key] = OpenReturn(
        provider=provider.name,
        request_id=request_id,
        machine_ids=ids | left,
        handed_back=len(ids - left) + (earlier.handed_back if earlier else 0),
    )
