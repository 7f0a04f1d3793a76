"""Results on their way back: compared on the site, and never over what somebody changed there."""

from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.data.settings import Bounds
from ris_hybrid.data.values import Dataset, StagingState
from ris_hybrid.staging.engine import ask_back, set_going
from ris_hybrid.staging.evicting import evict
from ris_hybrid.staging.leasing import Use, ready_to_release
from ris_hybrid.staging.values import Change

SITE = "/storage1/fs1/wucci/Active/A"
KEY = "Active/A/"
DATASET = Dataset(allocation="wucci", subtree="Active/A")


@pytest.fixture
def staged(rig: Any) -> Any:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    assert rig.turns() is StagingState.STAGED
    rig.now += 3600
    rig.objects.now = rig.now
    return rig


def give_back(rig: Any) -> StagingState:
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    state: StagingState = rig.turns()
    return state


def test_new_and_changed_objects_come_back_and_are_compared(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}out/new", b"result")
    staged.objects.put("b", f"{KEY}a", b"changed")
    staged.objects.put("b", f"{KEY}out/", b"")  # a marker of a directory
    staged.tree.reads.clear()

    assert give_back(staged) is StagingState.RETURNED

    assert staged.tree.blobs[f"{SITE}/out/new"].data == b"result"
    assert staged.tree.blobs[f"{SITE}/a"].data == b"changed"
    assert f"{SITE}/b" not in staged.tree.reads  # it is as it was staged
    assert staged.mover.paths_moved[2:] == ["a", "out/new"]
    assert "2 results are on the site and were compared" in staged.staging.reason


def test_nothing_new_is_returned_at_once(staged: Any) -> None:
    assert give_back(staged) is StagingState.RETURNED
    assert len(staged.mover.paths_moved) == 2


def test_a_file_that_somebody_changed_is_never_written_over(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}a", b"of the job")
    staged.objects.put("b", f"{KEY}c", b"of the job")
    staged.objects.put("b", f"{KEY}d", b"fine")
    staged.tree.put(f"{SITE}/a", b"of a person")
    staged.tree.put(f"{SITE}/c", b"of a person")

    assert give_back(staged) is StagingState.BLOCKED

    assert staged.tree.blobs[f"{SITE}/a"].data == b"of a person"
    assert staged.tree.blobs[f"{SITE}/c"].data == b"of a person"
    assert staged.tree.blobs[f"{SITE}/d"].data == b"fine"
    assert "2 results are held" in staged.staging.reason
    assert "not written over" in staged.staging.reason


def test_whoever_decided_a_conflict_returns_again(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}a", b"of the job")
    staged.tree.put(f"{SITE}/a", b"of a person")
    give_back(staged)
    staged.tree.put(f"{SITE}/a.mine", b"of a person")
    staged.tree.remove(f"{SITE}/a")

    set_going(staged.world(), staged.staging, staged.now, "decided")

    assert staged.turns() is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/a"].data == b"of the job"


def test_the_same_content_on_both_sides_moves_nothing(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"same")
    staged.tree.put(f"{SITE}/c", b"same")

    assert give_back(staged) is StagingState.RETURNED
    assert "c" not in staged.mover.paths_moved
    assert staged.rows(direction="out")["c"].state == "ok"


def test_damage_on_the_way_back_is_moved_again(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"result")
    staged.mover.corrupt = {"c"}

    assert give_back(staged) is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"result"


def test_a_result_that_does_not_arrive_fails_and_nothing_is_called_returned(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"result")
    staged.mover.refuse = {"c": "QUOTA_EXCEEDED"}

    assert give_back(staged) is StagingState.FAILED
    assert "QUOTA_EXCEEDED" in staged.staging.reason

    staged.mover.refuse = {}
    set_going(staged.world(), staged.staging, staged.now, "there is room now")
    assert staged.turns() is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"result"


def test_a_result_that_changes_while_it_comes_back_comes_again(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"first")
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.mover.tick()
    staged.turn()
    staged.objects.put("b", f"{KEY}c", b"second")

    assert staged.turns() is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"second"


def test_a_result_deleted_meanwhile_is_no_loss_of_ours(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"first")
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.objects.mark_deleted("b", f"{KEY}c")
    staged.mover.tick()

    assert staged.turns() is StagingState.RETURNED
    assert staged.rows(direction="out")["c"].state == "gone"


def test_what_cannot_be_compared_or_named_is_held(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}x/../y", b"odd")
    staged.objects.sums = "none"
    staged.objects.put("b", f"{KEY}old", b"old")

    assert give_back(staged) is StagingState.BLOCKED
    assert {row.path: row.state for row in staged.rows(direction="out").values()} == {"x/../y": "held", "old": "held"}


def test_s3_is_asked_to_make_a_checksum_where_it_has_none(staged: Any) -> None:
    staged.sums = True
    staged.objects.sums = "none"
    staged.objects.put("b", f"{KEY}old", b"old")
    staged.objects.put("b", f"{KEY}a", b"1")  # the same as before, by a client that keeps no sum

    assert give_back(staged) is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/old"].data == b"old"
    assert evict(staged.world(), staged.staging, staged.now).stays == ()
    assert staged.objects.keys("b") == ()


def test_egress_is_reserved_and_bounded(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", (10 * 1024**3, "large"))
    staged.bounds = Bounds(egress_gb_per_month=5.0)

    assert give_back(staged) is StagingState.BLOCKED
    assert "10.0 GB; of 5 GB a month" in staged.staging.reason

    staged.bounds = Bounds(egress_gb_per_month=50.0)
    set_going(staged.world(), staged.staging, staged.now, "allowed")
    assert staged.turns() is StagingState.RETURNED
    spent = staged.journal.spent("2027-01")
    assert spent.egress_bytes == 10 * 1024**3
    assert round(spent.usd, 2) == 1.90  # 1 $ for coming in, 0.90 $ of egress


def use(job_id: str, *, running: bool, writes: tuple[str, ...] = ()) -> Use:
    made = tuple(Dataset(allocation="wucci", subtree=f"Active/A/{one}") for one in writes)
    return Use(job_id=job_id, running=running, reads=(DATASET,), writes=made)


def test_jobs_hold_a_staging_and_their_results_come_back_when_the_last_has_ended(staged: Any) -> None:
    staged.turn([use("1", running=True), use("2", running=False)])
    assert staged.state is StagingState.IN_USE
    assert not ready_to_release(staged.journal.stagings(), ["1"]).ready

    staged.objects.put("b", f"{KEY}c", b"result")
    staged.turn([use("2", running=True)])
    staged.turn([use("2", running=True)])
    assert staged.state is StagingState.IN_USE  # job 1 said not where it writes, and 2 still runs
    assert not ready_to_release(staged.journal.stagings(), ["1"]).ready

    assert staged.turns(uses=[]) is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"result"
    assert ready_to_release(staged.journal.stagings(), ["1", "2"]).ready


def test_a_job_that_says_where_it_writes_need_not_wait_for_others(staged: Any) -> None:
    others = [use("2", running=True)]
    staged.turn([use("1", running=True, writes=("out1",)), *others])
    staged.objects.put("b", f"{KEY}out1/r", b"result")
    staged.objects.put("b", f"{KEY}out2/half", b"of job 2")

    assert staged.turns(uses=others) is StagingState.IN_USE

    assert staged.tree.blobs[f"{SITE}/out1/r"].data == b"result"
    assert f"{SITE}/out2/half" not in staged.tree.blobs
    assert ready_to_release(staged.journal.stagings(), ["1"]).ready


def test_a_job_that_ran_between_two_turns_is_not_missed(staged: Any) -> None:
    staged.turn([use("1", running=False)])
    assert staged.state is StagingState.STAGED
    staged.objects.put("b", f"{KEY}c", b"result")

    assert staged.turns(uses=[]) is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"result"


def test_jobs_that_could_not_be_asked_for_end_no_lease(staged: Any) -> None:
    staged.turn([use("1", running=True)])
    staged.turns(uses=None)

    assert staged.state is StagingState.IN_USE


def test_a_conflict_does_not_keep_nodes(staged: Any) -> None:
    staged.turn([use("1", running=True)])
    staged.objects.put("b", f"{KEY}a", b"of the job")
    staged.tree.put(f"{SITE}/a", b"of a person")

    assert staged.turns(uses=[]) is StagingState.BLOCKED
    assert ready_to_release(staged.journal.stagings(), ["1"]).ready


def test_a_returned_staging_is_used_again(staged: Any) -> None:
    give_back(staged)
    staged.turn([use("5", running=True)])

    assert staged.state is StagingState.IN_USE
    assert staged.turns(uses=[]) is StagingState.RETURNED


def test_a_site_file_that_cannot_be_read_keeps_no_other_result(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}a", b"changed")
    staged.objects.put("b", f"{KEY}new", b"new")
    resident = staged.tree.entries_by_path[f"{SITE}/a"]
    staged.tree.entries_by_path[f"{SITE}/a"] = resident._replace(residency="migrated")

    assert give_back(staged) is StagingState.BLOCKED
    assert f"{SITE}/new" in staged.tree.blobs
    assert "1 results are held" in staged.staging.reason
    assert "on tape alone" in staged.staging.reason
    assert evict(staged.world(), staged.staging, staged.now).refused

    staged.tree.entries_by_path[f"{SITE}/a"] = resident
    assert give_back(staged) is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/a"].digest().size == len(b"changed")


def test_while_the_site_does_not_answer_no_result_is_held(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}a", b"changed")
    staged.tree.unreadable |= {SITE, f"{SITE}/a"}

    assert give_back(staged) is StagingState.RETURNING
    assert not staged.rows(direction="out")

    staged.tree.unreadable.clear()
    assert staged.turns() is StagingState.RETURNED


def test_what_somebody_deleted_on_the_site_is_not_put_back(rig: Any) -> None:
    rig.put(a=b"1", b=b"2")
    rig.plan()
    rig.turn()
    rig.mover.tick()
    rig.turn()
    assert rig.state is StagingState.STAGED
    rig.journal.record(
        Change(staging_id="s1", files=[rig.rows()["b"]._replace(state="gone", reason="it is on the site no more")])
    )
    rig.tree.remove(f"{SITE}/b")

    assert give_back(rig) is StagingState.RETURNED
    assert f"{SITE}/b" not in rig.tree.blobs


def test_a_file_somebody_wrote_while_its_result_waited_is_not_written_over(staged: Any) -> None:
    """A move may wait for days: for room at its mover, for a pause to end, for next month's budget."""
    staged.mover.room = 0
    staged.objects.put("b", f"{KEY}a", b"of the job")
    staged.objects.put("b", f"{KEY}c", b"of the job")
    staged.objects.put("b", f"{KEY}d", b"fine")
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.tree.put(f"{SITE}/a", b"of a person", mtime_ns=7)
    staged.tree.put(f"{SITE}/c", b"of a person", mtime_ns=7)
    staged.mover.room = 9

    assert staged.turns() is StagingState.BLOCKED
    assert staged.tree.blobs[f"{SITE}/a"].data == b"of a person"
    assert staged.tree.blobs[f"{SITE}/c"].data == b"of a person"
    assert staged.tree.blobs[f"{SITE}/d"].data == b"fine"


def test_a_move_of_which_nothing_is_left_is_not_handed_over(staged: Any) -> None:
    staged.mover.room = 0
    staged.objects.put("b", f"{KEY}c", b"of the job")
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.tree.put(f"{SITE}/c", b"of the job", mtime_ns=7)  # somebody fetched it by hand
    staged.mover.room = 9

    assert staged.turns() is StagingState.RETURNED
    assert "c" not in staged.mover.paths_moved


def test_what_was_edited_between_the_move_and_the_comparison_is_kept(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"of the job")
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.mover.tick()
    staged.tree.put(f"{SITE}/c", b"edited", mtime_ns=int((staged.now + 1) * 1e9))

    assert staged.turns() is StagingState.BLOCKED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"edited"
    assert "not written over" in staged.staging.reason


def test_half_a_file_of_a_move_that_failed_is_written_anew(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"of the job")
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.tree.put(f"{SITE}/c", b"of", mtime_ns=int((staged.now + 1) * 1e9))
    staged.mover.fail(staged.mover.task_ids()[-1], "the deadline has passed")

    assert staged.turns() is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"of the job"


def test_a_file_edited_after_a_failed_comparison_is_not_written_over(staged: Any) -> None:
    staged.objects.put("b", f"{KEY}c", b"of the job")
    staged.mover.corrupt = {"c"}
    ask_back(staged.world(), staged.staging, staged.now, "asked for")
    staged.turn()
    staged.mover.tick()
    staged.turn()  # damaged: to be moved again
    staged.tree.put(f"{SITE}/c", b"edited", mtime_ns=7)

    assert staged.turns() is StagingState.BLOCKED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"edited"


def test_a_job_that_runs_on_while_a_result_is_held_is_not_forgotten(staged: Any) -> None:
    """It was sent while all was well; half its result must not be taken for all of it."""
    staged.turn([use("1", running=True), use("2", running=False)])
    staged.objects.put("b", f"{KEY}a", b"of the job")
    staged.tree.put(f"{SITE}/a", b"of a person")
    assert staged.turns(uses=[use("2", running=False)]) is StagingState.BLOCKED

    staged.turn([use("2", running=True)])
    assert not ready_to_release(staged.journal.stagings(), ["2"]).ready
    staged.tree.put(f"{SITE}/a", b"of the job")
    staged.objects.put("b", f"{KEY}c", b"half")
    ask_back(staged.world(), staged.staging, staged.now, "decided")
    staged.turn(None)
    assert staged.staging.state.value == "in use"
    assert f"{SITE}/c" not in staged.tree.blobs

    staged.objects.put("b", f"{KEY}c", b"whole")
    assert staged.turns(uses=[]) is StagingState.RETURNED
    assert staged.tree.blobs[f"{SITE}/c"].data == b"whole"


def test_what_was_never_brought_in_has_no_results(rig: Any) -> None:
    """Objects below it are those of another staging, of a part of it."""
    rig.put(a=b"1")
    rig.plan(blocked=("a part of it is staged",))
    assert rig.turns(1) is StagingState.BLOCKED
    rig.objects.put("b", f"{DATASET.prefix}a", b"1")

    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    assert (rig.turns(2), rig.staging.reason) == (StagingState.BLOCKED, "a part of it is staged")
