"""What became of one file of a transfer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["moved", "same", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of one file."""

    outcome: Outcome
    source: str
    destination: str
    size: int = 0
    checksum: str = ""
    faults: int = 0
    code: str = ""
    """Globus's word for why it failed."""
