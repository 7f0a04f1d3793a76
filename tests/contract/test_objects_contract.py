"""The promises of the Objects port, kept by S3 (the sandbox's) and by the fake."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from awscrt.checksums import crc64nvme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ris_hybrid.aws.objects import S3Objects
from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.staging.fake import FakeObjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.ports import Objects
    from ris_hybrid.holdings.clients import Clients

BUCKET, PLAIN = "lee-data", "lee-plain"
ODD = ("a b", "a+b", "a%20b", "new\nline", "tab\tx", "back\\slash", 'quote"<>&', "\x01", "ä/ö", "\U0001f600", "\uffff")


class Fake:
    def __init__(self) -> None:
        self.port = FakeObjects(BUCKET)
        self.plain = FakeObjects(PLAIN, versioned=False)

    def put(self, key: str, content: bytes) -> str:
        return self.port.put(BUCKET, key, content)

    def put_plain(self, key: str, content: bytes) -> None:
        self.plain.put(PLAIN, key, content)

    def lock(self, key: str) -> str:
        return self.port.put(BUCKET, key, b"kept", locked=True)

    def mark_deleted(self, key: str) -> None:
        self.port.mark_deleted(BUCKET, key)

    def versions(self, key: str) -> list[str]:
        return [one.version_id for one in self.port.versions(BUCKET, key)]

    def break_next_call(self) -> None:
        self.port.fail_next = TryAgain("broken")


class Sandbox:
    def __init__(self, aws: Any, clients: Clients) -> None:
        self.aws, self.s3 = aws, clients.get("s3")
        self.port = self.plain = S3Objects(clients)
        self.s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        self.s3.create_bucket(Bucket=PLAIN)

    def put(self, key: str, content: bytes) -> str:
        crc = base64.b64encode(crc64nvme(content).to_bytes(8, "big")).decode()
        return str(self.s3.put_object(Bucket=BUCKET, Key=key, Body=content, ChecksumCRC64NVME=crc)["VersionId"])

    def put_plain(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=PLAIN, Key=key, Body=content, ChecksumAlgorithm="CRC64NVME")

    def lock(self, key: str) -> str:
        until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2099-01-01T00:00:00Z"}
        return str(self.s3.put_object(Bucket=BUCKET, Key=key, Body=b"kept", **until)["VersionId"])

    def mark_deleted(self, key: str) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=key)

    def versions(self, key: str) -> list[str]:
        found = self.s3.list_object_versions(Bucket=BUCKET, Prefix=key)
        return [one["VersionId"] for part in ("Versions", "DeleteMarkers") for one in found.get(part, ())]

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "s3:", "do": {"error": {"code": "Unavailable", "status": 400}}}])


@pytest.fixture(params=["fake", "s3"])
def world(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "fake":
        yield Fake()
        return
    yield Sandbox(request.getfixturevalue("sandbox_aws"), request.getfixturevalue("data_clients"))


@pytest.fixture
def objects(world: Any) -> Objects:
    port: Objects = world.port
    return port


def keys(objects: Objects, prefix: str = "", bucket: str = BUCKET) -> list[str]:
    return [one.key for one in objects.listed(bucket, prefix)]


def test_a_listing_is_in_order_of_keys_and_has_only_what_is_current(world: Any, objects: Objects) -> None:
    for key in ("x/b", "x/a/z", "x/a.txt", "x/gone", "y"):
        world.put(key, b"hello")
    world.mark_deleted("x/gone")
    assert keys(objects, "x/") == ["x/a.txt", "x/a/z", "x/b"]
    found = next(iter(objects.listed(BUCKET, "y")))
    assert (found.key, found.size, found.storage_class) == ("y", 5, "STANDARD")
    assert found.modified > 1_000_000_000


def test_what_we_wrote_ourselves_is_nobodys_data(world: Any, objects: Objects) -> None:
    for key in (".ris-hybrid", ".ris-hybrid/manifests/m.csv", ".ris-hybrids/x", "Active/.ris-hybrid/x"):
        world.put(key, b"hello")
    assert keys(objects) == [".ris-hybrid", ".ris-hybrids/x", "Active/.ris-hybrid/x"]
    assert keys(objects, ".ris-hybrid/manifests/") == []


def test_an_empty_prefix_is_empty_and_a_missing_bucket_is_refused(objects: Objects) -> None:
    assert keys(objects, "nothing/") == []
    for question in (lambda: keys(objects, bucket="not-there"), lambda: objects.checksum("not-there", "x")):
        with pytest.raises(Refused, match="exist"):
            question()


def test_names_come_back_as_they_are(world: Any, objects: Objects) -> None:
    odd = [*ODD, "k" * 1024, "é" * 512]
    for key in odd:
        world.put(key, key.encode())
    assert keys(objects) == sorted(odd, key=str.encode)
    for key in odd:
        seen = objects.checksum(BUCKET, key)
        assert seen is not None
        assert seen.size == len(key.encode())


@given(key=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_can_be_found_and_deleted(world: Any, key: str) -> None:
    if {".", "..", ""} & set(key.split("/")):  # no path of a file has such a part
        return
    version = world.put(key, b"x")
    assert key in keys(world.port, key)
    seen = world.port.checksum(BUCKET, key)
    assert seen is not None
    assert seen.version_id == version
    assert world.port.delete(BUCKET, {key: version}) == ()
    assert world.port.checksum(BUCKET, key) is None


def test_a_checksum_is_of_the_current_version(world: Any, objects: Objects) -> None:
    world.put("a", b"old")
    newest = world.put("a", b"hello")
    seen = objects.checksum(BUCKET, "a")
    assert seen is not None
    assert (seen.size, seen.version_id, seen.crc64nvme) == (5, newest, "M3eFcAZSQlc=")
    assert objects.checksum(BUCKET, "none") is None
    assert objects.checksum(BUCKET, "not-utf8-\udcff") is None
    world.mark_deleted("a")
    assert objects.checksum(BUCKET, "a") is None


def test_only_the_named_version_goes(world: Any, objects: Objects) -> None:
    old, new = world.put("a", b"1"), world.put("a", b"2")
    assert objects.delete(BUCKET, {"a": old}) == ()
    assert world.versions("a") == [new]
    assert objects.delete(BUCKET, {"a": old, "never": new}) == ()  # again, and what never was
    assert world.versions("a") == [new]


def test_a_locked_version_stays_and_is_told(world: Any, objects: Objects) -> None:
    locked, free = world.lock("kept"), world.put("free", b"x")
    failures = objects.delete(BUCKET, {"kept": locked, "free": free})
    assert [one.path for one in failures] == ["kept"]
    assert "AccessDenied" in failures[0].reason
    assert keys(objects) == ["kept"]


def test_a_bucket_without_versions(world: Any) -> None:
    world.put_plain("a", b"hello")
    seen = world.plain.checksum(PLAIN, "a")
    assert (seen.version_id, seen.crc64nvme) == ("", "M3eFcAZSQlc=")
    assert world.plain.delete(PLAIN, {"a": seen.version_id}) == ()
    assert keys(world.plain, bucket=PLAIN) == []


def test_an_unanswered_question_is_no_answer(world: Any, objects: Objects) -> None:
    world.put("a", b"x")
    world.break_next_call()
    with pytest.raises(TryAgain):
        objects.checksum(BUCKET, "a")


def test_s3_without_a_version_never_hides_an_object(sandbox_aws: Any, data_clients: Clients) -> None:
    """An empty version id in a versioned bucket: the object was put before versioning, or there is nothing to do."""
    world = Sandbox(sandbox_aws, data_clients)
    version = world.put("a", b"x")
    assert world.port.delete(BUCKET, {"a": "", "\x01": ""}) == ()
    assert world.versions("a") == [version]


def test_s3_sums_of_parts_are_not_used(sandbox_aws: Any, data_clients: Clients) -> None:
    world, part = Sandbox(sandbox_aws, data_clients), b"p" * (5 * 1024 * 1024)
    for key, algorithm in (("sha", {"ChecksumAlgorithm": "SHA256"}), ("plain", {})):
        upload = world.s3.create_multipart_upload(Bucket=BUCKET, Key=key, **algorithm)["UploadId"]
        place = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
        tags = [world.s3.upload_part(**place, PartNumber=n, Body=part)["ETag"] for n in (1, 2)]
        parts = [{"PartNumber": n, "ETag": tag} for n, tag in enumerate(tags, 1)]
        world.s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    sha, plain = (world.port.checksum(BUCKET, key) for key in ("sha", "plain"))
    assert sha is not None
    assert plain is not None
    assert (sha.size, sha.crc64nvme, sha.sha256) == (2 * len(part), "", "")
    assert plain.crc64nvme == base64.b64encode(crc64nvme(part + part).to_bytes(8, "big")).decode()


def test_s3_full_sha256_is_used(sandbox_aws: Any, data_clients: Clients) -> None:
    world = Sandbox(sandbox_aws, data_clients)
    world.s3.put_object(Bucket=BUCKET, Key="a", Body=b"hello", ChecksumAlgorithm="SHA256")
    seen = world.port.checksum(BUCKET, "a")
    assert seen is not None
    assert base64.b64decode(seen.sha256) == hashlib.sha256(b"hello").digest()


def test_s3_many_sums_come_in_order(sandbox_aws: Any, data_clients: Clients) -> None:
    world = Sandbox(sandbox_aws, data_clients)
    for n in range(5):
        world.put(f"k{n}", b"x" * n)
    asked = ["k3", "none", "k0", "k4"]
    found = list(world.port.checksums(BUCKET, asked))
    assert [(key, seen and seen.size) for key, seen in found] == [("k3", 3), ("none", None), ("k0", 0), ("k4", 4)]


def test_s3_says_which_keys_it_could_not_delete(sandbox_aws: Any, data_clients: Clients) -> None:
    world = Sandbox(sandbox_aws, data_clients)
    assert [one.path for one in world.port.delete(BUCKET, {"bad-\udcff": "v"})] == ["bad-\udcff"]
    version = world.put("odd\x01", b"x")
    sandbox_aws.faults([{"match": "s3:DeleteObject$", "do": {"error": {"code": "AccessDenied", "status": 403}}}])
    [failure] = world.port.delete(BUCKET, {"odd\x01": version})
    assert failure.reason.startswith("AccessDenied")
    for code, error in (("NoSuchBucket", Refused), ("Unavailable", TryAgain)):
        sandbox_aws.faults([{"match": "s3:DeleteObject$", "do": {"error": {"code": code, "status": 400}}}])
        with pytest.raises(error):
            world.port.delete(BUCKET, {"odd\x01": version})
    sandbox_aws.faults([{"match": "s3:DeleteObject$", "do": {"error": {"code": "NoSuchVersion", "status": 404}}}])
    assert world.port.delete(BUCKET, {"odd\x01": version}) == ()
