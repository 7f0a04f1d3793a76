"""What ``Versions`` promises, kept by the fake and by S3 in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.aws.versions import S3Versions
from ris_hybrid.errors import CloudError
from ris_hybrid.staging.fake import FakeObjects

if TYPE_CHECKING:
    from ris_hybrid.data.ports import Versions

BUCKET = "ris-wucci"


class Fake:
    def __init__(self) -> None:
        self._objects = FakeObjects(BUCKET)
        self.versions: Versions = self._objects

    def put(self, key: str, content: bytes) -> str:
        return self._objects.put(BUCKET, key, content)

    def hide(self, key: str) -> None:
        self._objects.mark_deleted(BUCKET, key)


class Sandbox:
    def __init__(self, clients: Any) -> None:
        self._s3 = clients.get("s3")
        self._s3.create_bucket(Bucket=BUCKET)
        self._s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        self.versions: Versions = S3Versions(clients)

    def put(self, key: str, content: bytes) -> str:
        return str(self._s3.put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"])

    def hide(self, key: str) -> None:
        self._s3.delete_object(Bucket=BUCKET, Key=key)


@pytest.fixture(params=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Fake | Sandbox:
    return Fake() if request.param == "fake" else Sandbox(request.getfixturevalue("data_clients"))


def test_each_object_that_is_there_comes_once_in_order_with_its_current_version(world: Fake | Sandbox) -> None:
    world.put("A/b", b"old")
    newer = world.put("A/b", b"newer")
    other = world.put("A/a \u00fc", b"1")
    world.put("A/gone", b"x")
    world.hide("A/gone")
    world.put("B/c", b"elsewhere")
    world.put(".ris-hybrid/manifests/m.csv", b"ours")

    found = list(world.versions.latest(BUCKET, "A/"))

    assert [(one.key, one.size, one.version_id) for one in found] == [("A/a \u00fc", 1, other), ("A/b", 5, newer)]
    assert all(one.modified > 0 for one in found)
    assert [one.key for one in world.versions.latest(BUCKET, "")] == ["A/a \u00fc", "A/b", "B/c"]


def test_a_bucket_that_is_not_there_is_no_empty_one(world: Fake | Sandbox) -> None:
    with pytest.raises(CloudError):
        list(world.versions.latest("ris-nobody", ""))


def test_older_versions_are_told_the_newest_first(world: Fake | Sandbox) -> None:
    ids = [world.put("A/b", content) for content in (b"1", b"2", b"3")]
    world.put("A/c", b"1")

    found = {one.key: one.older for one in world.versions.latest(BUCKET, "A/")}

    assert found == {"A/b": (ids[1], ids[0]), "A/c": ()}


def test_what_is_hidden_is_still_there_and_another_version_is_not_hidden(world: Fake | Sandbox) -> None:
    first = world.put("A/b", b"1")
    other = world.put("A/c", b"2")
    world.put("A/c", b"newer")

    failures = world.versions.hide(BUCKET, {"A/b": first, "A/c": other})

    assert [one.path for one in failures] == ["A/c"]
    assert [one.key for one in world.versions.latest(BUCKET, "A/")] == ["A/c"]
