"""What the site reports of itself beside the allocation files: filesets, quotas, directory groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Fileset:
    """One fileset of a GPFS file system."""

    name: str
    path: str
    """Empty when it is not linked."""
    file_system: str
    quota_bytes: int | None = None
    """Block hard limit; None for no limit."""
    used_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A part of the listing that could not be had: unknown, which is never the same as empty."""

    part: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteListing:
    """What was reported; ``missing`` says what was not."""

    filesets: Mapping[str, Fileset]
    """By name."""
    groups: Mapping[str, tuple[str, ...]]
    """Directory group, case-folded, to its members."""
    captured_at: float | None
    """Epoch seconds of the oldest part; None when nothing was reported."""
    missing: tuple[Missing, ...] = ()
