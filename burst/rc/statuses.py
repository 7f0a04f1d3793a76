"""One entry of getRequestStatus: what became of a launch or of a return, from the ledger alone.

While one of several clouds does not answer, nothing that its machines could still change is told as complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import ids
from burst.clouds import partly
from burst.fleet import SETTLE_S
from burst.launching import LIMIT
from burst.ledger import note_cost
from burst.rc import wire
from ris_hybrid.errors import CloudError
from ris_hybrid.model import EndReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.clouds.partly import Seen
    from burst.provider import Provider
    from burst.rc.wire import Json


def of_launch(request_id: str, seen: Seen, now: float) -> Json:
    """A create id: complete when all it asked for is there and usable. All of it is of one cloud."""
    mine = [machine for machine in seen.machines if machine.request_id == request_id]
    rows = [wire.created(machine) for machine in mine]
    if not mine:
        return _no_machine(request_id, seen, now)
    asked = max(machine.asked for machine in mine)
    short = next((machine.shortfall for machine in mine if machine.shortfall), "")
    newest = max(ids.made_at(request_id), *(machine.launched for machine in mine))  # adopted ones may be older
    settling = len(mine) < asked and not short and now - newest < SETTLE_S
    if settling or any(row["result"] == "executing" for row in rows):
        return wire.request_row(request_id, "running", rows)
    usable = [row for row in rows if row["result"] == "succeed"]
    if len(usable) == asked:  # others were ended in a place that had no room for all, where all must be together
        return wire.request_row(request_id, "complete", usable)
    text = f"asked {asked}, {len(usable)} usable" + (f"; {_short_text(short)}" if short else "")
    return wire.request_row(request_id, "complete_with_error", rows, text)


def _no_machine(request_id: str, seen: Seen, now: float) -> Json:
    if seen.unread:
        return _running_unread(request_id, [], seen)
    if now - ids.made_at(request_id) < SETTLE_S:
        return wire.request_row(request_id, "running", [], "the cloud does not list its machines yet")
    return wire.request_row(request_id, "complete_with_error", [], "no machine of this request is known to the cloud")


def of_return(request_id: str, seen: Seen, provider: Provider) -> Json:
    """A return id: complete when all have ended; what the cloud has refused to end is asked for again.

    An id is only given when every machine of it is marked. So where every cloud has answered in full and none lists
    one, all of them have ended and are forgotten: EC2 lists an ended machine for an hour, other clouds not at all once
    our own memory of it is lost. An id that is none of ours is an error.
    """
    if ids.is_of_nothing(request_id):
        return wire.request_row(request_id, "complete", [], "the cloud knew none of its machines: nothing had to end")
    mine = [machine for machine in seen.machines if machine.return_id == request_id]
    if not mine:
        return _nothing_left(request_id, seen, provider.now)
    still = [machine.machine_id for machine in mine if machine.alive]
    message = ""
    ended: tuple[str, ...] = ()
    if still:
        try:
            ended = provider.cloud.end(still, request_id, EndReason.RETURNED)
        except CloudError as error:
            message = f"the cloud still refuses to end {len(still)}: {error.message}"
    note_cost([machine for machine in mine if not machine.alive or machine.machine_id in ended], provider)
    rows = [wire.returned(machine) for machine in mine]
    if seen.unread:
        return _running_unread(request_id, rows, seen, message)
    done = all(row["result"] == "succeed" for row in rows)
    return wire.request_row(request_id, "complete" if done else "running", rows, message)


def _nothing_left(request_id: str, seen: Seen, now: float) -> Json:
    if seen.unread:
        return _running_unread(request_id, [], seen)
    if now - ids.made_at(request_id) < SETTLE_S:
        return wire.request_row(request_id, "running", [], "the cloud does not show its marks yet")
    if not ids.is_ours(request_id):
        return wire.request_row(request_id, "complete_with_error", [], "this return was never made here")
    return wire.request_row(request_id, "complete", [], "the cloud lists none of its machines any more: all have ended")


def _running_unread(request_id: str, rows: Sequence[Json], seen: Seen, message: str = "") -> Json:
    """Some of its machines may be of a cloud that does not answer."""
    words = [*([message] if message else []), f"not every cloud answers: {partly.reasons(seen.unread)}"]
    return wire.request_row(request_id, "running", rows, "; ".join(words))


def _short_text(code: str) -> str:
    return "our own limits allow no more" if code == LIMIT else wire.code_text(code)
