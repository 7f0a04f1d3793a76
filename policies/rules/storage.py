"""Rules for buckets: who gets at the data, how it is encrypted, and that nothing deletes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr, cis, config, fsbp, hub
from policies.rules.rule import HOLDS, broken, none_of, not_known, phi, rule, yes
from policies.rules.statements import NO_OLD_TLS, NO_OTHER_WAY, NO_PLAIN, Ban, denies, public
from ris_hybrid.holdings.values import Bucket

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict


def data(bucket: Bucket, _: Context) -> bool:
    """Whether it holds data; the others (tag ris_purpose) only take logs."""
    return bucket.purpose != "logs"


@rule(
    Bucket,
    *(fsbp("S3.8"), fsbp("S3.2"), fsbp("S3.3"), cis("3.1.4")),
    *(config("S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"), cfr("164.312(a)(1)")),
    fix="turn on all four settings of the bucket's public access block",
)
def bucket_public_blocked(bucket: Bucket, _: Context) -> Verdict:
    """No policy or ACL, written by whomever, can open a bucket to the public."""
    return yes(bucket.public_blocked, "public access is not blocked in all four ways", "its public access block")


@rule(
    Bucket,
    *(fsbp("S3.12"), config("S3_BUCKET_ACL_PROHIBITED")),
    fix="set object ownership to BucketOwnerEnforced",
)
def bucket_owner_enforced(bucket: Bucket, _: Context) -> Verdict:
    """Every object belongs to the bucket's account and no ACL grants anything."""
    return yes(bucket.owner_enforced, "object ownership is not BucketOwnerEnforced", "its object ownership")


@rule(
    Bucket,
    *(fsbp("S3.5"), cis("3.1.1"), config("S3_BUCKET_SSL_REQUESTS_ONLY")),
    *(cfr("164.312(e)(1)"), cfr("164.312(e)(2)(i)")),
    fix="deny s3:* to everyone on the bucket and its objects where aws:SecureTransport is false",
)
def bucket_tls_only(bucket: Bucket, _: Context) -> Verdict:
    """Nothing is read or written over a connection anyone can listen to."""
    return _bans(bucket, NO_PLAIN, "its policy lets requests without TLS pass")


@rule(
    Bucket,
    *(SITE, cfr("164.312(e)(2)(ii)")),
    fix="deny s3:* to everyone where s3:TlsVersion is less than 1.2",
    scopes=(phi,),
)
def bucket_tls_version(bucket: Bucket, _: Context) -> Verdict:
    """PHI is never sent with a TLS older than 1.2."""
    return _bans(bucket, NO_OLD_TLS, "its policy lets TLS older than 1.2 pass")


@rule(
    Bucket,
    *(config("S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"), cfr("164.312(a)(2)(iv)"), cfr("164.312(e)(2)(ii)")),
    fix="set a default encryption",
)
def bucket_encrypted(bucket: Bucket, _: Context) -> Verdict:
    """Data at rest is encrypted, whoever wrote it."""
    known = None if bucket.encryption is None else bool(bucket.encryption)
    return yes(known, "it has no default encryption", "its encryption")


@rule(
    Bucket,
    *(hub("S3.17"), config("S3_DEFAULT_ENCRYPTION_KMS"), cfr("164.312(a)(2)(iv)")),
    fix="encrypt by aws:kms with the allocation's own key",
    scopes=(data, phi),
)
def bucket_customer_key(bucket: Bucket, _: Context) -> Verdict:
    """PHI is encrypted with a key of ours, so that who may read it is decided twice and can be taken back at once."""
    if bucket.encryption is None or bucket.key is None:
        return not_known("its encryption key")
    if not bucket.encryption.startswith("aws:kms") or not bucket.key:
        return broken(f"it is encrypted by {bucket.encryption or 'nothing'} with no customer key")
    return HOLDS


@rule(
    Bucket,
    SITE,
    fix="turn the bucket key on: without it every object is one more call of KMS",
    severity="advisory",
)
def bucket_key_enabled(bucket: Bucket, _: Context) -> Verdict:
    """KMS is asked once for many objects, not once for each: its quota and its bill are shared by all labs."""
    if bucket.encryption is not None and not bucket.encryption.startswith("aws:kms"):
        return HOLDS
    return yes(bucket.bucket_key, "its bucket key is off", "its bucket key")


@rule(
    Bucket,
    *(hub("S3.14"), config("S3_BUCKET_VERSIONING_ENABLED")),
    *(cfr("164.312(c)(1)"), cfr("164.308(a)(7)(ii)(B)")),
    fix="turn versioning on",
    scopes=(data,),
)
def bucket_versioned(bucket: Bucket, _: Context) -> Verdict:
    """What is overwritten or deleted by mistake can be had back."""
    return yes(bucket.versioned, "versioning is off", "its versioning")


@rule(
    Bucket,
    *(fsbp("S3.9"), config("S3_BUCKET_LOGGING_ENABLED"), cfr("164.312(b)")),
    fix="log access to the environment's log bucket",
    scopes=(data,),
)
def bucket_access_logged(bucket: Bucket, _: Context) -> Verdict:
    """Who read what can be told afterwards."""
    if bucket.logs_to == bucket.name:
        return broken("it logs into itself: every log line makes another")
    known = None if bucket.logs_to is None else bool(bucket.logs_to)
    return yes(known, "its access is not logged", "its access log")


@rule(
    Bucket,
    *(hub("S3.10"), fsbp("S3.13"), config("S3_VERSION_LIFECYCLE_POLICY_CHECK")),
    fix="give it a lifecycle that aborts unfinished uploads and moves replaced versions",
    severity="advisory",
    scopes=(data,),
)
def bucket_lifecycle(bucket: Bucket, _: Context) -> Verdict:
    """Unfinished uploads and replaced versions do not cost for ever."""
    return yes(bucket.has_lifecycle, "it has no lifecycle", "its lifecycle")


@rule(
    Bucket,
    *(SITE, cfr("164.312(c)(1)")),
    fix="take the expiration out of its lifecycle: data is archived, never deleted by a rule",
    scopes=(data,),
)
def bucket_never_expires(bucket: Bucket, _: Context) -> Verdict:
    """No rule deletes research data, whatever happens to its allocation."""
    kept = None if bucket.expires is None else not bucket.expires
    return yes(kept, "a rule of its lifecycle deletes objects", "its lifecycle")


@rule(
    Bucket,
    *(hub("S3.15"), config("S3_BUCKET_DEFAULT_LOCK_ENABLED"), cfr("164.312(c)(1)"), cfr("164.312(c)(2)")),
    fix="make the bucket anew with object lock in GOVERNANCE mode: it is switched on when a bucket is made",
    scopes=(data, phi),
)
def bucket_object_lock(bucket: Bucket, _: Context) -> Verdict:
    """PHI cannot be altered or destroyed within its retention, not even by its owner."""
    return yes(bucket.object_lock, "object lock is off", "its object lock")


@rule(
    Bucket,
    *(SITE, cis("6.8"), cfr("164.312(a)(1)"), cfr("164.312(e)(1)")),
    fix="deny reading and writing to everyone where aws:SourceVpce is none of our endpoints",
    scopes=(data, phi),
)
def bucket_our_endpoints_only(bucket: Bucket, _: Context) -> Verdict:
    """PHI is reached through our own network alone, even with stolen credentials."""
    return _bans(bucket, NO_OTHER_WAY, "its policy lets requests from outside our VPC endpoints pass")


@rule(
    Bucket,
    *(fsbp("S3.6"), fsbp("S3.2"), cis("2.21"), config("S3_BUCKET_PUBLIC_READ_PROHIBITED")),
    *(config("S3_BUCKET_PUBLIC_WRITE_PROHIBITED"), cfr("164.312(a)(1)")),
    fix="name the roles in place of *",
)
def bucket_policy_names_people(bucket: Bucket, _: Context) -> Verdict:
    """A bucket's policy gives nothing to everyone."""
    if bucket.policy is None:
        return not_known("its policy")
    return none_of(public(bucket.policy), "statements that let everyone in")


@rule(
    Bucket,
    *(SITE,),
    fix="set up a weekly inventory report",
    severity="advisory",
    scopes=(data, phi),
)
def bucket_inventory(bucket: Bucket, _: Context) -> Verdict:
    """What is in a PHI bucket, and how it is encrypted, can be shown without reading it."""
    return yes(bucket.inventory, "it has no inventory report", "its inventory")


def _bans(bucket: Bucket, ban: Ban, message: str) -> Verdict:
    known = None if bucket.policy is None else denies(bucket.policy, ban)
    return yes(known, message, "its policy")


RULES = (
    bucket_public_blocked,
    bucket_owner_enforced,
    bucket_tls_only,
    bucket_tls_version,
    bucket_encrypted,
    bucket_customer_key,
    bucket_key_enabled,
    bucket_versioned,
    bucket_access_logged,
    bucket_lifecycle,
    bucket_never_expires,
    bucket_object_lock,
    bucket_our_endpoints_only,
    bucket_policy_names_people,
    bucket_inventory,
)
