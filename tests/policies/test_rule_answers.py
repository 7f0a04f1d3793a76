"""Answers of single rules beside their examples: what they take, what they refuse, what they leave open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ris_hybrid
from burst.aws.userdata import user_data
from policies.examples.good import (
    ACCOUNT,
    BUCKET,
    BURST,
    CONTEXT,
    GOOD,
    GROUP,
    POOL,
    ROLE,
    SECOND_CLOUD,
    SECOND_POOL,
    TAGS,
    TEMPLATE,
    TRAIL,
)
from policies.judge import judge
from policies.rules.all_rules import BY_NAME
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.holdings.values import PortRule

NODE = replace(ROLE, tags={**TAGS, "ris_role": "node"})
CONTROLLER = replace(ROLE, tags={**TAGS, "ris_role": "controller"})
OWN_NOTICE = {
    "Sid": "OwnNotice",
    "Effect": "Allow",
    "Action": ["ec2:CreateTags"],
    "Resource": "arn:aws:ec2:*:*:instance/*",
    "Condition": {
        "StringLike": {"aws:userid": "*:${ec2:InstanceID}"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["ris_notice", "ris_rebalance"]},
    },
}


def state(name: str, value: object, context: Any = CONTEXT) -> str:
    return BY_NAME[name].judge(value, context).state


def message(name: str, value: object, context: Any = CONTEXT) -> str:
    return BY_NAME[name].judge(value, context).message


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [
        ({"Service": ["ec2.amazonaws.com", "vpc-flow-logs.amazonaws.com"]}, "holds"),
        ({"AWS": ACCOUNT}, "holds"),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/admins"}, "holds"),
        ({"Federated": f"arn:aws-us-gov:iam::{ACCOUNT}:saml-provider/campus"}, "holds"),
        ({"AWS": "arn:aws:iam::210987654321:root"}, "broken"),
        ({"Service": "evil.example.com"}, "broken"),
        ({"Federated": "accounts.google.com"}, "broken"),
        ("*", "broken"),
    ],
)
def test_a_role_trusts_services_and_its_own_account(trusted: object, expected: str) -> None:
    role = replace(ROLE, trust=({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"},))
    assert state("role-trust-named", role) == expected


def test_whom_a_role_trusts_is_not_judged_when_its_account_is_not_known() -> None:
    assert state("role-trust-named", replace(ROLE, account="")) == "not known"
    assert state("role-trust-named", replace(ROLE, account="", trust=())) == "holds"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Action": ["ecr:BatchGetImage", "ssmmessages:OpenDataChannel"], "Resource": "*"}, "holds"),
        (OWN_NOTICE, "holds"),
        ({"Action": "logs:PutLogEvents", "Resource": "arn:aws:logs:us-east-1:1:log-group:nodes:*"}, "holds"),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, "holds"),
        ({"Action": "logs:PutLogEvents", "Resource": "*"}, "broken"),
        ({"Action": ["ecr:*"], "Resource": "*"}, "broken"),
        ({"NotAction": "iam:*", "Resource": "*"}, "broken"),
        ({**OWN_NOTICE, "Condition": {}}, "broken"),
        ({**OWN_NOTICE, "Condition": {**OWN_NOTICE["Condition"], "StringLike": {"aws:userid": "*"}}}, "broken"),  # type: ignore[dict-item]
        ({**OWN_NOTICE, "Action": ["ec2:CreateTags", "ec2:RunInstances"]}, "broken"),
    ],
)
def test_a_node_pulls_images_and_marks_itself(statement: dict[str, Any], expected: str) -> None:
    assert state("role-node-least", replace(NODE, statements=(statement,))) == expected
    assert state("role-node-least", replace(ROLE, statements=(statement,))) == "holds"


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        ({"Action": ["ec2:CreateFleet", "iam:GetRole", "s3:GetBucketPolicy", "sqs:ReceiveMessage"]}, ""),
        ({"Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/node"}, ""),
        ({"Action": "s3:GetBucketObjectLockConfiguration"}, ""),
        ({"Action": "iam:PassRole"}, "iam:passrole"),
        ({"Action": "iam:PutRolePolicy", "Resource": "arn:aws:iam::1:role/node"}, "iam:putrolepolicy"),
        ({"Action": "s3:GetObject"}, "s3:getobject"),
        ({"Action": "kms:Decrypt"}, "kms:decrypt"),
        ({"Action": "sts:AssumeRole"}, "sts:assumerole"),
        ({"Action": "*"}, "*"),
    ],
)
def test_a_controller_starts_nodes_and_reads_settings(statement: dict[str, Any], wrong: str) -> None:
    verdict = BY_NAME["role-controller-least"].judge(replace(CONTROLLER, statements=(statement,)), CONTEXT)
    assert (verdict.state == "broken") is bool(wrong)
    assert wrong in verdict.message


def test_reencrypting_with_any_key_is_decrypting_with_any_key() -> None:
    wild = replace(ROLE, statements=({"Sid": "Wild", "Action": "kms:ReEncrypt*", "Resource": ["*"]},))
    assert message("role-no-decrypt-everywhere", wild) == "statements that decrypt with any key: Wild"


def test_a_bucket_does_not_log_into_itself() -> None:
    assert "logs into itself" in message("bucket-access-logged", replace(BUCKET, logs_to=BUCKET.name))


def test_a_log_bucket_may_forget_and_has_no_key_of_its_own() -> None:
    logs = replace(BUCKET, purpose="logs", expires=True, key="", encryption="AES256", object_lock=False, logs_to="")
    for name in ("bucket-never-expires", "bucket-customer-key", "bucket-object-lock", "bucket-access-logged"):
        assert state(name, logs) == "holds"
    assert state("bucket-key-enabled", replace(logs, bucket_key=False)) == "holds"
    assert state("bucket-public-blocked", replace(logs, public_blocked=False)) == "broken"


def test_a_bucket_that_is_not_for_phi_needs_no_lock_and_one_of_no_class_is_not_known() -> None:
    plain = replace(BUCKET, object_lock=False, tags={**TAGS, "ris_data_class": "internal"})
    assert state("bucket-object-lock", plain) == "holds"
    assert state("bucket-object-lock", replace(plain, tags={})) == "not known"
    assert state("bucket-object-lock", replace(plain, tags={"ris_data_class": "PHI"})) == "not known"
    assert "ris_data_class=PHI is none of" in message("data-tagged", replace(plain, tags={"ris_data_class": "PHI"}))


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_only_a_rule_for_every_address_is_open_to_all(address: Any, bits: int) -> None:
    rule = PortRule(protocol="tcp", from_port=7869, to_port=7869, source=f"{address}/{bits}")
    expected = "broken" if bits == 0 else "holds"
    assert state("group-no-open-ingress", replace(GROUP, ingress=(rule,))) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (("tcp", 7869, 7869, "10.20.1.0/24"), "holds"),
        (("udp", 53, 53, "10.20.0.0/16"), "holds"),
        (("tcp", 22, 22, "10.99.0.0/16"), "holds"),
        (("tcp", 22, 22, "sg-1"), "holds"),
        (("tcp", 22, 22, "2001:db8::/32"), "holds"),
        (("tcp", 6878, 7000, "10.20.0.0/16"), "broken"),
        (("-1", 0, 0, "10.0.0.0/8"), "broken"),
    ],
)
def test_the_site_reaches_lsf_names_and_endpoints(rule: tuple[str, int, int, str], expected: str) -> None:
    protocol, first, last, source = rule
    port = PortRule(protocol=protocol, from_port=first, to_port=last, source=source)
    assert state("group-lsf-ports-only", replace(GROUP, ingress=(port,))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "export AWS_SECRET_ACCESS_KEY=abc",
        "key: AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----",
        "token: 'abc'",
    ],
)
def test_what_looks_like_a_secret_is_found_in_user_data(text: str) -> None:
    assert state("template-no-secrets", replace(TEMPLATE, user_data=f"#cloud-config\n{text}\n")) == "broken"


@pytest.mark.parametrize("text", ["# password: none", "password=$(aws ssm get-parameter)", "passwd -l lsfadmin", ""])
def test_what_only_speaks_of_secrets_is_left_alone(text: str) -> None:
    assert state("template-no-secrets", replace(TEMPLATE, user_data=text)) == "holds"


def test_the_user_data_we_write_ourselves_holds_no_secret() -> None:
    settings = load_burst(Path(ris_hybrid.__file__).parent / "sandbox" / "site" / "burst.yaml")
    for pool in settings.pools:
        assert message("template-no-secrets", replace(TEMPLATE, user_data=user_data(pool, settings))) == ""


def test_a_trail_that_records_only_some_is_not_enough_and_one_not_read_leaves_it_open() -> None:
    halves = (replace(TRAIL, multi_region=False), replace(TRAIL, logging=False))
    assert state("trail-present", replace(GOOD, trails=halves)) == "broken"
    assert state("trail-present", replace(GOOD, trails=(*halves, replace(TRAIL, logging=None)))) == "not known"
    assert state("trail-present", replace(GOOD, trails=(*halves, TRAIL))) == "holds"
    assert state("trail-data-events", replace(GOOD, account="210987654321", trails=())) == "holds"


def test_networks_for_phi_are_looked_for_in_everything_that_carries_it() -> None:
    elsewhere = replace(GOOD, account="210987654321")
    assert state("phi-network-in-listed-account", elsewhere) == "broken"
    nothing = replace(elsewhere, networks=(), launch_templates=(), instances=(), file_systems=())
    assert state("phi-network-in-listed-account", nothing) == "holds"
    assert state("phi-network-in-listed-account", replace(nothing, networks=None)) == "not known"


def test_pools_are_judged_with_their_templates() -> None:
    assert state("pools-planned", replace(GOOD, launch_templates=(replace(TEMPLATE, tags=None),))) == "not known"
    open_to_all = replace(CONTEXT, burst=replace(BURST, pools=(replace(POOL, labs=(), purchase="mixed"),)))
    assert state("no-spot-for-phi", open_to_all.burst, open_to_all) == "broken"
    assert state("phi-stays-in-phi-network", GOOD, open_to_all) == "holds"
    other = replace(CONTEXT, burst=replace(BURST, pools=(replace(POOL, labs=("wucci",), purchase="spot"),)))
    assert state("no-spot-for-phi", other.burst, other) == "holds"


def test_a_pool_of_a_second_cloud_names_labs_without_phi_and_has_no_template() -> None:
    both = replace(BURST, clouds=(SECOND_CLOUD,), pools=(POOL, SECOND_POOL))
    told = replace(CONTEXT, burst=both)
    assert judge(GOOD, told) == ()
    every_lab = replace(both, pools=(POOL, replace(SECOND_POOL, labs=())))
    assert state("phi-stays-off-second-clouds", every_lab, replace(told, phi_labs=frozenset())) == "broken"
    with_phi = replace(both, pools=(POOL, replace(SECOND_POOL, labs=("neuro_trials",))))
    (found,) = judge(GOOD, replace(told, burst=with_phi))
    assert (found.rule, found.resource, found.severity) == ("phi-stays-off-second-clouds", "burst.yaml", "mandatory")
    assert "campus8 (neuro_trials)" in found.message


def test_a_size_of_a_second_cloud_is_known_by_its_price() -> None:
    sizes = ("m1.xlarge", "research/m1.xlarge", "m9.none")
    for size, answer in zip(sizes, ("holds", "holds", "broken"), strict=True):
        burst = replace(BURST, clouds=(SECOND_CLOUD,), pools=(replace(SECOND_POOL, instance_types=(size,)),))
        assert state("types-known", burst) == answer


def test_a_type_without_a_price_may_have_one_in_burst_yaml() -> None:
    priced = replace(BURST, pools=(replace(POOL, instance_types=("c9z.huge",)),), prices={"c9z.huge": 9.0})
    assert state("types-known", priced) == "holds"
    assert state("types-known", priced, replace(CONTEXT, known_types=frozenset())) == "not known"


def test_a_burst_without_bounds_is_told_every_one_that_is_missing() -> None:
    endless = replace(
        BURST,
        pools=(replace(POOL, max_nodes=0),),
        caps=replace(BURST.caps, nodes=0),
        budget=replace(BURST.budget, usd_per_month=0),
    )
    told = message("spend-bounded", endless)
    assert told == "no upper bound: pool cpu16 (max_nodes), caps.nodes, budget.usd_per_month"


def test_things_of_others_are_their_owners_business_unless_all_is_ours() -> None:
    foreign = replace(TEMPLATE, tags={}, http_tokens="optional")
    assert state("template-imds-v2", foreign) == "holds"
    assert state("template-imds-v2", foreign, replace(CONTEXT, all_ours=True)) == "broken"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:s3:::wustl-ris-neuro/*", "broken"),
        ("arn:aws:s3:::wustl-ris-*", "broken"),
        ("arn:aws:s3:::wustl-ris-neuro/Active/*", "broken"),
        ("*", "broken"),
        ("arn:aws:s3:::wustl-ris-neuro", "holds"),
        ("arn:aws:s3:::wustl-ris-wucci/*", "holds"),
    ],
)
def test_a_role_that_is_not_for_phi_gets_at_none(resource: str, expected: str) -> None:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject*"], "Resource": [resource]}
    role = replace(ROLE, tags={**TAGS, "ris_data_class": "internal"}, statements=(statement,))
    assert state("phi-only-for-phi-roles", replace(GOOD, roles=(role,))) == expected
    harmless = replace(role, statements=({**statement, "Action": "s3:GetBucketLocation"},))
    assert state("phi-only-for-phi-roles", replace(GOOD, roles=(harmless,))) == "holds"


def test_a_role_whose_policies_are_not_known_leaves_open_whether_it_gets_at_phi() -> None:
    role = replace(ROLE, tags={**TAGS, "ris_data_class": "internal"}, statements=None)
    assert state("phi-only-for-phi-roles", replace(GOOD, roles=(role,))) == "not known"
    assert state("phi-only-for-phi-roles", replace(GOOD, roles=(role,), buckets=())) == "holds"


OTHER = "210987654321"


@pytest.mark.parametrize("name", ["bucket-own-accounts-only", "key-own-accounts-only"])
@pytest.mark.parametrize(
    ("principal", "condition", "expected"),
    [
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {}, "holds"),
        ({"Service": "cloudtrail.amazonaws.com"}, {}, "holds"),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/reader"}, {}, "broken"),
        ({"AWS": [ACCOUNT, OTHER]}, {}, "broken"),
        ({"CanonicalUser": "79a59df900b949e5"}, {}, "broken"),
        ("*", {}, "broken"),
        ("*", {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, "holds"),
        ("*", {"StringEquals": {"kms:CallerAccount": ACCOUNT}}, "holds"),
        ("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/lab-*"}}, "holds"),
        ("*", {"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}}, "broken"),
        ("*", {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, "broken"),
        ("*", {"StringLike": {"aws:PrincipalAccount": "*"}}, "broken"),
        ("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/lab"}}, "broken"),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "broken"),
        ("*", {"Bool": {"aws:SecureTransport": "true"}}, "broken"),
    ],
)
def test_a_policy_of_data_lets_in_its_own_account_alone(
    name: str, principal: Any, condition: dict[str, Any], expected: str
) -> None:
    given = {"Sid": "Given", "Effect": "Allow", "Principal": principal, "Action": "*", "Condition": condition}
    value = replace(BUCKET if name.startswith("bucket") else GOOD.keys[0], policy=({**given, "Effect": "Deny"}, given))
    assert state(name, value) == expected
    if expected == "broken":
        assert message(name, value).startswith("statements that let other accounts in: Given (")


def test_trusted_accounts_are_let_in_and_without_an_own_account_nothing_is_guessed() -> None:
    shared = replace(BUCKET, policy=({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "s3:GetObject"},))
    trusting = replace(CONTEXT, trusted_accounts=frozenset({OTHER}))
    assert message("bucket-own-accounts-only", shared).endswith(f"s3:getobject ({OTHER})")
    assert state("bucket-own-accounts-only", shared, trusting) == "holds"
    assert state("bucket-own-accounts-only", replace(shared, account=""), trusting) == "holds"
    assert message("bucket-own-accounts-only", replace(shared, account="")) == "its account"
