"""What a site decides about container images, the ``images`` of data.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

_STRICT = {"extra": "forbid"}  # read by pydantic when data.yaml is validated

Severity = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageWaiver:
    """A finding, or a whole image, that is let through for a while."""

    __pydantic_config__ = _STRICT

    image: str
    """As jobs write it, without tag or digest; ``*`` stands for any text."""
    reason: str
    owner: str
    until: str
    """ISO date, the last day it holds."""
    findings: tuple[str, ...] = ()
    """CVE ids; empty: whatever is found, and where nothing can be scanned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """All of ``images``."""

    __pydantic_config__ = _STRICT

    default_registry: str = "docker.io"
    """Where a name without registry is, and ``library/`` goes before one without a slash."""
    registry: str = ""
    """The host that images are pushed to; empty: ECR's own of the environment's account and region."""
    copier: Literal["skopeo", "crane"] = "skopeo"
    auth_file: str = ""
    """Logins of source registries, in containers-auth.json(5); readable by its owner alone."""
    stop_at: Severity = "CRITICAL"
    """An image with a finding this severe is not used."""
    old_after_days: int = 180
    keep: int = 10
    """Images of a lab that lifecycle keeps beside those in use."""
    platform: str = "linux/amd64"
    waivers: tuple[ImageWaiver, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    """Registry hosts that have another name from here."""
