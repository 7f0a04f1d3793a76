"""The checks port over a second cloud: which of its machines it calls broken itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.libcloud.machine import is_impaired

if TYPE_CHECKING:
    from burst.libcloud.ports import Connection


class LibcloudChecks:
    """What the list of machines says of their faults; there are no status checks as EC2's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def impaired(self) -> frozenset[str]:
        """Ids of machines that broke, or that no place was found for; see ``burst.libcloud.machine``."""
        return frozenset(node.node_id for node in self._connection.nodes.listed() if is_impaired(node))
