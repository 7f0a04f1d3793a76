"""A process that dies at any call of a port, and the next one that goes on: nothing lost, nothing copied twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ris_hybrid.data.lifecycle import NEXT
from ris_hybrid.data.values import StagingState
from ris_hybrid.staging.engine import ask_back
from ris_hybrid.staging.evicting import evict
from ris_hybrid.staging.journal import writing
from ris_hybrid.staging.values import Which

if TYPE_CHECKING:
    from pathlib import Path

SITE = "/storage1/fs1/wucci/Active/A"
KEY = "Active/A/"


def life(rig: Any, knife: Any = None) -> None:
    """From what is planned to what is evicted, as a person and a service drive it; goes on wherever it stands."""
    for _ in range(30):
        staging = rig.staging
        if staging.state is StagingState.STAGED:
            if not rig.objects.keys("b", f"{KEY}out/"):
                rig.now += 3600
                rig.objects.now = rig.now
                rig.objects.put("b", f"{KEY}out/r", b"result")
                rig.objects.put("b", f"{KEY}a", b"changed")
            ask_back(rig.world(knife), staging, rig.now, "asked for")
        elif staging.state is StagingState.RETURNED:
            evict(rig.world(knife), staging, rig.now)
        elif staging.state is StagingState.EVICTED:
            return
        else:
            rig.turn(knife=knife)
            rig.mover.tick()


def begun(rig: Any) -> Any:
    rig.put(a=b"1", b=b"22", c=b"333", d=b"4444")
    rig.plan()
    return rig


def calls_of_a_life(new_rig: Any, new_knife: Any) -> int:
    knife = new_knife()
    life(begun(new_rig()), knife)
    return int(knife.calls)


def assert_all_is_well(rig: Any, moved: int) -> None:
    assert rig.state is StagingState.EVICTED
    assert rig.objects.keys("b") == ()
    site = {path.removeprefix(f"{SITE}/"): blob.data for path, blob in rig.tree.blobs.items()}
    assert site == {"a": b"changed", "b": b"22", "c": b"333", "d": b"4444", "out/r": b"result"}
    assert len(rig.mover.paths_moved) == moved
    assert_the_log_is_a_walk(rig)
    assert rig.journal.spent("2027-01").egress_bytes == len(b"changed") + len(b"result")
    assert rig.journal.spent("2027-01").usd == pytest.approx(1.0, abs=0.001)


def assert_the_log_is_a_walk(rig: Any) -> None:
    state = StagingState.PLANNED
    for one in rig.journal.history("s1"):
        assert one.before is state
        state = NEXT[state][one.event]
        assert one.after is state
    assert state is rig.state


@pytest.mark.parametrize("versions", [True, False])
def test_a_life_that_is_not_killed(new_rig: Any, *, versions: bool) -> None:
    rig = begun(new_rig(versions=versions))
    life(rig)
    assert_all_is_well(rig, moved=6)
    assert len(rig.tree.reads) == len(set(rig.tree.reads)) + 2  # a and out/r: back, and a before that


@pytest.mark.parametrize("after", [False, True])
def test_killed_once_at_every_call(new_rig: Any, new_knife: Any, killed: Any, *, after: bool) -> None:
    for at in range(1, calls_of_a_life(new_rig, new_knife) + 1):
        rig = begun(new_rig())
        with pytest.raises(killed):
            life(rig, new_knife(at=at, after=after))
        life(rig)
        assert_all_is_well(rig, moved=6)


def test_killed_over_and_over_with_the_real_journal(new_rig: Any, new_knife: Any, killed: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with writing(path) as journal:
        rig = begun(new_rig(journal=journal))
    for number in range(200):
        with writing(path) as rig.journal:
            try:
                life(rig, new_knife(at=5 + number % 29, after=bool(number % 2)))
            except killed:
                continue
            break
    with writing(path) as rig.journal:
        assert_all_is_well(rig, moved=6)


_deeds = st.sampled_from(["turn", "turn", "turn", "tick", "tick one", "kill", "kill after", "lose", "damage", "full"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(deeds=st.lists(st.tuples(_deeds, st.integers(1, 12)), max_size=25))
def test_whatever_happens_in_between(new_rig: Any, new_knife: Any, killed: Any, deeds: list[tuple[str, int]]) -> None:
    rig = begun(new_rig(attempts=100))
    for deed, number in deeds:
        _do(rig, deed, number, new_knife, killed)
        if rig.state is StagingState.STAGED:
            _assert_the_same_on_both_sides(rig)
    rig.mover.room = 100
    life(rig)
    assert rig.state is StagingState.EVICTED
    assert rig.tree.blobs[f"{SITE}/out/r"].data == b"result"
    assert_the_log_is_a_walk(rig)


def _do(rig: Any, deed: str, number: int, new_knife: Any, killed: Any) -> None:
    if deed.startswith("t") and deed != "turn":
        rig.mover.tick(1 if deed == "tick one" else 100)
    elif deed == "lose" and rig.mover.task_ids():
        rig.mover.forget(rig.mover.task_ids()[number % len(rig.mover.task_ids())])
    elif deed == "damage":
        rig.mover.corrupt = {"abcd"[number % 4]}
    elif deed == "full":
        rig.mover.room = number % 3
    else:
        knife = new_knife(at=number if deed.startswith("kill") else 0, after=deed == "kill after")
        try:
            rig.turn(knife=knife)
        except killed:
            return


def _assert_the_same_on_both_sides(rig: Any) -> None:
    for row in rig.journal.files("s1", Which(direction="in")):
        assert rig.objects.held("b", f"{KEY}{row.path}") == rig.tree.blobs[f"{SITE}/{row.path}"]
