"""Bucket policies: kept whole, and enforced only where they name no condition.

moto evaluates no condition of S3, and takes one that it cannot evaluate as a refusal: a bucket that denies plain HTTP
would take no object at all. So moto is given the statements without conditions, and the whole policy is answered here.
moto also asks a bucket of access logs for a statement that lets S3 write them, in one certain form: it gets that.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.aws.wire import Answer, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Call

Statement = dict[str, Any]
_KIND = "bucket-policy"
_LOGS = "logging.s3.amazonaws.com"
_EVERYWHERE = "aws-global"
_NOTHING = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:ListAllMyBuckets", "Resource": "*"}
"""A statement about no bucket at all, for moto takes no empty policy."""


def put(state: State, call: Call) -> Answer:
    """Set it. Raises ``ApiError`` MalformedPolicy for what is no policy."""
    policy = _read(call.body)
    enforced = [one for each in policy["Statement"] for one in _enforced(each, _bucket(call))]
    given = json.dumps({**policy, "Statement": enforced or [_NOTHING]}).encode()
    answer = state.plain(_without_digest(replace(call, body=given)))
    if answer.ok:
        _kept(state)[_bucket(call)] = {"policy": call.body.decode()}
    return answer


def get(state: State, call: Call) -> Answer:
    """As it was set."""
    answer, kept = state.plain(call), _kept(state).get(_bucket(call))
    return answer.saying(kept["policy"].encode()) if answer.ok and kept is not None else answer


def forget(state: State, call: Call) -> Answer:
    """The policy goes, or the bucket with it."""
    answer = state.plain(call)
    if answer.ok:
        _kept(state).pop(_bucket(call), None)
    return answer


def _enforced(statement: Statement, bucket: str) -> list[Statement]:
    """What moto gets of a statement."""
    principal = statement.get("Principal")
    if principal == {"Service": _LOGS} and statement["Effect"] == "Allow":
        return [{**statement, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {}}]
    if "Condition" in statement:
        return []
    return [{**statement, "Principal": {"AWS": "*"}} if principal == "*" else statement]


def _kept(state: State) -> dict[str, dict[str, str]]:
    return state.kept.of(("", _EVERYWHERE), _KIND)  # names of buckets are the world's


def _bucket(call: Call) -> str:
    return str(call.environ.get("PATH_INFO", "")).strip("/").partition("/")[0]


def _read(body: bytes) -> dict[str, Any]:
    malformed = ApiError("MalformedPolicy", "This policy contains invalid Json")
    try:
        policy = json.loads(body)
    except ValueError as error:
        raise malformed from error
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise malformed
    statements = policy["Statement"]
    return {**policy, "Statement": statements if isinstance(statements, list) else [statements]}


def _without_digest(call: Call) -> Call:
    """The client's checksum is of the body it sent."""
    kept = {
        key: value
        for key, value in call.environ.items()
        if not key.startswith(("HTTP_X_AMZ_CHECKSUM", "HTTP_CONTENT_MD5", "HTTP_X_AMZ_SDK_CHECKSUM"))
    }
    return replace(call, environ=kept)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "s3:PutBucketPolicy": put,
    "s3:GetBucketPolicy": get,
    "s3:DeleteBucketPolicy": forget,
    "s3:DeleteBucket": forget,
}
