"""What the policies of customer keys are made of: who looks after a key, and who may use it for what.

Nobody who looks after a key can read with it. Principals that may not exist yet are named in a condition, for a key
policy with an unknown principal is refused. Sources: KMS developer guide, "Key policies"; the services' own pages on
encryption with a customer key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stacks.documents import account_root

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stacks.environment import Environment

Statement = dict[str, Any]

_CARE = (
    *(
        "kms:CreateAlias",
        "kms:Describe*",
        "kms:Enable*",
        "kms:List*",
        "kms:Put*",
        "kms:Update*",
        "kms:Revoke*",
        "kms:Disable*",
    ),
    *("kms:Get*", "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion"),
    *("kms:CancelKeyDeletion", "kms:RotateKeyOnDemand"),
)
_ANYONE = {"AWS": "*"}
"""Always with a condition that names the account."""
_FOR_AWS = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
_USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")


def care(environment: Environment) -> Statement:
    """The account's administrators change, disable and rotate the key; they do not decrypt.

    By a new policy they could let themselves, as in every account: that shows in the trail.
    """
    return _allow("Care", account_root(environment), _CARE, {})


def use_through(environment: Environment, service: str, arns: Sequence[str]) -> Statement:
    """These principals, and only when the service (``s3``) asks for them; IAM must let them too."""
    condition = {**_via(environment, service), "ArnLike": {"aws:PrincipalArn": list(arns)}}
    return _allow(f"Use{service.capitalize()}", account_root(environment), _USE, condition)


def resources_of(environment: Environment, service: str) -> tuple[Statement, ...]:
    """Whoever in the account may call the service (``ec2``, ``fsx``) gets volumes that the key encrypts.

    As AWS's own keys have it (``aws/ebs``): nobody needs a right on the key, and has none but through the service.
    """
    used = _allow(f"Use{service.capitalize()}", _ANYONE, _USE, _via(environment, service))
    return (used, *grants_of(environment, service))


def grants_of(environment: Environment, service: str) -> tuple[Statement, ...]:
    """Whoever in the account may call the service (``ecr``) lets it hold grants on the key, and can do no more."""
    name, via = service.capitalize(), _via(environment, service)
    return (
        _allow(f"Grant{name}", _ANYONE, ("kms:CreateGrant",), {**via, **_FOR_AWS}),
        _allow(f"Retire{name}", _ANYONE, ("kms:DescribeKey", "kms:RetireGrant"), via),
    )


def linked_role(environment: Environment, name: str, arn: str) -> tuple[Statement, ...]:
    """A service-linked role, which need not exist yet: its own policy names no key, so the key's must let it."""
    only = {"StringEquals": {"kms:CallerAccount": environment.account}, "ArnLike": {"aws:PrincipalArn": arn}}
    return (
        _allow(f"Use{name}", _ANYONE, _USE, only),
        _allow(f"Grant{name}", _ANYONE, ("kms:CreateGrant",), {**only, **_FOR_AWS}),
    )


def used_by_service(environment: Environment, sid: str, service: str) -> Statement:
    """A service in its own name (``cloudwatch.amazonaws.com``), for things of this account."""
    condition = {"StringEquals": {"aws:SourceAccount": environment.account}}
    return _allow(sid, {"Service": service}, ("kms:Decrypt", "kms:GenerateDataKey*"), condition)


def used_by_logs(environment: Environment) -> Statement:
    """CloudWatch Logs, for log groups of this account and region."""
    groups = f"arn:{environment.partition}:logs:{environment.region}:{environment.account}:log-group:*"
    condition = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    return _allow("UseLogs", {"Service": f"logs.{environment.region}.amazonaws.com"}, _USE, condition)


def used_by_trail(environment: Environment, trail_arn: str) -> tuple[Statement, ...]:
    """CloudTrail, for one trail; its files are read by whom IAM lets read them."""
    every = f"arn:{environment.partition}:cloudtrail:*:{environment.account}:trail/*"
    condition = {
        "StringEquals": {"aws:SourceArn": trail_arn},
        "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": every},
    }
    service, of_trail = {"Service": "cloudtrail.amazonaws.com"}, {"kms:EncryptionContext:aws:cloudtrail:arn": every}
    return (
        _allow("UseTrail", service, ("kms:GenerateDataKey*",), condition),
        _allow("SeeTrail", service, ("kms:DescribeKey",), {"StringEquals": {"aws:SourceArn": trail_arn}}),
        _allow("ReadTrail", account_root(environment), ("kms:Decrypt",), {"StringLike": of_trail}),
    )


def _via(environment: Environment, service: str) -> Statement:
    asked = f"{service}.{environment.region}.amazonaws.com"
    return {"StringEquals": {"kms:ViaService": asked, "kms:CallerAccount": environment.account}}


def _allow(sid: str, principal: Mapping[str, str], actions: Sequence[str], condition: Mapping[str, Any]) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": dict(principal), "Action": list(actions), "Resource": "*"}
    return {**statement, "Condition": dict(condition)} if condition else statement
