"""Buckets with all that is set on them by resources of their own, keys and repositories (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.from_pulumi.registered import UNKNOWN, document, known, nested
from ris_hybrid.data.excluded import is_own
from ris_hybrid.holdings.values import Bucket, Key, Repository

if TYPE_CHECKING:
    from policies.from_pulumi.registered import Resource, Stack

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_DELETES = ("expiration", "noncurrentVersionExpiration")


def bucket(one: Resource, stack: Stack) -> Bucket:
    """A bucket and its parts."""
    tags = one.tags()
    encryption, key, bucket_key = _encryption(one, stack)
    rules = _rules(one, stack)
    return Bucket(
        name=str(one.get("bucket") or one.name),
        account=stack.account,
        tags=tags,
        encryption=encryption,
        key=key,
        bucket_key=bucket_key,
        versioned=_versioned(one, stack),
        public_blocked=_flagged(one, stack, "BucketPublicAccessBlock"),
        owner_enforced=_owner(one, stack),
        policy=_policy(one, stack),
        logs_to=_logs_to(one, stack),
        has_lifecycle=None if rules is None else bool(rules),
        expires=None if rules is None else _expires(rules),
        object_lock=_object_lock(one, stack),
        inventory=True if _part(one, stack, "Inventory", file="inventory") else stack.absent(value=False),
        purpose=(tags or {}).get("ris_purpose", ""),
    )


def blocked(part: Resource) -> bool | None:
    """Whether all four settings of a public access block are on; each is off where it was not given."""
    settings = [known(part.props.get(name), default=False) for name in _BLOCKS]
    if False in settings:
        return False
    return None if None in settings else True


def key(one: Resource, stack: Stack) -> Key:
    """A customer key, by its alias where the stack makes one."""
    alias = stack.part("aws:kms/alias:Alias", "targetKeyId", one, ())
    apart = stack.part("aws:kms/keyPolicy:KeyPolicy", "keyId", one, ())
    policy = apart.props.get("policy") if apart else one.props.get("policy")
    return Key(
        name=str((alias.get("name") if alias else "") or one.name),
        key_id="",
        account=stack.account,
        tags=one.tags(),
        rotates=one.get("enableKeyRotation", default=False),
        enabled=one.get("isEnabled", default=True),
        # KMS's own default policy gives the account everything, and nobody else anything.
        policy=document(policy) if policy else stack.absent(()),
    )


def repository(one: Resource, stack: Stack) -> Repository:
    """A repository of ECR and its policies."""
    name = one.get("name") or one.name
    policy = stack.part("aws:ecr/repositoryPolicy:RepositoryPolicy", "repository", one, (name,))
    lifecycle = stack.part("aws:ecr/lifecyclePolicy:LifecyclePolicy", "repository", one, (name,))
    mutability = one.get("imageTagMutability", "MUTABLE")
    scan = nested(one.props, "imageScanningConfiguration", "scanOnPush")
    return Repository(
        name=str(name),
        account=stack.account,
        tags=one.tags(),
        immutable=None if mutability is None else str(mutability).startswith("IMMUTABLE"),
        scan_on_push=known(scan, default=False),
        encryption=known(nested(one.props, "encryptionConfigurations", 0, "encryptionType"), "AES256"),
        has_lifecycle=True if lifecycle else stack.absent(value=False),
        policy=document(policy.props.get("policy")) if policy else stack.absent(()),
    )


def _part(one: Resource, stack: Stack, kind: str, *, file: str = "") -> Resource | None:
    file = file or kind[0].lower() + kind[1:]
    return stack.part(f"aws:s3/{file}:{kind}", "bucket", one, (one.get("bucket"),))


def _flagged(one: Resource, stack: Stack, kind: str) -> bool | None:
    part = _part(one, stack, kind)
    return blocked(part) if part else stack.absent(value=False)


def _encryption(one: Resource, stack: Stack) -> tuple[str | None, str | None, bool | None]:
    part = _part(one, stack, "BucketServerSideEncryptionConfiguration")
    if part is None:
        return stack.absent("AES256"), stack.absent(""), stack.absent(value=False)  # what S3 itself does since 2023
    rule = nested(part.props, "rules", 0)
    default = nested(rule, "applyServerSideEncryptionByDefault")
    key = nested(default, "kmsMasterKeyId")
    # A key that is not known yet is one all the same: only its id is missing.
    given = "(known after it is made)" if key is UNKNOWN and default is not UNKNOWN else known(key, "")
    return (
        known(nested(default, "sseAlgorithm"), "AES256"),
        given,
        known(nested(rule, "bucketKeyEnabled"), default=False),
    )


def _versioned(one: Resource, stack: Stack) -> bool | None:
    part = _part(one, stack, "BucketVersioning")
    if part is None:
        return stack.absent(value=False)
    status = known(nested(part.props, "versioningConfiguration", "status"), "")
    return None if status is None else bool(status == "Enabled")


def _owner(one: Resource, stack: Stack) -> bool | None:
    part = _part(one, stack, "BucketOwnershipControls")
    if part is None:
        return stack.absent(value=True)  # S3's own default since April 2023
    ownership = known(nested(part.props, "rule", "objectOwnership"), "")
    return None if ownership is None else bool(ownership == "BucketOwnerEnforced")


def _policy(one: Resource, stack: Stack) -> tuple[Any, ...] | None:
    part = _part(one, stack, "BucketPolicy")
    return document(part.props.get("policy")) if part else stack.absent(())


def _logs_to(one: Resource, stack: Stack) -> str | None:
    part = _part(one, stack, "BucketLogging")
    if part is None:
        return stack.absent("")
    target = part.props.get("targetBucket")
    return "(known after it is made)" if target is UNKNOWN else str(target)


def _object_lock(one: Resource, stack: Stack) -> bool | None:
    if _part(one, stack, "BucketObjectLockConfiguration"):
        return True
    enabled: bool | None = one.get("objectLockEnabled", default=False)
    return stack.absent(value=False) if enabled is False else enabled


def _rules(one: Resource, stack: Stack) -> list[Any] | None:
    part = _part(one, stack, "BucketLifecycleConfiguration")
    if part is None:
        return stack.absent([])
    found = part.get("rules", [])
    return None if found is None or UNKNOWN in found else [one for one in found if _enabled(one)]


def _enabled(rule: Any) -> bool:  # JSON
    return bool(nested(rule, "status") != "Disabled")


def _expires(rules: list[Any]) -> bool:
    return any(_deletes(nested(rule, key)) for rule in rules if not _of_ours(rule) for key in _DELETES)


def _of_ours(rule: Any) -> bool:  # JSON
    """Whether it is about nothing but what we wrote ourselves; a filter narrows by tag or size only further."""
    only = nested(rule, "filter")
    prefixes = [nested(rule, "prefix"), nested(only, "prefix"), nested(nested(only, "and"), "prefix")]
    return any(isinstance(one, str) and is_own(one) for one in prefixes)


def _deletes(expiration: Any) -> bool:  # JSON
    """Whether objects go; taking away a delete marker with nothing under it deletes nothing."""
    if expiration is None:
        return False
    days = [nested(expiration, name) for name in ("days", "date", "noncurrentDays")]
    return any(value not in (None, 0, "") for value in days)
