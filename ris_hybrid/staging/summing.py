"""What S3 knows of an object's content, after it was asked to find out where it knows nothing.

A client that sends a checksum of its own kind (CRC32, CRC32C of parts) gets only that one kept. S3 then has to make the
CRC64NVME, by copying the object onto itself; the version that was copied has the same content, and is remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ris_hybrid.data.values import ObjectSum
    from ris_hybrid.staging.values import Staging
    from ris_hybrid.staging.world import World


def sum_of(world: World, staging: Staging, path: str) -> tuple[ObjectSum | None, str]:
    """Of the current object, and the id of the version it was copied from; empty when it was not."""
    bucket, key = staging.plan.bucket, f"{staging.plan.dataset.prefix}{path}"
    seen = world.objects.checksum(bucket, key)
    if seen is None or world.summing is None or has_sum(seen) or not seen.version_id:
        return seen, ""
    world.summing.have_sum(bucket, key, seen.version_id)
    made = world.objects.checksum(bucket, key)
    copied = seen.version_id if made is not None and made.version_id != seen.version_id else ""
    return made, copied


def has_sum(seen: ObjectSum) -> bool:
    """Whether S3 has a sum of the full object."""
    return bool(seen.crc64nvme or seen.sha256)
