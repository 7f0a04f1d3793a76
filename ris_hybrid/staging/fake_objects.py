"""Buckets in memory: the port ``Objects`` with versions, delete markers, locks and checksums as S3 keeps them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ris_hybrid.data.excluded import is_own
from ris_hybrid.data.values import MoveFailure, ObjectSeen, ObjectSum
from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.staging.fake_blobs import blob

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.errors import CloudError
    from ris_hybrid.staging.fake_blobs import Blob

Sums = Literal["crc64nvme", "both", "sha256", "none"]
"""Which full-object checksums S3 has; ``none`` is an object of before S3 computed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeVersion:
    """One version of an object; ``held`` None is a delete marker."""

    version_id: str
    held: Blob | None
    modified: float = 0.0
    sums: Sums = "crc64nvme"
    storage_class: str = "STANDARD"
    locked: bool = False


class FakeObjects:
    """The ports ``Objects``, ``Versions`` and ``Summing`` over buckets by name; one that was never made is refused."""

    def __init__(self, *buckets: str, versioned: bool = True) -> None:
        self._buckets: dict[str, dict[str, list[FakeVersion]]] = {name: {} for name in buckets}
        self._versioned = versioned
        self._made = 0
        self.fail_next: CloudError | None = None
        """Raised by the next call, once."""
        self.fail_keys: dict[str, CloudError] = {}
        """Raised whenever one of these keys is asked for; a listing raises when it comes to it."""
        self.now = 1_700_000_000.0
        """S3's clock: what is put from now on was modified then."""
        self.sums: Sums = "crc64nvme"
        """What objects put from now on have."""

    def put(self, bucket: str, key: str, content: bytes | tuple[int, str] | Blob = b"", *, locked: bool = False) -> str:
        """A new version, which is the current one; its id."""
        held = content if not isinstance(content, bytes | tuple) else blob(content)
        return self._add(bucket, key, held, locked=locked)

    def mark_deleted(self, bucket: str, key: str) -> str:
        """What a delete without a version does: a marker on top, and nothing is gone."""
        return self._add(bucket, key, None, locked=False)

    def versions(self, bucket: str, key: str) -> tuple[FakeVersion, ...]:
        """Every version, the oldest first."""
        return tuple(self._buckets[bucket].get(key, ()))

    def held(self, bucket: str, key: str) -> Blob | None:
        """The current content."""
        versions = self._bucket(bucket).get(key)
        return versions[-1].held if versions else None

    def keys(self, bucket: str, prefix: str = "") -> tuple[str, ...]:
        """Of current objects, in S3's order (UTF-8 bytes)."""
        found = (key for key in self._bucket(bucket) if key.startswith(prefix) and self.held(bucket, key) is not None)
        return tuple(sorted(found, key=lambda key: key.encode("utf-8", "surrogateescape")))

    def listed(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """Current objects below the prefix."""
        self._maybe_fail()
        for key in self.keys(bucket, prefix):
            self._maybe_fail(key)
            top = self._buckets[bucket][key][-1]
            if top.held is not None and not is_own(key):
                yield ObjectSeen(key, top.held.size, top.modified, top.storage_class)

    def latest(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """The port ``Versions``."""
        for seen in self.listed(bucket, prefix):
            *below, top = self._buckets[bucket][seen.key]
            older = tuple(one.version_id for one in reversed(below) if one.held is not None)
            yield seen._replace(version_id=top.version_id, older=older)

    def hide(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """The port ``Versions``."""
        self._maybe_fail()
        failures = []
        for key, version_id in versions.items():
            kept = self._bucket(bucket).get(key, [])
            if kept and kept[-1].version_id == version_id:
                self.mark_deleted(bucket, key)
            else:
                failures.append(MoveFailure(path=key, reason="PreconditionFailed: it has another current version"))
        return tuple(failures)

    def checksum(self, bucket: str, key: str) -> ObjectSum | None:
        """Of the current version, as far as S3 has one."""
        self._maybe_fail(key)
        versions = self._bucket(bucket).get(key)
        if not versions or versions[-1].held is None:
            return None
        top, digest = versions[-1], versions[-1].held.digest()
        crc = digest.crc64nvme if top.sums in {"crc64nvme", "both"} else ""
        sha = base64.b64encode(bytes.fromhex(digest.sha256)).decode() if top.sums in {"sha256", "both"} else ""
        return ObjectSum(digest.size, top.version_id, crc, sha)

    def delete(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """Exactly these versions; a locked one is refused, one that is gone is no failure."""
        self._maybe_fail()
        failures = []
        for key, version_id in versions.items():
            kept = self._bucket(bucket).get(key, [])
            mine = next((one for one in kept if one.version_id == version_id), None)
            if mine is not None and mine.locked:
                failures.append(MoveFailure(path=key, reason="AccessDenied: the version is under object lock"))
            elif mine is not None:
                kept.remove(mine)
        return tuple(failures)

    def have_sum(self, bucket: str, key: str, version_id: str) -> None:
        """The port ``Summing``: a copy of the version, with CRC64NVME."""
        self._maybe_fail(key)
        versions = self._bucket(bucket).get(key, ())
        held = next((one.held for one in versions if one.version_id == version_id), None)
        if versions and versions[-1].version_id != version_id:
            raise TryAgain("an object was written or deleted while S3 was to make its checksum")
        kept, self.sums = self.sums, "crc64nvme"
        if held is not None:
            self.put(bucket, key, held)
        self.sums = kept

    def _add(self, bucket: str, key: str, held: Blob | None, *, locked: bool) -> str:
        self._made += 1
        version_id = f"v{self._made:06d}" if self._versioned else ""
        versions = self._bucket(bucket).setdefault(key, [])
        if not self._versioned:
            versions.clear()
        versions.append(FakeVersion(version_id=version_id, held=held, modified=self.now, sums=self.sums, locked=locked))
        return version_id

    def _bucket(self, bucket: str) -> dict[str, list[FakeVersion]]:
        if bucket not in self._buckets:
            raise Refused(f"bucket {bucket} does not exist", code="NoSuchBucket")
        return self._buckets[bucket]

    def _maybe_fail(self, key: str = "") -> None:
        failure, self.fail_next = self.fail_next, None
        failure = failure or self.fail_keys.get(key)
        if failure is not None:
            raise failure
