"""What ``Mover`` and ``MoverControl`` promise, kept by the fake in memory and by Globus on the sandbox's service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from globus_sdk.token_storage import MemoryTokenStorage

from onprem.globus.app import service_app
from onprem.globus.hold import Holds
from onprem.globus.identity import Identity
from onprem.globus.pace import Pace
from ris_hybrid.data.settings import Globus
from ris_hybrid.data.values import Move, MoveItem
from ris_hybrid.errors import QuotaReached
from ris_hybrid.sandbox.globus import service as sandbox
from ris_hybrid.sandbox.globus.server import Served, s3
from ris_hybrid.staging.fake import FakeMover, FakeObjects, FakeTree, blob

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.data.ports import Mover, MoverControl
    from ris_hybrid.sandbox.aws.child import SandboxAws

BUCKET, PREFIX, SITE = "ris-wucci", "Active/P/", "/storage1/fs1/wucci/Active/P"
UNFINISHED = {"queued", "moving", "paused"}
SMALL_ROOM = 3


class World(Protocol):
    """A mover with both its ends."""

    mover: Mover
    control: MoverControl

    def put(self, path: str, content: bytes) -> None:
        """A file of the dataset at the site."""

    def at_site(self, path: str) -> bytes | None: ...

    def in_cloud(self, path: str) -> bytes | None: ...

    def put_in_cloud(self, path: str, content: bytes) -> None: ...

    def forbid(self, path: str) -> None:
        """Nobody can read it."""

    def go_on(self) -> None:
        """Let time pass until nothing more can happen by itself."""

    def forget(self, task_id: str) -> None:
        """Months pass."""


class InMemory:
    def __init__(self) -> None:
        self._tree, self._objects = FakeTree(), FakeObjects(BUCKET)
        self.mover = FakeMover(self._tree, self._objects, room=SMALL_ROOM)
        self.control = self.mover

    def put(self, path: str, content: bytes) -> None:
        self._tree.put(f"{SITE}/{path}", content)

    def at_site(self, path: str) -> bytes | None:
        held = self._tree.blobs.get(f"{SITE}/{path}")
        return held.data if held else None

    def in_cloud(self, path: str) -> bytes | None:
        held = self._objects.held(BUCKET, PREFIX + path)
        return held.data if held else None

    def put_in_cloud(self, path: str, content: bytes) -> None:
        self._objects.put(BUCKET, PREFIX + path, blob(content))

    def forbid(self, path: str) -> None:
        self.mover.refuse[path] = "PERMISSION_DENIED"

    def go_on(self) -> None:
        self.mover.tick()

    def forget(self, task_id: str) -> None:
        self.mover.forget(task_id)


class BySandbox:
    """Globus's SDK over HTTP to the sandbox's service, S3 in the sandbox's AWS, files in a folder."""

    def __init__(self, folder: Path, aws: SandboxAws) -> None:
        self._root, self._cloud = folder / "site", s3(aws)
        self._cloud._client.create_bucket(Bucket=BUCKET)
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text("s3cr3t-of-the-service")
        self._globus = sandbox.FakeGlobus(
            self._root, self._cloud, sandbox.Seeds(secret="s3cr3t-of-the-service"), lambda: 1_800_000_000.0
        )
        self.served = Served(self._globus)
        settings = Globus(
            client_id=sandbox.CLIENT,
            secret_file="secret",
            site_collection=sandbox.SITE_COLLECTION,
            cloud_collection=sandbox.CLOUD_COLLECTION,
            site_base="/storage1/fs1",
            active_tasks=SMALL_ROOM,
            pending_tasks=0,
        )
        self._identity = (settings, folder)

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        for name, value in self.served.env().items():
            patch.setenv(name, value)
        settings, folder = self._identity
        app = service_app(settings, folder, MemoryTokenStorage())
        pace, holds = Pace(1e6, lambda: 0.0, lambda _: None), Holds(folder / "hold.json")
        identity = Identity(app=app, settings=settings, pace=pace, holds=holds)
        self.mover, self.control = identity.mover(), identity.control()

    def put(self, path: str, content: bytes) -> None:
        at = self._root / "wucci/Active/P" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content)

    def at_site(self, path: str) -> bytes | None:
        at = self._root / "wucci/Active/P" / path
        return at.read_bytes() if at.exists() else None

    def in_cloud(self, path: str) -> bytes | None:
        held = self._cloud._client.list_objects_v2(Bucket=BUCKET, Prefix=PREFIX + path).get("Contents", ())
        if PREFIX + path not in [one["Key"] for one in held]:
            return None
        read: bytes = self._cloud._client.get_object(Bucket=BUCKET, Key=PREFIX + path)["Body"].read()
        return read

    def put_in_cloud(self, path: str, content: bytes) -> None:
        self._cloud._client.put_object(Bucket=BUCKET, Key=PREFIX + path, Body=content)

    def forbid(self, path: str) -> None:
        self._globus.faults.replace([{"path": f"*/{path}", "kind": "denied"}])

    def go_on(self) -> None:
        self._globus.settle()

    def forget(self, task_id: str) -> None:
        self._globus.forget(task_id)


@pytest.fixture(params=["fake", "globus"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    made = BySandbox(tmp_path, request.getfixturevalue("sandbox_aws"))
    with pytest.MonkeyPatch.context() as patch:
        made.enter(patch)
        yield made
        made.served.stop()


def move(*paths: str, **fields: Any) -> Move:
    plain: dict[str, Any] = {
        "move_id": "m-1",
        "direction": "in",
        "data_class": "internal",
        "site_path": SITE,
        "bucket": BUCKET,
        "prefix": PREFIX,
        "items": tuple(MoveItem(path, 1) for path in paths),
        "deadline": 1_800_100_000.0,
        "label": "ris-hybrid st-1",
    }
    return Move(**(plain | fields))


def submitted(world: World, wanted: Move) -> str:
    return world.mover.submit(wanted, world.mover.token(wanted))


def test_files_arrive_and_are_counted(world: World) -> None:
    world.put("a/one", b"1" * 10)
    world.put("two words é", b"22")
    task = submitted(world, move("a/one", "two words é"))
    assert world.mover.look(task).state in UNFINISHED
    world.go_on()
    seen = world.mover.look(task)
    assert (seen.state, seen.files, seen.bytes, seen.failures) == ("done", 2, 12, ())
    assert world.in_cloud("a/one") == b"1" * 10
    assert world.in_cloud("two words é") == b"22"


def test_results_come_back(world: World) -> None:
    world.put_in_cloud("out/result", b"answer")
    task = submitted(world, move("out/result", direction="out"))
    world.go_on()
    assert world.mover.look(task).state == "done"
    assert world.at_site("out/result") == b"answer"


def test_a_directory_goes_whole_without_what_is_gpfs_own(world: World) -> None:
    for path in ("d/x", "d/e/y", "d/.snapshots/s/x", "d/mmbackup.log"):
        world.put(path, path.encode())
    task = submitted(world, move(items=(MoveItem("d", 0, True),)))
    world.go_on()
    assert world.mover.look(task).files == 2
    assert world.in_cloud("d/e/y") == b"d/e/y"
    assert world.in_cloud("d/.snapshots/s/x") is None
    assert world.in_cloud("d/mmbackup.log") is None


def test_the_same_token_is_the_same_task_also_after_its_end(world: World) -> None:
    world.put("a", b"1")
    wanted = move("a")
    token = world.mover.token(wanted)
    task = world.mover.submit(wanted, token)
    assert world.mover.submit(wanted, token) == task
    world.go_on()
    assert world.mover.submit(wanted, token) == task
    assert world.mover.look(task).files == 1


def test_another_token_is_another_task_and_what_is_there_is_skipped(world: World) -> None:
    world.put("a", b"1")
    first = submitted(world, move("a"))
    world.go_on()
    second = submitted(world, move("a", again=True))
    world.go_on()
    seen = world.mover.look(second)
    assert second != first
    assert (seen.state, seen.files, seen.skipped) == ("done", 0, 1)


def test_content_that_differs_is_moved_again(world: World) -> None:
    world.put("a", b"1")
    world.put_in_cloud("a", b"2")
    task = submitted(world, move("a", again=True))
    world.go_on()
    assert world.mover.look(task).files == 1
    assert world.in_cloud("a") == b"1"


def test_files_that_cannot_be_moved_are_named_and_the_others_arrive(world: World) -> None:
    for path in ("good", "bad"):
        world.put(path, b"x")
    world.forbid("bad")
    wanted = move("good", "bad", "not there")
    task = submitted(world, wanted)
    world.go_on()
    seen = world.mover.look(task)
    assert seen.state in {"done", "failed"}
    failed = {wanted.relative(one.path): one.reason for one in seen.failures}
    assert failed == {"bad": "PERMISSION_DENIED", "not there": "FILE_NOT_FOUND"}
    assert world.in_cloud("good") == b"x"
    assert world.in_cloud("bad") is None


def test_no_room_is_quota_reached_but_not_for_a_task_that_is_on_its_way(world: World) -> None:
    world.put("a", b"1")
    wanted = [move("a", move_id=f"m-{number}") for number in range(SMALL_ROOM)]
    tokens = [world.mover.token(one) for one in wanted]
    tasks = [world.mover.submit(one, token) for one, token in zip(wanted, tokens, strict=True)]
    with pytest.raises(QuotaReached):
        submitted(world, move("a", move_id="m-9"))
    assert world.mover.submit(wanted[0], tokens[0]) == tasks[0]
    world.go_on()
    assert submitted(world, move("a", move_id="m-9")) not in tasks


def test_a_task_nobody_knows_is_neither_done_nor_failed(world: World) -> None:
    world.put("a", b"1")
    task = submitted(world, move("a"))
    world.go_on()
    world.forget(task)
    assert world.mover.look(task).state == "unknown"
    assert world.mover.look("55555555-5555-4555-8555-555555555555").state == "unknown"


def test_a_cancelled_task_ends_and_one_that_has_ended_is_left_alone(world: World) -> None:
    world.put("a", b"1")
    task = submitted(world, move("a"))
    world.control.cancel(task)
    world.go_on()
    seen = world.mover.look(task)
    assert (seen.state, seen.files) == ("cancelled", 0)
    world.control.cancel(task)
    done = submitted(world, move("a"))
    world.go_on()
    world.control.cancel(done)
    assert world.mover.look(done).state == "done"
    world.control.cancel("55555555-5555-4555-8555-555555555555")


@pytest.mark.parametrize("direction", ["in", None])
def test_a_pause_holds_its_direction_until_resumed(direction: Any, world: World) -> None:
    world.put("a", b"1")
    world.put_in_cloud("b", b"2")
    inwards = submitted(world, move("a"))
    back = submitted(world, move("b", direction="out", move_id="m-2"))
    world.control.pause(direction, "network works")
    world.control.pause(direction, "network works")
    world.go_on()
    assert world.mover.look(inwards).state == "paused"
    assert world.mover.look(back).state == ("paused" if direction is None else "done")
    world.control.resume()
    world.control.resume()
    world.go_on()
    assert {world.mover.look(task).state for task in (inwards, back)} == {"done"}
