"""What a cloud must be able to do to be one of ours; one implementation for each driver, and a fake.

Errors are ``Cloud``'s: ``NoCapacity``, ``QuotaReached``, ``Refused``, ``TryAgain``. Every call waits in bounded time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.libcloud.values import Node, Offered, Wanted


class Nodes(Protocol):
    """Machines of one project."""

    def listed(self) -> tuple[Node, ...]:
        """Every machine of the project, ours or not; every page or an error."""
        ...

    def create(self, wanted: Wanted) -> Node:
        """Make one machine, which carries its tags from the first moment.

        What it answers is what is known by then: not where it runs, nor since when. ``TryAgain`` leaves open whether it
        was made: it is found by its tags if it was.
        """
        ...

    def delete(self, node_id: str) -> bool:
        """End it; False when the cloud knows none of that id. Ending it again is harmless."""
        ...


class Metadata(Protocol):
    """The ledger on machines."""

    def find(self, node_id: str) -> Node | None:
        """One machine asked for by its id; None only when the cloud says that it has none."""
        ...

    def write(self, node_id: str, marks: Mapping[str, str]) -> bool:
        """Write these tags beside the others, or an error; an empty value takes one away. False: no such machine.

        ``Refused`` with the code ``CONFLICT`` where the machine takes none in its state.
        """
        ...


class Shelf(Protocol):
    """Where the marks of pools lie, which outlive every machine.

    A pool goes by a name that no other provider of the project has: letters, digits, ``_`` and ``-``.
    """

    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Tags by pool; a pool nothing was ever written on is missing."""
        ...

    def write(self, pool: str, marks: Mapping[str, str]) -> None:
        """Write these tags beside the pool's others; an empty value takes one away."""
        ...


class Catalogue(Protocol):
    """What the cloud has to offer."""

    def offered(self) -> Offered:
        """Sizes, images, networks and zones, all or an error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One project of one cloud."""

    nodes: Nodes
    metadata: Metadata
    shelf: Shelf
    catalogue: Catalogue
