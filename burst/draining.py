"""Which of our machines may end now and which still have jobs. Pure.

A machine ends only when LSF has just said that its host has no jobs and takes none, or, asked twice, that it has no
such host. Host names match with or without their domain (LSF_STRIP_DOMAIN).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.model import Host, Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining:
    """What to do with each machine that is alive."""

    close: tuple[str, ...]
    """Hosts that still take jobs."""
    end: tuple[str, ...]
    """Machines whose hosts are closed and have no jobs."""
    unlisted: tuple[str, ...]
    """Machines LSF has no host of: they have not joined yet, or no more."""
    busy: Mapping[str, int]
    """Host name to its jobs."""

    @property
    def only_busy(self) -> bool:
        """Whether there is nothing to do but wait."""
        return not (self.close or self.end or self.unlisted)

    @property
    def done(self) -> bool:
        """Whether no machine is left."""
        return self.only_busy and not self.busy


def decide(machines: Iterable[Machine], hosts: Sequence[Host]) -> Draining:
    """What to do with the machines of one provider, from bhosts' rows of just now."""
    by_name = {name: host for host in hosts for name in (_short(host.name), host.name)}
    close, end, unlisted, busy = [], [], [], {}
    for machine in machines:
        if not machine.alive:
            continue
        host = by_name.get(machine.name) or by_name.get(_short(machine.name))
        if host is None:
            unlisted.append(machine.machine_id)
        elif host.takes_jobs:
            close.append(host.name)
        elif host.jobs == 0:
            end.append(machine.machine_id)
        if host is not None and host.jobs:
            busy[host.name] = host.jobs
    return Draining(close=tuple(close), end=tuple(end), unlisted=tuple(unlisted), busy=busy)


def _short(name: str) -> str:
    return name.partition(".")[0]
