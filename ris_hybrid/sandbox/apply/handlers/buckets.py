"""Buckets of S3 and all that is set on them, one type each (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.parts import Also, Param
from ris_hybrid.sandbox.apply.handlers.switches import Switched
from ris_hybrid.sandbox.apply.handlers.wording import is_gone, listed, pascal, unknown_to, upper_first

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Props
    from ris_hybrid.sandbox.apply.handlers.parts import Params

_OURS_ALREADY = "BucketAlreadyOwnedByYou"
_DEFAULT_REGION = "us-east-1"


class Bucket:
    """The bucket itself. One of ours that is there already is taken over: the answer to its creation may be lost."""

    knows = frozenset({"bucket", "objectLockEnabled", "tags"})
    replace_on = frozenset({"bucket", "objectLockEnabled"})

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Raises ``ConfigError`` when one that is there lacks the object lock, which cannot be had later."""
        error = unknown_to(self.knows, props)
        if error is not None:
            raise error
        bucket, client = props.get("bucket") or name, aws.get("s3")
        place = {} if aws.region == _DEFAULT_REGION else {"LocationConstraint": aws.region}
        asked = {"CreateBucketConfiguration": place} if place else {}
        locked = bool(props.get("objectLockEnabled"))
        try:
            client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locked, **asked)
        except ClientError as problem:
            if problem.response["Error"]["Code"] != _OURS_ALREADY:
                raise
            _same_lock(client, bucket, locked)
        made = Made(id=bucket, outputs=_outputs(aws, bucket))
        with finishing(made):
            self._tag(client, bucket, props)
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:  # noqa: ARG002  # as the port has it
        """Only its tags can change."""
        self._tag(aws.get("s3"), made.id, new)
        return {"tagsAll": new.get("tags") or {}}

    def delete(self, aws: Clients, made: Made) -> None:
        """Fails as in AWS while anything is in it (``BucketNotEmpty``): nothing here empties a bucket."""
        try:
            aws.get("s3").delete_bucket(Bucket=made.id)
        except ClientError as error:
            if not is_gone(error.response["Error"]["Code"]):
                raise

    def deletes_first(self, old: Props, new: Props) -> bool:
        """A bucket of the same name cannot be there twice."""
        return bool(old.get("bucket")) and old.get("bucket") == new.get("bucket")

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """The bucket of that name, if it is ours."""
        bucket = props.get("bucket") or name
        try:
            aws.get("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
        except ClientError:
            return None
        return Made(id=bucket, outputs=_outputs(aws, bucket))

    def read(self, aws: Clients, resource_id: str) -> Made:
        """What is there, for an import."""
        client = aws.get("s3")
        client.head_bucket(Bucket=resource_id)
        found = {"bucket": resource_id, "objectLockEnabled": _locked(client, resource_id)}
        return Made(id=resource_id, outputs={**found, **_outputs(aws, resource_id)})

    def _tag(self, client: Any, bucket: str, props: Props) -> None:
        tags = props.get("tags")
        if tags:
            client.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": listed(tags)})
        else:
            client.delete_bucket_tagging(Bucket=bucket)


def _outputs(aws: Clients, bucket: str) -> dict[str, Any]:
    domain = f"{bucket}.s3.{aws.region}.amazonaws.com"
    return {"arn": f"arn:aws:s3:::{bucket}", "bucket": bucket, "bucketRegionalDomainName": domain}


def _locked(client: Any, bucket: str) -> bool:
    try:
        client.get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if is_gone(error.response["Error"]["Code"]):
            return False
        raise
    return True


def _same_lock(client: Any, bucket: str, locked: bool) -> None:
    if locked and not _locked(client, bucket):
        raise ConfigError(
            f"bucket {bucket} is there already, without object lock, which cannot be had later",
            "move its data to a bucket of another name",
        )


def _setting(put: str, params: Params, *, delete: str = "") -> Calls:
    """Something that is set on a bucket by one call, as a whole, and taken off by another."""
    return Calls(
        service="s3",
        create_call=put,
        id="{bucket}",
        params={"bucket": "Bucket", **params},
        key={"Bucket": "{bucket}"},
        also=(Also(put, params, at_creation=False),),
        delete_call=delete,
    )


def _spelled(**words: str) -> Callable[[Any], Any]:
    """``pascal``, with these words spelled as S3 spells them."""

    def turn(value: Any) -> Any:
        if isinstance(value, dict):
            return {words.get(key, upper_first(key)): turn(one) for key, one in value.items()}
        return [turn(one) for one in value] if isinstance(value, list) else value

    return turn


def _one(value: Any) -> list[Any]:
    return [pascal(value)]


_ACCESS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_BLOCK: Params = {prop: f"PublicAccessBlockConfiguration.{upper_first(prop)}" for prop in _ACCESS}
OWNERSHIP = _setting(
    "put_bucket_ownership_controls",
    {"rule": Param("OwnershipControls.Rules", _one)},
    delete="delete_bucket_ownership_controls",
)
POLICY = _setting("put_bucket_policy", {"policy": "Policy"}, delete="delete_bucket_policy")
PUBLIC_ACCESS = _setting("put_public_access_block", _BLOCK, delete="delete_public_access_block")
VERSIONING = Switched(
    calls=_setting(
        "put_bucket_versioning",
        {"versioningConfiguration": "VersioningConfiguration"},
        delete="put_bucket_versioning",
    ),
    leaving={"VersioningConfiguration": {"Status": "Suspended"}},
)
ENCRYPTION = _setting(
    "put_bucket_encryption",
    {
        "rules": Param(
            "ServerSideEncryptionConfiguration.Rules",
            _spelled(sseAlgorithm="SSEAlgorithm", kmsMasterKeyId="KMSMasterKeyID"),
        )
    },
    delete="delete_bucket_encryption",
)
LIFECYCLE = _setting(
    "put_bucket_lifecycle_configuration",
    {
        "rules": Param("LifecycleConfiguration.Rules", _spelled(id="ID")),
        "transitionDefaultMinimumObjectSize": "TransitionDefaultMinimumObjectSize",
    },
    delete="delete_bucket_lifecycle",
)
LOGGING = Switched(
    calls=_setting(
        "put_bucket_logging",
        {
            "targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket",
            "targetPrefix": "BucketLoggingStatus.LoggingEnabled.TargetPrefix",
        },
        delete="put_bucket_logging",
    ),
    leaving={"BucketLoggingStatus": {}},
)
OBJECT_LOCK = _setting(
    "put_object_lock_configuration",
    {"rule": Param("ObjectLockConfiguration", lambda rule: {"ObjectLockEnabled": "Enabled", "Rule": pascal(rule)})},
)
_LISTED: Params = {
    "enabled": "InventoryConfiguration.IsEnabled",
    "includedObjectVersions": "InventoryConfiguration.IncludedObjectVersions",
    "optionalFields": "InventoryConfiguration.OptionalFields",
    "schedule": "InventoryConfiguration.Schedule",
    "destination": Param(
        "InventoryConfiguration.Destination.S3BucketDestination",
        lambda to: _spelled(bucketArn="Bucket")(to["bucket"]),
    ),
    "name": "InventoryConfiguration.Id",
}
INVENTORY = Switched(
    calls=Calls(
        service="s3",
        create_call="put_bucket_inventory_configuration",
        id="{bucket}:{name}",
        named="name",
        params={"bucket": "Bucket", **_LISTED},
        fixed={"Id": "{name}"},
        key={"Bucket": "{bucket}", "Id": "{name}"},
        also=(Also("put_bucket_inventory_configuration", _LISTED, at_creation=False),),
        delete_call="delete_bucket_inventory_configuration",
    ),
    replaced=frozenset({"name"}),
)
_WRITTEN: Params = {"contentType": "ContentType"}
OBJECT = Calls(
    service="s3",
    create_call="put_object",
    id="{bucket}/{key}",
    params={"bucket": "Bucket", "key": "Key", **_WRITTEN},
    key={"Bucket": "{bucket}", "Key": "{key}"},
    also=(Also("put_object", _WRITTEN, at_creation=False),),
    delete_call="delete_object",
)
HANDLERS: Mapping[str, Handler] = {
    "aws:s3/bucket:Bucket": Bucket(),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": LIFECYCLE,
    "aws:s3/bucketLogging:BucketLogging": LOGGING,
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": OBJECT_LOCK,
    "aws:s3/bucketObjectv2:BucketObjectv2": OBJECT,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": OWNERSHIP,
    "aws:s3/bucketPolicy:BucketPolicy": POLICY,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": PUBLIC_ACCESS,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ENCRYPTION,
    "aws:s3/bucketVersioning:BucketVersioning": VERSIONING,
    "aws:s3/inventory:Inventory": INVENTORY,
}
