"""What every action of the burst works with: settings, ports, and when it is."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from burst.checks import FakeChecks
from burst.plan_file import Standing
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from burst.outlook import Word
    from ris_hybrid.ports import Audit, Checks, Cloud, Journal, Ledger, Spend
    from ris_hybrid.settings import BurstSettings


class Outlook(Protocol):
    """Tells what the data plane last said."""

    def word(self, now: float, /) -> Word:
        """Never raises: what cannot be known is a word with a ``problem``."""
        ...


class Plans(Protocol):
    """Tells the last plan of the service."""

    def standing(self, now: float, /) -> Standing:
        """Never raises: what does not count is a standing with a ``problem``."""
        ...


def _alone(_: float) -> AbstractContextManager[bool]:
    """For one process on its own."""
    return nullcontext(enter_result=True)


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
    checks: Checks = field(default_factory=FakeChecks)
    """By default every machine works."""
    alone: Callable[[float], AbstractContextManager[bool]] = _alone
    """Whether the caller may act on what it has seen since that time; held for the block."""

    outlook: Outlook | None = None
    """The data plane's word on pending jobs; None where it has none to give, and every job's data counts as there."""

    plans: Plans | None = None
    """The service's last plan; None where nobody plans."""

    def word(self) -> Word | None:
        """What the data plane says now; None where it is not asked."""
        return self.outlook.word(self.now) if self.outlook else None

    def standing(self) -> Standing:
        """The last plan, as it stands now; where nobody plans one with that problem."""
        return self.plans.standing(self.now) if self.plans else Standing(problem="nobody plans here")

    def unanswered(self) -> frozenset[str]:
        """Requests begun and never answered: LSF does not know of them. Only sure while the launch lock is held."""
        return frozenset(one.request_id for one in self.journal.begun() if not one.answered)

    def note(self, kind: str, **fields: object) -> None:
        """One line of the audit log."""
        self.audit.record(Event(at=self.now, kind=kind, fields=fields))
