"""Which of the site's hosts serve which queue, and the plan of each such part by itself (pure).

A condo's hosts do not help a job of the general queue. bqueues tells no queue's HOSTS in a form that every LSF prints,
so ``planner.hosts`` names them by patterns. Queues with the same patterns are one part; those that name none share the
hosts that no pattern matches. A host that two parts have counts for both: their waits are told too short by as much.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from burst.lifecycle import short_name
from burst.planner.occupied import OnPrem, on_prem
from burst.planner.settling import less
from burst.planner.weigh import PLAIN, weigh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.planner.room import Room
    from burst.planner.weigh import Offered, Rule, Running, Weighed
    from ris_hybrid.model import Host, Machine

SHARED = ""
"""The part of the queues that name no hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The site's hosts by what they serve."""

    whole: OnPrem
    patterns: Mapping[str, str]
    """Queue to the patterns of its hosts, blanks between them."""
    sites: Mapping[str, OnPrem]
    """By patterns."""

    def of(self, queue: str) -> OnPrem:
        """The hosts that serve a queue."""
        return self.sites[self.patterns.get(queue, SHARED)]


def parts_of(hosts: Sequence[Host], machines: Sequence[Machine], patterns: Mapping[str, str]) -> Parts:
    """The parts; one alone where nothing is named."""
    whole = on_prem(hosts, machines)
    tidy = {queue: " ".join(sorted(set(text.split()))) for queue, text in patterns.items()}
    named = sorted(set(tidy.values()) - {SHARED})
    members = {text: [host for host in hosts if _matches(host, text)] for text in named}
    taken = {host.name for found in members.values() for host in found}
    members[SHARED] = [host for host in hosts if host.name not in taken]
    sites = {text: _part(found, hosts, machines) for text, found in members.items()} if named else {SHARED: whole}
    return Parts(whole=whole, patterns=tidy, sites=sites)


def _part(members: Sequence[Host], hosts: Sequence[Host], machines: Sequence[Machine]) -> OnPrem:
    """These hosts alone: what runs on the others holds none of their slots."""
    site, inside = on_prem(members, machines), {host.name for host in members}
    others = {short_name(host.name) for host in hosts if host.name not in inside}
    return replace(site, away=site.away | others)


def _matches(host: Host, patterns: str) -> bool:
    name = short_name(host.name)
    return any(fnmatchcase(name, pattern) or fnmatchcase(host.name, pattern) for pattern in patterns.split())


def weigh_parts(
    offered: Sequence[Offered],
    parts: Parts,
    running: Callable[[OnPrem], Running],
    rooms: Mapping[tuple[str, str], Room],
    release: float,
    rule: Rule = PLAIN,
) -> list[Weighed]:
    """Weigh the candidates of each part against its own hosts. Room on cloud nodes is one for all, first part first."""
    members: dict[str, list[int]] = {}
    for index, one in enumerate(offered):
        members.setdefault(parts.patterns.get(one.job.queue, SHARED), []).append(index)
    left = dict(rooms)
    found: dict[int, Weighed] = {}
    for text, indexes in members.items():
        site = parts.sites[text]
        asked = [offered[index] for index in indexes]
        weighed = weigh(asked, site.capacity, running(site), left, release, rule)
        found |= dict(zip(indexes, weighed, strict=True))
        left = less(left, weighed)
    return [found[index] for index in range(len(offered))]
