"""Everything a mirror plan is made from; what is not known is None, never empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.listing import SiteListing
    from ris_hybrid.mirror.values import MirrorPlan
    from ris_hybrid.mirror.wanted import Wanted
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The site's files, what the site reports, what AWS holds, and what was planned before."""

    allocations: tuple[Wanted, ...]
    listing: SiteListing
    holdings: Mapping[str, Holdings | None] = field(default_factory=dict)
    """By environment; None, or no entry, where what AWS holds is not known."""
    recorded: MirrorPlan | None = None
    """The plan that was applied last; None where there is none, or it is lost."""
    burst: BurstSettings | None = None
    """burst.yaml; None where the site does not burst."""
