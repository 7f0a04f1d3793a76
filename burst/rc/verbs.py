"""What each provider script answers. Every answer is rebuilt from the ledger; local files are never asked.

Exit 1 only if nothing was started: a machine that runs is always told to LSF, and when EC2's answer was lost LSF
gets the request id too, because only the ledger can tell what runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import ids
from burst.launching import LIMIT, Order, launch
from burst.ledger import note_cost
from burst.rc import wire
from burst.reap import Action, Sight, candidates
from burst.reaping import count_failures, reap
from ris_hybrid.errors import CloudError, ConfigError, SiteUnavailable
from ris_hybrid.model import EndReason, MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from burst.provider import Provider
    from burst.rc.wire import Json, Named
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.ports import Hosts

_SETTLE_S = 120.0  # EC2 may not list a machine for a moment after it was launched
_LSF_KNOWS = frozenset({"", EndReason.RETURNED, EndReason.IDLE})  # it asked for the end itself


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
    settings = provider.settings
    request_id = ids.derived(ids.CREATE, at, settings.cluster, settings.provider, key, str(request))
    order = Order(request_id=request_id, pool=pool, lab=request.lab, nodes=request.count)
    outcome = launch(order, provider)
    provider.journal.answer(request_id)  # before it is printed: an answer that is lost leaves orphans, found by tags
    return {"requestId": request_id, "message": outcome.message}


def get_request_status(payload: object, provider: Provider) -> Json:
    """Every request named, create and return alike, from one look at the ledger."""
    asked = wire.read_request_ids(payload)
    machines = provider.cloud.machines()
    _lsf_knows(asked, provider)
    _end_failed([machine for machine in machines if machine.request_id in asked], provider)
    return {
        "status": "complete",
        "requests": [
            _return_status(request_id, machines, provider)
            if ids.is_return(request_id)
            else _create_status(request_id, machines, provider.now)
            for request_id in asked
        ],
    }


def request_return_machines(payload: object, provider: Provider) -> Json:
    """Mark the machines as returned and end them. Calling it again gives the same id."""
    named = wire.read_machines(payload)
    if not named:
        raise wire.WireError("machines: expected at least one, found none")
    machines = _find(named, provider.cloud.machines())
    if not machines:  # LSF may return what ended long ago; an error would make it ask again for ever
        return_id = ids.derived(ids.RETURN, provider.now, *(host.machine_id or host.name for host in named))
        return {"requestId": return_id, "message": "EC2 knows none of these under this provider's tags: nothing to end"}
    known = sorted(machine.machine_id for machine in machines)
    return_id = next((m.return_id for m in machines if m.return_id), ids.derived(ids.RETURN, provider.now, *known))
    message = ""
    try:
        ended = provider.cloud.end(known, return_id, EndReason.RETURNED)
    except CloudError as error:
        if not _marked(known, return_id, provider):
            raise
        ended, message = (), f"marked, but not ended yet: {error.message}"
    note_cost([m for m in machines if m.machine_id in ended], provider)
    provider.note("returned", request=return_id, machines=known, ended=ended, message=message)
    return {"requestId": return_id, "message": message or f"{len(ended)} of {len(named)} machines are ending"}


def _cannot_ask() -> Sequence[Host]:
    raise SiteUnavailable("this call has no way to")


def get_return_requests(
    payload: object,
    provider: Provider,
    ask_hosts: Callable[[], Sequence[Host]] = _cannot_ask,
    control: Callable[[], Hosts] | None = None,
) -> Json:
    """Which of LSF's hosts have ended, will end or are of no use; and the place where what nobody holds is ended.

    Args:
        payload: the request: every machine LSF holds. An empty list is no proof that it has no others.
        provider: ports and settings.
        ask_hosts: bhosts, in bounded time; called only when a machine is suspicious. Without it nothing is ended.
        control: closes hosts that LSF could still use; asked for after ``ask_hosts``.
    """
    named = wire.read_machines(payload)
    machines = provider.cloud.machines()
    newest = {machine.name: machine for machine in machines if machine.name}  # EC2 gives host names again
    by_id = {machine.machine_id: machine for machine in machines}
    held = [(host, by_id.get(host.machine_id) if host.machine_id else newest.get(host.name)) for host in named]
    known = [machine for _, machine in held if machine is not None]
    _lsf_knows([machine.request_id for machine in known], provider)
    unwanted = _reap(machines, frozenset(machine.machine_id for machine in known), provider, ask_hosts, control)
    rows = []
    for host, machine in held:
        left_s = _left_s(machine, unwanted, provider.now)
        if left_s is None:
            continue
        rows.append({"machine": host.name, "machineId": host.machine_id, "gracePeriod": left_s})
        state = machine.state if machine else "not listed"
        provider.note("lost", machine=host.machine_id or host.name, state=state, grace_s=left_s)
        if machine is not None and not machine.alive:
            note_cost([machine], provider)
    return {"status": "complete", "message": "", "requests": rows}


def _lsf_knows(request_ids: Iterable[str], provider: Provider) -> None:
    """A request LSF speaks of was answered, whatever became of the journal's line about it."""
    for request_id in provider.unanswered().intersection(request_ids):
        provider.journal.answer(request_id)


def _left_s(machine: Machine | None, unwanted: frozenset[str], now: float) -> int | None:
    """Whole seconds until the machine goes away: 0 when it has, or should; None when it stays."""
    if machine is None or machine.state in wire.ENDING or machine.machine_id in unwanted:
        return 0
    if machine.return_id and machine.end_reason not in _LSF_KNOWS:
        return 0
    return max(0, int(machine.notice - now)) if machine.notice else None


def _reap(
    machines: Sequence[Machine],
    held: frozenset[str],
    provider: Provider,
    ask_hosts: Callable[[], Sequence[Host]],
    control: Callable[[], Hosts] | None,
) -> frozenset[str]:
    """End what is of no use to LSF; gives the ids that it should drop, whether they could be ended or not."""
    sight = Sight(machines=machines, hosts=None, now=provider.now, life=provider.settings.life, held=held)
    suspects = candidates(sight)
    if not suspects:
        return frozenset()
    try:
        hosts = ask_hosts()
    except SiteUnavailable as error:
        known = [machine.machine_id for machine in suspects]
        provider.note("not reaped", machines=known, why=f"LSF could not be asked: {error.message}")
        return frozenset()
    reaped = reap(provider, hosts, held=held, control=control() if control else None, machines=machines)
    return frozenset(
        verdict.machine.machine_id
        for verdict in reaped.verdicts
        if verdict.action in {Action.END, Action.CLOSE} and not verdict.busy
    )


def _create_status(request_id: str, machines: Sequence[Machine], now: float) -> Json:
    mine = [machine for machine in machines if machine.request_id == request_id]
    rows = [wire.created(machine) for machine in mine]
    if not mine:
        if now - ids.made_at(request_id) < _SETTLE_S:
            return wire.request_row(request_id, "running", [], "EC2 does not list its machines yet")
        return wire.request_row(request_id, "complete_with_error", [], "no machine of this request is known to EC2")
    asked = max(machine.asked for machine in mine)
    short = next((machine.shortfall for machine in mine if machine.shortfall), "")
    newest = max(ids.made_at(request_id), *(machine.launched for machine in mine))  # adopted ones may be older
    settling = len(mine) < asked and not short and now - newest < _SETTLE_S
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
        if provider.now - ids.made_at(request_id) < _SETTLE_S:
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
    note_cost([machine for machine in mine if not machine.alive or machine.machine_id in ended], provider)
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
    known = [machine.machine_id for machine in failed]
    reason = EndReason.BROKEN if any(machine.joined for machine in failed) else EndReason.FAILED_TO_JOIN
    try:
        ended = provider.cloud.end(known, ids.derived(ids.RETURN, provider.now, *known), reason)
    except CloudError as error:
        provider.note("failed machines not ended", machines=known, message=error.message)
        return
    note_cost([machine for machine in failed if machine.machine_id in ended], provider)
    provider.note("failed machines ended", machines=ended, reason=reason)
    count_failures([machine for machine in failed if machine.machine_id in ended and not machine.joined], provider)


def _marked(known: Sequence[str], return_id: str, provider: Provider) -> bool:
    """Whether the ledger holds the return although ending failed; if it cannot be asked, it does not."""
    try:
        machines = provider.cloud.machines()
    except CloudError:
        return False
    return any(m.return_id == return_id for m in machines if m.machine_id in known)


def _short_text(code: str) -> str:
    return "our own limits allow no more" if code == LIMIT else wire.code_text(code)
