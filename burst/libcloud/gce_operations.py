"""Operations: what Google answers to an order, and how they end."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from burst import deadline
from burst.libcloud import gce_errors
from burst.libcloud.gce_instance import last
from ris_hybrid.errors import CloudError, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from burst.libcloud.gce_calls import Calls

SETTLE_S = 8.0
"""So long is an operation waited for whose outcome must be known; metadata takes one to five seconds."""
_FIRST_S, _LONGEST_S = 0.1, 1.0


class Operations:
    """Waits, in bounded time, for operations of one project."""

    def __init__(self, calls: Calls, clock: Callable[[], float] = monotonic) -> None:
        self._calls = calls
        self._clock = clock

    def settled(self, operation: Mapping[str, Any]) -> None:
        """Return once it is done. Raises its error, or ``TryAgain`` when it is not over in time."""
        end = self._clock() + SETTLE_S
        pause = _FIRST_S
        while operation.get("status") != "DONE":
            if min(end - self._clock(), deadline.left_s()) <= pause:
                raise TryAgain("Google has not done it yet", "it is tried again", "OperationRunning")
            self._calls.wait(pause)
            pause = min(2 * pause, _LONGEST_S)
            operation = self._calls.get(path_of(operation))
        error = gce_errors.of_operation(operation)
        if error is not None:
            raise error

    def outcome(self, path: str) -> str | None:
        """Why the operation of this path failed, ``CODE: message``; empty when it went well, None while it runs.

        One that Google no longer knows, after weeks, went as what is there now tells.
        """
        try:
            operation = self._calls.get(path)
        except CloudError as missing:
            if missing.code in gce_errors.NOT_THERE:
                return ""
            raise
        if operation.get("status") != "DONE":
            return None
        error = gce_errors.of_operation(operation)
        return f"{error.code}: {error.message}" if error else ""

    def on(self, target: str, zone: str) -> list[Mapping[str, Any]]:
        """Every operation on the resource of this URL that Google still knows."""
        pages = self._calls.pages(f"/zones/{zone}/operations", filter=f'targetLink="{target}"')
        return [operation for page in pages for operation in page.get("items") or ()]


def path_of(operation: Mapping[str, Any]) -> str:
    """Within the project."""
    zone = last(str(operation.get("zone", "")))
    return f"/zones/{zone}/operations/{operation['name']}" if zone else f"/global/operations/{operation['name']}"
