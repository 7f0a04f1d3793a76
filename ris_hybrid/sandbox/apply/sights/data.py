"""Buckets and what is set on them, keys, file systems, and what holds for the whole account, as AWS shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers import account, buckets, keys, lustre
from ris_hybrid.sandbox.apply.handlers.parts import Param
from ris_hybrid.sandbox.apply.handlers.wording import plain
from ris_hybrid.sandbox.apply.sights.sight import Look, Shown, asking, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handlers.calls import Calls
    from ris_hybrid.sandbox.apply.sights.sight import Sight

_ACCESS = {
    prop: f"PublicAccessBlockConfiguration.{prop[0].upper()}{prop[1:]}"
    for prop in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
}


def _set(calls: Calls, call: str, props: Mapping[str, str], **more: Any) -> Shown:
    """What is set on a bucket, shown by one call."""
    return shown(calls, Look(ask=asking("s3", call, Bucket="{bucket}"), props=props), **more)


def _on(prop: str) -> dict[str, Param]:
    """A switch that is on where nothing is said."""
    return {prop: Param("", plain, default=True)}


_KEY = {"KeyId": "{id}"}
SIGHTS: Mapping[str, Sight] = {
    "aws:s3/bucket:Bucket": Shown(
        looks=(
            Look(ask=asking("s3", "head_bucket", Bucket="{id}")),
            Look(ask=asking("s3", "get_bucket_tagging", none="NoSuchTagSet", Bucket="{id}"), tags="TagSet"),
        )
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _set(
        buckets.LIFECYCLE, "get_bucket_lifecycle_configuration", {"rules": "Rules"}
    ),
    "aws:s3/bucketLogging:BucketLogging": _set(
        buckets.LOGGING.calls,
        "get_bucket_logging",
        {"targetBucket": "LoggingEnabled.TargetBucket", "targetPrefix": "LoggingEnabled.TargetPrefix"},
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _set(
        buckets.OBJECT_LOCK, "get_object_lock_configuration", {"rule": "ObjectLockConfiguration"}
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Shown(
        looks=(
            Look(
                ask=asking("s3", "head_object", Bucket="{bucket}", Key="{key}"),
                props={"contentType": "ContentType"},
            ),
        )
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _set(
        buckets.OWNERSHIP, "get_bucket_ownership_controls", {"rule": "OwnershipControls.Rules"}
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _set(buckets.POLICY, "get_bucket_policy", {"policy": "Policy"}),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _set(
        buckets.PUBLIC_ACCESS, "get_public_access_block", _ACCESS
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _set(
        buckets.ENCRYPTION, "get_bucket_encryption", {"rules": "ServerSideEncryptionConfiguration.Rules"}
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _set(
        buckets.VERSIONING.calls,
        "get_bucket_versioning",
        {"versioningConfiguration": ""},
        passing=frozenset({"ResponseMetadata"}),
    ),
    "aws:s3/inventory:Inventory": shown(
        buckets.INVENTORY.calls,
        Look(
            ask=asking(
                "s3",
                "get_bucket_inventory_configuration",
                "InventoryConfiguration",
                Bucket="{bucket}",
                Id="{name}",
            ),
            props={
                "enabled": "IsEnabled",
                "includedObjectVersions": "IncludedObjectVersions",
                "optionalFields": "OptionalFields",
                "schedule": "Schedule",
                "destination": "Destination.S3BucketDestination",
            },
        ),
    ),
    "aws:kms/key:Key": shown(
        keys.KEY.calls,
        Look(ask=asking("kms", "describe_key", "KeyMetadata", **_KEY), props={"description": "Description"}),
        Look(ask=asking("kms", "get_key_policy", **_KEY, PolicyName="default"), props={"policy": "Policy"}),
        Look(ask=asking("kms", "get_key_rotation_status", **_KEY), props={"enableKeyRotation": "KeyRotationEnabled"}),
        Look(ask=asking("kms", "list_resource_tags", **_KEY), tags="Tags"),
        params={"enableKeyRotation": Param("", plain, default=False)},
    ),
    "aws:kms/alias:Alias": shown(
        keys.ALIAS,
        Look(ask=asking("kms", "describe_key", "KeyMetadata", KeyId="{name}"), props={"targetKeyId": "KeyId"}),
    ),
    "aws:fsx/lustreFileSystem:LustreFileSystem": shown(
        lustre.FILE_SYSTEM,
        Look(
            ask=asking("fsx", "describe_file_systems", "FileSystems.0", FileSystemIds=["{id}"]),
            props={
                "storageCapacity": "StorageCapacity",
                "perUnitStorageThroughput": "LustreConfiguration.PerUnitStorageThroughput",
                "dataCompressionType": "LustreConfiguration.DataCompressionType",
            },
            tags="Tags",
        ),
    ),
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": shown(
        lustre.LINK,
        Look(
            ask=asking("fsx", "describe_data_repository_associations", "Associations.0", AssociationIds=["{id}"]),
            props={"s3": "S3"},
            tags="Tags",
        ),
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": shown(
        account.PUBLIC_ACCESS,
        Look(ask=asking("s3control", "get_public_access_block", AccountId="{accountId}"), props=_ACCESS),
    ),
    "aws:ebs/defaultKmsKey:DefaultKmsKey": shown(
        account.VOLUMES_KEY, Look(ask=asking("ec2", "get_ebs_default_kms_key_id"), props={"keyArn": "KmsKeyId"})
    ),
    "aws:ebs/encryptionByDefault:EncryptionByDefault": Shown(
        looks=(Look(ask=asking("ec2", "get_ebs_encryption_by_default"), props={"enabled": "EbsEncryptionByDefault"}),),
        params=_on("enabled"),
    ),
    "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": shown(
        account.METADATA.calls,
        Look(
            ask=asking("ec2", "get_instance_metadata_defaults"),
            props={
                "httpTokens": "AccountLevel.HttpTokens",
                "httpPutResponseHopLimit": "AccountLevel.HttpPutResponseHopLimit",
            },
        ),
    ),
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": Shown(
        looks=(Look(ask=asking("iam", "get_role", "Role", RoleName="{name}")),)
    ),
}
