"""ebrokerd's events as lines a person reads: decisions with their reasons, launches, joins, returns, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.history import Happening
from ris_hybrid.sandbox.lsf import rcevents
from ris_hybrid.sandbox.lsf.answers import ProtocolError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.lsf.rcevents import RcEvent
    from ris_hybrid.sandbox.lsf.rcpolicies import Borrower


class Narrator:
    """Appends happenings to a history; the same refusal is told once until its reason changes."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._refused: dict[Borrower, str] = {}

    def __call__(self, event: RcEvent) -> None:
        """Take one event."""
        happening = self._told(event)
        if happening is not None:
            self._history.happenings.append(happening)

    def _told(self, event: RcEvent) -> Happening | None:
        match event:
            case rcevents.PolicyAnswer():
                return self._policy(event)
            case rcevents.RequestMade():
                text = f"{event.machines} nodes of {_who(event.borrower)} ({event.request_id})"
                return Happening(at=event.at, kind="launch", text=text, nodes=event.machines)
            case rcevents.RequestFailed():
                text = f"{event.machines} nodes of {_who(event.borrower)}: {event.message}"
                return Happening(at=event.at, kind="refused", text=text)
            case rcevents.RequestClosed(status="complete_with_error"):
                text = f"{event.granted} of {event.asked} nodes of {_who(event.borrower)}: {event.message}"
                return Happening(at=event.at, kind="short", text=text)
            case rcevents.TemplateDelayed():
                minutes = (event.until - event.at) / 60
                return Happening(
                    at=event.at, kind="delayed", text=f"{event.template}: {event.code}, for {minutes:.0f} min"
                )
            case _:
                return _node_event(event)

    def _policy(self, event: rcevents.PolicyAnswer) -> Happening | None:
        what = f"{event.allowed} of {event.new_demand} nodes of {_who(event.borrower)}: {event.message}"
        if event.allowed > 0:
            self._refused.pop(event.borrower, None)
            return Happening(at=event.at, kind="decision", text=what, nodes=event.allowed)
        stages = "; ".join(part.split(":")[0] for part in event.message.split("; "))
        if self._refused.get(event.borrower) == stages:
            return None
        self._refused[event.borrower] = stages
        return Happening(at=event.at, kind="decision", text=what)


def _node_event(event: RcEvent) -> Happening | None:
    match event:
        case rcevents.Joined():
            kind, text = "joined", f"{event.name} of {_who(event.borrower)}"
        case rcevents.ReturnStarted():
            kind, text = "leaving", f"{event.name}: {event.why}"
        case rcevents.Returned():
            kind, text = "returned", f"{event.name} ended"
        case rcevents.Lost() | rcevents.Dropped():
            kind, text = "lost", f"{event.machine_id} of {_who(event.borrower)}"
        case ProtocolError():
            kind, text = "protocol error", f"{event.verb}: {event.what}"
        case rcevents.Note():
            kind, text = "note", event.text
        case _:
            return None
    return Happening(at=event.at, kind=kind, text=text)


def _who(borrower: Borrower) -> str:
    return f"{borrower.template} for {borrower.account}"
