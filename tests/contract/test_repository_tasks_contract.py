"""The promises of the RepositoryTasks port, kept by FSx (the sandbox's) and by the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid import data_wiring
from ris_hybrid.aws.fake import FakeRepositoryTasks
from ris_hybrid.aws.lustre import FsxTasks, token_of
from ris_hybrid.data.values import RepositoryTask
from ris_hybrid.errors import QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "lee-data"


class Fake:
    def __init__(self) -> None:
        self.file_system, self.tasks = "fs-1", FakeRepositoryTasks("fs-1")

    def write(self, path: str) -> None:
        """The fake moves nothing."""

    def wait(self) -> None:
        self.tasks.finish(files=1)

    def break_next_call(self) -> None:
        self.tasks.fail_next = TryAgain("broken")


class Sandbox:
    def __init__(self, aws: Any, clients: Any, folder: Path, now: float) -> None:
        self.aws, self.now, self.folder = aws, now, folder
        self.s3, fsx = clients.get("s3"), clients.get("fsx")
        self.s3.create_bucket(Bucket=BUCKET)
        made = fsx.create_file_system(
            FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"]
        )
        self.file_system = made["FileSystem"]["FileSystemId"]
        fsx.create_data_repository_association(
            FileSystemId=self.file_system, FileSystemPath="/active", DataRepositoryPath=f"s3://{BUCKET}/Active"
        )
        aws.exports({self.file_system: str(folder)})
        self.tasks = FsxTasks(clients)

    def write(self, path: str) -> None:
        place = self.folder / "active" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"hello")

    def wait(self, seconds: float = 100) -> None:
        self.now += seconds
        self.aws.set_clock(self.now)

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "fsx:", "do": {"error": {"code": "ServiceUnavailable", "status": 400}}}])

    def keys(self) -> list[str]:
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture
def fsx(sandbox_aws: Any, data_clients: Any, tmp_path: Path, make: Any) -> Sandbox:
    return Sandbox(sandbox_aws, data_clients, tmp_path, make.now)


@pytest.fixture(params=["fake", "fsx"])
def world(request: pytest.FixtureRequest) -> Any:
    return Fake() if request.param == "fake" else request.getfixturevalue("fsx")


def export(world: Any, *paths: str) -> RepositoryTask:
    return RepositoryTask(kind="export", file_system_id=world.file_system, paths=paths)


def test_a_task_goes_to_its_end(world: Any) -> None:
    world.write("out/x")
    task = world.tasks.start(export(world), "t-1")
    assert world.tasks.look(task).state == "queued"
    world.wait()
    seen = world.tasks.look(task)
    assert (seen.state, seen.files, seen.reason) == ("done", 1, "")


def test_one_token_is_one_task(world: Any) -> None:
    task = world.tasks.start(export(world), "t-1")
    assert world.tasks.start(export(world), "t-1") == task
    world.wait()
    assert world.tasks.start(export(world), "t-1") == task
    with pytest.raises(Refused):
        world.tasks.start(export(world, "active/other"), "t-1")
    assert world.tasks.start(export(world), "t-2") != task


def test_one_task_at_a_time(world: Any) -> None:
    world.tasks.start(export(world), "t-1")
    with pytest.raises(QuotaReached, match="executing"):
        world.tasks.start(export(world), "t-2")


def test_a_cancelled_task_says_so(world: Any) -> None:
    task = world.tasks.start(export(world), "t-1")
    world.tasks.cancel(task)
    world.tasks.cancel(task)
    assert world.tasks.look(task).state == "cancelled"


def test_what_is_not_there(world: Any) -> None:
    assert world.tasks.look("task-00000000000000000").state == "unknown"
    world.tasks.cancel("task-00000000000000000")
    with pytest.raises(Refused, match="exist"):
        world.tasks.start(RepositoryTask(kind="export", file_system_id="fs-00000000000000000"), "t-1")


def test_an_unanswered_question_is_no_answer(world: Any) -> None:
    task = world.tasks.start(export(world), "t-1")
    for question in (lambda: world.tasks.look(task), lambda: world.tasks.cancel(task)):
        world.break_next_call()
        with pytest.raises(TryAgain):
            question()


def test_an_accepted_task_is_found_again_by_its_token() -> None:
    world = Fake()
    world.break_next_call()
    with pytest.raises(TryAgain):
        world.tasks.start(export(world), "t-1")
    assert world.tasks.start(export(world), "t-1") == "task-1"
    world.tasks.finish(files=1, failed=2)
    assert world.tasks.look("task-1").reason == "2 of 3 files failed"


def test_fsx_exports_the_named_directories(fsx: Sandbox) -> None:
    for path in ("out/x", "out2/y", "z"):
        fsx.write(path)
    task = fsx.tasks.start(export(fsx, "active/out"), "t-1")
    fsx.wait(30)
    assert fsx.tasks.look(task).state == "moving"
    assert fsx.keys() == []
    fsx.wait()
    assert fsx.tasks.look(task).state == "done"
    assert fsx.keys() == ["Active/out/x"]


def test_fsx_sees_what_is_new_in_the_bucket(fsx: Sandbox) -> None:
    for key in ("Active/in/x", "Active/other", "else"):
        fsx.s3.put_object(Bucket=BUCKET, Key=key, Body=b"hello")
    wanted = RepositoryTask(kind="import", file_system_id=fsx.file_system, paths=(f"s3://{BUCKET}/Active/in",))
    task = fsx.tasks.start(wanted, "t-1")
    fsx.wait()
    assert fsx.tasks.look(task).state == "done"
    assert [path.name for path in fsx.folder.rglob("*") if path.is_file()] == ["x"]
    freed = fsx.tasks.start(RepositoryTask(kind="release", file_system_id=fsx.file_system, paths=("/",)), "t-2")
    fsx.wait()
    assert fsx.tasks.look(freed).state == "done"


def test_fsx_says_that_files_failed_but_not_which(fsx: Sandbox) -> None:
    fsx.write("good")
    fsx.write("/".join(["d" * 250] * 5))
    task = fsx.tasks.start(
        RepositoryTask(kind="export", file_system_id=fsx.file_system, report=f"s3://{BUCKET}/reports"), "t-1"
    )
    fsx.wait()
    seen = fsx.tasks.look(task)
    assert (seen.state, seen.files, seen.reason) == ("failed", 1, "FSx could not process 1 of 2 files")
    assert fsx.keys() == ["Active/good"]


def test_fsx_fails_without_a_count(fsx: Sandbox) -> None:
    fsx.aws.exports({})
    task = fsx.tasks.start(export(fsx), "t-1")
    fsx.wait()
    assert fsx.tasks.look(task).reason == "FSx could not do the task; its console has the detail"


def test_fsx_refusals_are_not_taken_for_an_end(fsx: Sandbox) -> None:
    task = fsx.tasks.start(export(fsx), "t-1")
    fsx.aws.faults([{"match": "fsx:(Describe|Cancel)Data", "do": {"error": {"code": "AccessDeniedException"}}}])
    for question in (fsx.tasks.look, fsx.tasks.cancel):
        with pytest.raises(Refused):
            question(task)


def test_fsx_takes_a_hundred_paths(fsx: Sandbox) -> None:
    with pytest.raises(Refused, match="at most 100"):
        fsx.tasks.start(export(fsx, *(f"p{n}" for n in range(101))), "t-1")


def test_it_is_made_of_a_region(fsx: Sandbox) -> None:
    assert data_wiring.repository_tasks("us-east-1").look("task-00000000000000000").state == "unknown"
    assert fsx.aws.calls()["fsx:DescribeDataRepositoryTasks"] == 1


def test_a_token_is_cut_to_what_fsx_takes() -> None:
    assert token_of("m-1-20270115.1") == "m-1-20270115.1"
    for odd in ("x" * 64, "with space", ""):
        assert len(token_of(odd)) == 63
    assert token_of("x" * 64) != token_of("x" * 65)
