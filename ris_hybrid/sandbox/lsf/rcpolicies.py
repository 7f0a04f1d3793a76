"""MaxNumber and StepValue: how many machines the policies of policy_config.json let a borrower ask for now (sandbox).

Rules from IBM's documentation of policy_config.json: every policy whose consumer covers the borrower applies,
all of them together; MaxNumber caps what stands, StepValue ``N:M`` what is asked for within M minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Borrower:
    """Who borrows what: machines of one template of one provider for one account."""

    provider: str
    template: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Whom a policy is about; an empty tuple means all."""

    accounts: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    def covers(self, borrower: Borrower) -> bool:
        """Whether the borrower is meant by every one of the three lists."""
        return (
            (not self.accounts or borrower.account in self.accounts)
            and (not self.templates or borrower.template in self.templates)
            and (not self.providers or borrower.provider in self.providers)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RcPolicy:
    """One entry of ``Policies``; a limit that is None is not set."""

    name: str
    consumer: Consumer = field(default_factory=Consumer)
    max_number: int | None = None
    step: int | None = None
    """At most so many new machines ..."""
    step_s: float = 0.0
    """... in this many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A request the provider accepted: the unit StepValue counts."""

    at: float
    borrower: Borrower
    machines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policies leave of a demand, and the name of the policy that cut it; empty when none did."""

    machines: int
    by: str = ""


def allow(
    policies: Sequence[RcPolicy],
    demand: Grant,
    standing: Mapping[Borrower, int],
    history: Sequence[Grant],
) -> Verdict:
    """Cut ``demand`` (its ``at`` is now) to what every policy that covers its borrower leaves.

    ``standing`` counts machines held, asked for or on their way back; ``history`` the earlier requests.
    """
    verdict = Verdict(machines=demand.machines)
    for policy in policies:
        if policy.consumer.covers(demand.borrower):
            left = _left(policy, demand.at, standing, history)
            if left is not None and left < verdict.machines:
                verdict = Verdict(machines=max(0, left), by=policy.name)
    return verdict


def _left(policy: RcPolicy, now: float, standing: Mapping[Borrower, int], history: Sequence[Grant]) -> int | None:
    """Machines the policy still allows, None when it sets no limit; below 0 when it is already exceeded."""
    left: list[int] = []
    if policy.max_number is not None:
        held = sum(count for borrower, count in standing.items() if policy.consumer.covers(borrower))
        left.append(policy.max_number - held)
    if policy.step is not None:
        since = now - policy.step_s
        recent = sum(grant.machines for grant in history if grant.at > since and policy.consumer.covers(grant.borrower))
        left.append(policy.step - recent)
    return min(left, default=None)
