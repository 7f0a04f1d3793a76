"""The port ``Objects`` over S3: listings, checksums that S3 keeps, and deletes of exact versions.

An ETag is never taken for a checksum, and neither is a sum of parts: only CRC64NVME, which is always of the full
object, and a SHA-256 that S3 says is. Source: S3 API reference, ListObjectsV2, GetObjectAttributes, DeleteObjects;
S3 user guide, "Checking object integrity".
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TYPE_CHECKING, Any

from burst.aws.calls import batches
from ris_hybrid.aws.calls import asked
from ris_hybrid.data.excluded import is_own
from ris_hybrid.data.values import MoveFailure, ObjectSeen, ObjectSum
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.holdings.reading import WORKERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SERVICE = "S3"
_ASKED = ("Checksum", "ObjectParts", "ObjectSize")
_ABSENT = frozenset({"NoSuchKey"})
_BATCH = 1000
"""Keys of one DeleteObjects, S3's limit; and keys whose sums are asked for before the first is given."""
_NO_VERSION = "null"
"""S3's name of the version that a bucket without versioning has. It is sent where no id is known, for a delete that
names no version hides the object in a versioned bucket in place of deleting it."""
_NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
"""What XML 1.0 has no way to say, or says as something else; such keys are deleted one by one."""
_PERMANENT = "the name is not UTF-8, so S3 has no such key"


class S3Objects:
    """Over the clients of one region. Errors are ``CloudError``'s children; S3's code is in each."""

    def __init__(self, clients: Any) -> None:
        self._s3 = clients.get("s3")

    def listed(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """A thousand a call. Keys are asked for URL-encoded, which botocore adds and takes off: any byte survives."""
        pages = iter(self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix))
        while True:
            with asked(_SERVICE):
                page = next(pages, None)
                rows = () if page is None else [_seen(row) for row in page.get("Contents", ())]
            if page is None:
                return
            yield from (row for row in rows if not is_own(row.key))

    def checksum(self, bucket: str, key: str) -> ObjectSum | None:
        """One GetObjectAttributes. HeadObject would not do: it cannot tell a missing object from a missing bucket."""
        if not _is_utf8(key):
            return None
        try:
            with asked(_SERVICE):
                wanted = {"Bucket": bucket, "Key": key, "ObjectAttributes": list(_ASKED), "MaxParts": 1}
                return _sum(self._s3.get_object_attributes(**wanted))
        except Refused as error:
            if error.code in _ABSENT:
                return None
            raise

    def checksums(self, bucket: str, keys: Iterable[str]) -> Iterator[tuple[str, ObjectSum | None]]:
        """Of many keys, in their order, many asked at once. Raises the first error there is."""
        left = iter(keys)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="checksums") as pool:
            while some := list(islice(left, _BATCH)):
                # A copy of the context for each: the end that is set for the caller counts in every thread.
                sums = [pool.submit(copy_context().run, self.checksum, bucket, key) for key in some]
                yield from zip(some, (one.result() for one in sums), strict=True)

    def delete(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """By the thousand. A version under Object Lock, or denied, is among the failures with S3's code and words."""
        failures = [MoveFailure(path=key, reason=_PERMANENT) for key in versions if not _is_utf8(key)]
        named = {key: version or _NO_VERSION for key, version in versions.items() if _is_utf8(key)}
        odd = [key for key in named if _NOT_IN_XML.search(key)]
        for some in batches([key for key in named if not _NOT_IN_XML.search(key)], _BATCH):
            failures += self._delete_some(bucket, {key: named[key] for key in some})
        for key in odd:
            failures += self._delete_one(bucket, key, named[key])
        return tuple(failures)

    def _delete_some(self, bucket: str, named: Mapping[str, str]) -> list[MoveFailure]:
        wanted = [{"Key": key, "VersionId": version} for key, version in named.items()]
        with asked(_SERVICE):
            answer = self._s3.delete_objects(Bucket=bucket, Delete={"Objects": wanted, "Quiet": True})
            return [
                MoveFailure(path=row["Key"], reason=f"{row['Code']}: {row.get('Message', '')}")
                for row in answer.get("Errors", ())
                if row["Code"] != "NoSuchVersion"
            ]

    def _delete_one(self, bucket: str, key: str, version: str) -> list[MoveFailure]:
        try:
            with asked(_SERVICE):
                self._s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
        except TryAgain:
            raise
        except CloudError as error:
            if error.code == "NoSuchVersion":
                return []
            if error.code == "NoSuchBucket":
                raise
            return [MoveFailure(path=key, reason=f"{error.code}: {error.message}")]
        return []


def _seen(row: Mapping[str, Any]) -> ObjectSeen:
    return ObjectSeen(row["Key"], row["Size"], row["LastModified"].timestamp(), row.get("StorageClass", "STANDARD"))


def _sum(answer: Mapping[str, Any]) -> ObjectSum:
    sums = answer.get("Checksum", {})
    # Objects of before S3 said which kind a sum is: one that was sent in parts has a sum of sums.
    whole = sums.get("ChecksumType") == "FULL_OBJECT" or not ("ChecksumType" in sums or "ObjectParts" in answer)
    return ObjectSum(
        size=answer["ObjectSize"],
        version_id=_version(answer.get("VersionId", "")),
        crc64nvme=sums.get("ChecksumCRC64NVME", ""),
        sha256=sums.get("ChecksumSHA256", "") if whole else "",
    )


def _version(told: str) -> str:
    return "" if told == _NO_VERSION else told


def _is_utf8(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True
