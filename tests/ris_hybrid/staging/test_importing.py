"""No job is sent to a file system that does not see yet what was staged."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.aws.fake import FakeRepositoryTasks
from ris_hybrid.data.values import MoveSeen, RepositoryTask, StagingState
from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.staging.engine import set_going, turn
from ris_hybrid.staging.scratches import Scratch, scratch_at

SOURCE = "fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd/wucci"
TASK = RepositoryTask(kind="import", file_system_id="fs-0a1b", paths=("s3://b/Active/A/",))


class Lazy:
    """A file system over the dataset that looks into the bucket only when it is told to."""

    def __init__(self, rig: Any, plan: dict[str, Any] | None = None, **said: Any) -> None:
        self.rig, self.fsx = rig, FakeRepositoryTasks("fs-0a1b")
        self.ids: dict[str, RepositoryTask] = {}
        self.forgotten = False
        made = scratch_at("/storage1/fs1/wucci", SOURCE, lambda _region: self)
        assert made is not None
        self.scratch: Scratch = replace(made, **{"exports": True, "imports": False, **said})
        plan = plan or {}
        if plan.get("way") != "mount":
            rig.put(a=b"1", b=b"2")
        rig.plan(**plan)

    def start(self, task: RepositoryTask, token: str) -> str:
        task_id = self.fsx.start(task, token)
        self.ids[task_id] = task
        return task_id

    def look(self, task_id: str) -> MoveSeen:
        return MoveSeen(state="unknown") if self.forgotten else self.fsx.look(task_id)

    def cancel(self, task_id: str) -> None:
        self.fsx.cancel(task_id)

    def turns(self, count: int = 5, knife: Any = None) -> StagingState:
        for _ in range(count):
            self.rig.now += 60
            turn(replace(self.rig.world(knife), scratches=(self.scratch,)), self.rig.now)
            self.rig.mover.tick()
        state: StagingState = self.rig.state
        return state


@pytest.fixture
def lazy(rig: Any) -> Lazy:
    return Lazy(rig)


def test_staged_is_only_what_nodes_see(lazy: Lazy) -> None:
    assert lazy.turns() is StagingState.STAGING
    assert lazy.rig.staging.reason == "nodes do not see the files yet: FSx fs-0a1b looks into the bucket"

    lazy.fsx.finish(files=2)
    assert lazy.turns() is StagingState.STAGED
    assert list(lazy.ids.values()) == [TASK]


def test_files_that_are_moved_again_are_looked_at_again(lazy: Lazy) -> None:
    lazy.turns()
    lazy.rig.put(a=b"edited")
    lazy.fsx.finish(files=2)

    assert lazy.turns() is StagingState.STAGING
    lazy.fsx.finish(files=2)
    assert lazy.turns() is StagingState.STAGED
    assert list(lazy.ids.values()) == [TASK, TASK]


def test_an_import_that_fails_blocks_and_is_asked_for_again(lazy: Lazy) -> None:
    lazy.turns()
    lazy.fsx.finish(files=1, failed=1)
    assert lazy.turns() is StagingState.BLOCKED
    assert "nodes may not see all files" in lazy.rig.staging.reason

    set_going(lazy.rig.world(), lazy.rig.staging, lazy.rig.now, "asked for again")
    assert lazy.turns() is StagingState.STAGING
    lazy.fsx.finish(files=2)
    assert lazy.turns() is StagingState.STAGED


def test_a_file_system_that_is_gone_blocks_and_says_so(lazy: Lazy) -> None:
    for _ in range(8):
        lazy.fsx.fail_next = Refused("it does not exist", "make it anew", code="FileSystemNotFound")
        lazy.turns(1)
    assert lazy.rig.state is StagingState.BLOCKED
    assert lazy.rig.staging.reason == (
        "nodes would not see the files: FSx fs-0a1b does not look into the bucket: it does not exist; make it anew"
    )
    assert lazy.rig.rows(state="ok").keys() == {"a", "b"}  # what was moved is not moved again


def test_of_phi_no_directory_is_told(rig: Any) -> None:
    lazy = Lazy(rig, {"data_class": "phi"})
    for _ in range(8):
        lazy.fsx.fail_next = Refused("no path Active/A of neuro_trials", code="BadRequest")
        lazy.turns(1)
    assert lazy.rig.staging.reason.endswith("does not look into the bucket: BadRequest")


def test_a_dataset_that_stays_at_the_site_is_not_looked_for(rig: Any) -> None:
    lazy = Lazy(rig, {"way": "mount"})
    assert lazy.turns() is StagingState.STAGED
    assert lazy.ids == {}


def test_another_task_and_one_nobody_knows_are_waited_for(lazy: Lazy) -> None:
    lazy.fsx.start(RepositoryTask(kind="release", file_system_id="fs-0a1b"), "somebody")
    assert lazy.turns() is StagingState.STAGING
    assert "has another task" in lazy.rig.staging.reason
    lazy.fsx.finish()
    lazy.forgotten = True
    assert lazy.turns() is StagingState.STAGING


def test_a_lost_answer_starts_no_second_import(lazy: Lazy) -> None:
    lazy.fsx.fail_next = TryAgain("no answer")
    lazy.turns()
    lazy.fsx.finish(files=2)
    assert lazy.turns() is StagingState.STAGED
    assert len(lazy.ids) == 1


@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_it_asks_for_one_import(new_rig: Any, new_knife: Any, killed: Any, *, after: bool) -> None:
    at = 0
    while True:
        at += 1
        lazy = Lazy(new_rig())
        knife = new_knife(at=at, after=after)
        lazy.scratch = replace(lazy.scratch, tasks=knife.over(lazy))
        with suppress(killed):
            lazy.turns(6, knife)
        dead = knife.calls < at
        knife.at = 0
        lazy.turns(6)
        lazy.fsx.finish(files=2)
        assert lazy.turns() is StagingState.STAGED
        assert len(lazy.ids) == 1
        if dead:
            return


def test_what_looks_by_itself_or_lies_elsewhere_is_not_asked(rig: Any) -> None:
    lazy = Lazy(rig, imports=True)
    assert lazy.turns() is StagingState.STAGED
    assert lazy.ids == {}
