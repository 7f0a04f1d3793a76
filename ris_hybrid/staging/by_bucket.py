"""One ``Objects``, one ``Versions`` and one ``Summing`` over buckets of several accounts and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.data.ports import Objects, Summing, Versions
    from ris_hybrid.data.values import MoveFailure, ObjectSeen, ObjectSum


Home = TypeVar("Home")


class ObjectsByBucket:
    """The port ``Objects``; asks whoever has the bucket."""

    def __init__(self, homes: Mapping[str, Objects]) -> None:
        self._homes = homes

    def listed(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """See the port."""
        return self._home(bucket).listed(bucket, prefix)

    def checksum(self, bucket: str, key: str) -> ObjectSum | None:
        """See the port."""
        return self._home(bucket).checksum(bucket, key)

    def delete(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """See the port."""
        return self._home(bucket).delete(bucket, versions)

    def _home(self, bucket: str) -> Objects:
        return _known(self._homes, bucket)


class VersionsByBucket:
    """The port ``Versions``; asks whoever has the bucket."""

    def __init__(self, homes: Mapping[str, Versions]) -> None:
        self._homes = homes

    def latest(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """See the port."""
        return _known(self._homes, bucket).latest(bucket, prefix)

    def hide(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """See the port."""
        return _known(self._homes, bucket).hide(bucket, versions)


class SummingByBucket:
    """The port ``Summing``; asks whoever has the bucket."""

    def __init__(self, homes: Mapping[str, Summing]) -> None:
        self._homes = homes

    def have_sum(self, bucket: str, key: str, version_id: str) -> None:
        """See the port."""
        _known(self._homes, bucket).have_sum(bucket, key, version_id)


def _known(homes: Mapping[str, Home], bucket: str) -> Home:
    if bucket not in homes:
        raise Refused(f"bucket {bucket} is of no allocation of the mirror", "see `ris-hybrid mirror plan`")
    return homes[bucket]
