"""How many cloud hosts the pending jobs call for, template by template: what LSF's schmod_demand decides (sandbox).

Sources: lsb.queues RC_DEMAND_POLICY, RC_HOSTS and RC_ACCOUNT of IBM Spectrum LSF 10.1. Pure: ``now`` is given,
the order of everything is fixed.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.rcpolicies import Borrower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.lsf.answers import Template
    from ris_hybrid.sandbox.lsf.spec import PendingJob, QueueSpec

_UNLIMITED = 1 << 31
_PAIR = r"\[\s*(\d+)\s*(?:,\s*(\d+)\s*)?\]"
_THRESHOLD = re.compile(rf"\s*THRESHOLD\s*\[(?:\s*{_PAIR})+\s*\]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One pair of RC_DEMAND_POLICY: so many jobs pending for so long."""

    jobs: int
    pending_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Slots the pending jobs of one account want from hosts its queues may borrow (``rc_hosts``)."""

    account: str
    rc_hosts: str
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A template, how many of its hosts are in use or asked for, and until when it is left alone."""

    provider: str
    template: Template
    in_use: int = 0
    delayed_until: float = -math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that hold for everything asked for: RC_MAX_REQUESTS, LSB_RC_MAX_NEWDEMAND and the host flag."""

    max_requests: int
    requested: int = 0
    """Hosts asked for that have not come yet."""
    max_new: int | None = None
    flags: frozenset[str] = frozenset()

    @property
    def left(self) -> int:
        """How many hosts may be asked for now."""
        left = self.max_requests - self.requested
        return max(0, left if self.max_new is None else min(left, self.max_new))


def parse_demand_policy(text: str, queue: str) -> tuple[Threshold, ...]:
    """Read ``THRESHOLD[[jobs,minutes] [jobs] ...]``; empty text is no threshold. ConfigError names the queue."""
    if not text.strip():
        return ()
    if _THRESHOLD.fullmatch(text) is None:
        raise ConfigError(
            f"queue {queue}: RC_DEMAND_POLICY: expected THRESHOLD[[jobs,minutes] ...], not {text!r}",
            hint="For example THRESHOLD[[5,10] [1,60] [100,0]].",
        )
    return tuple(
        Threshold(jobs=int(jobs), pending_s=60.0 * int(minutes or 0)) for jobs, minutes in re.findall(_PAIR, text)
    )


def gate_open(thresholds: Sequence[Threshold], submitted: Sequence[float], now: float) -> bool:
    """Whether any threshold is met by jobs submitted at those times; without thresholds any job opens it."""
    if not thresholds:
        return bool(submitted)
    return any(
        sum(now - time >= threshold.pending_s for time in submitted) >= threshold.jobs for threshold in thresholds
    )


def wanted(
    queues: Sequence[QueueSpec],
    thresholds: Mapping[str, Sequence[Threshold]],
    pending: Sequence[PendingJob],
    now: float,
) -> tuple[Want, ...]:
    """Every pending job of each queue whose gate is open, added up by account and RC_HOSTS."""
    slots: dict[tuple[str, str], int] = defaultdict(int)
    jobs: dict[str, list[PendingJob]] = defaultdict(list)
    for job in pending:
        jobs[job.queue].append(job)
    for queue in queues:
        waiting = jobs[queue.name]
        if waiting and gate_open(thresholds.get(queue.name, ()), [job.submitted for job in waiting], now):
            for job in waiting:
                slots[job.account, queue.rc_hosts.strip()] += job.slots
    return tuple(
        Want(account=account, rc_hosts=rc_hosts, slots=count)
        for (account, rc_hosts), count in sorted(slots.items(), key=lambda item: (item[0][0], _width(item[0][1])))
    )


def _width(rc_hosts: str) -> tuple[bool, str]:
    """Sorts what may use any host last, so that it does not take what others need."""
    return rc_hosts == "all", rc_hosts


def serves(template: Template, rc_hosts: str, flags: frozenset[str]) -> bool:
    """Whether hosts of the template can take jobs of a queue with that RC_HOSTS.

    An exclusive attribute (``!name``) must be named; jobs do not tell what they name, so RC_HOSTS has to.
    """
    if template.slots < 1 or rc_hosts in {"", "none"} or (flags and not template.booleans & flags):
        return False
    named = frozenset(rc_hosts.split())
    return template.exclusive <= named and (rc_hosts == "all" or bool(template.booleans & named))


def plan(
    wants: Sequence[Want], offers: Sequence[Offer], free: Mapping[str, int], limits: Limits, now: float
) -> dict[Borrower, int]:
    """Hosts to ask for by borrower, in the order to ask.

    ``free`` are slots by account on hosts that are there and unused, or on their way. Templates are tried by
    priority, then by name; what one cannot give the next is asked for. A job may span hosts.
    """
    spare = defaultdict(int, free)
    room = {
        (offer.provider, offer.template.template_id): _room(offer) for offer in offers if now >= offer.delayed_until
    }
    left = limits.left
    asked: dict[Borrower, int] = defaultdict(int)
    ranked = sorted(offers, key=lambda o: (-o.template.priority, o.template.template_id, o.provider))
    for want in wants:
        slots = want.slots - spare[want.account]
        for offer in ranked:
            key = (offer.provider, offer.template.template_id)
            if slots > 0 and key in room and serves(offer.template, want.rc_hosts, limits.flags):
                hosts = min(math.ceil(slots / offer.template.slots), room[key], left)
                room[key] -= hosts
                left -= hosts
                slots -= hosts * offer.template.slots
                asked[Borrower(provider=key[0], template=key[1], account=want.account)] += hosts
        spare[want.account] = max(0, -slots)
    return {borrower: hosts for borrower, hosts in asked.items() if hosts > 0}


def _room(offer: Offer) -> int:
    return _UNLIMITED if offer.template.max_number < 0 else max(0, offer.template.max_number - offer.in_use)
