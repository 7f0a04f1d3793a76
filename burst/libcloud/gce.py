"""Google's Compute Engine behind our ports: one project, and within it the region the cloud is given.

Google says late that it has no machine: an insert is an operation, which fails within seconds or minutes, and then
there is no instance. ``create`` orders and returns. As long as this process remembers the order, one that failed is
told as a machine without a place and with a fault, until it is deleted, as OpenStack tells it, or for an hour.
"""

from __future__ import annotations

from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from burst.libcloud import gce_errors
from burst.libcloud.credentials import google_key
from burst.libcloud.errors import translated
from burst.libcloud.gce_calls import GOOGLE, Calls
from burst.libcloud.gce_instance import beginning, insert_body, node_id, path_of, place_of, seconds
from burst.libcloud.gce_metadata import GceMetadata, Order
from burst.libcloud.gce_operations import Operations
from burst.libcloud.gce_operations import path_of as operation_path
from burst.libcloud.gce_project import GceCatalogue, GceShelf
from burst.libcloud.ports import Connection
from burst.libcloud.values import CONFLICT, INDEX, TOKEN
from burst.tags import CLUSTER, PROVIDER
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from burst.libcloud.values import Node, Wanted
    from ris_hybrid.pool_settings import SecondCloud

_IDENTITY = (CLUSTER, PROVIDER, TOKEN, INDEX)
_IMAGE_S = 60.0
_TOLD_S = 3600.0  # as long as an end is told
_ENDING = frozenset({MachineState.STOPPING, MachineState.SHUTTING_DOWN})


def connection(cloud: SecondCloud, env: Mapping[str, str], wait: Callable[[float], object] | None) -> Connection:
    """The ports of one project; see ``burst.libcloud.connection.connect``."""
    return over(Calls(cloud, lambda: google_key(cloud, env), wait or Event().wait), cloud.region)


def over(calls: Calls, region: str, clock: Callable[[], float] = monotonic) -> Connection:
    """The ports over these calls, with no order remembered; ``clock`` tells how long one is."""
    operations = Operations(calls)
    orders: dict[str, Order] = {}
    metadata = GceMetadata(calls, operations, orders, clock)
    return Connection(
        nodes=GceNodes(calls, metadata, orders, clock),
        metadata=metadata,
        shelf=GceShelf(calls, operations),
        catalogue=GceCatalogue(calls, region),
    )


class GceNodes:
    """``Nodes``: instances of every zone of the project."""

    def __init__(
        self,
        calls: Calls,
        metadata: GceMetadata,
        orders: dict[str, Order],
        clock: Callable[[], float],
    ) -> None:
        self._calls = calls
        self._metadata = metadata
        self._orders = orders
        self._clock = clock
        self._images: dict[str, tuple[float, str]] = {}

    @translated(GOOGLE)
    def listed(self) -> tuple[Node, ...]:
        """Of every zone, and what was ordered here and is not there: it may be on its way, or have failed.

        Raises ``TryAgain`` when Google could not read a zone.
        """
        found = {
            node.node_id: node
            for page in self._calls.pages("/aggregated/instances")
            for scope in (page.get("items") or {}).values()
            for node in map(self._metadata.told, scope.get("instances") or ())
        }
        for ordered in list(self._orders):
            if ordered not in found:
                node = self._metadata.unlisted(ordered)
                if node is not None:
                    found[ordered] = node
            elif found[ordered].placed:
                self._orders.pop(ordered, None)
        return tuple(found.values())

    @translated(GOOGLE)
    def create(self, wanted: Wanted) -> Node:
        """Order one. Its name is of token, number and place: an order that is repeated finds its machine."""
        if not wanted.zone:
            raise Refused("Google's Compute Engine needs a zone", "name zones in the pool", "NoZone")
        body = insert_body(wanted, self._image(wanted.image))
        made = node_id(wanted.name, wanted.zone)
        try:
            operation = self._calls.post(f"/zones/{wanted.zone}/instances", body)
        except CloudError as error:
            if error.code in gce_errors.ALREADY_THERE:
                return self._already(wanted, error)
            raise
        launched = seconds(str(operation.get("insertTime", "")))
        self._orders[made] = Order(wanted, operation_path(operation), launched, self._clock() + _TOLD_S)
        return beginning(wanted, launched)

    @translated(GOOGLE)
    def delete(self, node_id: str) -> bool:
        """Order its end, which takes a minute or two; its boot disk goes with it.

        One that is ordered and not there yet is no machine that Google knows none of: that is ``TryAgain``.
        """
        place = place_of(node_id)
        if place is None:
            return False
        known = True
        try:
            self._calls.delete(path_of(*place))
        except CloudError as error:
            if gce_errors.is_missing(error, place[0]):
                known = False
                if self._metadata.is_coming(node_id):
                    raise TryAgain(f"{node_id} is ordered and not there yet", "try again", error.code) from error
            elif error.code not in gce_errors.NOT_READY or not self._ends(node_id):
                raise
        self._orders.pop(node_id, None)
        return known

    def _ends(self, node_id: str) -> bool:
        found = self._metadata.there(node_id)
        return found is None or found.state in _ENDING

    def _already(self, wanted: Wanted, error: CloudError) -> Node:
        """The machine of that name, if it is of the same launch: a stranger's is not taken for ours."""
        found = self._metadata.there(node_id(wanted.name, wanted.zone))
        if found is None and gce_errors.is_about(error, wanted.name):
            raise TryAgain(error.message, "it was there a moment ago: try again", error.code) from error
        if found is None or any(found.tags.get(key) != wanted.tags.get(key) for key in _IDENTITY):
            raise Refused(error.message, "the name belongs to something else in the project", error.code) from error
        if found.state in _ENDING or found.size != wanted.size:  # of a place that had no room for all of a launch
            raise Refused(error.message, "the machine of that name is being ended: another zone", CONFLICT) from error
        return found

    def _image(self, name: str) -> str:
        """The image of that name, else the newest of the family of that name. Remembered for a minute."""
        at, link = self._images.get(name, (-_IMAGE_S, ""))
        if link and self._clock() < at + _IMAGE_S:
            return link
        try:
            image = self._calls.get(f"/global/images/{name}")
        except CloudError as error:
            if error.code not in gce_errors.NOT_THERE:
                raise
            image = self._calls.get(f"/global/images/family/{name}")
        link = str(image["selfLink"])
        self._images[name] = (self._clock(), link)
        return link
