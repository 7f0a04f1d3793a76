"""Whether a file of the site and an object of S3 have the same content (pure). An ETag never says so."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ris_hybrid.data.values import Digest, ObjectSum, Stamp

Agreement = Literal["same", "differs", "unverifiable"]
"""``unverifiable``: S3 has no checksum of the full object."""

UNVERIFIABLE = "S3 has no checksum of it, so it cannot be verified"

CONFLICT = "the site's file is not the one that was staged: somebody changed it, and it is not written over"


def date_of(stamp: Stamp | None) -> int:
    """Of what stands in a result's place, as its row keeps it: 0 where nothing does."""
    return 0 if stamp is None else stamp.mtime_ns or 1


def agreement(site: Digest, seen: ObjectSum) -> Agreement:
    """By size, CRC64NVME and SHA-256, whichever S3 has; all of them must agree, and at least one sum must be there."""
    if site.size != seen.size:
        return "differs"
    pairs = ((seen.crc64nvme, site.crc64nvme), (seen.sha256 and _hexadecimal(seen.sha256), site.sha256))
    known = [s3 == ours for s3, ours in pairs if s3]
    if not known:
        return "unverifiable"
    return "same" if all(known) else "differs"


def _hexadecimal(text: str) -> str:
    """S3 gives SHA-256 as base64; what is not base64 agrees with nothing."""
    try:
        return base64.b64decode(text, validate=True).hex()
    except binascii.Error:
        return text


Result = Literal["there", "move", "conflict", "unverifiable"]


def result(seen: ObjectSum, site: Digest | None, base: str) -> Result:
    """What becomes of a result that the cloud holds.

    Args:
        seen: the object.
        site: what stands in its place on the site; None for nothing.
        base: the CRC64NVME that the site's file had when it was staged, or when it was brought back last; empty where
            it was neither. A file with any other content was changed by somebody and is never written over.
    """
    if not (seen.crc64nvme or seen.sha256):
        return "unverifiable"
    if site is None:
        return "move"
    if agreement(site, seen) == "same":
        return "there"
    return "move" if base and site.crc64nvme == base else "conflict"
