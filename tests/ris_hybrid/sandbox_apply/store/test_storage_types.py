"""Buckets, keys and file systems as the sandbox's apply makes them (sandbox)."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError

BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture
def s3(clients):
    return clients.get("s3")


def set_on(name: str) -> str:
    return f"aws:s3/{name[0].lower()}{name[1:]}:{name}"


def test_a_bucket_is_tagged_and_retagged_and_goes_when_it_is_empty(applied, s3):
    made = applied.make(BUCKET, bucket="b-1", tags={"ris_lab": "lee"})
    applied.change(BUCKET, made, tags={"ris_lab": "wu"})
    assert s3.get_bucket_tagging(Bucket="b-1")["TagSet"] == [{"Key": "ris_lab", "Value": "wu"}]
    applied.change(BUCKET, made, tags={})
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket="b-1")
    applied.delete(BUCKET, made)
    applied.delete(BUCKET, made)  # gone already
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_with_anything_in_it_is_not_deleted(applied, s3):
    made = applied.make(BUCKET, bucket="b-1")
    s3.put_object(Bucket="b-1", Key="Active/x")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        applied.delete(BUCKET, made)


def test_a_bucket_of_ours_that_is_there_is_taken_over(applied, clients):
    applied.make(BUCKET, bucket="b-1")
    assert applied.make(BUCKET, bucket="b-1", tags={"ris_lab": "lee"}).outputs["arn"] == "arn:aws:s3:::b-1"
    assert applied.of[BUCKET].find(clients, "auto", {"bucket": "b-1"}).id == "b-1"
    assert applied.of[BUCKET].find(clients, "auto", {"bucket": "b-2"}) is None
    assert applied.of[BUCKET].read(clients, "b-1").outputs["objectLockEnabled"] is False


def test_in_a_region_that_says_so_a_bucket_is_taken_over_unless_it_lacks_the_lock(aws, applied):
    from ris_hybrid.sandbox.apply.clients import SandboxClients  # noqa: PLC0415  # another region than the fixture's

    west = SandboxClients(aws.url, "us-west-2")
    handler = applied.of[BUCKET]
    handler.create(west, "auto", {"bucket": "b-1"})
    assert handler.create(west, "auto", {"bucket": "b-1"}).id == "b-1"
    with pytest.raises(ConfigError, match="without object lock"):
        handler.create(west, "auto", {"bucket": "b-1", "objectLockEnabled": True})
    handler.create(west, "auto", {"bucket": "b-2", "objectLockEnabled": True})
    assert handler.create(west, "auto", {"bucket": "b-2", "objectLockEnabled": True}).id == "b-2"
    west.close()


def test_what_no_handler_knows_is_an_error(applied):
    with pytest.raises(ConfigError, match="does not know property acl"):
        applied.make(BUCKET, bucket="b-1", acl="private")
    with pytest.raises(ConfigError, match="does not know property bypassPolicyLockoutSafetyCheck"):
        applied.make("aws:kms/key:Key", bypassPolicyLockoutSafetyCheck=True)


def test_what_is_set_on_a_bucket_is_changed_and_taken_off(applied, s3):
    applied.make(BUCKET, bucket="b-1")
    versions = applied.make(set_on("BucketVersioning"), bucket="b-1", versioningConfiguration={"status": "Enabled"})
    key = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"}}
    applied.make(
        set_on("BucketServerSideEncryptionConfiguration"), bucket="b-1", rules=[{**key, "bucketKeyEnabled": True}]
    )
    rule = {"id": "a", "status": "Enabled", "filter": {"prefix": "Archive/"}}
    moved = [{**rule, "transitions": [{"days": 1, "storageClass": "DEEP_ARCHIVE"}]}]
    cycle = applied.make(set_on("BucketLifecycleConfiguration"), bucket="b-1", rules=moved)
    assert s3.get_bucket_versioning(Bucket="b-1")["Status"] == "Enabled"
    (encrypted,) = s3.get_bucket_encryption(Bucket="b-1")["ServerSideEncryptionConfiguration"]["Rules"]
    assert encrypted["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}
    (kept,) = s3.get_bucket_lifecycle_configuration(Bucket="b-1")["Rules"]
    assert (kept["ID"], kept["Transitions"]) == ("a", [{"Days": 1, "StorageClass": "DEEP_ARCHIVE"}])
    applied.change(set_on("BucketLifecycleConfiguration"), cycle, rules=[{**moved[0], "id": "b"}])
    assert s3.get_bucket_lifecycle_configuration(Bucket="b-1")["Rules"][0]["ID"] == "b"
    applied.delete(set_on("BucketLifecycleConfiguration"), cycle)
    applied.delete(set_on("BucketVersioning"), versions)
    assert s3.get_bucket_versioning(Bucket="b-1")["Status"] == "Suspended"


def test_logs_and_inventories_are_written_where_the_policy_lets_them(applied, s3):
    for name in ("b-1", "b-logs"):
        applied.make(BUCKET, bucket=name)
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}
    plain_http = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b-logs/*"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {**plain_http, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {
                **allowed,
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Resource": "arn:aws:s3:::b-logs/access/*",
            },
        ],
    }
    applied.make(set_on("BucketPolicy"), bucket="b-logs", policy=json.dumps(policy))
    logging = applied.make(set_on("BucketLogging"), bucket="b-1", targetBucket="b-logs", targetPrefix="access/b-1/")
    target = {"bucketArn": "arn:aws:s3:::b-logs", "accountId": "123456789012", "format": "Parquet", "prefix": "inv"}
    listed = {
        "enabled": True,
        "includedObjectVersions": "All",
        "optionalFields": ["Size"],
        "schedule": {"frequency": "Weekly"},
        "destination": {"bucket": target},
    }
    inventory = applied.make(set_on("Inventory"), bucket="b-1", name="weekly", **listed)
    assert s3.get_bucket_logging(Bucket="b-1")["LoggingEnabled"]["TargetBucket"] == "b-logs"
    applied.change(set_on("Inventory"), inventory, schedule={"frequency": "Daily"})
    (found,) = s3.list_bucket_inventory_configurations(Bucket="b-1")["InventoryConfigurationList"]
    assert (found["Id"], found["Schedule"], found["IsEnabled"]) == ("weekly", {"Frequency": "Daily"}, True)
    assert applied.of[set_on("Inventory")].replace_on == {"bucket", "name"}
    applied.delete(set_on("BucketLogging"), logging)
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="b-1")


def test_a_marker_lies_in_a_locked_bucket(applied, s3):
    applied.make(BUCKET, bucket="b-1", objectLockEnabled=True)
    lock = {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}
    applied.make(set_on("BucketObjectLockConfiguration"), bucket="b-1", rule=lock)
    applied.make(set_on("BucketObjectv2"), bucket="b-1", key="Active/", contentType="application/x-directory")
    kept = s3.get_object_lock_configuration(Bucket="b-1")["ObjectLockConfiguration"]
    assert kept["Rule"]["DefaultRetention"].items() >= {"Mode": "GOVERNANCE", "Days": 30}.items()
    marker = s3.head_object(Bucket="b-1", Key="Active/")
    assert (marker["ContentLength"], marker["ContentType"]) == (0, "application/x-directory")


def test_a_key_rotates_has_an_alias_and_can_be_had_back(applied, clients):
    kms = clients.get("kms")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    made = applied.make(
        "aws:kms/key:Key",
        description="data",
        policy=policy,
        enableKeyRotation=True,
        deletionWindowInDays=30,
        tags={"ris_lab": "lee"},
    )
    alias = applied.make("aws:kms/alias:Alias", name="alias/data", targetKeyId=made.id)
    assert kms.get_key_rotation_status(KeyId=made.id)["KeyRotationEnabled"]
    assert kms.describe_key(KeyId="alias/data")["KeyMetadata"]["KeyId"] == made.id
    assert applied.of["aws:kms/alias:Alias"].find(clients, "auto", {"name": "alias/data"}) is not None
    assert applied.of["aws:kms/key:Key"].find(clients, "auto", {}) is None  # AWS names it
    applied.change("aws:kms/key:Key", made, enableKeyRotation=False, description="other", tags={})
    assert not kms.get_key_rotation_status(KeyId=made.id)["KeyRotationEnabled"]
    assert kms.list_resource_tags(KeyId=made.id)["Tags"] == []
    applied.delete("aws:kms/alias:Alias", alias)
    applied.delete("aws:kms/key:Key", made)
    found = kms.describe_key(KeyId=made.id)["KeyMetadata"]
    assert (found["KeyState"], found["Description"]) == ("PendingDeletion", "other")


def test_a_scratch_is_mounted_linked_changed_and_gone(applied, clients):
    fsx, ec2 = clients.get("fsx"), clients.get("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    system, link = (
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
    )
    made = applied.make(
        system,
        subnetIds=subnet["SubnetId"],
        deploymentType="PERSISTENT_2",
        perUnitStorageThroughput=125,
        storageCapacity=1200,
        rootSquashConfiguration={"rootSquash": "65534:65534"},
        tags={"ris_lab": "lee"},
    )
    assert made.outputs["dnsName"].startswith(made.id)
    assert made.outputs["vpcId"] == subnet["VpcId"]
    assert made.outputs["mountName"].isalpha()
    linked = applied.make(
        link,
        fileSystemId=made.id,
        fileSystemPath="/wucci",
        dataRepositoryPath="s3://b-1/Active/",
        s3={"autoImportPolicy": {"events": ["NEW"]}},
        tags={"ris_lab": "lee"},
    )
    applied.change(link, linked, s3={"autoExportPolicy": {"events": ["NEW"]}}, tags={"ris_lab": "wu"})
    (shown,) = fsx.describe_data_repository_associations(AssociationIds=[linked.id])["Associations"]
    assert (shown["S3"], shown["Tags"]) == (
        {"AutoExportPolicy": {"Events": ["NEW"]}},
        [{"Key": "ris_lab", "Value": "wu"}],
    )
    applied.change(system, made, perUnitStorageThroughput=250, storageCapacity=2400)
    (grown,) = fsx.describe_file_systems(FileSystemIds=[made.id])["FileSystems"]
    assert (grown["StorageCapacity"], grown["LustreConfiguration"]["PerUnitStorageThroughput"]) == (2400, 250)
    applied.delete(link, linked)
    applied.delete(system, made)
    applied.delete(system, made)  # gone already
    assert fsx.describe_file_systems()["FileSystems"] == []
