"""What is known of images: at their source, in ECR, and what its scan found. Sizes are bytes, times epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEXES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFESTS = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
"""What ECR and today's Docker take; schema 1 is neither."""

ScanWord = str
"""ECR's: COMPLETE, ACTIVE, IN_PROGRESS, PENDING, FAILED, UNSUPPORTED_IMAGE, SCAN_ELIGIBILITY_EXPIRED,
FINDINGS_UNAVAILABLE, LIMIT_EXCEEDED, IMAGE_ARCHIVED, IMAGE_SIZE_EXCEEDED; NOT_FOUND where it knows of no scan."""
NO_SCAN = "NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """An image at its source, by its manifest's bytes."""

    digest: str
    media_type: str
    size: int | None = None
    """Of its layers, compressed; None for an index, whose manifest does not say."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """``linux/amd64`` or ``linux/arm/v7`` to digest, of an index; empty for a single image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotHad:
    """Why nothing is known of an image at its source."""

    reason: str
    certain: bool
    """Whether the source said so: there is no such image. Else it may be there at the next try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """An image, or an index of images, of one repository in ECR."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: float
    media_type: str = ""
    size: int | None = None
    """As ECR counts it: compressed layers; None where it does not say."""
    pulled_at: float | None = None
    """Last pull ECR recorded, which it does once a day; None for none."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Of an index, as ``Upstream`` has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFlaw:
    """One finding of a scan."""

    name: str
    """CVE id, or the scanner's."""
    severity: str
    """INFORMATIONAL, LOW, MEDIUM, HIGH, CRITICAL, UNDEFINED or UNTRIAGED."""
    package: str = ""
    fixable: bool | None = None
    """None where the scan does not say (basic scanning)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What scanning says of one image."""

    word: ScanWord
    findings: tuple[FoundFlaw, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """Findings by severity as ECR counts them, which may be more than ``findings`` lists."""
    completed_at: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """An image that a repository's lifecycle policy would delete, or archive."""

    digest: str
    tags: tuple[str, ...] = ()
    action: str = "EXPIRE"
    """ECR's word: EXPIRE deletes, TRANSITION archives."""
    rule: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A log-in of a registry for some hours. It is secret: neither printed nor kept."""

    host: str
    user: str = field(repr=False)
    password: str = field(repr=False)
    until: float = 0.0
