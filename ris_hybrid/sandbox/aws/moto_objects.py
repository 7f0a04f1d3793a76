"""What the layer reads and sets in moto's memory of S3's objects: their full checksums, and content from local files.

moto's models have no types, so they are ``Any`` here and leave this module as our own values.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from awscrt.checksums import crc64nvme
from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends

from onprem.checksums import extents
from ris_hybrid.sandbox.aws.moto_clock import epoch
from ris_hybrid.sandbox.aws.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.data.values import Digest

CRC = "CRC64NVME"
_CHUNK = 4 * 1024 * 1024
_SMALL = 1024 * 1024
"""Content up to this size moto keeps as it keeps all; what is larger comes as a file, whose holes stay holes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One object as it is now."""

    key: str
    size: int
    version_id: str
    """``null`` where the bucket keeps none."""
    modified: float
    storage_class: str
    etag: str
    sums: Mapping[str, str]
    """Base64 by algorithm."""
    sum_type: str
    parts: int
    metadata: Mapping[str, str]


def current(account: str, bucket: str, key: str) -> Held | None:
    """The current object; None where there is none, or a delete marker. Raises ``ApiError`` NoSuchBucket."""
    model = _model(account, bucket, key)
    return None if model is None else _held(model)


def keys_below(account: str, bucket: str, prefix: str) -> list[str]:
    """Of every current object below a prefix, in no order. Raises ``ApiError`` NoSuchBucket."""
    found = _bucket(account, bucket).keys
    return [key for key in found if key.startswith(prefix) and not isinstance(found[key], FakeDeleteMarker)]


def below(account: str, bucket: str, prefix: str) -> Iterator[Held]:
    """Every current object below a prefix, in no order. Raises ``ApiError`` NoSuchBucket."""
    for key in keys_below(account, bucket, prefix):
        if (model := _model(account, bucket, key)) is not None:
            yield _held(model)


def give_sum(account: str, bucket: str, key: str) -> None:
    """Compute the sum that S3 gives every object that came without one."""
    model = _model(account, bucket, key)
    if model is None or (model.checksum_algorithm and model.checksum_value):
        return
    model.checksum_algorithm, model.checksum_value = CRC, crc_of(_content(model))
    model.checksum_type = "FULL_OBJECT"


def take_sum(account: str, bucket: str, key: str, crc: str) -> None:
    """Keep the sum that came with an object, which was compared before."""
    model = _model(account, bucket, key)
    if model is not None:
        model.checksum_algorithm, model.checksum_value, model.checksum_type = CRC, crc, "FULL_OBJECT"


def crc_of(content: BinaryIO) -> str:
    """Base64 of the CRC64NVME of an open file, from its beginning."""
    content.seek(0)
    found = 0
    while data := content.read(_CHUNK):
        found = crc64nvme(data, found)
    return crc_text(found)


def crc_text(crc: int) -> str:
    """As S3 writes one."""
    return base64.b64encode(crc.to_bytes(8, "big")).decode()


def put_file(place: tuple[str, str, str], descriptor: int, digest: Digest, metadata: Mapping[str, str]) -> None:
    """A new object of an open file's content; ``place`` is account, bucket and key."""
    account, bucket, key = place
    small = digest.size <= _SMALL
    content = os.pread(descriptor, digest.size, 0) if small else b""
    etag = None if small else f"{digest.sha256[:32]}-1"
    model = _backend(account).put_object(
        bucket, key, content, etag=etag, disable_notification=True, **_lock(_bucket(account, bucket))
    )
    if not small:
        _content(model).close()
        model._value_buffer = _sparse_copy(descriptor, digest.size)  # noqa: SLF001  # moto's only place for content
        model.contentsize = digest.size
    model.set_metadata(dict(metadata))
    model.checksum_algorithm, model.checksum_value, model.checksum_type = CRC, digest.crc64nvme, "FULL_OBJECT"


def _lock(bucket: Any) -> dict[str, str]:
    """What a bucket's Object Lock puts on a new object that names no retention of its own."""
    if not bucket.has_default_lock:
        return {}
    return {"lock_mode": bucket.default_lock_mode, "lock_until": bucket.default_retention()}


def write_to(account: str, bucket: str, key: str, target: BinaryIO) -> None:
    """Write an object's content into an open, empty file; holes stay holes where it came from a file."""
    model = _model(account, bucket, key)
    if model is None:
        raise ApiError("NoSuchKey", "The specified key does not exist.", 404)
    source = _content(model)
    if isinstance(source, tempfile.SpooledTemporaryFile):
        source.seek(0)
        shutil.copyfileobj(source, target)
        return
    _copy(source.fileno(), target.fileno(), model.contentsize)


def _content(model: Any) -> Any:
    return model._value_buffer  # noqa: SLF001  # moto's only place for content; `value` copies all of it


def _sparse_copy(descriptor: int, size: int) -> BinaryIO:
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # moto keeps it as long as the object
    _copy(descriptor, copy.fileno(), size)
    return copy


def _copy(source: int, target: int, size: int) -> None:
    os.ftruncate(target, size)
    for start, end, is_data in extents(source, size):
        at = start
        while is_data and at < end:
            data = os.pread(source, min(_CHUNK, end - at), at)
            os.pwrite(target, data, at)
            at += len(data)


def _held(model: Any) -> Held:
    known = model.checksum_value and model.checksum_algorithm
    return Held(
        key=model.name,
        size=model.contentsize,
        version_id=model.version_id,
        modified=epoch(model.last_modified),
        storage_class=model.storage_class,
        etag=model.etag,
        sums={model.checksum_algorithm: model.checksum_value} if known else {},
        sum_type=model.checksum_type or "FULL_OBJECT",
        parts=len(model.multipart.parts) if model.multipart is not None else 0,
        metadata=dict(model.metadata),
    )


def _model(account: str, bucket: str, key: str) -> Any | None:
    found = _bucket(account, bucket).keys.get(key)
    return None if found is None or isinstance(found, FakeDeleteMarker) else found


def _bucket(account: str, bucket: str) -> Any:
    found = _backend(account).buckets.get(bucket)
    if found is None:
        raise ApiError("NoSuchBucket", "The specified bucket does not exist", 404)
    return found


def _backend(account: str) -> Any:
    return s3_backends[account]["aws"]


def _itself(model: Any, _memo: dict[int, Any]) -> Any:
    """No copy: for each page of a listing of versions moto copies the content of all versions of the whole bucket."""
    return model


FakeKey.__deepcopy__ = _itself  # type: ignore[attr-defined]  # Python asks for it; moto copies keys nowhere else
