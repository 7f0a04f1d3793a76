"""What AWS shows against what was asked for: its forms, what it leaves out, and what may not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.leftovers import left_over
from ris_hybrid.sandbox.apply.sights.alike import alike
from ris_hybrid.sandbox.apply.sights.every import sights
from ris_hybrid.sandbox.apply.sights.sight import says_gone

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

ACCOUNT = "123456789012"
WORDS = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=3), one, max_size=3),
    max_leaves=8,
)


@given(WORDS, st.randoms())
def test_order_empty_parts_and_documents_are_no_difference(value: Any, chance: Any) -> None:
    def shown(one: Any) -> Any:
        if isinstance(one, dict):
            return {**{key: shown(inner) for key, inner in one.items()}, "left out": None}
        if isinstance(one, list):
            return chance.sample([shown(inner) for inner in one], len(one))
        return str(one).lower() if isinstance(one, bool) else one

    assert alike(value, shown(value))


@pytest.mark.parametrize(
    ("wanted", "shown", "same"),
    [
        (1, "1.0", True),
        (True, "true", True),
        (0, None, True),
        ("", [], True),
        ({"a": {"b": ""}}, {}, True),
        ('{"a": ["x", "y"]}', {"a": ["y", "x"]}, True),
        ("{ not json", "{ not json", True),
        ({"id": "r"}, {"id": "r", "Expiration": {"Days": 1}}, False),
        (["a"], ["a", "a"], False),
        (["a", "a"], ["a", "b"], False),
        (["a"], "a", False),
        ("on", None, False),
        ("on", "off", False),
        (None, "boundary", False),
    ],
)
def test_what_is_more_less_or_other_differs(wanted: Any, shown: Any, same: bool) -> None:
    assert alike(wanted, shown) is same


def test_what_aws_writes_by_itself_may_pass_and_what_was_asked_for_may_not() -> None:
    assert alike({"a": 1}, {"a": 1, "state": "OK"}, frozenset({"state"}))
    assert not alike({"a": 1, "state": "OFF"}, {"a": 1, "state": "OK"}, frozenset({"state"}))


@pytest.mark.parametrize(
    ("code", "gone"),
    [("NoSuchBucket", True), ("404", True), ("UnknownOperationException", False), ("AccessDenied", False)],
)
def test_only_aws_itself_says_that_a_thing_is_gone(code: str, gone: bool) -> None:
    assert says_gone(ClientError({"Error": {"Code": code}}, "Describe")) is gone


@pytest.mark.parametrize(
    "kind",
    [
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/securityGroup:SecurityGroup",
    ],
)
def test_a_refusal_is_no_absence(kind: str) -> None:
    class Refusing:
        region, account = "us-east-1", ACCOUNT

        def get(self, _service: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "Describe")

    with pytest.raises(ClientError):
        sights()[kind].differing(Refusing(), Made(id="x", outputs={"bucket": "x"}), {})


def test_what_a_killed_run_left_is_found_by_its_name(clients: SandboxClients) -> None:
    tags = [{"Key": "Name", "Value": "env-vpc"}]
    ec2, kms = clients.get("ec2"), clients.get("kms")
    vpc = ec2.create_vpc(CidrBlock="10.80.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"][
        "VpcId"
    ]
    key = kms.create_key(Tags=[{"TagKey": "Name", "TagValue": "env-key"}])["KeyMetadata"]["KeyId"]
    kms.create_key()
    assert left_over(clients, "aws:ec2/vpc:Vpc", {"tags": {"Name": "env-vpc"}}) == (vpc,)
    assert left_over(clients, "aws:ec2/subnet:Subnet", {"tags": {"Name": "env-vpc"}}) == ()
    assert left_over(clients, "aws:kms/key:Key", {"tags": {"Name": "env-key"}}) == (key,)
    assert left_over(clients, "aws:ec2/vpc:Vpc", {}) is None
    assert left_over(clients, "aws:sqs/queue:Queue", {"tags": {"Name": "env-vpc"}}) is None
    ec2.delete_vpc(VpcId=vpc)
    assert left_over(clients, "aws:ec2/vpc:Vpc", {"tags": {"Name": "env-vpc"}}) == ()


def test_a_flow_log_is_delivered_where_its_log_group_is(clients: SandboxClients) -> None:
    ec2 = clients.get("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.80.0.0/16")["Vpc"]["VpcId"]
    clients.get("logs").create_log_group(logGroupName="flows")

    def status(group: str) -> str:
        asked = {"LogDestination": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}", "ResourceIds": [vpc]}
        role = {"DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/flows", "TrafficType": "ALL"}
        made = ec2.create_flow_logs(ResourceType="VPC", LogDestinationType="cloud-watch-logs", **asked, **role)
        told = ec2.describe_flow_logs(FlowLogIds=made["FlowLogIds"])["FlowLogs"][0]
        return f"{told['DeliverLogsStatus']} {told.get('DeliverLogsErrorMessage', '')}".strip()

    assert (status("flows"), status("flows:*"), status("none")) == ("SUCCESS", "SUCCESS", "FAILED Access error")


def test_an_inventory_goes_and_its_bucket_stays(clients: SandboxClients) -> None:
    s3 = clients.get("s3")
    s3.create_bucket(Bucket="b-1")
    to = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::b-1", "Format": "CSV"}}
    listed = {"Id": "weekly", "IsEnabled": True, "Schedule": {"Frequency": "Weekly"}, "IncludedObjectVersions": "All"}
    asked = {**listed, "Destination": to, "OptionalFields": ["Size"]}
    s3.put_bucket_inventory_configuration(Bucket="b-1", Id="weekly", InventoryConfiguration=asked)
    shown = s3.get_bucket_inventory_configuration(Bucket="b-1", Id="weekly")["InventoryConfiguration"]
    assert shown["OptionalFields"] == ["Size"]
    s3.delete_bucket_inventory_configuration(Bucket="b-1", Id="weekly")
    s3.head_bucket(Bucket="b-1")
    for bucket, code in {"b-1": "NoSuchConfiguration", "b-2": "NoSuchBucket"}.items():
        with pytest.raises(ClientError) as refused:
            s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="weekly")
        assert refused.value.response["Error"]["Code"] == code


def test_the_key_of_volumes_and_who_is_told_of_money_can_be_read(clients: SandboxClients) -> None:
    ec2, budgets = clients.get("ec2"), clients.get("budgets")
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    key = clients.get("kms").create_key()["KeyMetadata"]["Arn"]
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    told = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80}
    whom = [{"SubscriptionType": "EMAIL", "Address": "ris@example.edu"}]
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": "b",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
        },
        NotificationsWithSubscribers=[{"Notification": told, "Subscribers": whom}],
    )
    asked = {"AccountId": ACCOUNT, "BudgetName": "b"}
    assert budgets.describe_subscribers_for_notification(**asked, Notification=told)["Subscribers"] == whom
    with pytest.raises(ClientError, match="NotFoundException"):
        budgets.describe_subscribers_for_notification(**asked, Notification={**told, "Threshold": 90})
