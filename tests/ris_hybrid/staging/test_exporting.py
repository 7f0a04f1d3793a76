"""Results on a file system that exports nothing by itself reach the bucket before they are looked for there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.aws.fake import FakeRepositoryTasks
from ris_hybrid.data.values import Dataset, MoveSeen, RepositoryTask, StagingState
from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.staging.engine import ask_back, set_going, turn
from ris_hybrid.staging.leasing import Use, not_back, ready_to_release
from ris_hybrid.staging.scratches import Scratch, scratch_at

SITE = "/storage1/fs1/wucci/Active/A"
DATASET = Dataset(allocation="wucci", subtree="Active/A")
SOURCE = "fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd/wucci"


class Written:
    """A staged dataset whose nodes write to a file system that keeps what they wrote."""

    def __init__(self, rig: Any, path: str = "/storage1/fs1/wucci") -> None:
        self.rig, self.fsx = rig, FakeRepositoryTasks("fs-0a1b")
        self.started: list[RepositoryTask] = []
        self.ids: set[str] = set()
        self.forgotten = False
        made = scratch_at(path, SOURCE, lambda _region: self)
        assert made is not None
        self.scratch: Scratch = made
        rig.put(a=b"1")
        rig.plan()
        assert rig.turns() is StagingState.STAGED
        rig.now += 3600
        rig.objects.now = rig.now

    def start(self, task: RepositoryTask, token: str) -> str:
        self.started.append(task)
        task_id = self.fsx.start(task, token)
        self.ids.add(task_id)
        return task_id

    def look(self, task_id: str) -> MoveSeen:
        return MoveSeen(state="unknown") if self.forgotten else self.fsx.look(task_id)

    def cancel(self, task_id: str) -> None:
        self.fsx.cancel(task_id)

    def turn(self, uses: Any = None, knife: Any = None) -> StagingState:
        self.rig.now += 60
        turn(replace(self.rig.world(knife), scratches=(self.scratch,)), self.rig.now, uses)
        self.rig.mover.tick()
        state: StagingState = self.rig.state
        return state

    def turns(self, uses: Any = None) -> StagingState:
        return [self.turn(uses) for _ in range(5)][-1]

    def end(self, **ended: int) -> None:
        """The export is over: what jobs wrote is in the bucket."""
        self.rig.objects.put("b", "Active/A/out/new", b"of a job")
        self.fsx.finish(**ended)

    def give_back(self) -> StagingState:
        ask_back(self.rig.world(), self.rig.staging, self.rig.now, "asked for")
        return self.turns()


@pytest.fixture
def written(rig: Any) -> Written:
    return Written(rig)


def test_nothing_is_called_returned_before_the_export_has_ended(written: Written) -> None:
    assert written.give_back() is StagingState.RETURNING
    assert "being written to the bucket" in written.rig.staging.reason

    written.end(files=1)
    assert written.turns() is StagingState.RETURNED
    assert f"{SITE}/out/new" in written.rig.tree.blobs
    assert set(written.started) == {RepositoryTask(kind="export", file_system_id="fs-0a1b", paths=("wucci/Active/A",))}
    assert len(written.ids) == 1


def test_each_return_asks_for_an_export_of_its_own(written: Written) -> None:
    written.give_back()
    written.end(files=1)
    assert written.turns() is StagingState.RETURNED

    assert written.give_back() is StagingState.RETURNING
    written.end(files=1)
    assert written.turns() is StagingState.RETURNED


def test_an_ended_job_keeps_its_nodes_until_its_results_are_exported_and_back(written: Written) -> None:
    job = Use(job_id="7", running=True, reads=(DATASET,))
    written.turn((job,))
    assert written.turns(()) is StagingState.RETURNING
    assert not ready_to_release(written.rig.journal.stagings(), ["7"]).ready

    written.end(files=1)
    assert written.turns(()) is StagingState.RETURNED
    assert ready_to_release(written.rig.journal.stagings(), ["7"]).ready


def test_an_export_that_fails_holds_the_staging_and_a_person_asks_again(written: Written) -> None:
    written.give_back()
    written.end(files=1, failed=2)

    assert written.turns() is StagingState.BLOCKED
    assert written.rig.staging.reason == (
        "results may still be on FSx fs-0a1b, whose export has failed: 2 of 3 files failed"
    )
    assert f"{SITE}/out/new" in written.rig.tree.blobs  # what did reach the bucket has come back

    set_going(written.rig.world(), written.rig.staging, written.rig.now, "asked for again")
    assert written.turn() is StagingState.RETURNING
    written.end(files=3)
    assert written.turns() is StagingState.RETURNED


def test_another_task_of_the_file_system_is_waited_for(written: Written) -> None:
    written.fsx.start(RepositoryTask(kind="import", file_system_id="fs-0a1b"), "somebody")
    assert written.give_back() is StagingState.RETURNING
    assert "another task of it" in written.rig.staging.reason

    written.fsx.finish()
    written.turn()
    written.end(files=1)
    assert written.turns() is StagingState.RETURNED


def test_a_file_system_that_is_gone_keeps_nothing_else_from_coming_back(written: Written) -> None:
    gone = "File system 'fs-0a1b' does not exist."
    written.fsx.fail_next = Refused(gone, code="FileSystemNotFound")
    written.rig.objects.put("b", "Active/A/out/exported-before", b"of a job")
    written.give_back()
    written.fsx.fail_next = Refused(gone, code="FileSystemNotFound")
    for _ in range(6):
        written.fsx.fail_next = Refused(gone, code="FileSystemNotFound")
        written.turn()

    assert written.rig.state is StagingState.BLOCKED
    assert f"results may still be on FSx fs-0a1b, which takes no export: {gone}" in written.rig.staging.reason
    assert "take its path out of burst.yaml" in written.rig.staging.reason
    assert f"{SITE}/out/exported-before" in written.rig.tree.blobs


def test_burst_is_told_where_results_are(written: Written) -> None:
    job = Use(job_id="7", running=True, reads=(DATASET,))
    written.turn((job,))
    written.turns(())

    assert not_back(written.rig.staging) == (
        "results of 1 ended jobs on wucci:Active/A are not on the site yet (returning): results are not off the node "
        "set yet: those on FSx fs-0a1b are being written to the bucket, 0 files so far"
    )


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_it_asks_for_one_export(new_rig: Any, new_knife: Any, killed: Any, *, after: bool) -> None:
    at = 0
    while True:
        at += 1
        written, knife = Written(new_rig()), new_knife(at=at, after=after)
        ask_back(written.rig.world(), written.rig.staging, written.rig.now, "asked for")
        written.scratch = replace(written.scratch, tasks=knife.over(written))
        with suppress(killed):
            written.turn(knife=knife)
            written.end(files=1)
            for _ in range(4):
                written.turn(knife=knife)
        dead, knife.at = knife.calls < at, 0
        written.turns()
        written.end(files=1)
        assert written.turns() is StagingState.RETURNED
        assert len(written.ids) == 1
        assert f"{SITE}/out/new" in written.rig.tree.blobs
        if dead:
            return


def test_a_lost_answer_starts_no_second_export(written: Written) -> None:
    written.fsx.fail_next = TryAgain("no answer")
    assert written.give_back() is StagingState.RETURNING
    assert len(written.ids) == 1


def test_an_export_nobody_knows_is_no_end(written: Written) -> None:
    written.give_back()
    written.forgotten = True
    assert written.turn() is StagingState.RETURNING
    assert "not known" in written.rig.staging.reason


@pytest.mark.parametrize(
    ("path", "paths"),
    [(SITE, ("wucci",)), (f"{SITE}/out", ("wucci",)), ("/storage1/fs1/wucci/Active/AB", None), ("/scratch1", None)],
)
def test_only_what_is_mounted_over_the_dataset_is_exported(rig: Any, path: str, paths: tuple[str, ...] | None) -> None:
    written = Written(rig, path)
    written.give_back()
    assert {one.paths for one in written.started} == (set() if paths is None else {paths})


def test_all_of_a_file_system_is_no_path() -> None:
    tasks = FakeRepositoryTasks()
    whole = scratch_at("/scratch1/", "fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd", lambda _region: tasks)
    assert whole == Scratch(path="/scratch1", file_system_id="fs-0a1b", below="", tasks=tasks)
    assert scratch_at("/scratch1", "lustre.example.org@tcp:/abcd", lambda _region: tasks) is None
