"""The port ``Summing`` over S3: a version copied onto its own key, for which S3 computes a CRC64NVME.

One CopyObject up to 5 GB, above that a copy in parts; both within S3, so no byte of it leaves AWS. Metadata, tags and
storage class go with it, the key as the bucket's own setting has it. A copy becomes the current version: what a job
writes in that moment must not end below it, so S3 is told what has to be current (If-Match). Source: S3 API reference,
CopyObject, UploadPartCopy, CompleteMultipartUpload; S3 user guide, "Checking object integrity".
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from burst.aws.calls import translated
from ris_hybrid.errors import Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ONE_COPY = 5 * 1024**3
"""The largest object of one CopyObject, in bytes."""
_PARTS = 10_000
_LEAST_PART = 512 * 1024**2
_SUM = "CRC64NVME"
_NOT_CURRENT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "404", "NoSuchKey"})
_WRITTEN, _LATER = "an object was written or deleted while S3 was to make its checksum", "it is asked again"
_KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Metadata")


class S3Summing:
    """Over the clients of one region. Errors are ``CloudError``'s children.

    ``one_copy`` is the largest object that is copied by one call.
    """

    def __init__(self, clients: Any, one_copy: int = _ONE_COPY) -> None:
        self._s3 = clients.get("s3")
        self._one_copy = one_copy

    def have_sum(self, bucket: str, key: str, version_id: str) -> None:
        """See the port; a copy in parts that fails is given up, so that nothing of it is paid for."""
        place = {"Bucket": bucket, "Key": key}
        source = {**place, "VersionId": version_id}
        with _still_current():
            seen = self._s3.head_object(**place)
            if seen.get("VersionId") != version_id:
                raise TryAgain(_WRITTEN, _LATER)
            kept = {"StorageClass": seen.get("StorageClass", "STANDARD")}
            if seen["ContentLength"] <= self._one_copy:
                self._s3.copy_object(**place, **kept, CopySource=source, ChecksumAlgorithm=_SUM, IfMatch=seen["ETag"])
                return
            tags = self._s3.get_object_tagging(**source)["TagSet"]
        kept |= {name: seen[name] for name in _KEPT if name in seen}
        self._in_parts(place, source, kept, seen, tags)

    def _in_parts(
        self,
        place: dict[str, str],
        source: dict[str, str],
        kept: dict[str, Any],
        seen: Mapping[str, Any],
        tags: list[dict[str, str]],
    ) -> None:
        with translated():
            begun = self._s3.create_multipart_upload(
                **place, **kept, ChecksumAlgorithm=_SUM, ChecksumType="FULL_OBJECT"
            )
        upload = {**place, "UploadId": begun["UploadId"]}
        whole = False
        try:
            with _still_current():
                parts = [self._part(upload, source, *one) for one in _ranges(seen["ContentLength"])]
                self._s3.complete_multipart_upload(
                    **upload, MultipartUpload={"Parts": parts}, ChecksumType="FULL_OBJECT", IfMatch=seen["ETag"]
                )
                whole = True
                if tags:
                    self._s3.put_object_tagging(**place, Tagging={"TagSet": tags})
        finally:
            if not whole:
                with translated():
                    self._s3.abort_multipart_upload(**upload)

    def _part(
        self, upload: dict[str, str], source: dict[str, str], number: int, first: int, last: int
    ) -> dict[str, Any]:
        copied = self._s3.upload_part_copy(
            **upload, CopySource=source, CopySourceRange=f"bytes={first}-{last}", PartNumber=number
        )["CopyPartResult"]
        sums = {
            name: copied[name] for name in ("ChecksumCRC64NVME",) if name in copied
        }  # S3 adds them up, or reads them
        return {"PartNumber": number, "ETag": copied["ETag"], **sums}


@contextmanager
def _still_current() -> Iterator[None]:
    try:
        with translated():
            yield
    except Refused as refusal:
        if refusal.code in _NOT_CURRENT:
            raise TryAgain(_WRITTEN, _LATER, refusal.code) from refusal
        raise


def _ranges(size: int) -> Iterator[tuple[int, int, int]]:
    """Number, first and last byte of each part."""
    length = max(_LEAST_PART, -(-size // _PARTS))
    for number, first in enumerate(range(0, size, length), 1):
        yield number, first, min(first + length, size) - 1
