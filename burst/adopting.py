"""Machines of launches that LSF was never told of go to the next order that matches, by their tags.

A call that was killed after the cloud had launched leaves machines that nobody waits for. The journal knows at once
which launches these are; the order takes them over before it launches the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import tags
from burst.fleet import SETTLE_S
from burst.rc.wire import ENDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.launching import Order
    from burst.provider import Provider
    from ris_hybrid.model import Begun, Machine


def adoptable(order: Order, machines: Sequence[Machine], unanswered: frozenset[str]) -> tuple[Machine, ...]:
    """Machines of launches that LSF was never told of, of the order's pool and lab; oldest first, at most what it asks.

    A pool that launches all or none keeps the nodes of one launch together: they are taken whole, or left.
    """
    left = [
        machine
        for machine in machines
        if _usable(machine)
        and machine.request_id in unanswered
        and (machine.pool, machine.lab) == (order.pool.name, order.lab)
    ]
    if not order.pool.all_or_none:
        return tuple(left[: order.nodes])
    together = [[machine for machine in left if machine.request_id == one] for one in sorted(unanswered)]
    return tuple(next((group for group in together if len(group) == order.nodes), ()))


def adopt(
    order: Order, found: Sequence[Machine], shortfall: str, machines: Sequence[Machine], provider: Provider
) -> None:
    """Make the machines this order's; raises what the ledger raises, with nothing launched.

    Args:
        order: who gets them.
        found: the machines that ``adoptable`` named.
        shortfall: why the order gets no more than these; empty when more is launched.
        machines: the ledger they were found in.
        provider: ports and settings.

    The cloud may show the new tags late. A launch that was taken over whole therefore counts as answered at once, so
    that no other order takes the same machines.
    """
    begun = {one.request_id: one for one in provider.journal.begun()}
    for request_id in sorted({machine.request_id for machine in found}):
        group = [machine for machine in found if machine.request_id == request_id]
        known = [machine.machine_id for machine in group]
        marks = {tags.REQUEST: order.request_id, tags.ASKED: str(order.nodes), tags.ADOPTED: request_id}
        if shortfall or any(machine.shortfall for machine in group):
            marks[tags.SHORTFALL] = shortfall
        provider.ledger.mark(known, marks)
        provider.note("adopted", request=order.request_id, earlier=request_id, machines=known)
        if _whole(begun[request_id], len(group), machines, provider.now):
            provider.journal.answer(request_id)


def _usable(machine: Machine) -> bool:
    return machine.wanted and machine.state not in ENDING and not machine.notice


def _whole(begun: Begun, taken: int, machines: Sequence[Machine], now: float) -> bool:
    """Whether nothing of the launch is left to take: all that is of use is taken, and none is to be listed yet."""
    mine = [machine for machine in machines if begun.request_id in {machine.request_id, machine.adopted}]
    left = [machine for machine in mine if machine.request_id == begun.request_id and _usable(machine)]
    return taken == len(left) and (len(mine) >= begun.nodes or now - begun.at >= SETTLE_S)
