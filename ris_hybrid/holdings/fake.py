"""An inventory in memory, shipped for tests and trials; one contract with the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ris_hybrid.errors import CloudError
    from ris_hybrid.holdings.values import Holdings


class FakeInventory:
    """Holds what it is given; ``found`` may be replaced at any time."""

    def __init__(self, found: Holdings) -> None:
        self.found = found
        self.fail_next: CloudError | None = None

    def holdings(self) -> Holdings:
        """What it was given; raises ``fail_next`` once."""
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        return self.found
