"""The name of a live node must lead to its address and back on every master candidate: LSF knows hosts by name.

Source: IBM Spectrum LSF 10.1, "Configuring the resource connector"; lsreghost with LSF_REG_FLOAT_HOSTS does without.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Protocol

from burst.lifecycle import short_name
from ris_hybrid.checkup.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.model import Machine


class Names(Protocol):
    """Host names as this host resolves them; empty answers for what is not known."""

    def addresses(self, name: str) -> Sequence[str]:
        """A name's addresses."""
        ...

    def name(self, address: str) -> str:
        """An address's name."""
        ...


class SystemNames:
    """The resolver of this host."""

    def addresses(self, name: str) -> Sequence[str]:
        """See ``Names``."""
        try:
            return sorted({str(row[4][0]) for row in socket.getaddrinfo(name, None, socket.AF_INET)})
        except (OSError, UnicodeError):
            return ()

    def name(self, address: str) -> str:
        """See ``Names``."""
        try:
            return socket.gethostbyaddr(address)[0]
        except (OSError, UnicodeError):
            return ""


def look(machines: Sequence[Machine], conf: Mapping[str, str], names: Names) -> Iterator[Finding]:
    """One finding, of the node that was launched last; none while no node is up. ``conf`` is lsf.conf."""
    live = [machine for machine in machines if machine.wanted and machine.name and machine.private_ip]
    if not live:
        return
    machine = max(live, key=lambda one: one.launched)
    wrong = _wrong(machine, names)
    yield Finding(
        name="names of nodes",
        ok=not wrong,
        text=wrong or f"{machine.name} is {machine.private_ip}, and back",
        hint="let DNS of the master candidates ask the cloud's resolver, or use lsreghost with LSF_REG_FLOAT_HOSTS=Y",
        needed=not registers(conf),
    )


def registers(conf: Mapping[str, str]) -> bool:
    """Whether hosts tell LSF their names and addresses by themselves."""
    return conf.get("LSF_REG_FLOAT_HOSTS", "").strip("\"'").lower() in {"y", "yes"}


def _wrong(machine: Machine, names: Names) -> str:
    found = names.addresses(machine.name)
    if machine.private_ip not in found:
        return f"{machine.name} is {', '.join(found) or 'not known'} here, the cloud says {machine.private_ip}"
    back = names.name(machine.private_ip)
    if short_name(back) != short_name(machine.name):
        return f"{machine.private_ip} is {back or 'not known'} here, the cloud says {machine.name}"
    return ""
