"""What is known while one of several clouds does not answer.

A cloud that does not answer is not an empty one: the joint ports raise, as every port does, and whoever counts caps or
money stops there. But a machine that another cloud listed is known all the same, and may be returned, told of and
reaped: an outage of one cloud must not let the other's nodes run on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from burst.clouds.naming import cloud_of
from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.model import Machine, PoolMarks
    from ris_hybrid.ports import Checks, Cloud, Ledger
    from ris_hybrid.settings import BurstSettings

EC2 = ""
"""EC2's name among the clouds."""

Told = TypeVar("Told")


class PartlyUnknown(TryAgain, Generic[Told]):
    """Some clouds answered and some did not; what they told is in ``known``, why the others did not in ``unread``."""

    def __init__(self, known: Told, unread: Mapping[str, str]) -> None:
        super().__init__(f"not every cloud answers: {reasons(unread)}", "it is tried again", "PartlyUnknown")
        self.known = known
        self.unread = dict(unread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The machines of the clouds that answered."""

    machines: tuple[Machine, ...]
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer, with the reason; their machines are unknown, not absent."""

    def hides(self, machine_id: str) -> bool:
        """Whether a machine that is not listed may be there: its cloud was not read. Without an id any may."""
        return bool(self.unread) and (not machine_id or cloud_of(machine_id) in self.unread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What is written on the pools of the clouds that answered."""

    pools: Mapping[str, PoolMarks]
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer, with the reason; the marks of their pools are unknown, not empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Which machines the clouds that answered call impaired."""

    impaired: frozenset[str]
    unread: Mapping[str, str] = field(default_factory=dict)
    """Clouds that did not answer, with the reason."""


def look(cloud: Cloud) -> Seen:
    """What can be known now. Raises what ``Cloud.machines`` raises where no cloud answered at all."""
    try:
        return Seen(machines=cloud.machines())
    except PartlyUnknown as error:
        return Seen(machines=error.known, unread=error.unread)


def beside(seen: Seen, machine_ids: Iterable[str], settings: BurstSettings) -> Seen:
    """The same, with the clouds of these machines that burst.yaml names no more: they are not asked, so unread."""
    named = {cloud.name for cloud in settings.clouds} | ({EC2} if settings.on_ec2 else set())
    others = {cloud_of(machine_id) for machine_id in machine_ids if machine_id} - named
    why = "burst.yaml has it no more, and LSF still holds machines of it: put it back until they have ended"
    return replace(seen, unread={**dict.fromkeys(sorted(others), why), **seen.unread})


def marks(ledger: Ledger) -> Marked:
    """The pools' marks as far as they can be known now. Raises what ``Ledger.pools`` raises where no cloud answered."""
    try:
        return Marked(pools=ledger.pools())
    except PartlyUnknown as error:
        return Marked(pools=error.known, unread=error.unread)


def checks_of(checks: Checks) -> Checked:
    """What can be known of the clouds' checks. Raises what ``Checks.impaired`` raises where no cloud answered."""
    try:
        return Checked(impaired=checks.impaired())
    except PartlyUnknown as error:
        return Checked(impaired=error.known, unread=error.unread)


def each_cloud(machine_ids: Iterable[str]) -> list[list[str]]:
    """The ids cloud by cloud: what one of them refuses must not hide what another did."""
    groups: dict[str, list[str]] = {}
    for machine_id in machine_ids:
        groups.setdefault(cloud_of(machine_id), []).append(machine_id)
    return list(groups.values())


def cloud_word(cloud: str) -> str:
    """What people call it."""
    return cloud or "EC2"


def reasons(unread: Mapping[str, str]) -> str:
    """Which clouds do not answer, and why, in words."""
    return "; ".join(f"{cloud_word(cloud)}: {why}" for cloud, why in unread.items())


def rows(unread: Mapping[str, str]) -> list[dict[str, str]]:
    """The same for JSON."""
    return [{"cloud": cloud, "why": why} for cloud, why in unread.items()]
