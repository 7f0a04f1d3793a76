"""Policy documents in IAM's JSON, and the names of AWS that follow from our own."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stacks.environment import Environment

_BUCKET_NAME_MAX = 63


def document(statements: Iterable[Mapping[str, Any]]) -> str:
    """A policy; equal statements give equal text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def role_arn(environment: Environment, name: str) -> str:
    """Of a role by its name with its path (``aws-reserved/sso.amazonaws.com/...``); ``*`` in it stays a pattern."""
    return f"arn:{environment.partition}:iam::{environment.account}:role/{name}"


def account_root(environment: Environment) -> dict[str, str]:
    """The account as a principal: whoever IAM lets, in the account."""
    return {"AWS": f"arn:{environment.partition}:iam::{environment.account}:root"}


def bucket_arn(environment: Environment, bucket: str) -> str:
    """Of a bucket, with nothing behind it."""
    return f"arn:{environment.partition}:s3:::{bucket}"


def bucket_name(environment: Environment, purpose: str) -> str:
    """Of a bucket of ours that belongs to no allocation; one too long for S3 ends in six digits of its fingerprint."""
    name = f"{environment.organization}-{environment.name}-{purpose}"
    if len(name) <= _BUCKET_NAME_MAX:
        return name
    digits = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: _BUCKET_NAME_MAX - 7].rstrip('-')}-{digits}"
