"""A bucket's inventories: moto takes the end of one for the end of the bucket, and one field for a list of letters.

Source: S3 API reference, PutBucketInventoryConfiguration and DeleteBucketInventoryConfiguration.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from ris_hybrid.sandbox.aws import moto_account
from ris_hybrid.sandbox.aws.wire import Answer, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Call


def put(state: State, call: Call) -> Answer:
    """moto's, with its fields as a list where there is one alone."""
    answer = state.plain(call)
    for one in (moto_account.inventories(call.account, _bucket(call)) or {}).values():
        fields = one.optional_fields
        if isinstance(fields, dict) and isinstance(fields["Field"], str):
            one.optional_fields = [fields["Field"]]
    return answer


def forget(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps it
    """Take one away. Raises ``ApiError`` in S3's words for a bucket or an inventory there is not."""
    its_id = parse_qs(call.environ.get("QUERY_STRING", "")).get("id", [""])[0]
    kept = moto_account.inventories(call.account, _bucket(call))
    if kept is None:
        raise ApiError("NoSuchBucket", "The specified bucket does not exist", HTTPStatus.NOT_FOUND)
    if kept.pop(its_id, None) is None:
        raise ApiError("NoSuchConfiguration", "The specified configuration does not exist.", HTTPStatus.NOT_FOUND)
    return Answer(status=HTTPStatus.NO_CONTENT, headers=(), body=b"")


def _bucket(call: Call) -> str:
    return str(call.environ.get("PATH_INFO", "")).strip("/").partition("/")[0]


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "s3:DeleteBucketInventoryConfiguration": forget,
    "s3:PutBucketInventoryConfiguration": put,
}
