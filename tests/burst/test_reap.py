"""Which machines are ended, marked or left alone, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.lifecycle import by_name, has_jobs
from burst.reap import Action, Sight, Verdict, candidates, judge
from ris_hybrid.model import EndReason, MachineState
from ris_hybrid.settings import Life

LIFE = Life(join_minutes=15.0, unlisted_minutes=10.0, lifetime_hours=24.0)
ME = "i-00000000000000001"
HELD, NOT_HELD = frozenset({ME}), frozenset({"i-other"})
MIN = 60.0


def sight(make: Any, machines: Any, hosts: Any, **fields: Any) -> Sight:
    """LSF always lists hosts of the site beside the cloud's."""
    rows = None if hosts is None else [*hosts, make.host("onprem-1")]
    return Sight(machines=machines, hosts=rows, now=make.now, life=fields.pop("life", LIFE), **fields)


def one(make: Any, age_min: float, row: dict[str, Any] | None, held: Any, **fields: Any) -> Verdict | None:
    """The verdict on one machine; times among the fields are minutes ago."""
    ago = {key: make.now - fields.pop(key) * MIN for key in ("joined", "unlisted", "unheld") if key in fields}
    machine = make.machine(launched=make.now - age_min * MIN, **ago, **fields)
    rows = [] if row is None else [make.row(**row)]
    unanswered = frozenset({"add-1-9"})
    verdicts = judge(sight(make, [machine], rows, held=held, unanswered=unanswered))
    assert len(verdicts) <= 1
    return verdicts[0] if verdicts else None


END, CLOSE, KEEP = Action.END, Action.CLOSE, Action.KEEP
JOINED, UNLISTED, LISTED = Action.JOINED, Action.UNLISTED, Action.LISTED
UNHELD, SEEN = Action.UNHELD, Action.SEEN
BUSY, IDLE, SHUT = {"jobs": 1}, {}, {"status": "closed_Adm"}
DOWN = {"status": "unavail"}


@pytest.mark.parametrize(
    ("age_min", "row", "held", "fields", "action", "reason", "text"),
    [
        # not joined yet
        (14.9, None, None, {}, None, None, ""),
        (15, None, None, {}, END, EndReason.FAILED_TO_JOIN, "did not join LSF in 15 min (at most 15)"),
        (15, DOWN, None, {}, END, EndReason.FAILED_TO_JOIN, "did not join LSF in 15 min"),
        (15, None, HELD, {}, END, EndReason.FAILED_TO_JOIN, "did not join LSF in 15 min"),
        (15, None, None, {"request_id": "add-1-9"}, END, EndReason.ORPHAN, "neither lists nor holds it 15 min"),
        (9.9, None, NOT_HELD, {}, None, None, ""),
        (10, None, NOT_HELD, {}, END, EndReason.ORPHAN, "LSF neither lists nor holds it 10 min after its launch"),
        (10, None, frozenset(), {}, END, EndReason.ORPHAN, "neither lists nor holds"),
        (10, None, HELD, {}, None, None, ""),
        (15, None, None, {"name": ""}, END, EndReason.FAILED_TO_JOIN, "did not join"),
        (2, IDLE, None, {}, JOINED, None, "LSF lists ip-10-0-0-1"),
        (60, IDLE, NOT_HELD, {"joined": 9}, None, None, ""),
        (60, IDLE, HELD, {}, JOINED, None, "LSF lists ip-10-0-0-1"),
        (60, BUSY, NOT_HELD, {}, JOINED, None, "LSF runs jobs on ip-10-0-0-1"),
        (60, {**DOWN, **BUSY}, None, {}, JOINED, None, "LSF runs jobs on"),
        # joined, and LSF has it
        (60, IDLE, None, {"joined": 50}, None, None, ""),
        (60, IDLE, HELD, {"joined": 50}, None, None, ""),
        (60, BUSY, HELD, {"joined": 50}, None, None, ""),
        (60, BUSY, None, {"joined": 50, "unlisted": 99}, LISTED, None, "LSF runs jobs on"),
        (60, IDLE, HELD, {"joined": 50, "unlisted": 99}, LISTED, None, "LSF lists ip-10-0-0-1 and holds it"),
        (60, IDLE, HELD, {"joined": 50, "unheld": 99}, LISTED, None, "LSF lists ip-10-0-0-1 and holds it"),
        (60, IDLE, None, {"joined": 50, "unlisted": 99}, SEEN, None, "LSF lists ip-10-0-0-1 again"),
        (60, IDLE, None, {"joined": 50, "unheld": 99}, None, None, ""),  # who holds it is not known
        (60, BUSY, None, {"joined": 50, "unheld": 99}, LISTED, None, "LSF runs jobs on"),
        # joined, listed, but in nobody's book: a fail-over lost it
        (9, IDLE, NOT_HELD, {"joined": 1}, None, None, ""),
        (60, IDLE, NOT_HELD, {"joined": 50}, UNHELD, None, "LSF lists ip-10-0-0-1, but ebrokerd does not hold it"),
        (60, IDLE, frozenset(), {"joined": 50}, UNHELD, None, "ebrokerd does not hold it"),
        (60, IDLE, NOT_HELD, {"joined": 50, "unheld": 9}, KEEP, None, "seen first 9 min ago: ended after 10 min"),
        (60, IDLE, NOT_HELD, {"joined": 50, "unheld": 10}, CLOSE, EndReason.UNLISTED, "for 10 min (at most 10)"),
        (60, SHUT, NOT_HELD, {"joined": 50, "unheld": 10}, END, EndReason.UNLISTED, "for 10 min (at most 10)"),
        (60, BUSY, NOT_HELD, {"joined": 50}, KEEP, None, "1 job slots in use on ip-10-0-0-1: never ended with jobs"),
        (60, BUSY, NOT_HELD, {"joined": 50, "unheld": 99}, LISTED, None, "LSF runs jobs on"),
        (60, IDLE, NOT_HELD, {"joined": 50, "unlisted": 99}, UNHELD, None, "but ebrokerd does not hold it"),
        (60, IDLE, NOT_HELD, {"joined": 50, "unlisted": 99, "unheld": 9}, SEEN, None, "LSF lists ip-10-0-0-1 again"),
        (60, IDLE, NOT_HELD, {"joined": 50, "unlisted": 99, "unheld": 10}, CLOSE, EndReason.UNLISTED, "for 10 min"),
        (60, IDLE, NOT_HELD, {"joined": 9, "unlisted": 99}, SEEN, None, "LSF lists ip-10-0-0-1 again"),
        # joined, and LSF lists it no more
        (60, None, None, {"joined": 50}, UNLISTED, None, "LSF lists it no more"),
        (60, None, HELD, {"joined": 50}, UNLISTED, None, "LSF lists it no more"),
        (60, DOWN, HELD, {"joined": 50}, UNLISTED, None, "LSF says unavail of ip-10-0-0-1"),
        (60, None, HELD, {"joined": 50, "unlisted": 9}, KEEP, None, "LSF lists it no more, seen first 9 min ago"),
        (60, None, None, {"joined": 50, "unlisted": 10}, END, EndReason.UNLISTED, "LSF lists it no more, for 10 min"),
        (60, DOWN, HELD, {"joined": 50, "unlisted": 11}, END, EndReason.UNLISTED, "LSF says unavail of"),
        (60, {**DOWN, **BUSY}, HELD, {"joined": 50, "unlisted": 99}, LISTED, None, "LSF runs jobs on"),
        # too old
        (1440, IDLE, HELD, {"joined": 50}, CLOSE, EndReason.LIFETIME, "24.0 h old, its lifetime is 24 h, and it is"),
        (1440, SHUT, HELD, {"joined": 50}, END, EndReason.LIFETIME, "24.0 h old, its lifetime is 24 h, and it is"),
        (1440, BUSY, HELD, {"joined": 50}, CLOSE, EndReason.LIFETIME, "24.0 h old, its lifetime is 24 h: takes no new"),
        (1440, {**SHUT, **BUSY}, HELD, {"joined": 50}, KEEP, None, "1 job slots in use on"),
        (1440, None, HELD, {"joined": 50}, UNLISTED, None, "LSF lists it no more"),  # once is no proof that it is empty
        (1440, DOWN, None, {"joined": 50}, UNLISTED, None, "LSF says unavail of ip-10-0-0-1"),
        (1440, None, HELD, {"joined": 50, "unlisted": 10}, END, EndReason.UNLISTED, "LSF lists it no more, for 10 min"),
        (1440, None, HELD, {}, END, EndReason.LIFETIME, "24.0 h old"),
        (1439, IDLE, HELD, {"joined": 50}, None, None, ""),
        # of no use
        (
            5,
            None,
            None,
            {"state": MachineState.STOPPED, "joined": 1},
            END,
            EndReason.BROKEN,
            "the cloud says stopped: LSF cannot",
        ),
        (
            5,
            None,
            HELD,
            {"state": MachineState.STOPPING, "joined": 1},
            END,
            EndReason.BROKEN,
            "the cloud says stopping",
        ),
        (5, None, None, {"state": MachineState.STOPPED}, END, EndReason.FAILED_TO_JOIN, "stopped before it joined"),
        (5, None, HELD, {"state": MachineState.TERMINATED, "gave_up": True}, END, EndReason.FAILED_TO_JOIN, "before"),
        (5, None, HELD, {"state": MachineState.TERMINATED, "gave_up": True, "return_id": "r"}, None, None, ""),
        (5, None, HELD, {"state": MachineState.TERMINATED, "gave_up": True, "notice": 1.0}, None, None, ""),
        (5, None, HELD, {"state": MachineState.TERMINATED}, None, None, ""),
        (60, BUSY, HELD, {"state": MachineState.STOPPED, "joined": 50}, KEEP, None, "1 job slots in use on"),
        (99, None, None, {"state": MachineState.SHUTTING_DOWN}, None, None, ""),
        (99, None, None, {"state": MachineState.TERMINATED}, None, None, ""),
        # EC2's checks fail
        (60, IDLE, HELD, {"impaired": True, "joined": 50}, CLOSE, EndReason.BROKEN, "own checks say"),
        (60, SHUT, None, {"impaired": True, "joined": 50}, END, EndReason.BROKEN, "own checks say"),
        (60, DOWN, None, {"impaired": True, "joined": 50}, END, EndReason.BROKEN, "own checks say"),
        (60, BUSY, HELD, {"impaired": True, "joined": 50}, KEEP, None, "never ended with jobs"),
        (60, {**DOWN, **BUSY}, HELD, {"impaired": True, "joined": 50}, KEEP, None, "never ended with jobs"),
        (60, None, HELD, {"impaired": True, "joined": 50}, UNLISTED, None, "LSF lists it no more"),
        (2, None, HELD, {"impaired": True}, END, EndReason.BROKEN, "own checks say"),
        # asked back
        (99, IDLE, HELD, {"return_id": "ret-1799999900-a"}, None, None, ""),
        (
            99,
            None,
            HELD,
            {"return_id": "ret-1799999000-a"},
            END,
            EndReason.RETURNED,
            "asked back (returned), and the cloud",
        ),
        (
            99,
            None,
            HELD,
            {"return_id": "ret-1799999000-a", "end_reason": "orphan"},
            END,
            EndReason.ORPHAN,
            "asked back (orphan), and the cloud still says running",
        ),
        (99, IDLE, HELD, {"return_id": "odd", "end_reason": "odd"}, END, EndReason.RETURNED, "asked back (returned)"),
        (99, BUSY, HELD, {"return_id": "ret-1799999000-a"}, KEEP, None, "1 job slots in use on"),
    ],
)
def test_the_verdict_on_a_machine(
    make: Any, *, age_min: float, row: Any, held: Any, fields: Any, action: Any, reason: Any, text: str
) -> None:
    verdict = one(make, age_min, row, held, **fields)
    if action is None:
        assert verdict is None
        return
    assert verdict is not None
    assert (verdict.action, verdict.reason) == (action, reason)
    assert text in verdict.text


def test_host_names_match_without_their_domain(make: Any) -> None:
    machine = make.machine(name="ip-10-0-0-1.ec2.internal")
    (verdict,) = judge(sight(make, [machine], [make.row("ip-10-0-0-1")]))
    assert (verdict.action, verdict.host) == (Action.JOINED, "ip-10-0-0-1")


def test_without_a_lifetime_age_is_no_reason(make: Any) -> None:
    machine = make.machine(launched=0.0, joined=1.0)
    assert judge(sight(make, [machine], [make.row()], life=replace(LIFE, lifetime_hours=None))) == ()


WORDS = ["ok", "closed_Full", "closed_Adm", "closed_RC", "unavail", "unreach", "closed_LIM"]
AGES = st.sampled_from([0.0, 60.0, 599.0, 600.0, 900.0, 3600.0, 90_000.0])


@st.composite
def machines_and_rows(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    machines = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "state": st.sampled_from(MachineState),
                    "launched": AGES,
                    "joined": st.none() | AGES,
                    "unlisted": st.none() | AGES,
                    "unheld": st.none() | AGES,
                    "impaired": st.booleans(),
                    "return_id": st.sampled_from(["", "ret-1799999999-a", "ret-1799990000-b", "odd"]),
                    "request_id": st.sampled_from(["add-1-9", "add-1-0"]),
                }
            ),
            max_size=6,
        )
    )
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "number": st.integers(0, 7),
                    "status": st.sampled_from(WORDS),
                    "jobs": st.integers(0, 2),
                    "running": st.integers(0, 2),
                }
            ),
            max_size=6,
            unique_by=lambda row: row["number"],
        )
    )
    return machines, rows


HOLDS = st.none() | st.frozensets(st.integers(0, 7).map(lambda n: f"i-{n:017d}"))


def built(make: Any, case: Any, held: Any, *, asked: bool = True) -> Sight:
    machines, rows = case

    def at(ago: float | None) -> float:
        return 0.0 if ago is None else make.now - ago

    made = [
        make.machine(number, **{**row, **{key: at(row[key]) for key in ("launched", "joined", "unlisted", "unheld")}})
        for number, row in enumerate(machines)
    ]
    hosts = [make.row(f"ip-10-0-0-{row['number']}", **{k: v for k, v in row.items() if k != "number"}) for row in rows]
    return sight(make, made, hosts if asked else None, held=held, unanswered=frozenset({"add-1-9"}))


@given(case=machines_and_rows(), held=HOLDS)
def test_a_machine_with_jobs_is_never_ended_and_every_verdict_has_a_reason(make: Any, case: Any, held: Any) -> None:
    seen = built(make, case, held)
    rows = by_name(seen.hosts or ())
    verdicts = judge(seen)
    assert len({verdict.machine.machine_id for verdict in verdicts}) == len(verdicts)
    for verdict in verdicts:
        assert verdict.text
        assert verdict.machine.alive
        assert verdict.busy == has_jobs(rows.get(verdict.machine.name))
        assert (verdict.reason is not None) == (verdict.action in {END, CLOSE})
        if verdict.action is END:
            assert not verdict.busy
            assert (
                not verdict.host
                or not rows[verdict.host].takes_jobs
                or verdict.machine.return_id
                or (verdict.machine.state in {MachineState.STOPPED, MachineState.STOPPING})
            )


@given(case=machines_and_rows(), held=HOLDS)
def test_nothing_is_done_when_lsf_could_not_be_asked(make: Any, case: Any, held: Any) -> None:
    seen = built(make, case, held, asked=False)
    verdicts = judge(seen)
    assert {verdict.action for verdict in verdicts} <= {KEEP}
    assert [verdict.machine for verdict in verdicts] == list(candidates(seen))


@given(case=machines_and_rows(), held=HOLDS)
def test_whoever_is_ended_or_closed_was_a_candidate(make: Any, case: Any, held: Any) -> None:
    seen = built(make, case, held)
    suspects = {machine.machine_id for machine in candidates(seen)}
    for verdict in judge(seen):
        if verdict.action not in {JOINED, LISTED}:
            assert verdict.machine.machine_id in suspects


@given(case=machines_and_rows(), held=HOLDS)
def test_a_suspect_without_a_verdict_has_time_left_or_is_held_by_someone_unknown(
    make: Any, case: Any, held: Any
) -> None:
    seen = built(make, case, held)
    judged = {verdict.machine.machine_id for verdict in judge(seen)}
    for machine in candidates(seen):
        if machine.machine_id not in judged:
            on_its_way = not machine.joined and make.now - machine.launched < LIFE.join_minutes * 60
            assert on_its_way or (held is None and machine.joined and machine.unheld)


@pytest.mark.parametrize(
    ("age_min", "joined", "suspect"), [(4.9, None, False), (5, None, True), (5, 1, False), (600, 1, False)]
)
def test_a_node_is_looked_for_when_it_should_have_joined(
    make: Any, age_min: float, joined: float | None, *, suspect: bool
) -> None:
    at = 0.0 if joined is None else make.now - joined * MIN
    machine = make.machine(launched=make.now - age_min * MIN, joined=at)
    assert bool(candidates(sight(make, [machine], None))) == suspect
