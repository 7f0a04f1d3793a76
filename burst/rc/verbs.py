"""What each provider script answers. Every answer is rebuilt from the ledger; local files are never asked.

Exit 1 only if nothing was started: a machine that runs is always told to LSF, and when the cloud's answer was lost LSF
gets the request id too, because only the ledger can tell what runs. While one of several clouds does not answer the
machines of the others are told of, returned and ended all the same; its own are unknown, which is never told as gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import ids
from burst.checks import checked
from burst.clouds import partly
from burst.launching import Order, launch
from burst.ledger import note_cost
from burst.lifecycle import is_heard, short_name
from burst.rc import wire
from burst.rc.statuses import of_launch, of_return
from burst.reap import Action, Sight, candidates
from burst.reaping import note_ended, reap
from ris_hybrid.errors import CloudError, ConfigError, SiteUnavailable, TryAgain
from ris_hybrid.model import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from burst.clouds.partly import Seen
    from burst.provider import Provider
    from burst.rc.wire import Json, Named
    from ris_hybrid.model import Host, Machine
    from ris_hybrid.ports import Hosts

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
    seen = partly.look(provider.cloud)
    _lsf_knows(asked, provider)
    return {
        "status": "complete",
        "requests": [
            of_return(request_id, seen, provider)
            if ids.is_return(request_id)
            else of_launch(request_id, seen, provider.now)
            for request_id in asked
        ],
    }


def request_return_machines(payload: object, provider: Provider) -> Json:
    """Mark the machines as returned and end them. Calling it again gives the same id.

    Raises ``TryAgain`` when one of them may be of a cloud that does not answer: those that are known end now, and LSF
    asks again for all of them.
    """
    named = wire.read_machines(payload)
    if not named:
        raise wire.WireError("machines: expected at least one, found none")
    seen = _look(named, provider)
    held = _each(named, seen.machines)
    machines = list({machine.machine_id: machine for _, machine in held if machine}.values())
    answer = _returned(machines, seen.machines, provider) if machines else None
    hidden = _hidden(held, seen)
    if hidden:
        text = f"not returned: {', '.join(_names(hidden))}: {partly.reasons(seen.unread)}"
        raise TryAgain(text, "LSF asks again", "PartlyUnknown")
    if answer is None:  # LSF may return what ended long ago; an error would make it ask again for ever
        return_id = ids.of_nothing(provider.now, *_names(named))
        message = "the cloud knows none of these under this provider's tags: nothing to end"
        return {"requestId": return_id, "message": message}
    return_id, ended, message = answer
    return {"requestId": return_id, "message": message or f"{len(ended)} of {len(named)} machines are ending"}


def _look(named: Sequence[Named], provider: Provider) -> Seen:
    return partly.beside(partly.look(provider.cloud), (host.machine_id for host in named), provider.settings)


def _returned(
    machines: Sequence[Machine], ledger: Sequence[Machine], provider: Provider
) -> tuple[str, tuple[str, ...], str]:
    """The id of their return, those that are ending, and why not all of them are. Raises when not all are marked."""
    known = sorted(machine.machine_id for machine in machines)
    return_id = _return_of(known, ledger) or ids.derived(ids.RETURN, provider.now, *known)
    ended: tuple[str, ...] = ()
    message = ""
    try:
        ended = provider.cloud.end(known, return_id, EndReason.RETURNED)
    except CloudError as error:
        if not _marked(known, return_id, provider):
            raise
        message = f"marked, but not ended yet: {error.message}"
    note_cost([m for m in machines if m.machine_id in ended], provider)
    provider.note("returned", request=return_id, machines=known, ended=ended, message=message)
    return return_id, ended, message


def _return_of(known: Sequence[str], ledger: Sequence[Machine]) -> str:
    """The return that LSF made of these machines before; empty when there was none.

    What the reaper ended goes by an id of its own, with machines that LSF has not named: it is no answer to LSF. A call
    for the same machines that was cut short goes by its first id, or a slow cloud would mark them anew for ever.
    """
    mine = [machine for machine in ledger if machine.machine_id in known]
    earlier = {machine.return_id for machine in mine if machine.end_reason == EndReason.RETURNED}
    if earlier and all(machine.return_id in earlier for machine in mine):
        return min(earlier)
    return min((one for one in earlier if ids.is_derived(one, ids.RETURN, *known)), default="")


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
        ask_hosts: bhosts, in bounded time; called only when a machine is suspicious, or its cloud does not list one
            that LSF holds. Without it nothing is ended, and what no cloud lists is not told.
        control: closes hosts that LSF could still use; asked for after ``ask_hosts``.
    """
    named = wire.read_machines(payload)
    seen = _look(named, provider)
    machines = checked(seen.machines, provider)
    held = _each(named, machines)
    known = [machine for _, machine in held if machine is not None]
    hidden = _hidden(held, seen)
    if hidden:
        provider.note("not told lost", machines=_names(hidden), why=partly.reasons(seen.unread))
    forgotten = [host for host, machine in held if machine is None and host not in hidden]
    _lsf_knows([machine.request_id for machine in known], provider)
    note_ended(machines, provider)
    suspects = candidates(_sight(machines, known, provider))
    rows = _rows(suspects, forgotten, provider, ask_hosts)
    unwanted = _reap(machines, known, provider, rows, control) if suspects and rows is not None else frozenset()
    gone = _gone(forgotten, rows, provider)
    left = [(host, _left_s(m, unwanted, provider.now) if m else gone.get(host)) for host, m in held]
    told = [(host, left_s) for host, left_s in left if left_s is not None]
    if told:
        provider.note("lost", machines={host.machine_id or host.name: left_s for host, left_s in told})
    requests = [{"machine": host.name, "machineId": host.machine_id, "gracePeriod": left_s} for host, left_s in told]
    return {"status": "complete", "message": "", "requests": requests}


def _lsf_knows(request_ids: Iterable[str], provider: Provider) -> None:
    """A request LSF speaks of was answered, whatever became of the journal's line about it."""
    for request_id in provider.unanswered().intersection(request_ids):
        provider.journal.answer(request_id)


def _left_s(machine: Machine, unwanted: frozenset[str], now: float) -> int | None:
    """Whole seconds until the machine goes away: 0 when it has, or should; None when it stays."""
    if machine.state in wire.ENDING or machine.machine_id in unwanted:
        return 0
    if machine.return_id and machine.end_reason not in _LSF_KNOWS:
        return 0
    return max(0, int(machine.notice - now)) if machine.notice else None


def _rows(
    suspects: Sequence[Machine], forgotten: Sequence[Named], provider: Provider, ask_hosts: Callable[[], Sequence[Host]]
) -> Sequence[Host] | None:
    """LSF's rows, asked for only when something depends on them; None when not, or when it does not answer."""
    if not (suspects or forgotten):
        return None
    try:
        return ask_hosts()
    except SiteUnavailable as error:
        if suspects:
            known = [machine.machine_id for machine in suspects]
            provider.note("not reaped", machines=known, why=f"LSF could not be asked: {error.message}")
        return None


def _gone(forgotten: Sequence[Named], rows: Sequence[Host] | None, provider: Provider) -> dict[Named, int]:
    """Hosts that neither their cloud lists nor LSF hears from, with the 0 s they have left.

    The cloud's answer alone is not believed: it is short, or empty, with another region, account or tag. A host that
    LSF hears from is there.
    """
    heard = {short_name(row.name) for row in rows or () if is_heard(row)}
    kept = [host for host in forgotten if not rows or short_name(host.name) in heard]
    if kept:
        why = "the cloud does not list them, but LSF hears from their hosts" if rows else "LSF could not be asked"
        provider.note("not told lost", machines=_names(kept), why=why)
    return {host: 0 for host in forgotten if host not in kept}


def _hidden(held: Sequence[tuple[Named, Machine | None]], seen: Seen) -> list[Named]:
    """Hosts without a machine whose cloud was not read: they may be there."""
    return [host for host, machine in held if machine is None and seen.hides(host.machine_id)]


def _names(hosts: Iterable[Named]) -> list[str]:
    return [host.machine_id or host.name for host in hosts]


def _sight(machines: Sequence[Machine], known: Sequence[Machine], provider: Provider) -> Sight:
    held = frozenset(machine.machine_id for machine in known)
    return Sight(machines=machines, hosts=None, now=provider.now, life=provider.settings.life, held=held)


def _reap(
    machines: Sequence[Machine],
    known: Sequence[Machine],
    provider: Provider,
    rows: Sequence[Host],
    control: Callable[[], Hosts] | None,
) -> frozenset[str]:
    """End what is of no use to LSF; gives the ids that it should drop, whether they could be ended or not."""
    held = frozenset(machine.machine_id for machine in known)
    reaped = reap(provider, rows, held=held, control=control() if control else None, machines=machines)
    return frozenset(
        verdict.machine.machine_id
        for verdict in reaped.verdicts
        if verdict.action in {Action.END, Action.CLOSE} and not verdict.busy
    )


def _each(named: Sequence[Named], machines: Sequence[Machine]) -> list[tuple[Named, Machine | None]]:
    """LSF's hosts with their machines: by id, else by name without its domain, which LSF_STRIP_DOMAIN may have cut."""
    by_id = {machine.machine_id: machine for machine in machines}
    newest = {short_name(machine.name): machine for machine in machines if machine.name}  # a cloud gives names again
    return [
        (host, by_id.get(host.machine_id) if host.machine_id else newest.get(short_name(host.name))) for host in named
    ]


def _marked(known: Sequence[str], return_id: str, provider: Provider) -> bool:
    """Whether all that are alive carry the return though ending failed; what cannot be asked does not."""
    try:
        seen = partly.look(provider.cloud)
    except CloudError:
        return False
    mine = [machine for machine in seen.machines if machine.machine_id in known]
    hidden = any(seen.hides(machine_id) for machine_id in known)
    return bool(mine) and not hidden and all(m.return_id == return_id for m in mine if m.alive)
