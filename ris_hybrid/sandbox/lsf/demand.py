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
from ris_hybrid.sandbox.lsf.resreq import ANY_HOST, Resources, Wish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.lsf.answers import Template
    from ris_hybrid.sandbox.lsf.spec import PendingJob, QueueSpec

    Free = Mapping[tuple[str, Resources], int]

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
    """Slots the pending jobs of one account and selection want from hosts its queues may borrow (``rc_hosts``)."""

    account: str
    rc_hosts: str
    slots: int
    wish: Wish = ANY_HOST


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
    slots: dict[tuple[str, str, str], int] = defaultdict(int)
    jobs: dict[str, list[PendingJob]] = defaultdict(list)
    for job in pending:
        jobs[job.queue].append(job)
    for queue in queues:
        waiting = jobs[queue.name]
        if waiting and gate_open(thresholds.get(queue.name, ()), [job.submitted for job in waiting], now):
            for job in waiting:
                slots[job.account, queue.rc_hosts.strip(), job.selection] += job.slots
    return tuple(
        Want(account=account, rc_hosts=rc_hosts, slots=count, wish=Wish(selection))
        for (account, rc_hosts, selection), count in sorted(slots.items(), key=lambda item: _width(*item[0]))
    )


def _width(account: str, rc_hosts: str, selection: str) -> tuple[str, bool, str, bool, str]:
    """Sorts what may use any host last, so that it does not take what others need."""
    return account, rc_hosts == "all", rc_hosts, not selection, selection


def serves(template: Template, want: Want, flags: frozenset[str]) -> bool:
    """Whether hosts of the template can take these jobs: by RC_HOSTS of their queue and what they select by.

    A template with an exclusive attribute (``!name``) counts only for jobs whose selection names it, be it their own or
    RES_REQ of their queue.
    """
    if template.slots < 1 or want.rc_hosts in {"", "none"} or (flags and not template.booleans & flags):
        return False
    borrowed = want.rc_hosts == "all" or bool(template.booleans & frozenset(want.rc_hosts.split()))
    return borrowed and want.wish.fits(template.resources)


def plan(wants: Sequence[Want], offers: Sequence[Offer], free: Free, limits: Limits, now: float) -> dict[Borrower, int]:
    """Hosts to ask for by borrower, in the order to ask.

    ``free`` are slots by account and resources on hosts that are there and unused, or on their way. Templates are tried
    by priority, then by name; what one cannot give the next is asked for. A job may span hosts.
    """
    spare = defaultdict(int, free)
    room = {
        (offer.provider, offer.template.template_id): _room(offer) for offer in offers if now >= offer.delayed_until
    }
    left = limits.left
    asked: dict[Borrower, int] = defaultdict(int)
    ranked = sorted(offers, key=lambda o: (-o.template.priority, o.template.template_id, o.provider))
    for want in wants:
        slots = _unmet(want, spare)
        for offer in ranked:
            key = (offer.provider, offer.template.template_id)
            if slots > 0 and key in room and serves(offer.template, want, limits.flags):
                hosts = min(math.ceil(slots / offer.template.slots), room[key], left)
                room[key] -= hosts
                left -= hosts
                slots -= hosts * offer.template.slots
                asked[Borrower(provider=key[0], template=key[1], account=want.account)] += hosts
                spare[want.account, offer.template.resources] += max(0, -slots)
    return {borrower: hosts for borrower, hosts in asked.items() if hosts > 0}


def _unmet(want: Want, spare: dict[tuple[str, Resources], int]) -> int:
    """Slots that nothing spare will give; what is spare and fits is taken."""
    slots = want.slots
    for key in [key for key in spare if key[0] == want.account and want.wish.fits(key[1])]:
        taken = min(slots, spare[key])
        spare[key] -= taken
        slots -= taken
    return slots


def _room(offer: Offer) -> int:
    return _UNLIMITED if offer.template.max_number < 0 else max(0, offer.template.max_number - offer.in_use)
