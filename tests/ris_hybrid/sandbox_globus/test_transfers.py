from __future__ import annotations

import base64
import json
import os
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from awscrt.checksums import crc64nvme
from botocore.stub import Stubber

from ris_hybrid.data.values import MoveItem
from ris_hybrid.errors import ConfigError, QuotaReached, TryAgain
from ris_hybrid.sandbox.globus import work
from ris_hybrid.sandbox.globus.bucket import Bucket
from ris_hybrid.sandbox.globus.ends import Found
from ris_hybrid.sandbox.globus.filters import left_out
from ris_hybrid.sandbox.globus.service import CLIENT

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "ris-wucci"


@pytest.fixture(params=["at once", "one by one"])
def either(request: pytest.FixtureRequest, place: Any) -> Any:
    """Where S3 is the sandbox's, and where it is any S3."""
    if request.param == "one by one":
        place.cloud.bulk = None
    return place


def test_files_go_there_and_back_with_their_times(either: Any) -> None:
    either.put("a/one", b"1")
    either.put("a/empty", b"")
    os.utime(either.root / "wucci/Active/a/one", ns=(1_600_000_000_123_456_789,) * 2)
    task = either.submit()
    either.globus.settle()
    assert either.mover.look(task).files == 2
    assert either.there() == ["Active/a/empty", "Active/a/one"]
    told = either.s3.head_object(Bucket=BUCKET, Key="Active/a/one", ChecksumMode="ENABLED")
    assert told["ChecksumCRC64NVME"]
    (either.root / "wucci/Active/a/one").unlink()
    either.submit("a/one", direction="out")
    either.globus.settle()
    assert (either.root / "wucci/Active/a/one").stat().st_mtime_ns == 1_600_000_000_123_456_789


def test_sync_by_time_does_not_see_an_older_change_and_by_checksum_does(either: Any) -> None:
    either.put("a", b"1")
    either.submit("a")
    either.globus.settle()
    either.put("a", b"2")
    os.utime(either.root / "wucci/Active/a", (1, 1))
    by_time = either.submit("a")
    either.globus.settle()
    assert either.mover.look(by_time).skipped == 1
    by_sum = either.submit("a", again=True)
    either.globus.settle()
    assert either.mover.look(by_sum).files == 1
    assert either.read("Active/a") == b"2"


def test_a_newer_and_a_larger_file_go_again(either: Any) -> None:
    for path in ("newer", "larger", "same"):
        either.put(path, b"1")
        os.utime(either.root / "wucci/Active" / path, (1, 1))
    either.submit()
    either.globus.settle()
    either.put("newer", b"2")
    os.utime(either.root / "wucci/Active/newer", (4_000_000_000, 4_000_000_000))
    either.put("larger", b"22")
    os.utime(either.root / "wucci/Active/larger", (1, 1))
    task = either.submit()
    either.globus.settle()
    seen = either.mover.look(task)
    assert (seen.files, seen.skipped) == (2, 1)


def test_links_are_no_files(either: Any) -> None:
    either.put("real")
    (either.root / "wucci/Active/link").symlink_to("real")
    task = either.submit()
    either.globus.settle()
    assert either.there() == ["Active/real"]
    assert either.mover.look(task).files == 1


def test_a_connection_that_breaks_is_tried_again_and_counted(place: Any) -> None:
    place.put("a")
    place.globus.faults.replace([{"path": "*/a", "kind": "network", "times": 2}])
    task = place.submit("a")
    place.globus.settle()
    seen = place.mover.look(task)
    assert (seen.state, seen.faults) == ("done", 2)


def test_a_checksum_that_does_not_agree_is_seen_and_a_silent_damage_is_not(place: Any) -> None:
    for path in ("seen", "silent"):
        place.put(path, b"xyz")
    place.globus.faults.replace(
        [{"path": "*/seen", "kind": "mismatch", "times": 1}, {"path": "*/silent", "kind": "damaged"}]
    )
    task = place.submit("seen", "silent")
    place.globus.settle()
    assert place.mover.look(task).state == "done"
    assert place.read("Active/seen") == b"xyz"
    assert place.read("Active/silent") != b"xyz"


def test_damage_on_the_way_back(place: Any) -> None:
    place.s3.put_object(Bucket=BUCKET, Key="Active/r", Body=b"result")
    place.globus.faults.replace([{"path": f"/{BUCKET}/Active/r", "kind": "damaged"}])
    task = place.submit("r", direction="out")
    place.globus.settle()
    assert place.mover.look(task).state == "done"
    assert (place.root / "wucci/Active/r").read_bytes() not in {b"result", b""}


def test_a_file_that_is_always_broken_fails_its_task_and_is_named(place: Any) -> None:
    place.put("a")
    place.globus.faults.replace([{"path": "*/a", "kind": "network"}])
    task = place.submit("a")
    place.globus.settle()
    seen = place.mover.look(task)
    assert (seen.state, seen.reason) == ("failed", "CONNECTION_BROKEN: 1 files could not be moved")
    assert [one.path for one in seen.failures] == ["/storage1/fs1/wucci/Active/a"]


def test_a_folder_or_a_bucket_that_is_not_there(either: Any) -> None:
    either.put("a")
    for fields in ({"site_path": "/storage1/fs1/none"}, {"bucket": "no-such-bucket"}):
        task = either.submit(**fields)
        either.globus.settle()
        assert "FILE_NOT_FOUND" in either.mover.look(task).reason
    back = either.submit("a", direction="out", bucket="no-such-bucket")
    either.globus.settle()
    assert either.mover.look(back).state == "failed"


def test_after_the_deadline_it_fails(place: Any) -> None:
    place.put("a")
    task = place.submit("a")
    place.now += 2000
    place.globus.settle()
    assert place.mover.look(task).reason == "DEADLINE_EXCEEDED: the deadline has passed"


def test_a_killed_service_goes_on_behind_what_it_had_moved(either: Any) -> None:
    for number in range(6):
        either.put(f"f{number}")
    task = either.submit()
    either.globus.work.turn(files=4)
    either.s3.delete_object(Bucket=BUCKET, Key="Active/f0")
    either.again()
    either.globus.settle()
    seen = either.mover.look(task)
    assert (seen.state, seen.files) == ("done", 6)
    assert "Active/f0" not in either.there()
    assert "Active/f5" in either.there()


def test_a_large_file_goes_in_parts_with_the_checksum_of_the_whole(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"0123456789")
    client = botocore.session.Session().create_client(
        "s3", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    with Stubber(client) as stub:
        stub.add_response("create_multipart_upload", {"UploadId": "u"})
        for number in range(3):
            stub.add_response("upload_part", {"ETag": f"e{number}"})
        whole = base64.b64encode(crc64nvme(b"0123456789").to_bytes(8, "big")).decode()
        sent = {
            "Bucket": "b",
            "Key": "large",
            "UploadId": "u",
            "MultipartUpload": {"Parts": [{"PartNumber": number + 1, "ETag": f"e{number}"} for number in range(3)]},
            "ChecksumCRC64NVME": whole,
            "ChecksumType": "FULL_OBJECT",
        }
        stub.add_response("complete_multipart_upload", {}, sent)
        stub.add_response("head_object", {"ChecksumCRC64NVME": whole})
        put = Bucket(client, part=4).put(tmp_path / "large", "/b/large", Found("/large", 10, 0))
    assert put == whole


def test_credentials_that_ran_out_hold_a_task_and_do_not_end_it(place: Any) -> None:
    place.put("a")
    task = place.submit("a")
    place.globus.expire(task)
    place.globus.settle()
    assert place.mover.look(task).state == "paused"
    place.globus.expire(task, expired=False)
    place.globus.settle()
    assert place.mover.look(task).state == "done"


def test_three_run_and_the_fourth_waits(place: Any) -> None:
    place.put("a")
    tasks = [place.submit("a", move_id=f"m-{number}") for number in range(work.ACTIVE_TASKS + 1)]
    place.globus.work.turn(files=0)
    assert place.mover.look(tasks[-1]).state == "queued"
    place.globus.settle()
    assert place.mover.look(tasks[-1]).state == "done"


def test_where_others_manage_the_collection_a_pause_stops_only_what_is_not_submitted(place: Any) -> None:
    place.again(managers=())
    place.put("a")
    task = place.submit("a")
    said: list[str] = []
    control = place.identity.control(said.append)
    control.pause("in", "network works")
    assert "go on" in said[0]
    with pytest.raises(QuotaReached, match="network works"):
        place.submit("a", move_id="m-2")
    place.globus.settle()
    assert place.mover.look(task).state == "done"
    control.resume()
    assert place.submit("a", move_id="m-2")


def test_an_api_that_is_busy_says_so(place: Any) -> None:
    place.put("a")
    task = place.submit("a")
    place.globus.faults.replace([{"kind": "busy", "times": 1}])
    with place.identity.service.client.retry_config.tune(max_retries=0), pytest.raises(TryAgain):
        place.mover.look(task)
    assert place.mover.look(task).state == "queued"
    with pytest.raises(ConfigError, match="no fault"):
        place.globus.faults.replace([{"kind": "fire"}])


def test_filter_rules_are_taken_in_order() -> None:
    rules = [
        {"method": "include", "name": "keep*", "type": "file"},
        {"method": "exclude", "name": "*[0-9]", "type": "file"},
        {"method": "exclude", "name": ".x"},
    ]
    out = left_out(rules)
    assert [out(name, "file") for name in ("keep1", "a1", "a", ".x")] == [False, True, False, True]
    assert [out(name, "dir") for name in ("keep1", "a1", ".x")] == [False, False, True]


def test_it_is_steered_over_http_too(place: Any) -> None:
    place.put("a")
    task = place.submit("a")

    def steer(deed: str, posted: object) -> int:
        connection = HTTPConnection(place.served.url.removeprefix("http://"))
        connection.request("POST", f"/sandbox/{deed}", json.dumps(posted), {"Content-Type": "application/json"})
        with connection.getresponse() as answer:
            answer.read()
            connection.close()
            return answer.status

    assert steer("expire", {"task_id": task}) == 200
    assert steer("settle", {}) == 200
    assert place.mover.look(task).state == "paused"
    assert steer("expire", {"task_id": task, "expired": False}) == 200
    assert steer("faults", []) == 200
    assert steer("settle", {}) == 200
    assert place.mover.look(task).state == "done"
    assert steer("forget", {"task_id": task}) == 200
    assert place.mover.look(task).state == "unknown"
    assert steer("faults", [{"kind": "fire"}]) == 400
    assert steer("nothing", {}) == 404


def test_no_secret_or_token_lies_in_its_records(place: Any, tmp_path: Path) -> None:
    place.put("a")
    place.submit("a")
    header = place.identity.app.get_authorizer("transfer.api.globus.org").get_authorization_header()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("globus.db*"))
    assert CLIENT.encode() in kept
    assert header.removeprefix("Bearer ").encode() not in kept
    assert b"s3cr3t-of-the-service" not in kept


def test_explicit_files_are_taken_though_a_rule_would_leave_them_out(place: Any) -> None:
    place.put("mmbackup.log")
    place.put("d/mmbackup.log")
    task = place.submit(items=(MoveItem("mmbackup.log", 1), MoveItem("d", 0, True)))
    place.globus.settle()
    assert place.there() == ["Active/mmbackup.log"]
    assert place.mover.look(task).files == 1
