"""Whether a job finds its data and its image in the cloud, and what sending it would cost in data (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["none needed", "staged", "in time", "not staged", "no image", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobData:
    """What the data plane says of one job."""

    verdict: Verdict
    reason: str
    ready_at: float = 0.0
    """When its data will be there; 0 when it is there or none is needed."""
    usd: float = 0.0
    """Dollars that sending this job costs in data: staging not yet paid, and egress of its results."""
    eligible: bool = False
    """Whether it may be sent."""
