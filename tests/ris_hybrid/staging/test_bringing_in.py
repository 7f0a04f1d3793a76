"""A dataset on its way into the cloud: nothing is called staged that was not compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.data.settings import Bounds
from ris_hybrid.data.sharing import serving
from ris_hybrid.data.taking import ON_TAPE
from ris_hybrid.data.values import LeftOut, StagingState
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable, TryAgain
from ris_hybrid.staging.comparing import CHUNK, at_once
from ris_hybrid.staging.engine import ask_back, cancel, set_going, turn
from ris_hybrid.staging.evicting import evict
from ris_hybrid.staging.outlook import held_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = "/storage1/fs1/wucci/Active/A"


def test_files_are_moved_in_batches_compared_and_only_then_staged(rig: Any) -> None:
    rig.put(a=b"1", b=b"22", c=b"333", d=b"4444")
    rig.plan()

    rig.turn()
    before = rig.state
    rig.mover.tick()
    rig.turn()

    assert (before, rig.state) == (StagingState.STAGING, StagingState.STAGED)
    assert len(rig.staging.moves) == 2  # three files make a batch here
    assert rig.mover.bytes_moved == 10
    assert sorted(rig.tree.reads) == [f"{SITE}/{name}" for name in "abcd"]  # each once
    assert {row.state for row in rig.rows().values()} == {"ok"}
    assert all(row.version_id and row.sha256 for row in rig.rows().values())
    assert "4 files are in the cloud and were compared" in rig.staging.reason


def test_every_change_of_state_is_in_the_log_with_its_reason(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.turns()

    log = rig.journal.history("s1")
    assert [(one.before, one.after) for one in log] == [
        (StagingState.PLANNED, StagingState.STAGING),
        (StagingState.STAGING, StagingState.STAGED),
    ]
    assert all(one.reason and one.actor == "test" for one in log)


def test_damage_on_the_way_is_found_and_moved_again(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.mover.corrupt = {"b"}

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "b"]


def test_a_file_that_never_arrives_fails_with_the_movers_reason(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.mover.refuse = {"b": "PERMISSION_DENIED"}

    assert rig.turns() is StagingState.FAILED
    assert rig.rows()["b"].state == "failed"
    assert "PERMISSION_DENIED" in rig.staging.reason
    assert rig.rows()["b"].attempts == 3


def test_what_failed_may_be_tried_again_by_a_person(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.mover.refuse = {"b": "PERMISSION_DENIED"}
    rig.turns()
    rig.mover.refuse = {}

    set_going(rig.world(), rig.staging, rig.now, "mended")

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b"]


@pytest.mark.parametrize("sums", ["crc64nvme", "both", "sha256"])
def test_any_full_checksum_of_s3_will_do(rig: Any, sums: str) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.objects.sums = sums

    assert rig.turns() is StagingState.STAGED


def test_an_object_without_checksum_is_said_and_not_called_staged(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.objects.sums = "none"

    assert rig.turns() is StagingState.FAILED
    assert "S3 has no checksum" in rig.staging.reason


def test_a_file_that_changes_on_the_site_is_moved_again(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.turn()
    rig.mover.tick()
    rig.tree.put(f"{SITE}/b", b"changed", mtime_ns=5)

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "b"]
    assert rig.rows()["b"][2:4] == (7, 5)


def test_a_file_that_is_only_touched_is_read_again_and_not_moved(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.turn()
    rig.mover.tick()
    rig.tree.put(f"{SITE}/a", b"1", mtime_ns=99)

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a"]
    assert rig.rows()["a"].mtime_ns == 99


def test_a_file_that_never_stands_still_fails_by_the_bound(rig: Any) -> None:
    rig.put(a=b"0", b=b"2")
    rig.plan()
    for number in range(20):
        rig.turn()
        rig.mover.tick()
        rig.tree.put(f"{SITE}/a", f"v{number}".encode(), mtime_ns=number)

    assert rig.state is StagingState.FAILED


def test_files_that_went_or_came_are_told_and_hold_nothing_up(rig: Any) -> None:
    rig.put(a=b"1", b=b"2", c=b"3")
    rig.plan()
    rig.tree.remove(f"{SITE}/b")
    rig.turn()
    rig.mover.tick()
    rig.put(d=b"4")
    rig.tree.remove(f"{SITE}/c")

    assert rig.turns() is StagingState.STAGED
    assert {path: row.state for path, row in rig.rows().items()} == {"a": "ok", "b": "gone", "c": "gone"}
    assert "1 new on the site" in rig.staging.reason


def test_files_that_were_left_out_are_not_new(rig: Any) -> None:
    rig.put(a=b"1")
    rig.tree.put(f"{SITE}/\udce9t\udce9", b"2")
    rig.plan()
    rig.turn()
    rig.mover.tick()

    assert rig.turns() is StagingState.STAGED
    assert "new on the site" not in rig.staging.reason


def test_an_unreadable_file_fails_alone_and_a_silent_site_fails_nothing(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.tree.unreadable = {f"{SITE}/a", f"{SITE}/b"}

    assert rig.turns() is StagingState.STAGING
    assert "permission denied" in rig.staging.reason
    assert {row.attempts for row in rig.rows().values()} == {0}

    rig.tree.unreadable = {f"{SITE}/b"}
    assert rig.turns() is StagingState.FAILED
    assert "cannot be read" in rig.staging.reason
    assert rig.rows()["a"].state == "ok"


def test_a_file_that_changed_and_went_to_tape_fails_alone(rig: Any) -> None:
    rig.put(a=b"1", b=b"2", c=b"3", d=b"4")
    rig.plan()
    rig.turn()
    rig.mover.tick(1)
    rig.turn()
    assert rig.rows()["d"].state == "ok"
    rig.tree.put(f"{SITE}/d", b"5", mtime_ns=1, residency="migrated")

    assert rig.turns() is StagingState.FAILED
    assert "changed on the site" in rig.staging.reason
    assert "on tape alone" in rig.staging.reason
    assert rig.rows()["a"].state == "ok"


def test_no_name_of_phi_is_in_what_is_told(rig: Any) -> None:
    rig.tree.put(f"{SITE}/smith john", b"1")
    rig.put(b=b"2")
    rig.plan(data_class="phi")
    rig.tree.unreadable = {f"{SITE}/smith john"}

    assert rig.turns() is StagingState.FAILED
    assert rig.staging.reason == "1 files failed: it cannot be read: (a file): permission denied"
    assert "smith" in rig.rows()["smith john"].reason  # the journal knows


def test_a_full_mover_lets_moves_wait_and_says_so(rig: Any) -> None:
    rig.put(**dict.fromkeys("abcdefg", b"1"))
    rig.plan()
    rig.mover.room = 1
    rig.turn()

    assert [one.stage for one in rig.staging.moves] == ["sent", "new", "new"]
    assert "takes no more tasks" in rig.staging.reason
    assert rig.turns() is StagingState.STAGED
    assert len(rig.mover.paths_moved) == 7


def test_a_lost_answer_repeats_the_same_task(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    world = rig.world()
    rig.mover.token = _failing_once(rig.mover.token, rig.mover, TryAgain("timed out"))
    rig.turn()
    assert world.journal.stagings()[0].moves[0].token
    assert rig.staging.reason == "timed out"

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.task_ids() == ("task-1",)


def _failing_once(token: Any, mover: Any, failure: Exception) -> Any:
    """The token is given; the submit after it is accepted and its answer lost."""

    def give(move: Any) -> str:
        given = token(move)
        mover.fail_next = failure
        return str(given)

    return give


def test_a_task_nobody_knows_is_looked_at_and_only_the_rest_moved_again(rig: Any) -> None:
    rig.put(a=b"1", b=b"2", c=b"3")
    rig.plan()
    rig.turn()
    rig.mover.tick(2)
    rig.mover.forget("task-1")

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "c"]


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_a_task_that_ends_badly_keeps_what_arrived(rig: Any, end: str) -> None:
    rig.put(a=b"1", b=b"2", c=b"3")
    rig.plan()
    rig.turn()
    rig.mover.tick(1)
    if end == "failed":
        rig.mover.fail("task-1", "the collection was deleted")
    else:
        rig.mover.cancel("task-1")

    assert rig.turns() is StagingState.STAGED
    assert rig.mover.paths_moved == ["a", "b", "c"]


def test_a_paused_task_waits(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.mover.pause("in", "maintenance")

    assert rig.turns() is StagingState.STAGING
    assert rig.staging.moves[0].seen == "paused"
    rig.mover.resume()
    assert rig.turns() is StagingState.STAGED


def test_what_is_refused_blocks_until_somebody_mends_it(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.mover.fail_next = Refused("no access to the collection")
    rig.turn()

    assert rig.state is StagingState.BLOCKED
    assert rig.turns() is StagingState.BLOCKED  # by itself it does nothing
    assert rig.turn()[0].what == "no access to the collection"
    set_going(rig.world(), rig.staging, rig.now, "access was given")
    assert rig.turns() is StagingState.STAGED


def test_a_silent_site_changes_no_state(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.mover.fail_next = SiteUnavailable("no answer")

    told = rig.turn()

    assert (told[0].what, told[0].waits, rig.state) == ("no answer", True, StagingState.STAGING)


def test_a_way_nobody_set_up_blocks(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan(way="datasync")

    assert rig.turns() is StagingState.BLOCKED
    assert "no mover for datasync" in rig.staging.reason


def test_a_mounted_dataset_needs_no_mover(rig: Any) -> None:
    rig.plan(way="mount")
    rig.objects.put("b", "Active/A/other", b"not ours")

    assert rig.turns() is StagingState.STAGED
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    assert rig.turns() is StagingState.RETURNED
    assert evict(rig.world(), rig.staging, rig.now, dry_run=True).files == 0
    evict(rig.world(), rig.staging, rig.now)
    assert rig.state is StagingState.EVICTED
    assert rig.objects.keys("b") == ("Active/A/other",)


def test_what_afm_brought_in_comes_back_by_another_way(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan(way="afm")
    world = replace(rig.world(), movers={"afm": rig.mover, "globus": rig.mover})
    for _ in range(2):
        turn(world, rig.now)
        rig.mover.tick()
    rig.objects.put("b", "Active/A/r", b"result")
    ask_back(world, rig.staging, rig.now, "asked for")
    turn(replace(world, movers={"globus": rig.mover}), rig.now)
    rig.mover.tick()

    assert rig.tree.blobs[f"{SITE}/r"].data == b"result"


def test_the_months_dollars_are_reserved_once_and_hold_back_what_would_pass_them(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.turns()
    assert rig.journal.spent("2027-01").usd == 1.0  # what comes in; egress is reserved when it goes out

    rig.bounds = Bounds(usd_per_month=1.5)
    rig.plan("s2", created=rig.now)
    rig.turns()

    second = rig.journal.stagings()[1]
    assert second.state is StagingState.BLOCKED
    assert "of 1.50 $ a month 1.00 $ are reserved" in second.reason


def test_a_plan_that_is_blocked_does_not_begin(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan(blocked=("the cache has dirty data",))

    assert rig.turns() is StagingState.BLOCKED
    assert rig.staging.reason == "the cache has dirty data"
    assert rig.mover.task_ids() == ()


def test_cancelling_stops_the_tasks_and_nothing_goes_on(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.turn()

    cancel(rig.world(), rig.staging, rig.now, "not wanted any more")

    assert rig.turns() is StagingState.CANCELLED
    assert rig.mover.paths_moved == []


def test_a_return_of_what_is_on_its_way_in_changes_nothing(rig: Any) -> None:
    """Its way would be turned round, and what never arrived would be called returned."""
    rig.put(a=b"1")
    rig.plan()
    rig.turn()

    assert ask_back(rig.world(), rig.staging, rig.now, "asked for").going == "in"
    assert rig.turns() is StagingState.STAGED


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_what_was_returned_before_all_of_it_came_in_serves_no_job(rig: Any, how: str) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.mover.refuse = {"b": "PERMISSION_DENIED"}
    rig.turns()
    if how == "cancelled":
        cancel(rig.world(), rig.staging, rig.now, "asked for")
    ask_back(rig.world(), rig.staging, rig.now, "asked for")

    assert rig.turns() is StagingState.RETURNED
    held = held_of(rig.staging, rig.now)
    assert not held.there
    assert serving(rig.staging.plan.dataset, [held]) is None


def test_a_file_that_was_away_for_a_while_is_moved_again(rig: Any) -> None:
    """Editors replace a file by another: staged without it would be staged with the old one."""
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.turn()
    rig.mover.tick()
    rig.tree.remove(f"{SITE}/b")
    digest = rig.tree.digest

    def and_it_comes_back(path: str) -> Any:
        found = digest(path)
        rig.tree.put(f"{SITE}/b", b"anew", mtime_ns=9)
        return found

    rig.tree.digest = and_it_comes_back
    rig.turn()
    rig.tree.digest = digest

    assert rig.turns() is StagingState.STAGED
    assert rig.objects.held("b", "Active/A/b").data == b"anew"


def test_what_was_left_out_is_not_told_as_new(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan(left_out=(LeftOut(reason=ON_TAPE, files=1, bytes=1),))
    rig.put(tape=b"2")
    rig.tree.put(f"{SITE}/new\nline", b"3")

    assert rig.turns() is StagingState.STAGED
    assert rig.staging.reason == "1 files are in the cloud and were compared"


def test_a_mounted_dataset_is_not_walked(rig: Any) -> None:
    rig.plan(way="mount")
    rig.put(a=b"1")
    rig.tree.unreadable = {SITE}

    assert rig.turns() is StagingState.STAGED


def test_files_wait_for_a_thread_by_the_portion(rig: Any) -> None:
    """Twenty million files that wait for four threads are no twenty million futures."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for one in range(10_000):
            taken.append(one)
            yield one

    done = at_once(replace(rig.world(), threads=2), lambda one: one, items())

    assert next(done) == 0
    assert len(taken) <= 2 * CHUNK
    assert list(done) == list(range(1, 10_000))


def test_a_move_that_waited_longer_than_its_deadline_gets_a_new_one(rig: Any) -> None:
    """Globus refuses a deadline that is over: after a pause of days nothing would move any more."""
    rig.put(a=b"1")
    rig.plan()
    rig.mover.room = 0
    rig.turn()
    token = rig.staging.moves[0].token
    rig.now += 5 * 86_400
    rig.mover.room = 1
    rig.turn()

    assert rig.staging.moves[0].sent_at == rig.now
    assert rig.staging.moves[0].token == token  # if it was taken after all, it is the same task
    assert rig.turns() is StagingState.STAGED


def test_a_setting_that_is_wrong_for_one_holds_no_other_up(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.plan("s2", created=rig.now + 1)
    rig.mover.fail_next = ConfigError("site_base is /x: a path outside it cannot be moved", "see globus.site_base")

    rig.turns()

    states = {one.staging_id: (one.state, one.reason) for one in rig.journal.stagings()}
    assert states["s1"][0] is StagingState.BLOCKED
    assert "see globus.site_base" in states["s1"][1]
    assert states["s2"][0] is StagingState.STAGED
