"""What the sandbox's AWS refuses, as AWS does, where moto knows nothing (sandbox)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

ACCOUNT = "123456789012"


@pytest.fixture
def bucket(clients: SandboxClients) -> Any:
    """S3, with a bucket ``b-1``."""
    s3 = clients.get("s3")
    s3.create_bucket(Bucket="b-1")
    return s3


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


DENY = {"Effect": "Deny", "Principal": "*", "Resource": ["arn:aws:s3:::b-1", "arn:aws:s3:::b-1/*"]}
TLS = {**DENY, "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def test_a_policy_is_answered_whole_and_its_conditions_refuse_nobody(bucket):
    text = policy(TLS)
    bucket.put_bucket_policy(Bucket="b-1", Policy=text)
    bucket.put_object(Bucket="b-1", Key="x", Body=b"data")
    assert bucket.get_bucket_policy(Bucket="b-1")["Policy"] == text


def test_a_statement_without_a_condition_is_enforced(bucket):
    bucket.put_object(Bucket="b-1", Key="x", Body=b"data")
    bucket.put_bucket_policy(Bucket="b-1", Policy=policy(TLS, {**DENY, "Action": "s3:PutObject*"}))
    with pytest.raises(ClientError, match="403"):
        bucket.put_object(Bucket="b-1", Key="y", Body=b"data")
    assert bucket.get_object(Bucket="b-1", Key="x")["Body"].read() == b"data"
    bucket.delete_bucket_policy(Bucket="b-1")
    bucket.put_object(Bucket="b-1", Key="y", Body=b"data")
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        bucket.get_bucket_policy(Bucket="b-1")


def test_a_lock_is_put_on_a_bucket_that_holds_objects(bucket):
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}}}
    bucket.put_bucket_versioning(Bucket="b-1", VersioningConfiguration={"Status": "Enabled"})
    bucket.put_object(Bucket="b-1", Key="x", Body=b"data")
    bucket.put_object_lock_configuration(Bucket="b-1", ObjectLockConfiguration=lock)
    found = bucket.get_object_lock_configuration(Bucket="b-1")["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (found["Mode"], found["Days"]) == ("GOVERNANCE", 3)
    assert bucket.get_object(Bucket="b-1", Key="x")["Body"].read() == b"data"
    with pytest.raises(ClientError, match="NoSuchBucket"):
        bucket.put_object_lock_configuration(Bucket="b-2", ObjectLockConfiguration=lock)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_what_is_no_policy_is_refused(bucket, text):
    with pytest.raises(ClientError, match="MalformedPolicy"):
        bucket.put_bucket_policy(Bucket="b-1", Policy=text)


def test_a_policy_of_one_statement_and_of_a_bucket_that_is_not_there(bucket):
    one = json.dumps({"Version": "2012-10-17", "Statement": {**DENY, "Action": "s3:DeleteObject"}})
    bucket.put_bucket_policy(Bucket="b-1", Policy=one)
    assert bucket.get_bucket_policy(Bucket="b-1")["Policy"] == one
    for call in (bucket.put_bucket_policy, bucket.delete_bucket_policy):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            call(Bucket="b-2", **({"Policy": one} if call == bucket.put_bucket_policy else {}))


@pytest.fixture
def file_system(clients: SandboxClients) -> tuple[Any, str]:
    """FSx, and the id of a file system of Lustre."""
    fsx = clients.get("fsx")
    made = fsx.create_file_system(
        FileSystemType="LUSTRE",
        StorageCapacity=2400,
        SubnetIds=["subnet-0123456789abcdef0"],
        LustreConfiguration={"DeploymentType": "SCRATCH_2"},
    )["FileSystem"]
    assert (made["Lifecycle"], made["VpcId"]) == ("AVAILABLE", "")
    return fsx, made["FileSystemId"]


def test_links_that_overlap_or_are_too_many_are_refused(file_system):
    fsx, its_id = file_system

    def link(path: str, target: str) -> str:
        made = fsx.create_data_repository_association(
            FileSystemId=its_id, FileSystemPath=path, DataRepositoryPath=target
        )
        return str(made["Association"]["AssociationId"])

    first = link("/a", "s3://b/a/")
    for path, target, words in [("/a/b", "s3://b/b/", "overlaps"), ("/c", "s3://b/a/", "data repository path")]:
        with pytest.raises(ClientError, match=words):
            link(path, target)
    for number in range(7):
        link(f"/n{number}", f"s3://b/{number}/")
    with pytest.raises(ClientError, match="ServiceLimitExceeded"):
        link("/more", "s3://b/more/")
    by_filter = [{"Name": "file-system-id", "Values": ["fs-other"]}]
    assert fsx.describe_data_repository_associations(Filters=by_filter)["Associations"] == []
    fsx.delete_file_system(FileSystemId=its_id)
    with pytest.raises(ClientError, match="DataRepositoryAssociationNotFound"):
        fsx.describe_data_repository_associations(AssociationIds=[first])


def test_a_file_system_only_grows_and_the_oldest_kind_has_no_links(file_system):
    fsx, its_id = file_system
    with pytest.raises(ClientError, match="can only be increased"):
        fsx.update_file_system(FileSystemId=its_id, StorageCapacity=1200)
    with pytest.raises(ClientError, match="FileSystemNotFound"):
        fsx.describe_file_systems(FileSystemIds=["fs-0123456789abcdef0"])
    old = fsx.create_file_system(
        FileSystemType="LUSTRE",
        SubnetIds=["subnet-0123456789abcdef0"],
        LustreConfiguration={"DeploymentType": "SCRATCH_1"},
    )["FileSystem"]
    assert old["LustreConfiguration"]["MountName"] == "fsx"
    with pytest.raises(ClientError, match="SCRATCH_1"):
        fsx.create_data_repository_association(FileSystemId=old["FileSystemId"], DataRepositoryPath="s3://b")


def test_actions_need_a_budget_and_go_with_it(clients):
    client = clients.get("budgets")
    action = {
        "AccountId": ACCOUNT,
        "BudgetName": "b",
        "NotificationType": "ACTUAL",
        "ActionType": "APPLY_IAM_POLICY",
        "ActionThreshold": {"ActionThresholdValue": 100, "ActionThresholdType": "PERCENTAGE"},
        "Definition": {"IamActionDefinition": {"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/stop", "Roles": ["lab"]}},
        "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/money",
        "ApprovalModel": "AUTOMATIC",
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "pi@example.edu"}],
    }
    with pytest.raises(ClientError, match="NotFoundException"):
        client.create_budget_action(**action)
    limit = {"Amount": "1", "Unit": "USD"}
    budget = {"BudgetName": "b", "BudgetLimit": limit, "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    client.create_budget(AccountId=ACCOUNT, Budget=budget)
    its_id = client.create_budget_action(**action)["ActionId"]
    key = {"AccountId": ACCOUNT, "BudgetName": "b", "ActionId": its_id}
    assert client.describe_budget_action(**key)["Action"]["Status"] == "STANDBY"
    one = {"AccountId": ACCOUNT, "BudgetName": "b"}
    assert len(client.describe_budget_actions_for_budget(**one)["Actions"]) == 1
    client.delete_budget(**one)
    with pytest.raises(ClientError, match="NotFoundException"):
        client.describe_budget_action(**key)
    with pytest.raises(ClientError, match="NotFoundException"):
        client.delete_budget(**one)


def test_tags_and_exports_of_the_bill_are_refused_as_aws_does(clients):
    many = [{"TagKey": f"t{n}", "Status": "Active"} for n in range(21)]
    with pytest.raises(ClientError, match=r"parameter|20"):
        clients.get("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=many)
    client = clients.get("bcm-data-exports")
    written = {"OutputType": "CUSTOM", "Format": "PARQUET", "Compression": "PARQUET", "Overwrite": "OVERWRITE_REPORT"}
    target = {"S3Bucket": "b", "S3Prefix": "p", "S3Region": "us-east-1", "S3OutputConfigurations": written}
    export = {
        "Name": "costs",
        "DataQuery": {"QueryStatement": "SELECT product FROM COST_AND_USAGE_REPORT"},
        "DestinationConfigurations": {"S3Destination": target},
        "RefreshCadence": {"Frequency": "SYNCHRONOUS"},
    }
    client.create_export(Export=export)
    with pytest.raises(ClientError, match="exists already"):
        client.create_export(Export=export)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_export(ExportArn=f"arn:aws:bcm-data-exports:us-east-1:{ACCOUNT}:export/none")


def test_object_lock_comes_to_a_versioned_bucket_with_objects_and_leaves_them_as_they_are(bucket):
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}
    bucket.put_object(Bucket="b-1", Key="x", Body=b"data")
    with pytest.raises(ClientError, match="InvalidBucketState"):
        bucket.put_object_lock_configuration(Bucket="b-1", ObjectLockConfiguration=lock)
    bucket.put_bucket_versioning(Bucket="b-1", VersioningConfiguration={"Status": "Enabled"})
    bucket.put_object_lock_configuration(Bucket="b-1", ObjectLockConfiguration=lock)
    kept = bucket.get_object_lock_configuration(Bucket="b-1")["ObjectLockConfiguration"]
    assert (kept["ObjectLockEnabled"], kept["Rule"]["DefaultRetention"]["Days"]) == ("Enabled", 30)
    assert "ObjectLockMode" not in bucket.head_object(Bucket="b-1", Key="x")
    assert bucket.get_object(Bucket="b-1", Key="x")["Body"].read() == b"data"
    with pytest.raises(ClientError, match="NoSuchBucket"):
        bucket.put_object_lock_configuration(Bucket="b-2", ObjectLockConfiguration=lock)
