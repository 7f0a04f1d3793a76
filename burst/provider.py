"""What every action of the burst works with: settings, ports, and when it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.model import Event

if TYPE_CHECKING:
    from ris_hybrid.ports import Audit, Cloud, Journal, Ledger, Spend
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The ports of one provider at one moment."""

    settings: BurstSettings
    cloud: Cloud
    ledger: Ledger
    spend: Spend
    audit: Audit
    journal: Journal
    now: float

    def unanswered(self) -> frozenset[str]:
        """Requests begun and never answered: LSF does not know of them. Only sure while the launch lock is held."""
        return frozenset(one.request_id for one in self.journal.begun() if not one.answered)

    def note(self, kind: str, **fields: object) -> None:
        """One line of the audit log."""
        self.audit.record(Event(at=self.now, kind=kind, fields=fields))
