"""The one path by which machines come: LSF's request and the broker's own both take it, under the launch lock.

    look at the ledger ─▶ launched before? ─▶ limits ─▶ note the begin ─▶ adopt what LSF never learned of ─▶ launch

An error means that nothing was started. Whatever may have been started is told with its request id, because only
the ledger can say what runs.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst import tags
from burst.adopting import adopt, adoptable
from burst.clouds.partly import PartlyUnknown
from burst.fleet import account_of, with_coming
from burst.ledger import observe_fleet
from burst.limits import HOLD, OFF, Ask, apply_caps
from burst.rc.wire import POOL_OFF, code_text
from ris_hybrid.errors import (
    AskedBefore,
    CloudError,
    ConfigError,
    NoCapacity,
    QuotaReached,
    Refused,
    SiteUnavailable,
    TryAgain,
)
from ris_hybrid.model import Begun, Launch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.fleet import Fleet
    from burst.provider import Provider
    from ris_hybrid.model import Launched, Machine, PoolMarks, Reason
    from ris_hybrid.settings import Pool

LIMIT = "LimitReached"
"""Our own word for "the limits allow no more": LSF goes on asking as demand changes."""
_SCARCE = (NoCapacity, QuotaReached)
"""What leaves the pool alone for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Nodes to start; the same ``request_id`` is the same order."""

    request_id: str
    pool: Pool
    lab: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an order. Machine ids; neither launched nor adopted means that the cloud's answer was lost."""

    request_id: str
    launched: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    message: str = ""


def launch(order: Order, provider: Provider) -> Outcome:
    """Adopt and launch up to what the limits allow. The caller holds the launch lock and journals its answer.

    Raises ``CloudError`` or ``ConfigError``, always with nothing started; ``NoCapacity`` too while the pool is held;
    ``SiteUnavailable`` when the month's spend cannot be read or the journal not be written, with nothing started.
    """
    _check_lab(order)
    fleet, begun = _whole_fleet(order, provider), provider.journal.begun()
    mine = [machine for machine in fleet.machines if machine.request_id == order.request_id]
    made, adopted = _ids(m for m in mine if not m.adopted), _ids(m for m in mine if m.adopted)
    if made:
        text = "already launched by this request"
        outcome = Outcome(request_id=order.request_id, launched=made, adopted=adopted, message=text)
        whole = max((one.nodes for one in begun if one.request_id == order.request_id), default=0)
        if not order.pool.cloud or len(made) >= whole:
            return outcome
        return _finished(_Turn(order=order, provider=provider, fleet=fleet, adopted=adopted, why=""), whole, outcome)
    found = () if adopted else adoptable(order, fleet.machines, provider.unanswered())
    rest = order.nodes - len(adopted) - len(found)
    others = [one for one in begun if one.request_id != order.request_id]
    seen = with_coming(fleet, others, provider.settings)
    nodes, reasons = apply_caps(Ask(pool=order.pool, lab=order.lab, nodes=rest), seen, provider.settings)
    why = "; ".join(f"{reason.stage}: {reason.text}" for reason in reasons)
    provider.note("limits", request=order.request_id, asked=order.nodes, adopted=len(found), allowed=nodes, why=why)
    if not (nodes or adopted or found):
        if any(one.nodes and not one.answered for one in begun if one.request_id == order.request_id):
            return _unconfirmed(order, (), f"asked of the cloud before, and not listed yet; now {why}")
        raise _refusal(reasons, why, fleet.marks_of(order.pool.name))
    turn = _Turn(order=order, provider=provider, fleet=fleet, adopted=adopted + _ids(found), why=why)
    _begin(turn, nodes)
    _take_over(turn, found, _code(reasons, fleet.marks_of(order.pool.name)) if rest and not nodes else "")
    return _launch_rest(turn, nodes) if nodes else _outcome(turn)


def _whole_fleet(order: Order, provider: Provider) -> Fleet:
    """Caps and money count all clouds: while one of them does not answer nothing is launched on any."""
    try:
        return observe_fleet(provider)
    except PartlyUnknown as error:
        message = f"nothing launched: {error.message}"
        provider.note("not launched", request=order.request_id, code=error.code, message=message)
        raise TryAgain(message, error.hint, error.code) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """An order on its way: what was seen, what was adopted, and why it gets less than it asks."""

    order: Order
    provider: Provider
    fleet: Fleet
    adopted: tuple[str, ...]
    why: str


def _begin(turn: _Turn, nodes: int) -> None:
    order = turn.order
    turn.provider.journal.begin(
        Begun(request_id=order.request_id, pool=order.pool.name, lab=order.lab, nodes=nodes, at=turn.provider.now)
    )


def _finished(turn: _Turn, nodes: int, outcome: Outcome) -> Outcome:
    """A second cloud makes machine by machine: a call that was killed in the middle is carried on by the same token."""
    try:
        return _launch_rest(turn, nodes)
    except CloudError as error:  # those that are there are told all the same
        return replace(outcome, message=f"{outcome.message}; no more: {error.message}")


def _came(turn: _Turn, nodes: int) -> None:
    """Fewer came than were asked for: the rest is not on its way, and counts against no cap."""
    with suppress(SiteUnavailable):  # it counts for two minutes then, as if the cloud listed it late
        _begin(turn, nodes)


def _take_over(turn: _Turn, found: Sequence[Machine], shortfall: str) -> None:
    try:
        adopt(turn.order, found, shortfall, turn.fleet.machines, turn.provider)
    except CloudError:
        _came(turn, 0)
        raise


def _launch_rest(turn: _Turn, nodes: int) -> Outcome:
    """Launch and say how it went. Raises when the cloud said no and nothing was adopted; a lost answer is not a no."""
    order, provider = turn.order, turn.provider
    rest = order.nodes - len(turn.adopted)
    launch = Launch(
        token=order.request_id,
        request_id=order.request_id,
        pool=order.pool.name,
        lab=order.lab,
        count=nodes,
        asked=order.nodes,
        shortfall=LIMIT if nodes < rest else "",
        open=_for_all(provider),
    )
    try:
        given = provider.cloud.launch(launch)
    except CloudError as error:
        return _not_launched(turn, error)
    if len(given.machine_ids) < nodes:
        _came(turn, len(given.machine_ids))
    _hold_or_clear(turn, given, nodes)
    outcome = _outcome(turn, given)
    # Which offers failed, in the cloud's words: too long for LSF, and what an admin asks first.
    short = {"shortfall": [f"{row.code}: {row.message}" for row in given.shortfall]} if given.shortfall else {}
    provider.note("launched", request=order.request_id, machines=outcome.launched, message=outcome.message, **short)
    return outcome


def _for_all(provider: Provider) -> bool:
    """Whether every job may use what is launched now: nodes for chosen jobs alone are of no use without a plan."""
    settings = provider.settings
    falls_back = settings.steers_by_flag and settings.planner.steering.fallback == "thresholds"
    return falls_back and bool(provider.standing().problem)


def _not_launched(turn: _Turn, error: CloudError) -> Outcome:
    order, provider = turn.order, turn.provider
    if isinstance(error, TryAgain | AskedBefore):  # what an earlier call started may be there
        provider.note("launch not confirmed", request=order.request_id, code=error.code, message=error.message)
        return _unconfirmed(order, turn.adopted, error.message)
    provider.note("not launched", request=order.request_id, code=error.code, message=error.message)
    _came(turn, 0)
    if isinstance(error, _SCARCE):
        _hold(turn, error.code)
    if not turn.adopted:
        raise error
    _try_to_mark(turn.adopted, {tags.SHORTFALL: error.code or LIMIT}, provider)
    words = [f"{len(turn.adopted)} of {order.nodes} machines were there already", error.message]
    words += [code_text(error.code)] if isinstance(error, NoCapacity) else []
    return Outcome(request_id=order.request_id, adopted=turn.adopted, message="; ".join(words))


def _unconfirmed(order: Order, adopted: tuple[str, ...], why: str) -> Outcome:
    text = f"not confirmed, its status will tell: {why}"
    return Outcome(request_id=order.request_id, adopted=adopted, message=text)


def _outcome(turn: _Turn, given: Launched | None = None) -> Outcome:
    order = turn.order
    launched = given.machine_ids if given else ()
    words = [f"{len(launched)} of {order.nodes} machines launched"]
    words += [f"{len(turn.adopted)} were there already, launched by a call that never answered"] if turn.adopted else []
    words += [turn.why] if turn.why else []
    words += [code_text(row.code) for row in given.shortfall[:1]] if given else []
    message = "; ".join(words)
    return Outcome(request_id=order.request_id, launched=launched, adopted=turn.adopted, message=message)


def _hold_or_clear(turn: _Turn, given: Launched, nodes: int) -> None:
    """Some that did not come for lack of capacity or quota hold the pool as if none had; all that came clear it."""
    scarce = [row.code for row in given.shortfall if row.scarce]
    if len(given.machine_ids) >= nodes:
        _clear_hold(turn)
    elif scarce:
        _hold(turn, scarce[0])


def _hold(turn: _Turn, code: str) -> None:
    until = turn.fleet.now + turn.provider.settings.life.capacity_hold_minutes * 60
    before = turn.fleet.marks_of(turn.order.pool.name)
    _try_to_mark_pool(turn, replace(before, held_until=until, held_for=code))


def _clear_hold(turn: _Turn) -> None:
    marks = turn.fleet.marks_of(turn.order.pool.name)
    if marks.held_until:
        _try_to_mark_pool(turn, replace(marks, held_until=0.0, held_for=""))


def _try_to_mark_pool(turn: _Turn, marks: PoolMarks) -> None:
    """A mark on a pool spares calls; losing it must not change what LSF is told."""
    pool, provider = turn.order.pool.name, turn.provider
    try:
        provider.ledger.mark_pool(pool, marks, turn.fleet.marks_of(pool))
    except CloudError as error:
        provider.note("pool not marked", pool=pool, message=error.message)
    else:
        provider.note("pool marked", pool=pool, held_until=marks.held_until, held_for=marks.held_for)


def _try_to_mark(machine_ids: Sequence[str], marks: Mapping[str, str], provider: Provider) -> None:
    try:
        provider.ledger.mark(machine_ids, marks)
    except CloudError as error:
        provider.note("machines not marked", machines=machine_ids, message=error.message)


def _check_lab(order: Order) -> None:
    if order.pool.labs and order.lab not in order.pool.labs:
        raise ConfigError(
            f"account {account_of(order.lab)} may not use pool {order.pool.name}", "see burst.yaml: pools, labs"
        )


def _code(reasons: Sequence[Reason], marks: PoolMarks) -> str:
    """The code that stands for what kept an order from being met."""
    return marks.held_for if reasons and reasons[-1].stage == HOLD else LIMIT


def _refusal(reasons: Sequence[Reason], why: str, marks: PoolMarks) -> CloudError:
    stage = reasons[-1].stage if reasons else ""
    message = f"nothing launched: {why}"
    if stage == HOLD:
        return NoCapacity(message, "it is tried again after that", marks.held_for)
    if stage == OFF:
        return Refused(message, "mend what keeps its nodes from joining first", POOL_OFF)
    return CloudError(message, code=LIMIT)


def _ids(machines: Iterable[Machine]) -> tuple[str, ...]:
    return tuple(machine.machine_id for machine in machines)
