"""What buckets deny and keys allow, whatever they depend on."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ris_hybrid.aws.datasync_request import MANIFESTS
from ris_hybrid.data.excluded import excluded_path
from ris_hybrid.mirror.values import TransitionRule
from stacks import key_statements as keys
from stacks.documents import bucket_name
from stacks.environment import Environment
from stacks.storage.bucket_policy import Guarded, statements
from stacks.storage.lifecycle import lifecycle_rules
from stacks.storage.settings import Scratch

ENVIRONMENT = Environment(
    cluster="compute1",
    provider="ris-aws",
    organization="wustl-ris",
    env="prod",
    account="123456789012",
    region="us-east-1",
)
names = st.lists(st.text("abcdef", min_size=1, max_size=8), max_size=3).map(tuple)
buckets = st.builds(
    Guarded,
    arn=st.just("arn:aws:s3:::b"),
    account=st.just("123456789012"),
    data_class=st.sampled_from(["public", "internal", "confidential", "phi"]),
    writable=st.booleans(),
    key_arn=st.sampled_from(["", "arn:aws:kms:us-east-1:123456789012:key/k"]),
    endpoints=names,
    organization_id=st.sampled_from(["", "o-1234567890"]),
    excused=names,
    deployers=names,
)
transitions = st.builds(
    TransitionRule,
    rule_id=st.text("ab", min_size=1),
    prefix=st.sampled_from(["", "Archive/"]),
    storage_class=st.sampled_from(["DEEP_ARCHIVE", "GLACIER_IR"]),
    after_days=st.integers(0, 400),
    noncurrent=st.booleans(),
)


@given(buckets)
def test_every_bucket_denies_plain_http_and_old_tls_to_everybody(bucket):
    by_condition = {str(one.get("Condition")): one for one in statements(bucket)}
    for condition in ({"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}):
        one = by_condition[str(condition)]
        assert (one["Effect"], one["Principal"], one["Action"]) == ("Deny", "*", "s3:*")
        assert one["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


@given(buckets)
def test_a_bucket_policy_only_denies_and_names_each_statement_once(bucket):
    found = statements(bucket)
    assert {one["Effect"] for one in found} == {"Deny"}
    assert len({one["Sid"] for one in found}) == len(found)
    assert not any(values == [] for one in found for values in leaves(one.get("Condition", {})))


@given(buckets)
def test_writes_are_denied_without_a_condition_exactly_when_the_bucket_takes_none(bucket):
    refused = [one for one in statements(bucket) if "Condition" not in one]
    assert [one["Sid"] for one in refused] == ([] if bucket.writable else ["NoMoreWrites"])


@given(buckets)
def test_phi_and_nothing_else_is_kept_inside_our_network(bucket):
    named = {one["Sid"] for one in statements(bucket)}
    assert ("OnlyFromOurNetwork" in named) == (bucket.data_class == "phi")
    assert ("DeployersSeeNoData" in named) == (bucket.data_class == "phi" and bool(bucket.deployers))


@given(buckets)
def test_deployers_reach_markers_and_no_data(bucket):
    for one in statements(bucket):
        if one["Sid"] == "DeployersSeeNoData":
            assert one["NotResource"] == "arn:aws:s3:::b/*/"
            # S3 refuses a statement with an action that fits none of its resources: those of buckets fit no object.
            assert not [action for action in one["Action"] if "Bucket" in action]


@given(buckets)
def test_only_the_encryption_of_the_bucket_is_taken(bucket):
    by_sid = {one["Sid"]: one for one in statements(bucket)}
    wanted = by_sid["OnlyOurEncryption"]["Condition"]["StringNotEquals"]["s3:x-amz-server-side-encryption"]
    assert wanted == ("aws:kms" if bucket.key_arn else "AES256")
    assert ("OnlyOurKey" in by_sid) == bool(bucket.key_arn)
    assert "NoKeyOfSender" in by_sid


@given(st.lists(transitions, max_size=4), st.integers(1, 30), st.integers(1, 90))
def test_no_lifecycle_ever_deletes_data_or_a_version_of_it(rules, days, manifest_days):
    *made, own = lifecycle_rules(rules, days, manifest_days)
    assert [rule.id for rule in made] == [*(rule.rule_id for rule in rules), "abort-unfinished-uploads"]
    for rule in made:
        assert rule.expiration is None
        assert rule.noncurrent_version_expiration is None
    assert own.expiration.days == manifest_days
    assert MANIFESTS.startswith(own.filter.prefix)
    assert own.filter.prefix == ".ris-hybrid/"
    assert excluded_path(own.filter.prefix)  # no transfer ever puts a file of somebody there


def leaves(condition: dict[str, Any]) -> list[Any]:
    return [value for operator in condition.values() for value in operator.values()]


def every_statement() -> list[dict[str, Any]]:
    return [
        keys.care(ENVIRONMENT),
        keys.use_through(ENVIRONMENT, "s3", ["arn:aws:iam::123456789012:role/lab"]),
        *keys.resources_of(ENVIRONMENT, "ec2"),
        *keys.linked_role(ENVIRONMENT, "Spot", "arn:aws:iam::123456789012:role/spot"),
        keys.used_by_service(ENVIRONMENT, "UseAlarms", "cloudwatch.amazonaws.com"),
        keys.used_by_logs(ENVIRONMENT),
        *keys.used_by_trail(ENVIRONMENT, "arn:aws:cloudtrail:us-east-1:123456789012:trail/t"),
    ]


def test_a_key_lets_everybody_do_something_only_inside_the_account():
    for one in every_statement():
        if one["Principal"] == {"AWS": "*"}:
            assert one["Condition"]["StringEquals"]["kms:CallerAccount"] == "123456789012"


def test_who_looks_after_a_key_cannot_read_with_it():
    care = keys.care(ENVIRONMENT)
    assert not [action for action in care["Action"] if action.startswith(("kms:Decrypt", "kms:Generate", "kms:ReEnc"))]
    assert not {"kms:*", "kms:CreateGrant", "kms:Create*"} & set(care["Action"])


def test_names_of_buckets_fit_s3():
    assert bucket_name(ENVIRONMENT, "logs") == "wustl-ris-compute1-prod-logs"
    long = ENVIRONMENT.model_copy(update={"cluster": "c" * 31, "organization": "o" * 20, "env": "e" * 16})
    first, second = bucket_name(long, "logs"), bucket_name(long, "trail")
    assert len(first) == 63
    assert first != second


@given(st.integers(0, 40_000), st.sampled_from(["SCRATCH_2", "PERSISTENT_2"]))
def test_a_scratch_has_a_size_that_fsx_sells_or_is_refused(gib, deployment):
    sold = gib == 1200 or (gib > 0 and gib % 2400 == 0)
    try:
        made = Scratch(storage_gib=gib, deployment=deployment)
    except ValidationError:
        assert not sold
    else:
        assert sold
        assert made.storage_gib == gib
