from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.lifecycle import IN_SERVICE, LEAVING, NEXT, Event, Stage, after, by_name, short_name, stage_of
from ris_hybrid.model import MachineState, UnknownWord
from ris_hybrid.settings import Life

BEFORE_JOINING = {Stage.REQUESTED, Stage.LAUNCHING, Stage.BOOTING}
LIFE = Life(join_minutes=15.0)


@pytest.mark.parametrize("stage", Stage)
def test_every_event_has_a_stage_after_it(stage: Stage) -> None:
    assert list(NEXT[stage]) == list(Event)
    assert all(isinstance(following, Stage) for following in NEXT[stage].values())


def expected(stage: Stage, event: Event) -> Stage:
    """The table said another way: what an event does wherever it does the same."""
    if stage is Stage.GONE or event is Event.ENDED:
        return Stage.GONE
    if stage is Stage.TERMINATING or event is Event.RETURNED:
        return Stage.TERMINATING
    if stage is Stage.INTERRUPTED or event is Event.NOTICE:
        return Stage.INTERRUPTED
    rest = {
        Event.SENT: {Stage.REQUESTED: Stage.LAUNCHING},
        Event.PENDING: {Stage.REQUESTED: Stage.LAUNCHING},
        Event.RUNNING: dict.fromkeys((Stage.REQUESTED, Stage.LAUNCHING), Stage.BOOTING),
        Event.LISTED: dict.fromkeys({*BEFORE_JOINING, Stage.LOST, Stage.FAILED_TO_JOIN}, Stage.JOINED),
        Event.LATE: dict.fromkeys(BEFORE_JOINING, Stage.FAILED_TO_JOIN),
        Event.UNLISTED: dict.fromkeys(IN_SERVICE, Stage.LOST),
        Event.OPENED: {Stage.DRAINING: Stage.JOINED},
        Event.JOB: dict.fromkeys(set(Stage) - {Stage.DRAINING}, Stage.BUSY),
        Event.EMPTY: dict.fromkeys((Stage.JOINED, Stage.BUSY), Stage.IDLE),
        Event.CLOSED: dict.fromkeys(IN_SERVICE, Stage.DRAINING),
        Event.STOPPED: dict.fromkeys(IN_SERVICE | BEFORE_JOINING, Stage.LOST),
    }
    return rest[event].get(stage, stage)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("event", Event)
def test_every_cell_of_the_table(stage: Stage, event: Event) -> None:
    assert NEXT[stage][event] is expected(stage, event)


EVENTS = st.lists(st.sampled_from(Event), max_size=30)


@given(events=EVENTS)
def test_gone_stays_gone(events: list[Event]) -> None:
    assert after(events, Stage.GONE) is Stage.GONE


@given(stage=st.sampled_from(sorted(LEAVING)), events=EVENTS)
def test_nothing_that_leaves_comes_back(stage: Stage, events: list[Event]) -> None:
    for event in events:
        stage = NEXT[stage][event]
        assert stage in LEAVING


@given(events=EVENTS)
def test_no_node_is_in_service_that_lsf_never_had(events: list[Event]) -> None:
    unseen = [event for event in events if event not in {Event.LISTED, Event.JOB}]
    assert after(unseen) not in IN_SERVICE


def test_every_stage_is_reached() -> None:
    seen, wanted = {Stage.REQUESTED}, [Stage.REQUESTED]
    while wanted:
        for following in set(NEXT[wanted.pop()].values()) - seen:
            seen.add(following)
            wanted.append(following)
    assert seen == set(Stage)


@pytest.mark.parametrize(
    ("fields", "host", "stage"),
    [
        ({"state": MachineState.PENDING, "launched": 0}, None, Stage.LAUNCHING),
        ({"state": UnknownWord("hatching"), "launched": 0}, None, Stage.LAUNCHING),
        ({"launched": -10}, None, Stage.BOOTING),
        ({"launched": -899}, None, Stage.BOOTING),
        ({"launched": -900}, None, Stage.FAILED_TO_JOIN),
        ({"launched": -900}, {"status": "unavail"}, Stage.FAILED_TO_JOIN),
        ({"launched": -900}, {"status": "ok"}, Stage.IDLE),
        ({"joined": 1.0}, None, Stage.JOINED),
        ({"joined": 1.0}, {"jobs": 2}, Stage.BUSY),
        ({"joined": 1.0}, {"status": "closed_Full", "jobs": 16}, Stage.BUSY),
        ({"joined": 1.0}, {}, Stage.IDLE),
        ({"joined": 1.0}, {"status": "closed_RC", "jobs": 2}, Stage.DRAINING),
        ({"joined": 1.0}, {"status": "closed_Adm"}, Stage.DRAINING),
        ({"joined": 1.0, "unlisted": 5.0}, None, Stage.LOST),
        ({"joined": 1.0, "unlisted": 5.0}, {}, Stage.IDLE),
        ({"joined": 1.0, "state": MachineState.STOPPED}, None, Stage.LOST),
        ({"joined": 1.0, "notice": 9.0}, {"jobs": 1}, Stage.INTERRUPTED),
        ({"joined": 1.0, "return_id": "ret-1"}, {"jobs": 1}, Stage.TERMINATING),
        ({"joined": 1.0, "state": MachineState.SHUTTING_DOWN}, None, Stage.TERMINATING),
        ({"joined": 1.0, "state": MachineState.TERMINATED, "return_id": "ret-1"}, {"jobs": 1}, Stage.GONE),
    ],
)
def test_the_stage_of_a_machine(make: Any, fields: dict[str, Any], host: dict[str, Any] | None, stage: Stage) -> None:
    if "launched" in fields:
        fields = {**fields, "launched": make.now + fields["launched"]}
    row = None if host is None else make.row(**host)
    assert stage_of(make.machine(**fields), row, make.now, LIFE) is stage


def test_host_names_match_with_and_without_their_domain(make: Any) -> None:
    rows = by_name([make.row("ip-10-0-0-4"), make.row("IP-10-0-0-5.ec2.internal")])
    assert rows[short_name("ip-10-0-0-4.ec2.internal")].name == "ip-10-0-0-4"
    assert rows[short_name("ip-10-0-0-5")].name == "IP-10-0-0-5.ec2.internal"
