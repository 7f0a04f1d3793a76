"""ListObjectsV2 of a whole prefix, answered by the layer: moto goes through all of a bucket for every page of it.

A page of a bucket with twenty thousand objects takes milliseconds, not a fifth of a second. What groups keys by a
delimiter is moto's. Source: S3 API reference, ListObjectsV2.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from heapq import nsmallest
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

from ris_hybrid.sandbox.aws import moto_objects
from ris_hybrid.sandbox.aws.wire import ApiError, xml_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.moto_objects import Held
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_PAGE = 1000
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def listed(state: State, call: Call) -> Answer:
    """One page in order of keys. Raises ``ApiError`` NoSuchBucket, InvalidArgument."""
    asked = dict(call.pairs)
    if "delimiter" in asked:
        return state.plain(call)
    bucket = str(call.environ.get("PATH_INFO", "")).strip("/")
    after = _after(asked)
    most = min(int(asked.get("max-keys", _PAGE)), _PAGE)
    below = moto_objects.keys_below(call.account, bucket, asked.get("prefix", ""))
    # In order of bytes, as UTF-8 sorts, which is the order of code points.
    keys = nsmallest(most + 1, (key for key in below if key > after))
    shown = [held for key in keys[:most] if (held := moto_objects.current(call.account, bucket, key)) is not None]
    encoded = asked.get("encoding-type") == "url"
    more = len(keys) > most
    token = base64.urlsafe_b64encode(keys[most - 1].encode()).decode() if more and most else ""
    head = (
        f"<Name>{bucket}</Name><Prefix>{_name(asked.get('prefix', ''), encoded)}</Prefix><MaxKeys>{most}</MaxKeys>"
        f"<KeyCount>{len(shown)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>"
        f"{'<EncodingType>url</EncodingType>' if encoded else ''}"
        f"{f'<NextContinuationToken>{token}</NextContinuationToken>' if token else ''}"
    )
    rows = "".join(_row(held, encoded) for held in shown)
    return xml_answer(f'<ListBucketResult xmlns="{_SPACE}">{head}{rows}</ListBucketResult>'.encode())


def _after(asked: Mapping[str, str]) -> str:
    if "continuation-token" not in asked:
        return asked.get("start-after", "")
    try:
        return base64.b64decode(asked["continuation-token"], altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise ApiError("InvalidArgument", "The continuation token provided is incorrect") from error


def _row(held: Held, encoded: bool) -> str:
    at = datetime.fromtimestamp(held.modified, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    algorithms = "".join(f"<ChecksumAlgorithm>{one}</ChecksumAlgorithm>" for one in held.sums)
    kind = f"<ChecksumType>{held.sum_type}</ChecksumType>" if held.sums else ""
    name, etag = _name(held.key, encoded), escape(held.etag)
    return (
        f"<Contents><Key>{name}</Key><LastModified>{at}</LastModified><ETag>{etag}</ETag>"
        f"{algorithms}{kind}<Size>{held.size}</Size><StorageClass>{held.storage_class}</StorageClass></Contents>"
    )


def _name(key: str, encoded: bool) -> str:
    return quote(key, safe="/~") if encoded else escape(key)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"s3:ListObjectsV2": listed}
