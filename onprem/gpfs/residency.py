"""Where a file's blocks are, from ``MISC_ATTRIBUTES`` of a policy (IBM, "File attributes in SQL expressions")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ris_hybrid.data.values import Residency


def residency(misc_attributes: str) -> Residency:
    """``V`` is off-line, on tape alone; ``M`` without it has a copy there too; neither is on disk only."""
    if "V" in misc_attributes:
        return "migrated"
    return "premigrated" if "M" in misc_attributes else "resident"
