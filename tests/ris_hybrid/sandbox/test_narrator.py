from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.sandbox.history import History
from ris_hybrid.sandbox.lsf import rcevents
from ris_hybrid.sandbox.lsf.answers import ProtocolError
from ris_hybrid.sandbox.lsf.rcpolicies import Borrower
from ris_hybrid.sandbox.narrator import Narrator

AT = 1_800_000_000.0
LEE = Borrower(provider="aws", template="cpu", account="lee")
WU = Borrower(provider="aws", template="cpu", account="wu")
MACHINE = {"at": AT, "borrower": LEE, "machine_id": "i-1", "name": "ip-1"}


def told(*events: Any) -> list[tuple[str, str, int]]:
    history = History(started=AT)
    narrator = Narrator(history)
    for event in events:
        narrator(event)
    assert all(happening.at == event.at for happening, event in zip(history.happenings, events, strict=False))
    return [(happening.kind, happening.text, happening.nodes) for happening in history.happenings]


def closed(status: str) -> rcevents.RequestClosed:
    return rcevents.RequestClosed(
        at=AT, borrower=LEE, request_id="add-1", status=status, asked=3, granted=1, message="2 did not come"
    )


def answer(allowed: int, message: str, borrower: Borrower = LEE) -> rcevents.PolicyAnswer:
    return rcevents.PolicyAnswer(
        at=AT, borrower=borrower, new_demand=4, allowed=allowed, by="policy.sh", message=message
    )


@pytest.mark.parametrize(
    ("event", "happening"),
    [
        (answer(2, "gate: open; step: 2"), ("decision", "2 of 4 nodes of cpu for lee: gate: open; step: 2", 2)),
        (
            rcevents.RequestMade(at=AT, borrower=LEE, machines=2, request_id="add-1"),
            ("launch", "2 nodes of cpu for lee (add-1)", 2),
        ),
        (
            rcevents.RequestFailed(at=AT, borrower=LEE, machines=2, message="no permission"),
            ("refused", "2 nodes of cpu for lee: no permission", 0),
        ),
        (closed("complete_with_error"), ("short", "1 of 3 nodes of cpu for lee: 2 did not come", 0)),
        (closed("complete"), None),
        (
            rcevents.TemplateDelayed(at=AT, provider="aws", template="cpu", code="NoRoom", until=AT + 600),
            ("delayed", "cpu: NoRoom, for 10 min", 0),
        ),
        (rcevents.Granted(**MACHINE, request_id="add-1"), None),
        (rcevents.Joined(**MACHINE, slots=4), ("joined", "ip-1 of cpu for lee", 0)),
        (rcevents.ReturnStarted(**MACHINE, why="idle"), ("leaving", "ip-1: idle", 0)),
        (rcevents.Returned(**MACHINE), ("returned", "ip-1 ended", 0)),
        (rcevents.Lost(**MACHINE), ("lost", "i-1 of cpu for lee", 0)),
        (
            rcevents.Dropped(at=AT, borrower=LEE, machine_id="i-1", message="gone"),
            ("lost", "i-1 of cpu for lee", 0),
        ),
        (
            ProtocolError(verb="requestMachines", what="no requestId", excerpt="{}", at=AT),
            ("protocol error", "requestMachines: no requestId", 0),
        ),
        (rcevents.Note(at=AT, text="RC_MAX is unknown"), ("note", "RC_MAX is unknown", 0)),
        (rcevents.CallMade(at=AT, provider="aws", verb="x", rc=0, wall_s=0.1, stderr=""), None),
    ],
)
def test_each_event_is_a_line_or_nothing(event: Any, happening: tuple[str, str, int] | None) -> None:
    assert told(event) == ([happening] if happening else [])


def test_a_refusal_is_told_once_until_its_reasons_change() -> None:
    first = answer(0, "gate: general closed: 3 jobs; pressure: no open queue for lee")
    later = answer(0, "gate: general closed: 9 jobs; pressure: no open queue for lee")  # other figures, same reasons
    other = answer(0, "gate: general open: 30 jobs; budget: spent")
    assert [text for _, text, _ in told(first, later, first, other, other, first)] == [
        f"0 of 4 nodes of cpu for lee: {event.message}" for event in (first, other, first)
    ]


def test_each_borrower_has_refusals_of_its_own() -> None:
    assert len(told(answer(0, "budget: spent"), answer(0, "budget: spent", WU))) == 2


def test_a_refusal_after_a_launch_is_news() -> None:
    assert len(told(answer(0, "cap: full"), answer(1, "cap: 1"), answer(1, "cap: 1"), answer(0, "cap: full"))) == 4
