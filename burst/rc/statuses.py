"""One entry of getRequestStatus: what became of a launch or of a return, from the ledger alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import ids
from burst.fleet import SETTLE_S
from burst.launching import LIMIT
from burst.ledger import note_cost
from burst.rc import wire
from ris_hybrid.errors import CloudError
from ris_hybrid.model import EndReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.provider import Provider
    from burst.rc.wire import Json
    from ris_hybrid.model import Machine


def of_launch(request_id: str, machines: Sequence[Machine], now: float) -> Json:
    """A create id: complete when all it asked for is there and usable."""
    mine = [machine for machine in machines if machine.request_id == request_id]
    rows = [wire.created(machine) for machine in mine]
    if not mine:
        if now - ids.made_at(request_id) < SETTLE_S:
            return wire.request_row(request_id, "running", [], "EC2 does not list its machines yet")
        return wire.request_row(request_id, "complete_with_error", [], "no machine of this request is known to EC2")
    asked = max(machine.asked for machine in mine)
    short = next((machine.shortfall for machine in mine if machine.shortfall), "")
    newest = max(ids.made_at(request_id), *(machine.launched for machine in mine))  # adopted ones may be older
    settling = len(mine) < asked and not short and now - newest < SETTLE_S
    if settling or any(row["result"] == "executing" for row in rows):
        return wire.request_row(request_id, "running", rows)
    if len(mine) == asked and all(row["result"] == "succeed" for row in rows):
        return wire.request_row(request_id, "complete", rows)
    good = sum(row["result"] == "succeed" for row in rows)
    text = f"asked {asked}, {good} usable" + (f"; {_short_text(short)}" if short else "")
    return wire.request_row(request_id, "complete_with_error", rows, text)


def of_return(request_id: str, machines: Sequence[Machine], provider: Provider) -> Json:
    """A return id: complete when all have ended; what EC2 has refused to end is asked for again."""
    if ids.is_of_nothing(request_id):
        return wire.request_row(request_id, "complete", [], "EC2 knew none of its machines: nothing had to end")
    mine = [machine for machine in machines if machine.return_id == request_id]
    if not mine:
        if provider.now - ids.made_at(request_id) < SETTLE_S:
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


def _short_text(code: str) -> str:
    return "our own limits allow no more" if code == LIMIT else wire.code_text(code)
