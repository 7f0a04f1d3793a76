"""Metadata of Google's instances: one machine, its tags, and how the order for it went."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from burst.libcloud import gce_errors
from burst.libcloud.errors import translated
from burst.libcloud.gce_calls import GOOGLE
from burst.libcloud.gce_instance import (
    as_items,
    beginning,
    failed,
    items,
    latest,
    merged,
    node_of,
    path_of,
    place_of,
    switched_itself_off,
)
from burst.libcloud.values import CONFLICT
from burst.tags import PROVIDER
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from burst.libcloud.gce_calls import Calls
    from burst.libcloud.gce_operations import Operations
    from burst.libcloud.values import Node, Wanted

RACES = 5
"""So often is metadata read again that somebody wrote meanwhile."""


@dataclass(frozen=True, slots=True)
class Order:
    """An insert, until the machine has a place or is deleted, or the failure was told for an hour."""

    wanted: Wanted
    operation: str
    """Its path."""
    launched: float
    """When Google took it, in epoch seconds."""
    until: float
    """Of the process's own clock."""
    fault: str = ""
    """Why it failed, once Google has said so: it is not asked again."""


class GceMetadata:
    """``Metadata``: the items of an instance, guarded by its fingerprint."""

    def __init__(
        self,
        calls: Calls,
        operations: Operations,
        orders: dict[str, Order],
        clock: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._operations = operations
        self._orders = orders
        self._clock = clock

    @translated(GOOGLE)
    def find(self, node_id: str) -> Node | None:
        """One machine; one that was ordered, here or elsewhere, and could not be made is told with its fault.

        Of one that another process ordered nobody knows the tags: they were the instance's.
        """
        place = place_of(node_id)
        return (self.there(node_id) or self._never_made(*place)) if place else None

    def there(self, node_id: str) -> Node | None:
        """One machine, or an order of this process for it."""
        place = place_of(node_id)
        if place is None:
            return None
        instance = self._instance(*place)
        if instance is None:
            return self.unlisted(node_id)
        found = self.told(instance)
        if found.placed:
            self._orders.pop(node_id, None)
        return found

    def unlisted(self, node_id: str) -> Node | None:
        """A machine that Google does not tell of, by the order for it; None where there is none, or it is over."""
        order, place = self._orders.get(node_id), place_of(node_id)
        if order is None or place is None:
            return None
        fault = order.fault or self._operations.outcome(order.operation)
        if fault is None or (fault and self._clock() < order.until):
            self._orders[node_id] = replace(order, fault=fault or "")
            return beginning(order.wanted, order.launched, fault or "")
        self._orders.pop(node_id, None)
        instance = self._instance(*place)  # it may have come between the two looks
        return self.told(instance) if instance else None

    def _never_made(self, name: str, zone: str) -> Node | None:
        """A machine whose last order failed; None where that went well, or cannot be asked."""
        try:
            last = latest(self._operations.on(self._calls.url(path_of(name, zone)), zone), frozenset({"insert"}))
        except Refused:
            return None
        error = gce_errors.of_operation(last) if last else None
        return failed(name, zone, last, f"{error.code}: {error.message}") if last and error else None

    def told(self, instance: Mapping[str, Any]) -> Node:
        """The node of an instance; of one of ours that has stopped the operations on it are asked who did that."""
        node = node_of(instance)
        if node.state != MachineState.STOPPED or PROVIDER not in node.tags:
            return node
        try:
            by_itself = switched_itself_off(self._operations.on(str(instance["selfLink"]), node.zone))
        except Refused:  # it may not list operations: as if there were none
            by_itself = True
        return replace(node, gave_up=by_itself)

    def is_coming(self, node_id: str) -> bool:
        """Whether it was ordered here, and Google has not done it yet."""
        order = self._orders.get(node_id)
        return order is not None and self._operations.outcome(order.operation) is None

    @translated(GOOGLE)
    def write(self, node_id: str, marks: Mapping[str, str]) -> bool:
        """Merge the marks into what is there now; somebody else's write in between is read first, and kept."""
        place = place_of(node_id)
        if place is None:
            return False
        path = path_of(*place)
        for _ in range(RACES):
            instance = self._instance(*place)
            if instance is None:
                return False
            try:
                set_items(self._calls, self._operations, f"{path}/setMetadata", instance.get("metadata") or {}, marks)
            except CloudError as error:
                if error.code in gce_errors.NOT_READY:
                    raise Refused(error.message, "it is written later", CONFLICT) from error
                if error.code not in gce_errors.STALE and not gce_errors.is_missing(error, place[0]):
                    raise
            else:
                return True
        raise TryAgain(f"{node_id}: its metadata changed at each try", "it is tried again", "conditionNotMet")

    def _instance(self, name: str, zone: str) -> dict[str, Any] | None:
        try:
            return self._calls.get(path_of(name, zone))
        except CloudError as error:
            if gce_errors.is_missing(error, name):
                return None
            raise


def set_items(
    calls: Calls, operations: Operations, path: str, metadata: Mapping[str, Any], marks: Mapping[str, str]
) -> None:
    """Write marks beside the items that were read. Raises ``TryAgain``, code ``conditionNotMet``, if they changed."""
    before = items(metadata)
    after = merged(before, marks)
    if after != before:
        body = {"fingerprint": metadata.get("fingerprint", ""), "items": as_items(after)}
        operations.settled(calls.post(path, body))
