"""A waiver: one rule that is not held against one resource, for a while, because somebody answers for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry of waivers.yaml."""

    rule: str
    """The rule's name, e.g. ``bucket-object-lock``."""
    resource: str
    """What it is about, as ``policy check`` names it; ``*`` stands for any text: ``bucket wustl-ris-imaging-*``."""
    reason: str
    owner: str
    """Who answers for it."""
    until: str
    """ISO date of its last day, within a year."""
    ticket: str
    where: str
    """``waivers.yaml:3``."""
