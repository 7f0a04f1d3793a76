"""Object Lock on a bucket that has objects: S3 takes it (since 2023) if it has versions, moto if it is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import moto_account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call


def put(state: State, call: Call) -> Answer:
    """Set it, as on a bucket without objects: default retention says nothing of those that are there."""
    bucket = str(call.environ.get("PATH_INFO", "")).strip("/").partition("/")[0]
    with moto_account.without_objects(call.account, bucket):
        return state.plain(call)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"s3:PutObjectLockConfiguration": put}
