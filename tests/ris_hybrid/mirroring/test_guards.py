"""Policies read by whom they let in and keep out."""

from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.mirror.guards import DENIALS, boundary_name, denied, let_in, outsiders, takers

OURS, OTHERS = "123456789012", "999999999999"
ROOT = f"arn:aws:iam::{OURS}:root"
STRANGER = f"arn:aws:iam::{OTHERS}:root"
SAML = f"arn:aws:iam::{OURS}:saml-provider/site"


def allow(principal: Any, **conditions: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "x"}
    return {**statement, "Condition": conditions} if conditions else statement


def deny(operator: str, key: str, value: Any, principal: Any = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": principal, "Action": "s3:*", "Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (deny("StringNotEquals", "aws:PrincipalAccount", OURS), ("strangers",)),
        (deny("StringNotEquals", "aws:PrincipalOrgID", "o-1"), ("strangers",)),
        (deny("StringNotEquals", "aws:PrincipalAccount", [OURS, OTHERS]), ()),
        (deny("StringNotEquals", "aws:PrincipalAccount", OURS, {"AWS": STRANGER}), ()),
        (allow("*", StringNotEquals={"aws:PrincipalAccount": OURS}), ()),
        (deny("Null", "s3:x-amz-server-side-encryption-customer-algorithm", "false"), ("keys of the sender",)),
    ],
)
def test_what_a_bucket_denies_everybody_is_known_by_its_conditions(statement: Any, found: tuple[str, ...]) -> None:
    assert denied([statement], OURS) == found
    assert set(found) <= DENIALS.keys()


def test_whoever_is_given_something_is_named_and_who_is_not_named_is_everybody() -> None:
    policy = [allow({"AWS": [STRANGER, ROOT]}), allow({"Service": "logs.amazonaws.com"}), deny("Bool", "k", True)]
    assert let_in(policy) == tuple(sorted((STRANGER, ROOT, "logs.amazonaws.com")))
    assert let_in([{"Effect": "Allow", "NotPrincipal": {"AWS": ROOT}, "Action": "x"}]) == ("*",)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow({"AWS": ROOT}), ()),
        (allow({"AWS": OURS}), ()),
        (allow({"Service": "logs.amazonaws.com"}), ()),
        (allow({"AWS": STRANGER}), (STRANGER,)),
        (allow({"AWS": OTHERS}), (OTHERS,)),
        (allow({"CanonicalUser": "79a5"}), ("79a5",)),
        (allow("*"), ("*",)),
        (allow({"AWS": "*"}, StringEquals={"kms:CallerAccount": OURS}), ()),
        (allow({"AWS": "*"}, StringEquals={"kms:CallerAccount": [OURS, OTHERS]}), ("*",)),
        (allow({"AWS": "*"}, StringNotEquals={"kms:CallerAccount": OURS}), ("*",)),
        ({**allow({"AWS": STRANGER}), "Effect": "Deny"}, ()),
    ],
)
def test_outsiders_are_of_no_account_of_ours(statement: Any, found: tuple[str, ...]) -> None:
    assert outsiders([statement], OURS) == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow({"Service": "ec2.amazonaws.com"}), ("ec2.amazonaws.com",)),
        (allow({"AWS": ROOT}, StringLike={"aws:PrincipalTag/ris_groups": "*:storage-lee:*"}), ("storage-lee",)),
        (allow({"Federated": SAML}, StringLike={"aws:RequestTag/ris_groups": ["*:storage-lee:*"]}), ("storage-lee",)),
        (allow({"AWS": ROOT}), (ROOT,)),
        (allow({"AWS": ROOT}, StringLike={"aws:PrincipalTag/ris_groups": "*:storage-lee*"}), ("*:storage-lee*",)),
        (allow({"AWS": ROOT}, StringNotLike={"aws:PrincipalTag/ris_groups": "*:storage-lee:*"}), (ROOT,)),
        (allow({"AWS": STRANGER}, StringLike={"aws:PrincipalTag/ris_groups": "*:storage-lee:*"}), (STRANGER,)),
    ],
)
def test_a_role_is_taken_by_a_group_only_where_its_members_must_show_it(statement: Any, found: tuple[str, ...]) -> None:
    assert takers([statement], OURS) == found


def test_a_boundary_is_compared_by_name() -> None:
    assert boundary_name(f"arn:aws:iam::{OURS}:policy/c1-prod-boundary") == boundary_name("c1-prod-boundary")
    assert boundary_name("") == ""
