"""What the site reports, in memory (for tests and the sandbox)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.mirror.listing import Missing

if TYPE_CHECKING:
    from ris_hybrid.mirror.listing import SiteListing


class FakeReports:
    """Says what it was told; a part in ``down`` is as unknown as one that nobody captured."""

    def __init__(self, listing: SiteListing, *, down: tuple[str, ...] = ()) -> None:
        self.told = listing
        self.down = down

    def listing(self) -> SiteListing:
        """See ``ris_hybrid.ports.SiteReports``."""
        told = self.told
        if "filesets" in self.down:
            told = replace(told, filesets={})
        if "quotas" in self.down:
            bare = {name: replace(one, quota_bytes=None, used_bytes=None) for name, one in told.filesets.items()}
            told = replace(told, filesets=bare)
        if "groups" in self.down:
            told = replace(told, groups={})
        missing = tuple(Missing(part=part, reason="nobody captured it") for part in self.down)
        whole = set(self.down) >= {"filesets", "quotas", "groups"}
        return replace(told, missing=told.missing + missing, captured_at=None if whole else told.captured_at)
