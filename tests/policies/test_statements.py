"""What a policy document's statements give, deny and open, however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.statements import (
    NO_OLD_TLS,
    NO_OTHER_WAY,
    NO_PLAIN,
    actions,
    denies,
    everywhere,
    grants,
    principals,
    public,
    writes,
)

ALL = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
PLAIN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ALL,
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["*"]}},
        {"Action": ["s3:*"]},
        {"Action": "*"},
        {"Resource": "*"},
        {"Condition": {"Bool": {"aws:SecureTransport": False}}},
        {"Condition": {"Bool": {"AWS:securetransport": ["false"]}}},
    ],
)
def test_a_ban_is_seen_however_it_is_written(changed: dict[str, Any]) -> None:
    assert denies([{**PLAIN, **changed}], NO_PLAIN)


@pytest.mark.parametrize(
    "changed",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Principal": None, "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:role/me"}},
        {"Action": "s3:GetObject"},
        {"Resource": "arn:aws:s3:::b"},
        {"Condition": {}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {**PLAIN["Condition"], "StringEquals": {"aws:userid": "me"}}},  # type: ignore[dict-item]
    ],
)
def test_a_ban_with_a_way_around_is_none(changed: dict[str, Any]) -> None:
    assert not denies([{**PLAIN, **changed}], NO_PLAIN)


def test_a_newer_version_of_tls_will_do_and_an_older_will_not() -> None:
    def deny(version: object) -> list[dict[str, Any]]:
        return [{**PLAIN, "Condition": {"NumericLessThan": {"s3:TlsVersion": version}}}]

    assert denies(deny("1.2"), NO_OLD_TLS)
    assert denies(deny(1.3), NO_OLD_TLS)
    assert not denies(deny("1.1"), NO_OLD_TLS)


def test_services_and_emergencies_may_come_another_way() -> None:
    condition = {"StringNotEqualsIfExists": {"aws:SourceVpce": ["vpce-1"]}}
    deny = {**PLAIN, "Action": ["s3:GetObject*", "s3:PutObject*"], "Condition": condition}
    beside = {"ArnNotLikeIfExists": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/emergency"}}
    assert denies([deny], NO_OTHER_WAY)
    assert denies([{**deny, "Condition": {**condition, **beside}}], NO_OTHER_WAY)
    assert not denies([{**deny, "Action": ["s3:GetObject*"]}], NO_OTHER_WAY)


@pytest.mark.parametrize(
    ("statement", "open_to_all"),
    [
        ({"Principal": "*", "Action": "sqs:SendMessage"}, True),
        ({"Principal": {"AWS": "*"}, "Condition": {"StringLike": {"aws:SourceArn": "*"}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "1"}}}, True),
        ({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "1"}}}, True),
        ({"NotPrincipal": {"AWS": "1"}}, True),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": {"Service": "events.amazonaws.com"}}, False),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Principal": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "123456789012"}}}, False),
        ({"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}}}, False),
        ({"Action": "s3:GetObject"}, False),
    ],
)
def test_what_lets_everyone_in(statement: dict[str, Any], *, open_to_all: bool) -> None:
    assert bool(public([{"Sid": "One", **statement}])) is open_to_all


def test_what_names_only_those_it_leaves_out_is_everything() -> None:
    rest = {"NotAction": "iam:*", "NotResource": "arn:aws:s3:::b"}
    assert actions(rest) == ("*",)
    assert everywhere(rest)
    assert grants(rest, "kms:decrypt")
    assert writes(rest) == ["*"]


@given(st.sampled_from(["s3:GetObject", "ecr:BatchGetImage", "s3:ListBucket", "kms:Decrypt", "fsx:DescribeBackups"]))
def test_reading_is_no_writing(action: str) -> None:
    assert writes({"Action": action}) == []
    assert writes({"Action": [action, "s3:PutObject"]}) == ["s3:putobject"]
    assert writes({"Action": "s3:DeleteObject", "Effect": "Deny"}) == []


@given(st.recursive(st.text(max_size=4) | st.integers(), lambda each: st.lists(each, max_size=2), max_leaves=4))
def test_no_principal_of_any_form_is_overlooked(who: Any) -> None:
    given_words = [who] if isinstance(who, str) else who
    if isinstance(given_words, list):
        assert len(principals({"Principal": {"AWS": who}})) == len(given_words)
