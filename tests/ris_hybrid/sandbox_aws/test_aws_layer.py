from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws.corrections import CORRECTIONS
from ris_hybrid.sandbox.aws.server import make_server
from ris_hybrid.sandbox.aws.wire import ApiError, Params, error_answer, read_call

if TYPE_CHECKING:
    from conftest import Sandbox


def code_of(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_health_says_sandbox_and_lists_the_corrections(sandbox: Sandbox) -> None:
    health = sandbox.get("health")
    assert (health["sandbox"], health["pid"], type(health["seed"])) == (True, os.getpid(), int)
    assert [one["name"] for one in health["corrections"]] == [one.name for one in CORRECTIONS]


def test_calls_are_counted_by_service_and_action(sandbox: Sandbox, ec2: Any) -> None:
    ec2.describe_vpcs()
    ec2.describe_vpcs()
    sandbox.client("sqs").list_queues()
    sandbox.client("s3").list_buckets()
    sandbox.client("s3", key="sandbox-pulumi").list_buckets()
    sandbox.get("health")
    assert sandbox.get("calls") == {"ec2:DescribeVpcs": 2, "sqs:ListQueues": 1, "s3:ListBuckets": 2}
    assert sandbox.get("calls-by-key") == {
        "sandbox": {"ec2:DescribeVpcs": 2, "sqs:ListQueues": 1, "s3:ListBuckets": 1},
        "sandbox-pulumi": {"s3:ListBuckets": 1},
    }


def test_a_bucket_that_is_not_there_is_no_gap_of_the_sandbox(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="404"):
        s3.head_bucket(Bucket="not-there")


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("ec2", "describe_fpga_images", {}),
        ("ecr", "get_account_setting", {"name": "BLOB_MOUNTING"}),
        ("eks", "list_addons", {"clusterName": "x"}),
        ("pricing", "describe_services", {}),
        ("cloudwatch", "put_composite_alarm", {"AlarmName": "x", "AlarmRule": "y"}),
        ("ec2", "request_spot_fleet", {"SpotFleetRequestConfig": {"IamFleetRole": "x", "TargetCapacity": 1}}),
        ("ssm", "start_session", {"Target": "i-1"}),
    ],
)
def test_what_moto_cannot_do_is_one_clear_error(
    sandbox: Sandbox, service: str, call: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(sandbox.client(service), call)(**arguments)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("SandboxNotImplemented", 501)
    assert f"{service if service != 'cloudwatch' else 'monitoring'}:" in answer["Error"]["Message"]
    assert "sandbox" in answer["Error"]["Message"]


def test_other_services_work_as_in_moto(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="scratch")
    s3.put_object(Bucket="scratch", Key="a/b", Body=b"x" * 100_000)
    assert s3.get_object(Bucket="scratch", Key="a/b")["Body"].read() == b"x" * 100_000
    assert s3.head_object(Bucket="scratch", Key="a/b")["ContentLength"] == 100_000
    assert code_of(s3.get_object, Bucket="scratch", Key="none") == ("NoSuchKey", 404)


def test_assumed_roles_are_other_accounts(sandbox: Sandbox, ec2: Any) -> None:
    arn = "arn:aws:iam::999988887777:role/other"
    keys = sandbox.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
    other = sandbox.client("ec2", key=keys["AccessKeyId"])
    other.create_placement_group(GroupName="theirs", Strategy="cluster")
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    assert "999988887777" in other.describe_placement_groups()["PlacementGroups"][0]["GroupArn"]


def test_ids_follow_from_the_seed_whatever_was_there_before(sandbox: Sandbox, ec2: Any) -> None:
    def network() -> list[str]:
        found = ec2.describe_subnets()["Subnets"]
        ec2.run_instances(ImageId="ami-0b", InstanceType="c7a.4xlarge", MinCount=1, MaxCount=1)
        return [one["SubnetId"] for one in found] + [one["id"] for one in sandbox.get("instances")]

    first = network()
    sandbox.client("ec2", region="us-west-2").describe_vpcs()
    sandbox.client("s3").list_buckets()
    sandbox.post("reset", {})
    assert network() == first
    sandbox.post("reset", {})
    sandbox.post("reset", {})
    assert network() == first


def test_a_region_that_does_not_exist_is_motos_to_refuse(sandbox: Sandbox) -> None:
    assert code_of(sandbox.client("ec2", region="moon-east-1").describe_vpcs)[1] >= 400


def test_reset_forgets_everything(sandbox: Sandbox, ec2: Any) -> None:
    ec2.run_instances(ImageId="ami-0b", InstanceType="c7a.4xlarge", MinCount=1, MaxCount=1, ClientToken="t")
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    sandbox.post("capacity", {"c7a.4xlarge": {"us-east-1a": 0}})
    sandbox.post("timing", {"pending_s": 1})
    sandbox.post("faults", [{"match": "VpcS", "do": {"grant": 1}}])
    assert sandbox.post("reset", {}) == {"reset": True}
    assert sandbox.get("instances") == []
    assert sandbox.get("calls") == {}
    assert sandbox.get("faults") == []
    assert sandbox.get("clock")["now"] != 1_800_000_000
    assert ec2.describe_placement_groups()["PlacementGroups"] == []
    again = ec2.run_instances(ImageId="ami-0b", InstanceType="c7a.4xlarge", MinCount=1, MaxCount=1, ClientToken="t")
    assert again["Instances"][0]["State"]["Name"] == "pending"


@pytest.mark.parametrize(
    ("route", "value", "words"),
    [
        ("clock", {"now": "x"}, "a number"),
        ("clock", {"then": 1}, "an object with now"),
        ("clock", {"now": 5}, "does not go back"),
        ("timing", {"pending_s": -1}, "from 0 up"),
        ("timing", {}, "an object with"),
        ("capacity", [], "an object of instance types"),
        ("capacity", {"c7a.large": 3}, "an object of zones"),
        ("capacity", {"c7a.large": {"us-east-1a": -1}}, "a whole number"),
        ("faults", {"match": "x"}, "a list"),
        ("nonsense", {}, "no such route"),
    ],
)
def test_control_says_what_is_wrong(sandbox: Sandbox, route: str, value: object, words: str) -> None:
    assert words in sandbox.refused(route, value)


def test_control_wants_json(sandbox: Sandbox) -> None:
    with pytest.raises(HTTPError) as caught:
        sandbox.opened("/_sandbox/clock", b"{")
    with caught.value as error:
        assert "not JSON" in json.load(error)["error"]


def test_motos_own_pages_are_there_and_not_counted(sandbox: Sandbox) -> None:
    with sandbox.opened("/moto-api/data.json") as answer:
        assert answer.status == 200
    assert sandbox.get("calls") == {}


def test_only_loopback_is_served() -> None:
    for host in ("10.0.0.1", "::", "localhost.example.org"):
        with pytest.raises(ConfigError, match=r"127\.0\.0\.1"):
            make_server(seed=0, host=host)


def request(body: bytes = b"", **environ: Any) -> dict[str, Any]:
    return {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.input": io.BytesIO(body), **environ}


def test_a_signed_address_is_read_without_its_signature() -> None:
    query = "Action=RunInstances&ClientToken=t&X-Amz-Credential=K/20260101/eu-west-1/ec2/aws4_request&X-Amz-Signature="
    calls = [read_call(request(QUERY_STRING=query + one), str.lower) for one in "ab"]
    assert (calls[0].name, calls[0].region, calls[0].account) == ("ec2:RunInstances", "eu-west-1", "k")
    assert calls[0].digest() == calls[1].digest()


def test_unsigned_calls_are_s3s_or_stss() -> None:
    assert read_call(request(REQUEST_METHOD="GET"), str).name == "s3:ListBuckets"
    query = "Action=AssumeRoleWithWebIdentity"
    call = read_call(request(QUERY_STRING=query), str)
    assert (call.name, call.protocol) == ("sts:AssumeRoleWithWebIdentity", "query")


def test_a_body_of_unknown_length_is_read_to_its_end() -> None:
    chunked = request(b"abc", **{"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    call = read_call(chunked, str)
    assert call.body == b"abc"
    assert call.wsgi()["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in call.wsgi()
    assert read_call(request(b"abc"), str).body == b""


def test_numbers_lists_and_structures_of_a_form() -> None:
    params = Params({"A.2.X": "b", "A.1.X": "a", "A.1.Y.1": "c", "A.x": "odd", "N": "7", "B.1": "p", "B.2": "q"})
    assert [one.get("X") for one in params.items("A")] == ["a", "b"]
    assert params.items("A")[0].values("Y") == ["c"]
    assert params.values("B") == ["p", "q"]
    assert (params.number("N"), params.number("M"), params.number("M", 3)) == (7, None, 3)
    for odd in ("x", "inf", "nan"):
        with pytest.raises(ApiError, match="InvalidParameterValue"):
            Params({"N": odd}).number("N")


def test_an_error_of_a_query_service() -> None:
    call = read_call(request(QUERY_STRING="Action=X&X-Amz-Credential=K/1/r/sts/aws4_request"), str)
    body = error_answer(call, ApiError("Code", "a & b", 409)).body.decode()
    assert "<Code>Code</Code><Message>a &amp; b</Message>" in body
