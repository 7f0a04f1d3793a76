from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ris_hybrid.holdings.actions import DIFFERENT, actions_for
from ris_hybrid.holdings.answers import statements
from ris_hybrid.holdings.keys import KeyNames
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.mirror.values import MirrorPlan

ARN = "arn:aws:kms:us-east-1:123456789012:key/"


@pytest.mark.parametrize(
    ("key", "known", "unknown"),
    [
        ("", "", ""),
        ("alias/aws/s3", "", ""),
        ("arn:aws:kms:us-east-1:123456789012:alias/aws/s3", "", ""),
        (f"{ARN}aws-s3", "", None),
        (f"{ARN}lee", "alias/c1-lee", None),
        ("lee", "alias/c1-lee", None),
        ("alias/c1-lee", "alias/c1-lee", "alias/c1-lee"),
        ("arn:aws:kms:us-east-1:123456789012:alias/c1-lee", "alias/c1-lee", "alias/c1-lee"),
        (f"{ARN}of-others", f"{ARN}of-others", None),
    ],
)
def test_a_key_goes_by_its_alias_and_awss_own_is_none(key: str, known: str, unknown: str | None) -> None:
    names = KeyNames({"aws-s3": "alias/aws/s3", "lee": "alias/c1-lee"})
    assert names.customer(key) == known
    assert KeyNames(None).customer(key) == unknown


@pytest.mark.parametrize(
    ("tags", "name", "covered"),
    [
        ({"ris_managed": "ris-hybrid"}, "x", True),
        ({"ris_cluster": "c1"}, "x", True),
        ({"ris_cluster": "c2", "ris_managed": "by hand"}, "x", False),
        ({}, "org-lee-1a2b3c", True),
        ({}, "alias/c1-lee", True),
        (None, "alias/c1-lee", True),
        (None, "x", False),
    ],
)
def test_ours_is_what_our_tags_or_the_plan_say(tags: dict[str, str] | None, name: str, *, covered: bool) -> None:
    scope = Scope(cluster="c1", buckets=frozenset({"org-lee-1a2b3c"}), names=frozenset({"alias/c1-lee"}))
    assert scope.covers(tags, name) is covered
    assert Scope(cluster="c1", everything=True).covers(tags, name)


def test_a_plan_wants_what_it_has_in_that_environment() -> None:
    def allocation(environment: str, alias: str) -> Any:
        return SimpleNamespace(
            environment=environment,
            bucket=SimpleNamespace(name=f"org-{environment}", key_alias=alias),
            registry=SimpleNamespace(repositories=(f"{environment}/a",)),
            roles=(SimpleNamespace(name=f"c1-{environment}"),),
        )

    allocations = (allocation("phi", "alias/phi"), allocation("open", ""))
    plan = MirrorPlan(organization="org", cluster="c1", environments=(), allocations=allocations)
    assert Scope.of_plan(plan, "phi") == Scope(
        cluster="c1", buckets=frozenset({"org-phi"}), names=frozenset({"alias/phi", "phi/a", "c1-phi"})
    )
    assert Scope.of_plan(plan, "open", everything=True) == Scope(
        cluster="c1", buckets=frozenset({"org-open"}), names=frozenset({"open/a", "c1-open"}), everything=True
    )


def test_statements_stand_in_a_list_or_alone() -> None:
    one = {"Effect": "Allow"}
    assert statements({"Statement": [one]}) == statements({"Statement": one}) == (one,)
    assert statements('{"Statement": {"Effect": "Allow"}}') == (one,)
    assert statements("{}") == ()
    for odd in ("[]", '{"Statement": "Allow"}', "no policy"):
        with pytest.raises(ValueError, match=r"statements|Expecting"):
            statements(odd)


def test_most_operations_are_allowed_by_the_action_of_their_name() -> None:
    assert actions_for("kms:ListKeys") == ("kms:ListKeys",)
    assert actions_for("monitoring:PutMetricAlarm") == ("cloudwatch:PutMetricAlarm",)
    assert actions_for("s3:GetBucketEncryption") == ("s3:GetEncryptionConfiguration",)
    assert actions_for("sts:GetCallerIdentity") == actions_for("s3:HeadBucket") == ()
    assert all((operation,) != actions for operation, actions in DIFFERENT.items())
