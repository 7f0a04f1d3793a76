"""Buckets of S3. Source of codes and shapes: Amazon S3 API reference, the ``GetBucket...`` operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.data.excluded import is_own
from ris_hybrid.errors import Refused
from ris_hybrid.holdings.answers import listed, statements, tags_of
from ris_hybrid.holdings.values import Bucket, Transition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetBucketEncryptionOutputTypeDef, LifecycleRuleOutputTypeDef

    from ris_hybrid.holdings.keys import KeyNames
    from ris_hybrid.holdings.reading import Reading

    Lifecycle: TypeAlias = tuple[tuple[Transition, ...], bool, bool]

_NOT_THERE = {"404": "", "NoSuchBucket": ""}
_FOREIGN = {"403": "taken", "301": "taken", "400": "taken"}
"""HeadBucket has no body: forbidden, in another region, or asked in a way that only the owner's region understands."""
_TAKEN = "the name is taken, by another account or in another region"


def read_buckets(reading: Reading, keys: KeyNames) -> tuple[Bucket, ...] | None:
    """The region's buckets that are ours or wanted, and wanted names that others have; None when not listed."""
    s3: S3Client = reading.client("s3")
    here = {"BucketRegion": reading.region, "PageSize": 1000}
    found = reading.ask("buckets", lambda: listed(s3, "list_buckets", "Buckets", **here))
    if found is None:
        return None
    names = [str(one["Name"]) for one in found]
    ours = reading.each(lambda name: _bucket(reading, s3, name, keys), names)
    missing = sorted(reading.scope.buckets - set(names))
    taken = reading.each(lambda name: _taken(reading, s3, name), missing)
    return tuple(sorted((*ours, *taken), key=lambda bucket: bucket.name))


def _bucket(reading: Reading, s3: S3Client, name: str, keys: KeyNames) -> Bucket | None:
    tags = reading.ask(
        f"bucket {name}: tags",
        lambda: tags_of(s3.get_bucket_tagging(Bucket=name)["TagSet"]),
        {"NoSuchTagSet": {}},
    )
    if reading.scope.covers(tags, name):
        return _in_depth(reading, s3, name, tags, keys)
    # Whose it is cannot be told: it stays to be seen, with nothing known of it.
    return Bucket(name=name, account=reading.account, tags=None) if tags is None else None


def _taken(reading: Reading, s3: S3Client, name: str) -> Bucket | None:
    def look() -> str:
        s3.head_bucket(Bucket=name)
        return "taken"

    answer = reading.ask(f"bucket {name}: whether the name is free", look, {**_NOT_THERE, **_FOREIGN})
    if answer == "":
        return None
    if answer is not None:
        reading.note(f"bucket {name}: owner", _TAKEN)
    return Bucket(name=name, account="", tags=None)


def _in_depth(reading: Reading, s3: S3Client, name: str, tags: Mapping[str, str] | None, keys: KeyNames) -> Bucket:
    def ask(about: str, question: Callable[[], Any], absent: Mapping[str, Any]) -> Any:
        return reading.ask(f"bucket {name}: {about}", question, absent)

    none = {"ServerSideEncryptionConfigurationNotFoundError": ("", "", False)}
    encryption = ask("encryption", lambda: _encryption(s3.get_bucket_encryption(Bucket=name)), none)
    word, key, bucket_key = encryption or (None, None, None)
    lifecycle = ask("lifecycle", lambda: _lifecycle(s3, name), {"NoSuchLifecycleConfiguration": ((), False, False)})
    transitions, has_lifecycle, expires = lifecycle or (None, None, None)
    no_block, no_owner = {"NoSuchPublicAccessBlockConfiguration": False}, {"OwnershipControlsNotFoundError": False}
    no_lock = {"ObjectLockConfigurationNotFoundError": False}
    return Bucket(
        name=name,
        account=reading.account,
        tags=tags,
        encryption=word,
        key=None if key is None else keys.customer(key),
        bucket_key=bucket_key,
        versioned=ask("versioning", lambda: s3.get_bucket_versioning(Bucket=name).get("Status") == "Enabled", {}),
        public_blocked=ask("public access block", lambda: _blocked(s3, name), no_block),
        owner_enforced=ask("ownership controls", lambda: _enforced(s3, name), no_owner),
        policy=ask("policy", lambda: _policy(s3, name), {"NoSuchBucketPolicy": ()}),
        logs_to=ask("access log", lambda: _logs_to(s3, name), {}),
        transitions=transitions,
        has_lifecycle=has_lifecycle,
        expires=expires,
        object_lock=ask("object lock", lambda: _locked(s3, name), no_lock),
        inventory=ask("inventory", lambda: _has_inventory(s3, name), {}),
        purpose=(tags or {}).get("ris_purpose", ""),
    )


def _encryption(answer: GetBucketEncryptionOutputTypeDef) -> tuple[str, str, bool]:
    [rule] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    return default["SSEAlgorithm"], default.get("KMSMasterKeyID", ""), rule.get("BucketKeyEnabled", False)


def _blocked(s3: S3Client, name: str) -> bool:
    return all_blocked(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"])


def all_blocked(settings: Mapping[str, Any]) -> bool:
    """Whether all four settings of a public access block are on."""
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return all(settings.get(name) is True for name in names)


def _policy(s3: S3Client, name: str) -> tuple[Mapping[str, Any], ...]:
    return statements(s3.get_bucket_policy(Bucket=name)["Policy"])


def _enforced(s3: S3Client, name: str) -> bool:
    rules = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    return any(rule["ObjectOwnership"] == "BucketOwnerEnforced" for rule in rules)


def _logs_to(s3: S3Client, name: str) -> str:
    return s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {}).get("TargetBucket", "")


def _locked(s3: S3Client, name: str) -> bool:
    answer = s3.get_object_lock_configuration(Bucket=name)
    return answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"


def _has_inventory(s3: S3Client, name: str) -> bool:
    found = s3.list_bucket_inventory_configurations(Bucket=name).get("InventoryConfigurationList", [])
    return any(one["IsEnabled"] for one in found)


def _lifecycle(s3: S3Client, name: str) -> Lifecycle:
    rules = [one for one in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] if one["Status"] == "Enabled"]
    moves = tuple(move for rule in rules for move in _moves(rule))
    return moves, bool(rules), any(map(_deletes, rules))


def _deletes(rule: LifecycleRuleOutputTypeDef) -> bool:
    """Whether data goes by it; what we wrote ourselves may."""
    if is_own(_prefix(rule)):
        return False
    ends = rule.get("Expiration", {})
    return "Days" in ends or "Date" in ends or "NoncurrentVersionExpiration" in rule


def _moves(rule: LifecycleRuleOutputTypeDef) -> Iterator[Transition]:
    prefix = _prefix(rule)
    for now in rule.get("Transitions", []):
        # A rule for a date has no days: from that date on it moves everything.
        yield Transition(prefix=prefix, storage_class=now["StorageClass"], after_days=now.get("Days", 0))
    for old in rule.get("NoncurrentVersionTransitions", []):
        days = old.get("NoncurrentDays", 0)
        yield Transition(prefix=prefix, storage_class=old["StorageClass"], after_days=days, noncurrent=True)


def _prefix(rule: LifecycleRuleOutputTypeDef) -> str:
    only: dict[str, Any] = dict(rule.get("Filter", {}))
    only |= only.pop("And", {})
    prefix = only.pop("Prefix", rule.get("Prefix", ""))
    if only:
        words = f"the rule {rule.get('ID', '')} is about objects of some {', '.join(sorted(only))}: not understood"
        raise Refused(words, "give the rule a prefix only")
    return str(prefix)
