"""ebrokerd's update round: templates, demand, the policies' word on it, and the requests to the providers (sandbox)."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.lsf.answers import ProtocolError
from ris_hybrid.sandbox.lsf.demand import Limits, Offer, plan, wanted
from ris_hybrid.sandbox.lsf.holdings import OpenRequest, Stage, Tally
from ris_hybrid.sandbox.lsf.protocol import check_policy, check_request, check_templates
from ris_hybrid.sandbox.lsf.rcevents import PolicyAnswer, RequestFailed, RequestMade
from ris_hybrid.sandbox.lsf.rcpolicies import Borrower, Grant, allow

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.desk import Desk
    from ris_hybrid.sandbox.lsf.resreq import Resources

_TAKES_JOBS = {"ok", "closed_Full"}


def refresh_templates(desk: Desk) -> bool:
    """Ask every provider what it offers; whether all answered. One that did not keeps its last answer."""
    answered = True
    for provider in desk.conf.providers:
        checked = desk.ask(provider, "getAvailableTemplates", {}, check_templates)
        if checked.value is None:
            answered = False
        else:
            desk.templates[provider.name] = checked.value
    return answered


def ask_for_machines(desk: Desk) -> None:
    """Work out what the pending jobs call for and ask the providers for what the policies leave of it."""
    pending = desk.cluster.pending()
    if not pending:
        return
    tallies = desk.book.tallies()
    limits = Limits(
        max_requests=desk.conf.max_requests,
        requested=sum(tally.requested for tally in tallies.values()),
        max_new=desk.conf.max_new_demand,
        flags=desk.conf.host_flags,
    )
    wants = wanted(desk.cluster.spec.queues, desk.thresholds, pending, desk.now)
    for borrower, machines in plan(wants, _offers(desk, tallies), _free_slots(desk), limits, desk.now).items():
        if desk.now >= _delayed_until(desk, borrower.provider, borrower.template):
            allowed = _allowed(desk, borrower, machines)
            if allowed:
                _request(desk, borrower, allowed)


def _offers(desk: Desk, tallies: dict[Borrower, Tally]) -> list[Offer]:
    used: dict[tuple[str, str], int] = defaultdict(int)
    for borrower, tally in tallies.items():
        used[borrower.provider, borrower.template] += tally.standing
    return [
        Offer(
            provider=provider.name,
            template=template,
            in_use=used[provider.name, template.template_id],
            delayed_until=_delayed_until(desk, provider.name, template.template_id),
        )
        for provider in desk.conf.providers
        for template in desk.templates.get(provider.name, ())
    ]


def _delayed_until(desk: Desk, provider: str, template: str) -> float:
    return desk.delays.get((provider, template), -math.inf)


def _free_slots(desk: Desk) -> dict[tuple[str, Resources], int]:
    """Slots that are free on joined hosts, or will be on machines that boot or are asked for: account, resources."""
    free: dict[tuple[str, Resources], int] = defaultdict(int)
    hosts = {host.name: host for host in desk.cluster.hosts() if host.status in _TAKES_JOBS}
    for holding in desk.book.at_stage(Stage.BOOTING, Stage.JOINED):
        host = hosts.get(holding.name)
        if holding.stage is Stage.BOOTING:
            free[holding.borrower.account, holding.resources] += holding.slots
        elif host is not None:
            free[holding.borrower.account, holding.resources] += host.slots - host.used
    for request in desk.book.requests.values():
        free[request.borrower.account, request.resources] += request.outstanding * request.slots
    return free


def _allowed(desk: Desk, borrower: Borrower, machines: int) -> int:
    """What the policy script, then the policies of policy_config.json, leave of the demand."""
    tallies = desk.book.tallies()
    asked = _ask_script(desk, borrower, machines, tallies.get(borrower, Tally()))
    now = desk.now
    verdict = allow(
        desk.conf.policies,
        Grant(at=now, borrower=borrower, machines=asked),
        {key: tally.standing for key, tally in tallies.items()},
        desk.book.history,
    )
    if verdict.by:
        desk.tell(PolicyAnswer(at=now, borrower=borrower, new_demand=asked, allowed=verdict.machines, by=verdict.by))
    return verdict.machines


def _ask_script(desk: Desk, borrower: Borrower, machines: int, tally: Tally) -> int:
    script = desk.conf.policy_script
    if script is None:
        return machines
    request: dict[str, Any] = {
        "providerName": borrower.provider,
        "templateName": borrower.template,
        "rcAccount": borrower.account,
        "requestTime": int(desk.now),
        "newDemand": machines,
        "targetAlloc": tally.allocated + tally.requested + machines,
        "allocated": tally.allocated,
        "requested": tally.requested,
        "reclaimed": tally.reclaimed,
    }
    call = desk.scripts.policy(script, {"request": request}, desk.now)
    if call is None:
        desk.note(f"{script}: no such program; LSF ignores it and lets the full demand pass")
        return machines
    checked = desk.judge(call, "", lambda rc, stdout: check_policy(rc, stdout, request))
    allowed = checked.value or 0
    desk.tell(
        PolicyAnswer(
            at=desk.now,
            borrower=borrower,
            new_demand=machines,
            allowed=allowed,
            by=script.name,
            message=checked.message,
        )
    )
    return allowed


def _request(desk: Desk, borrower: Borrower, machines: int) -> None:
    provider = next(entry for entry in desk.conf.providers if entry.name == borrower.provider)
    payload = {
        "template": {"templateId": borrower.template, "machineCount": machines},
        "rc_account": borrower.account,
        "userData": {},
    }
    checked = desk.ask(provider, "requestMachines", payload, check_request)
    request_id = checked.value
    if request_id is not None and desk.book.knows(provider.name, request_id):
        desk.breach(_reused(request_id), provider.name)
        request_id = None
    if request_id is None:
        desk.tell(RequestFailed(at=desk.now, borrower=borrower, machines=machines, message=checked.message))
        desk.delay(provider.name, borrower.template, checked.message)
        return
    template = next(one for one in desk.templates[provider.name] if one.template_id == borrower.template)
    desk.book.requests[provider.name, request_id] = OpenRequest(
        borrower=borrower,
        request_id=request_id,
        slots=template.slots,
        resources=template.resources,
        asked=machines,
    )
    desk.book.history.append(Grant(at=desk.now, borrower=borrower, machines=machines))
    desk.tell(RequestMade(at=desk.now, borrower=borrower, machines=machines, request_id=request_id))


def _reused(request_id: str) -> ProtocolError:
    return ProtocolError(verb="requestMachines", what="requestId is that of a request still open", excerpt=request_id)
