"""The port ``Versions`` over S3: a listing that tells which version of each object is the current one.

So a dataset that nobody touched since it was compared needs no question for each of its objects. Keys are asked for
URL-encoded, which botocore adds and takes off. Source: S3 API reference, ListObjectVersions (versions of a key follow
each other, the newest first), DeleteObject.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from ris_hybrid.aws.calls import asked
from ris_hybrid.data.excluded import is_own
from ris_hybrid.data.values import MoveFailure, ObjectSeen
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNVERSIONED = "null"


class S3Versions:
    """Over the clients of one region. Errors are ``CloudError``'s children."""

    def __init__(self, clients: Any) -> None:
        self._s3 = clients.get("s3")

    def latest(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """See the port; an object below a delete marker is not there."""
        for _, rows in groupby(self._rows(bucket, prefix), lambda row: row["Key"]):
            current, *older = rows
            if current["IsLatest"] and not is_own(current["Key"]):
                yield _seen(current, older)

    def hide(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """One DeleteObject a key, on the condition that its content is still that of the version (If-Match)."""
        failures = []
        for key, version_id in versions.items():
            place = {"Bucket": bucket, "Key": key}
            try:
                with asked("S3"):
                    current = self._s3.head_object(**place)
                    if current.get("VersionId") != version_id:
                        failures.append(MoveFailure(path=key, reason="it has another current version"))
                        continue
                    self._s3.delete_object(**place, IfMatch=current["ETag"])
            except Refused as error:
                if error.code == "NoSuchBucket":
                    raise
                failures.append(MoveFailure(path=key, reason=f"{error.code}: {error.message}"))
        return tuple(failures)

    def _rows(self, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        pages = iter(self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix))
        while True:
            with asked("S3"):
                page = next(pages, None)
            if page is None:
                return
            yield from page.get("Versions", ())


def _seen(row: Mapping[str, Any], older: list[Mapping[str, Any]]) -> ObjectSeen:
    at, storage = row["LastModified"].timestamp(), row.get("StorageClass", "STANDARD")
    below = tuple(_version(one) for one in older)
    return ObjectSeen(row["Key"], row["Size"], at, storage, _version(row), below)


def _version(row: Mapping[str, Any]) -> str:
    return "" if row["VersionId"] == _UNVERSIONED else str(row["VersionId"])
