"""ebrokerd's book: which machines LSF holds, which requests are open, and what that adds up to (sandbox).

::

    BOOTING --> JOINED --> DRAINING --> LEAVING --> RETURNING --> (forgotten)
       |           '--------- idle -------^
       '---- did not join, reclaimed -----^
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.rcpolicies import Borrower
from ris_hybrid.sandbox.lsf.resreq import NO_RESOURCES, Resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.lsf.rcpolicies import Grant
    from ris_hybrid.sandbox.lsf.spec import BorrowedHost


class Stage(StrEnum):
    """How far a machine is."""

    BOOTING = "booting"
    """Granted, not joined."""
    JOINED = "joined"
    DRAINING = "draining"
    """Closed; leaves when its jobs are done or its time is up."""
    LEAVING = "leaving"
    """Out of the cluster; the provider has not accepted it back yet."""
    RETURNING = "returning"
    """The provider has accepted it back and is ending it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One machine LSF holds, from the grant to the confirmed end. Times are virtual."""

    borrower: Borrower
    machine_id: str
    name: str
    slots: int
    allocated_at: float
    resources: Resources = NO_RESOURCES
    """By its template; a host that has joined tells its own."""
    join_at: float
    """When it is ready to join; infinity after it was not running then (looked at again at each query)."""
    updated_at: float
    prov_status: str = ""
    stage: Stage = Stage.BOOTING
    joined_at: float = math.inf
    leave_at: float = math.inf
    """When a draining host leaves whatever runs on it."""
    abnormal_since: float | None = None
    why: str = ""
    """Why it goes back."""

    @property
    def key(self) -> tuple[str, str]:
        """Provider and machine id."""
        return self.borrower.provider, self.machine_id

    @property
    def held(self) -> bool:
        """Whether LSF still counts it as its own."""
        return self.stage is not Stage.RETURNING


def recognised(host: BorrowedHost, now: float) -> Holding:
    """The entry of a host that is in the cluster already, from what it says of itself."""
    return Holding(
        borrower=Borrower(provider=host.provider, template=host.template, account=host.account),
        machine_id=host.machine_id,
        name=host.name,
        slots=host.slots,
        resources=host.resources,
        allocated_at=now,
        join_at=now,
        updated_at=now,
        stage=Stage.JOINED,
        joined_at=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A request for machines the provider has not settled; ``settled`` are machine ids granted or failed."""

    borrower: Borrower
    request_id: str
    slots: int
    """Of one machine."""
    asked: int
    resources: Resources = NO_RESOURCES
    granted: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()

    @property
    def outstanding(self) -> int:
        """Machines that may still come."""
        return max(0, self.asked - len(self.granted | self.failed))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReturn:
    """A return the provider has accepted and not settled."""

    provider: str
    request_id: str
    machine_ids: frozenset[str]
    """Those not ended yet."""
    handed_back: int
    """All that were ever handed back under this id: the provider goes on listing those that have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The counters of the policy script's input for one borrower."""

    allocated: int = 0
    requested: int = 0
    reclaimed: int = 0

    @property
    def standing(self) -> int:
        """All machines that exist or may come into being."""
        return self.allocated + self.requested + self.reclaimed


class Book:
    """Everything ebrokerd remembers. Plain tables; the rounds change them."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], Holding] = {}
        self.requests: dict[tuple[str, str], OpenRequest] = {}
        self.returns: dict[tuple[str, str], OpenReturn] = {}
        self.history: list[Grant] = []

    def keep(self, holding: Holding) -> None:
        """Write the holding down, in place of what was known of that machine."""
        self.held[holding.key] = holding

    def of(self, provider: str) -> tuple[Holding, ...]:
        """The provider's machines LSF counts as its own, in order."""
        return tuple(holding for holding in self.all() if holding.held and holding.borrower.provider == provider)

    def at_stage(self, *stages: Stage) -> tuple[Holding, ...]:
        """The machines at one of the stages, in order."""
        return tuple(holding for holding in self.all() if holding.stage in stages)

    def all(self) -> Iterator[Holding]:
        """Every machine, in order; safe while the book changes."""
        return iter(sorted(self.held.values(), key=lambda holding: holding.key))

    def named(self, name: str) -> bool:
        """Whether a machine that has not been given back carries that host name."""
        return any(holding.held and holding.name == name for holding in self.held.values())

    def knows(self, provider: str, request_id: str) -> bool:
        """Whether a request or a return of that id is open."""
        return (provider, request_id) in self.requests or (provider, request_id) in self.returns

    def tallies(self) -> dict[Borrower, Tally]:
        """The counters of every borrower that has any."""
        counts: dict[Borrower, list[int]] = defaultdict(lambda: [0, 0, 0])
        for holding in self.held.values():
            back = holding.stage not in {Stage.BOOTING, Stage.JOINED}
            counts[holding.borrower][2 if back else 0] += 1
        for request in self.requests.values():
            counts[request.borrower][1] += request.outstanding
        return {
            borrower: Tally(allocated=allocated, requested=requested, reclaimed=reclaimed)
            for borrower, (allocated, requested, reclaimed) in counts.items()
        }

    @property
    def empty(self) -> bool:
        """Whether nothing is held and nothing is open."""
        return not (self.held or self.requests or self.returns)
