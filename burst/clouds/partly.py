"""What is known while one of several clouds does not answer.

A cloud that does not answer is not an empty one: ``machines`` of the joint port raises, as every port does, and whoever
counts caps or money stops there. But a machine that another cloud listed is known all the same, and may be returned,
told of and reaped: an outage of one cloud must not let the other's nodes run on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.clouds.naming import cloud_of
from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.model import Machine
    from ris_hybrid.ports import Cloud

EC2 = ""
"""EC2's name among the clouds."""


class PartlyUnknown(TryAgain):
    """Some clouds answered and some did not; what they listed is in ``known``, why the others did not in ``unread``."""

    def __init__(self, known: tuple[Machine, ...], unread: Mapping[str, str]) -> None:
        told = "; ".join(f"{cloud or 'EC2'}: {why}" for cloud, why in unread.items())
        super().__init__(f"not every cloud answers: {told}", "it is tried again", "PartlyUnknown")
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


def look(cloud: Cloud) -> Seen:
    """What can be known now. Raises what ``Cloud.machines`` raises where no cloud answered at all."""
    try:
        return Seen(machines=cloud.machines())
    except PartlyUnknown as error:
        return Seen(machines=error.known, unread=error.unread)
