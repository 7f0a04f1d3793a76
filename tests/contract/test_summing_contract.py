"""What ``Summing`` promises, kept by the fake and by S3 in the sandbox, in one copy and in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.aws.objects import S3Objects
from ris_hybrid.aws.summing import S3Summing
from ris_hybrid.errors import CloudError, TryAgain
from ris_hybrid.staging.fake import FakeObjects, blob

if TYPE_CHECKING:
    from ris_hybrid.data.ports import Objects, Summing

BUCKET, KEY = "ris-wucci", "Active/out/r \u00fc"


class World:
    def __init__(self, objects: Objects, summing: Summing, s3: Any = None) -> None:
        self.objects, self.summing, self.s3 = objects, summing, s3


@pytest.fixture(params=["fake", "one copy", "in parts"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        objects = FakeObjects(BUCKET)
        objects.sums = "none"
        objects.put(BUCKET, KEY, b"result")
        return World(objects, objects)
    clients = request.getfixturevalue("data_clients")
    s3 = clients.get("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"result", Metadata={"of": "a job"}, Tagging="a=b")
    summing = S3Summing(clients) if request.param == "one copy" else S3Summing(clients, one_copy=3)
    return World(S3Objects(clients), summing, s3)


def test_an_object_without_a_sum_has_one_then_and_the_same_content(world: World) -> None:
    before = world.objects.checksum(BUCKET, KEY)
    assert before is not None
    assert before.crc64nvme == ""

    world.summing.have_sum(BUCKET, KEY, before.version_id)

    after = world.objects.checksum(BUCKET, KEY)
    assert after is not None
    assert (after.size, after.crc64nvme) == (6, blob(b"result").digest().crc64nvme)
    assert after.version_id != before.version_id
    if world.s3 is not None:
        found = world.s3.get_object(Bucket=BUCKET, Key=KEY)
        assert (found["Body"].read(), found["Metadata"]) == (b"result", {"of": "a job"})
        assert world.s3.get_object_tagging(Bucket=BUCKET, Key=KEY)["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_a_bucket_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(CloudError):
        world.summing.have_sum("ris-nobody", KEY, "v1")


def test_what_was_written_since_is_not_hidden_by_a_copy_of_what_was_before(world: World) -> None:
    before = world.objects.checksum(BUCKET, KEY)
    assert before is not None
    if world.s3 is not None:
        world.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"newer")
    else:
        assert isinstance(world.objects, FakeObjects)
        world.objects.put(BUCKET, KEY, b"newer")

    with pytest.raises(TryAgain):
        world.summing.have_sum(BUCKET, KEY, before.version_id)

    after = world.objects.checksum(BUCKET, KEY)
    assert after is not None
    assert after.size == 5
