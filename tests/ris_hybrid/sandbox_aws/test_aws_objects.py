"""Objects, and what carries files between folders and buckets, where the sandbox differs from moto."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

import pytest
from awscrt.checksums import crc64nvme
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Sandbox

BUCKET = "lee-data"
NOW = 1_900_000_000.0


def crc(content: bytes) -> str:
    return base64.b64encode(crc64nvme(content).to_bytes(8, "big")).decode()


@pytest.fixture
def s3(sandbox: Sandbox) -> Any:
    client = sandbox.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


def test_an_object_has_the_checksum_it_came_with(s3: Any) -> None:
    told = s3.put_object(Bucket=BUCKET, Key="a", Body=b"hello", ChecksumCRC64NVME=crc(b"hello"))
    assert (told["ChecksumCRC64NVME"], told["ChecksumType"]) == (crc(b"hello"), "FULL_OBJECT")
    old = s3.get_object_attributes(
        Bucket=BUCKET, Key="a", VersionId=told["VersionId"], ObjectAttributes=["Checksum", "StorageClass"]
    )
    assert old["StorageClass"] == "STANDARD"


def test_content_that_is_not_what_its_checksum_says_is_refused(s3: Any) -> None:
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"hello", ChecksumCRC64NVME=crc(b"other"))
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object_attributes(Bucket=BUCKET, Key="a", ObjectAttributes=["Checksum"])


def test_objects_are_dated_by_the_sandboxs_clock_in_the_order_they_came(sandbox: Sandbox, s3: Any) -> None:
    sandbox.post("clock", {"now": NOW})
    first, second = (s3.put_object(Bucket=BUCKET, Key="a", Body=body)["VersionId"] for body in (b"1", b"2"))
    found = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert {one["LastModified"].timestamp() for one in found} == {NOW}
    assert [(one["VersionId"], one["IsLatest"]) for one in found] == [(second, True), (first, False)]
    assert s3.head_object(Bucket=BUCKET, Key="a")["LastModified"].timestamp() == NOW


def test_a_listing_of_versions_leaves_the_objects_as_they_are(s3: Any) -> None:
    for body in (b"1", b"22"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="a")
    for _ in range(2):
        told = s3.list_object_versions(Bucket=BUCKET)
        assert [(one["Size"], one["IsLatest"]) for one in told["Versions"]] == [(2, False), (1, False)]
        assert [one["IsLatest"] for one in told["DeleteMarkers"]] == [True]
    newest = told["Versions"][0]["VersionId"]
    assert s3.get_object(Bucket=BUCKET, Key="a", VersionId=newest)["Body"].read() == b"22"


def test_a_copy_has_a_checksum_too(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"hello", ChecksumAlgorithm="CRC64NVME")
    s3.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    found = s3.get_object_attributes(Bucket=BUCKET, Key="b", ObjectAttributes=["Checksum", "ObjectSize"])
    assert (found["Checksum"]["ChecksumCRC64NVME"], found["ObjectSize"]) == (crc(b"hello"), 5)


def test_pages_of_a_listing(s3: Any) -> None:
    keys = ["a b", "a/1", "a/2", "b", "ä"]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    assert [[one["Key"] for one in page["Contents"]] for page in pages] == [["a b", "a/1"], ["a/2", "b"], ["ä"]]
    found = s3.list_objects_v2(Bucket=BUCKET, StartAfter="a/2", EncodingType="url")
    assert [one["Key"] for one in found["Contents"]] == ["b", "%C3%A4"]
    assert found["Contents"][0]["ChecksumType"] == "FULL_OBJECT"
    assert [one["Prefix"] for one in s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")["CommonPrefixes"]] == ["a/"]
    with pytest.raises(ClientError, match="InvalidArgument"):
        s3.list_objects_v2(Bucket=BUCKET, ContinuationToken="?")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket="not-there")


def carry(sandbox: Sandbox, folder: Path, direction: str, *paths: str) -> Any:
    posted = {"bucket": BUCKET, "prefix": "Active/", "folder": str(folder), "paths": paths, "direction": direction}
    return sandbox.post("carry", posted)


def test_files_are_carried_there_and_back(sandbox: Sandbox, s3: Any, tmp_path: Path) -> None:
    here, back = tmp_path / "here", tmp_path / "back"
    here.mkdir()
    (here / "a").write_bytes(b"hello")
    (here / "a").chmod(0o640)
    os.utime(here / "a", ns=(5, 5))
    with (here / "sparse").open("wb") as content:
        content.truncate(3_000_000)
        content.seek(1_000_000)
        content.write(b"x" * 10)
    assert carry(sandbox, here, "in", "a", "sparse")["files"] == 2
    again = carry(sandbox, here, "in", "a", "sparse")
    assert (again["files"], again["same"]) == (0, ["a", "sparse"])
    assert s3.get_object(Bucket=BUCKET, Key="Active/a")["Body"].read() == b"hello"
    assert carry(sandbox, back, "out", "a", "sparse")["bytes"] == 3_000_005
    assert carry(sandbox, back, "out", "a", "sparse")["skipped"] == 2
    seen = (back / "a").stat()
    assert (seen.st_mode & 0o777, seen.st_mtime_ns) == (0o640, 5)
    assert (back / "sparse").read_bytes() == (here / "sparse").read_bytes()
    assert (back / "sparse").stat().st_blocks * 512 < 1_000_000
    assert [path.name for path in back.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_carried_is_told_by_file(sandbox: Sandbox, s3: Any, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"hello")
    (tmp_path / "link").symlink_to("good")
    with (tmp_path / "hole").open("wb") as content:
        content.truncate(100_000)
    told = carry(sandbox, tmp_path, "in", "good", "none", "link", "../up", "bad\udcff", "x" * 1100)
    assert told["files"] == 1
    assert {one["path"]: one["reason"].partition(":")[0] for one in told["failures"]} == {
        "none": "No such file or directory",
        "link": "Too many levels of symbolic links",
        "../up": "InvalidPath",
        "bad\udcff": "the name is not UTF-8",
        "x" * 1100: "KeyTooLongError",
    }
    s3.delete_object(Bucket=BUCKET, Key="Active/good")
    [failure] = carry(sandbox, tmp_path, "out", "good")["failures"]
    assert failure["reason"].startswith("NoSuchKey")


def test_routes_say_what_is_wrong(sandbox: Sandbox, tmp_path: Path) -> None:
    whole = {"bucket": "not-there", "prefix": "", "folder": str(tmp_path), "paths": ["x"], "direction": "in"}
    (tmp_path / "x").touch()
    assert "NoSuchBucket" in sandbox.refused("carry", whole)
    assert "direction in or out" in sandbox.refused("carry", {**whole, "direction": "up"})
    assert "direction in or out" in sandbox.refused("carry", [])
    assert "absolute folder" in sandbox.refused("exports", {"nfs.example.edu": "relative"})
    assert sandbox.post("exports", {"fs-1": "/x"}) == {"fs-1": "/x"}


def test_datasync_lists_by_pages_and_filters(sandbox: Sandbox) -> None:
    sync = sandbox.client("datasync")
    arns = [_location(sync, f"Active/{n}/") for n in range(3)]

    def found(operator: str, *values: str) -> list[str]:
        only = {"Name": "LocationUri", "Operator": operator, "Values": list(values)}
        return [one["LocationArn"] for one in sync.list_locations(Filters=[only])["Locations"]]

    assert found("Equals", f"s3://{BUCKET}/Active/1/") == [arns[1]]
    assert found("Contains", "/2/") == [arns[2]]
    assert found("BeginsWith", "s3://") == arns
    pages = sync.get_paginator("list_locations").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["Locations"]) for page in pages] == [2, 1]
    for n in range(100):
        sync.create_task(SourceLocationArn=arns[0], DestinationLocationArn=arns[1], Name=f"t{n}")
    with pytest.raises(ClientError, match="maximum of 100 tasks"):
        sync.create_task(SourceLocationArn=arns[0], DestinationLocationArn=arns[1])


def _location(sync: Any, prefix: str) -> str:
    made = sync.create_location_s3(
        S3BucketArn=f"arn:aws:s3:::{BUCKET}",
        Subdirectory=prefix,
        S3Config={"BucketAccessRoleArn": "arn:aws:iam::123456789012:role/r"},
    )
    return str(made["LocationArn"])


@pytest.mark.parametrize(
    ("host", "subdirectory", "words"),
    [("other.example.edu", "/x", "no exports"), ("nfs.example.edu", "/none", "cannot be read")],
)
def test_datasync_says_why_it_could_not(
    sandbox: Sandbox, tmp_path: Path, host: str, subdirectory: str, words: str
) -> None:
    sandbox.post("exports", {"nfs.example.edu": str(tmp_path)})
    sync = sandbox.client("datasync")
    agent = {"AgentArns": ["arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0"]}
    site = sync.create_location_nfs(ServerHostname=host, Subdirectory=subdirectory, OnPremConfig=agent)["LocationArn"]
    task = sync.create_task(SourceLocationArn=site, DestinationLocationArn=_location(sync, "x/"))["TaskArn"]
    run = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
    assert sync.list_tasks()["Tasks"][0]["Status"] == "RUNNING"
    sandbox.post("clock", {"now": 1_800_000_100})
    seen = sync.describe_task_execution(TaskExecutionArn=run)
    assert seen["Status"] == "ERROR"
    assert words in seen["Result"]["ErrorDetail"]
    assert sync.list_tasks()["Tasks"][0]["Status"] == "AVAILABLE"
    with pytest.raises(ClientError, match="has ended"):
        sync.cancel_task_execution(TaskExecutionArn=run)
    with pytest.raises(ClientError, match="not found"):
        sync.list_tags_for_resource(ResourceArn=f"{task[:-1]}x")


def test_datasync_leaves_out_what_its_filter_says(sandbox: Sandbox, s3: Any, tmp_path: Path) -> None:
    sandbox.post("exports", {"nfs.example.edu": str(tmp_path)})
    for name in ("a.dat", "b.tmp", "c|d"):
        (tmp_path / name).write_bytes(b"x")
    sync = sandbox.client("datasync")
    agent = {"AgentArns": ["arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0"]}
    site = sync.create_location_nfs(ServerHostname="nfs.example.edu", Subdirectory="/", OnPremConfig=agent)
    task = sync.create_task(
        SourceLocationArn=site["LocationArn"], DestinationLocationArn=_location(sync, "x/"),
        Excludes=[{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp|c\\|d"}],
    )["TaskArn"]  # fmt: skip
    run = sync.start_task_execution(TaskArn=task)["TaskExecutionArn"]
    sandbox.post("clock", {"now": 1_800_000_100})
    assert sync.describe_task_execution(TaskExecutionArn=run)["FilesTransferred"] == 1
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["x/a.dat"]


def test_what_is_carried_into_a_bucket_with_object_lock_is_kept(sandbox: Sandbox, s3: Any, tmp_path: Path) -> None:
    kept = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 7}}
    s3.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": kept}
    )
    (tmp_path / "a").write_bytes(b"hello")
    assert carry(sandbox, tmp_path, "in", "a")["files"] == 1
    version = s3.head_object(Bucket=BUCKET, Key="Active/a")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key="Active/a", VersionId=version)
