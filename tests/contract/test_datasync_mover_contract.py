"""The promises of the Mover and MoverControl ports, kept by DataSync (the sandbox's) and by the fake."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.aws.datasync import DataSyncMover
from ris_hybrid.aws.objects import S3Objects
from ris_hybrid.data.settings import DataSync
from ris_hybrid.data.values import Move, MoveItem
from ris_hybrid.errors import QuotaReached, Refused, TryAgain
from ris_hybrid.staging.fake import FakeMover, FakeObjects, FakeTree

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "lee-data"
SITE = "/storage1/fs1/lee/Active/Cryo EM"
PREFIX = "Active/Cryo EM/"
SETTINGS = DataSync(
    agent_arns=("arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0",),
    nfs_host="ces.storage1.example.edu",
    role_arn="arn:aws:iam::123456789012:role/ris-datasync",
)


class Fake:
    def __init__(self) -> None:
        self.tree, self.objects = FakeTree(), FakeObjects(BUCKET)
        self.mover = FakeMover(self.tree, self.objects)

    def write(self, path: str, content: bytes) -> None:
        self.tree.put(f"{SITE}/{path}", content)

    def read(self, path: str) -> bytes | None:
        held = self.tree.blobs.get(f"{SITE}/{path}")
        return None if held is None else held.data

    def store(self, key: str, content: bytes) -> None:
        self.objects.put(BUCKET, f"{PREFIX}{key}", content)

    def wait(self) -> None:
        self.mover.tick()

    def break_next_call(self) -> None:
        self.mover.fail_next = TryAgain("broken")

    def again(self) -> FakeMover:
        return self.mover


class Sandbox:
    """DataSync between a folder of the test and the sandbox's S3; its clock moves when a test waits."""

    def __init__(self, aws: Any, clients: Any, folder: Path, now: float) -> None:
        self.aws, self.clients, self.now, self._ids = aws, clients, now, count()
        self.s3 = clients.get("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.folder, self.objects = folder / SITE.lstrip("/"), S3Objects(clients)
        self.folder.mkdir(parents=True)
        aws.exports({SETTINGS.nfs_host: str(folder)})
        self.mover = self.again()

    def again(self) -> DataSyncMover:
        """As another process has it."""
        return DataSyncMover(self.clients, SETTINGS, lambda: str(next(self._ids)))

    def write(self, path: str, content: bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def read(self, path: str) -> bytes | None:
        place = self.folder / path
        return place.read_bytes() if place.is_file() else None

    def store(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{key}", Body=content)

    def wait(self, seconds: float = 100) -> None:
        self.now += seconds
        self.aws.set_clock(self.now)

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "datasync:", "do": {"error": {"code": "InternalException", "status": 400}}}])


@pytest.fixture(params=["fake", "datasync"])
def world(request: pytest.FixtureRequest, make: Any, tmp_path: Path) -> Any:
    if request.param == "fake":
        return Fake()
    return sandbox(request, make, tmp_path)


def sandbox(request: pytest.FixtureRequest, make: Any, tmp_path: Path) -> Sandbox:
    return Sandbox(*(request.getfixturevalue(one) for one in ("sandbox_aws", "data_clients")), tmp_path, make.now)


@pytest.fixture
def datasync(request: pytest.FixtureRequest, make: Any, tmp_path: Path) -> Sandbox:
    return sandbox(request, make, tmp_path)


def move(*paths: str, recursive: bool = False, **fields: Any) -> Move:
    plain = Move(
        move_id="m-1",
        direction="in",
        data_class="internal",
        site_path=SITE,
        bucket=BUCKET,
        prefix=PREFIX,
        items=tuple(MoveItem(path, 5, recursive) for path in paths),
        deadline=2_000_000_000.0,
        label="ris-hybrid staging",
    )
    return replace(plain, **fields)


def started(mover: Any, wanted: Move) -> str:
    return str(mover.submit(wanted, mover.token(wanted)))


def stored(world: Any) -> list[str]:
    keys = [one.key for one in world.objects.listed(BUCKET, PREFIX)]
    return [key.removeprefix(PREFIX) for key in keys if not key.endswith("/")]


def test_named_files_are_moved_and_no_others(world: Any) -> None:
    odd = 'comma, "quote" and\nnewline'
    for path in ("a", "deep/b", odd, "stays"):
        world.write(path, b"hello")
    task = started(world.mover, move("a", "deep/b", odd))
    world.wait()
    seen = world.mover.look(task)
    assert (seen.state, seen.files, seen.bytes, seen.failures) == ("done", 3, 15, ())
    assert stored(world) == ["a", odd, "deep/b"]


def test_a_directory_is_moved_whole(world: Any) -> None:
    for path in ("run|1/x", "run|1/y/z", "run|10/x", "other"):
        world.write(path, b"hello")
    task = started(world.mover, move("run|1", recursive=True))
    world.wait()
    assert world.mover.look(task).state == "done"
    assert stored(world) == ["run|1/x", "run|1/y/z"]


def test_results_come_back(world: Any) -> None:
    world.store("out/x", b"result")
    task = started(world.mover, move("out", recursive=True, direction="out"))
    world.wait()
    assert world.mover.look(task).state == "done"
    assert world.read("out/x") == b"result"


def test_what_is_there_alike_is_not_moved_again(world: Any) -> None:
    world.write("a", b"hello")
    world.write("b", b"hello")
    first, both = started(world.mover, move("a")), move("a", "b", move_id="m-2")
    world.wait()
    assert world.mover.look(first).state == "done"
    second = started(world.mover, both)
    world.wait()
    seen = world.mover.look(second)
    assert (seen.state, seen.files, seen.skipped) == ("done", 1, 1)


def test_one_token_is_one_task_and_each_token_is_new(world: Any) -> None:
    world.write("a", b"hello")
    wanted = move("a")
    token = world.mover.token(wanted)
    assert token != world.mover.token(wanted)
    task = world.mover.submit(wanted, token)
    assert world.mover.submit(wanted, token) == task
    world.wait()
    assert world.mover.look(task).state == "done"
    assert world.again().submit(wanted, token) == task
    assert started(world.mover, wanted) != task


def test_a_task_nobody_knows_is_unknown(world: Any) -> None:
    seen = world.mover.look("arn:aws:datasync:us-east-1:123456789012:task/task-0/execution/exec-0")
    assert seen.state == "unknown"


def test_a_cancelled_task_says_so(world: Any) -> None:
    world.write("a", b"hello")
    task = started(world.mover, move("a"))
    world.mover.cancel(task)
    world.mover.cancel(task)
    assert world.mover.look(task).state == "cancelled"
    world.wait()
    assert stored(world) == []


def test_a_task_that_has_ended_is_left_alone(world: Any) -> None:
    world.write("a", b"hello")
    task = started(world.mover, move("a"))
    world.wait()
    world.mover.cancel(task)
    assert world.mover.look(task).state == "done"
    world.mover.pause(None, "x")
    world.mover.resume()
    assert world.mover.look(task).state == "done"


def test_a_pause_holds_its_direction_and_a_resume_lets_all_go_on(world: Any) -> None:
    world.write("a", b"hello")
    world.store("b", b"result")
    inward, outward = started(world.mover, move("a")), started(world.mover, move("b", direction="out"))
    world.mover.pause("in", "maintenance")
    world.mover.pause("in", "maintenance")
    world.wait()
    assert [world.mover.look(task).state for task in (inward, outward)] == ["paused", "done"]
    assert stored(world) == ["b"]
    world.mover.resume()
    world.mover.resume()
    world.wait()
    assert world.mover.look(inward).state == "done"
    assert stored(world) == ["a", "b"]


def test_an_unanswered_question_is_no_answer(world: Any) -> None:
    world.break_next_call()
    with pytest.raises(TryAgain):
        world.mover.look("task-1")


def test_datasync_says_how_far_it_is(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    first = started(datasync.mover, move("a"))
    second = started(datasync.mover, move("a", move_id="m-2"))
    states = []
    for _ in range(4):
        states.append((datasync.mover.look(first).state, datasync.mover.look(second).state))
        datasync.wait(31)
    assert states == [("queued", "queued"), ("moving", "queued"), ("done", "queued"), ("done", "moving")]


def test_datasync_makes_one_task_a_dataset_and_direction(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    for n in range(3):
        started(datasync.again(), move("a", move_id=f"m-{n}"))
    started(datasync.mover, move("a", direction="out"))
    sync = datasync.clients.get("datasync")
    assert len(sync.list_tasks()["Tasks"]) == 2
    assert len(sync.list_locations()["Locations"]) == 2


def test_datasync_writes_no_name_where_others_read(datasync: Sandbox) -> None:
    """Names, tags and logs of DataSync are read beyond those who may see the files' names."""
    datasync.write("Doe^John", b"hello")
    started(datasync.mover, move("Doe^John"))
    sync = datasync.clients.get("datasync")
    [task] = sync.list_tasks()["Tasks"]
    [run] = sync.list_task_executions()["TaskExecutions"]
    arns = (task["TaskArn"], run["TaskExecutionArn"])
    tags = [one for arn in arns for one in sync.list_tags_for_resource(ResourceArn=arn)["Tags"]]
    assert "Cryo" not in f"{task} {tags}"
    assert "Doe" not in f"{task} {tags}"
    options = sync.describe_task_execution(TaskExecutionArn=run["TaskExecutionArn"])["Options"]
    assert (options["LogLevel"], options["VerifyMode"]) == ("OFF", "ONLY_FILES_TRANSFERRED")
    assert (options["PosixPermissions"], options["PreserveDeletedFiles"]) == ("PRESERVE", "PRESERVE")


def test_datasync_does_not_trust_size_and_time_when_it_moves_again(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    runs = [started(datasync.mover, move("a")), started(datasync.mover, move("a", move_id="m-2", again=True))]
    sync = datasync.clients.get("datasync")
    modes = [sync.describe_task_execution(TaskExecutionArn=arn)["Options"]["TransferMode"] for arn in runs]
    assert modes == ["CHANGED", "ALL"]


def test_datasync_leaves_gpfs_own_directories(datasync: Sandbox) -> None:
    for path in ("a", ".snapshots/x", "deep/.snapshots/x"):
        datasync.write(path, b"hello")
    task = started(datasync.mover, move("", recursive=True))
    datasync.wait()
    assert datasync.mover.look(task).files == 1
    assert stored(datasync) == ["a"]


def test_datasync_fails_with_its_code_and_without_a_name(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    task = started(datasync.mover, move("a", "secret-name"))
    datasync.wait()
    seen = datasync.mover.look(task)
    assert (seen.state, seen.files) == ("failed", 1)
    assert seen.reason.startswith("DataSync: ")
    assert "secret-name" not in seen.reason


def test_datasync_is_not_given_phi_unless_it_may_have_it(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    phi = move("a", data_class="phi")
    with pytest.raises(Refused, match="PHI"):
        started(datasync.mover, phi)
    allowed = DataSyncMover(datasync.clients, replace(SETTINGS, high_assurance=True), lambda: "1")
    assert started(allowed, phi)


def test_datasync_starts_nothing_new_while_it_is_paused(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    datasync.mover.pause("in", "x")
    with pytest.raises(QuotaReached, match="paused"):
        started(datasync.mover, move("a"))
    datasync.mover.resume()
    started(datasync.mover, move("a"))
    datasync.mover.pause(None, "x")
    with pytest.raises(QuotaReached, match="paused"):
        started(datasync.again(), move("a", move_id="m-2", prefix="other/"))


def test_datasync_can_cancel_what_is_held_and_what_goes_on(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    held, on = started(datasync.mover, move("a")), started(datasync.mover, move("a", move_id="m-2"))
    datasync.mover.pause(None, "x")
    datasync.mover.cancel(held)
    datasync.again().resume()
    assert datasync.mover.look(held).state == "cancelled"
    assert datasync.mover.look(on).state == "queued"
    datasync.mover.cancel(on)
    assert datasync.mover.look(on).state == "cancelled"


def test_datasync_resumes_once_though_the_first_resume_died(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    task = started(datasync.mover, move("a"))
    datasync.mover.pause("in", "x")
    # Started again, but killed before it was noted where it goes on.
    datasync.aws.faults([{"match": "datasync:TagResource", "do": {"error": {"code": "InternalException"}}}])
    with pytest.raises(TryAgain):
        datasync.mover.resume()
    datasync.aws.faults([])
    datasync.again().resume()
    datasync.wait()
    assert datasync.mover.look(task).state == "done"
    assert len(datasync.clients.get("datasync").list_task_executions()["TaskExecutions"]) == 2


def test_datasync_takes_no_more_tasks_than_an_account_may_have(datasync: Sandbox) -> None:
    fault = {"code": "InvalidRequestException", "message": "You have reached the maximum of 100 tasks."}
    datasync.aws.faults([{"match": "datasync:CreateTask", "do": {"error": fault}}])
    with pytest.raises(QuotaReached, match="maximum"):
        started(datasync.mover, move("a"))


def test_datasync_refusals_are_not_taken_for_an_end(datasync: Sandbox) -> None:
    """Forbidden to look is not gone, and forbidden to cancel is not ended."""
    datasync.write("a", b"hello")
    task = started(datasync.mover, move("a"))
    questions = {
        "Describe": lambda: datasync.mover.look(task),
        "ListTags": lambda: datasync.again().submit(move("a"), "t"),
        "Cancel": lambda: datasync.mover.cancel(task),
    }
    for call, question in questions.items():
        datasync.aws.faults([{"match": f"datasync:{call}", "do": {"error": {"code": "AccessDeniedException"}}}])
        with pytest.raises(Refused):
            question()


def test_datasync_lets_what_ended_in_the_last_moment_be(datasync: Sandbox) -> None:
    datasync.write("a", b"hello")
    task = started(datasync.mover, move("a"))
    ended = {"code": "InvalidRequestException", "message": "The task execution has ended."}
    datasync.aws.faults([{"match": "datasync:Cancel", "do": {"error": ended}}])
    datasync.mover.pause("in", "x")
    datasync.aws.faults([])
    datasync.wait()
    datasync.mover.resume()
    assert datasync.mover.look(task).state == "done"
    assert len(datasync.clients.get("datasync").list_task_executions()["TaskExecutions"]) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        move("a", site_path="/storage1/fs1/lee/Active/Größe"),
        move(*(f"{n:04d}-{'x' * 200}" for n in range(600)), recursive=True),
    ],
)
def test_datasync_refuses_what_it_cannot_say(datasync: Sandbox, wanted: Move) -> None:
    with pytest.raises(Refused, match=r"characters|filter"):
        started(datasync.mover, wanted)
