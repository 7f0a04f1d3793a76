"""Objects as S3 has them: each with a CRC64NVME of the full object, which is compared with the one that came.

moto keeps a checksum only when it computes it itself, compares none, and says no kind. Source: S3 user guide,
"Checking object integrity"; S3 API reference, PutObject, CompleteMultipartUpload, GetObjectAttributes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from awscrt.checksums import crc64nvme

from ris_hybrid.sandbox.aws import moto_objects
from ris_hybrid.sandbox.aws.wire import ApiError, xml_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.moto_objects import Held
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_GIVEN = "HTTP_X_AMZ_CHECKSUM_CRC64NVME"
_CHUNKED = "HTTP_X_AMZ_DECODED_CONTENT_LENGTH"
"""The body is framed, and moto takes the frames off."""


def put(state: State, call: Call) -> Answer:
    """Raises ``ApiError`` BadDigest for content that is not what its checksum says; nothing is kept then."""
    given = call.environ.get(_GIVEN)
    framed = _CHUNKED in call.environ
    if given is not None and not framed and given != moto_objects.crc_text(crc64nvme(call.body)):
        raise ApiError("BadDigest", "The CRC64NVME you specified did not match the calculated checksum.")
    answer = state.plain(call)
    if answer.ok:
        if given is not None and not framed:
            moto_objects.take_sum(call.account, *_place(call), given)
        return _with_sum(call, answer)
    return answer


def complete(state: State, call: Call) -> Answer:
    """An upload in parts whose sums nobody asked for gets S3's."""
    answer = state.plain(call)
    return _with_sum(call, answer) if answer.ok else answer


def attributes(state: State, call: Call) -> Answer:
    """Of the current object; of an older version moto's."""
    if "versionId" in dict(call.pairs):
        return state.plain(call)
    bucket, key = _place(call)
    held = moto_objects.current(call.account, bucket, key)
    if held is None:
        raise ApiError("NoSuchKey", "The specified key does not exist.", 404)
    wanted = {one.strip() for one in str(call.environ.get("HTTP_X_AMZ_OBJECT_ATTRIBUTES", "")).split(",")}
    text = "".join(told for name, told in _told(held) if name in wanted)
    spaces = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    answer = xml_answer(f"<GetObjectAttributesResponse {spaces}>{text}</GetObjectAttributesResponse>".encode())
    headers = [("Last-Modified", format_datetime(datetime.fromtimestamp(held.modified, UTC), usegmt=True))]
    if held.version_id != "null":
        headers.append(("x-amz-version-id", held.version_id))
    return replace(answer, headers=(*answer.headers, *headers))


def _told(held: Held) -> tuple[tuple[str, str], ...]:
    sums = "".join(f"<Checksum{name}>{escape(value)}</Checksum{name}>" for name, value in held.sums.items())
    kind = f"<ChecksumType>{held.sum_type}</ChecksumType>" if sums else ""
    parts = f"<ObjectParts><PartsCount>{held.parts}</PartsCount></ObjectParts>" if held.parts else ""
    return (
        ("Checksum", f"<Checksum>{sums}{kind}</Checksum>"),
        ("ObjectParts", parts),
        ("ObjectSize", f"<ObjectSize>{held.size}</ObjectSize>"),
        ("StorageClass", f"<StorageClass>{held.storage_class}</StorageClass>"),
    )


def _with_sum(call: Call, answer: Answer) -> Answer:
    bucket, key = _place(call)
    moto_objects.give_sum(call.account, bucket, key)
    held = moto_objects.current(call.account, bucket, key)
    crc = held.sums.get(moto_objects.CRC) if held is not None else None
    if crc is None or call.action != "PutObject":
        return answer
    told = (("x-amz-checksum-crc64nvme", crc), ("x-amz-checksum-type", "FULL_OBJECT"))
    kept = tuple(pair for pair in answer.headers if pair[0].lower() not in {name for name, _ in told})
    return replace(answer, headers=(*kept, *told))


def _place(call: Call) -> tuple[str, str]:
    # WSGI hands the path's bytes over as Latin-1 (PEP 3333).
    path = str(call.environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "s3:PutObject": put,
    "s3:CopyObject": complete,
    "s3:CompleteMultipartUpload": complete,
    "s3:GetObjectAttributes": attributes,
}
