"""The ports of a second cloud over libcloud's OpenStack driver: Nova's servers and their metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from burst.libcloud.calls import Calls
from burst.libcloud.credentials import openstack_login
from burst.libcloud.errors import NOT_FOUND
from burst.libcloud.openstack_driver import Services
from burst.libcloud.openstack_names import Names, clear_names
from burst.libcloud.openstack_server import cut, is_whole, new_server, node_of
from burst.libcloud.openstack_shelf import SecurityGroupShelf, is_ours
from burst.libcloud.ports import Connection
from burst.libcloud.values import Node, Offered, Size
from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from burst.libcloud.values import Wanted
    from ris_hybrid.pool_settings import SecondCloud

_STALE = frozenset({"BadRequest", NOT_FOUND})
"""What Nova says of an id that is no more: of an image that was made anew under its name, say."""


def connection(cloud: SecondCloud, env: Mapping[str, str], wait: Callable[[float], object] | None) -> Connection:
    """The ports of one project; see ``burst.libcloud.connection.connect``."""
    calls = Calls(cloud.name, lambda: Services(cloud, openstack_login(cloud, env)), wait)
    names = Names(calls)
    return Connection(
        nodes=Servers(calls, names),
        metadata=ServerMetadata(calls, names),
        shelf=SecurityGroupShelf(calls),
        catalogue=ProjectCatalogue(calls),
    )


class Servers:
    """Nova's servers of one project."""

    def __init__(self, calls: Calls[Services], names: Names) -> None:
        self._calls = calls
        self._names = names

    def listed(self) -> tuple[Node, ...]:
        """GET /servers/detail. Raises ``TryAgain`` while a cell is down that has servers of the project."""
        rows = self._calls.again(Services.servers)
        return tuple(_node(row, self._names) for row in rows)

    def create(self, wanted: Wanted) -> Node:
        """POST /servers. Names are looked up again, once, where Nova does not know the ids they had."""
        try:
            return self._create(wanted)
        except Refused as error:
            if error.code not in _STALE or not self._names.forget():
                raise
        return self._create(wanted)

    def delete(self, node_id: str) -> bool:
        """DELETE /servers/{id}."""
        return _of_one(self._calls, f"/servers/{node_id}", "DELETE") is not None

    def _create(self, wanted: Wanted) -> Node:
        body = new_server(
            wanted,
            self._names.flavor(wanted.size),
            self._names.image(wanted.image),
            tuple(self._names.network(one) for one in wanted.networks),
        )
        made = self._calls.once(lambda services: str(services.compute("/servers", "POST", body)["server"]["id"]))
        return Node(
            node_id=made,
            name=wanted.name,
            state=MachineState.PENDING,
            size=wanted.size,
            zone=wanted.zone,
            private_ip="",
            launched=0.0,
            tags=dict(wanted.tags),
            placed=False,
        )


class ServerMetadata:
    """Nova's metadata of servers. libcloud's own call replaces it all: ours adds to it."""

    def __init__(self, calls: Calls[Services], names: Names) -> None:
        self._calls = calls
        self._names = names

    def find(self, node_id: str) -> Node | None:
        """GET /servers/{id}."""
        found = _of_one(self._calls, f"/servers/{node_id}", "GET")
        return None if found is None else _node(found["server"], self._names)

    def write(self, node_id: str, marks: Mapping[str, str]) -> bool:
        """POST adds to what is there; what is taken away is deleted key by key, if it is there."""
        path = f"/servers/{node_id}/metadata"
        written = {key: cut(value) for key, value in marks.items() if value}
        if written and _of_one(self._calls, path, "POST", {"metadata": written}) is None:
            return False
        dropped = [key for key, value in marks.items() if not value]
        if not dropped:
            return True
        carried = _of_one(self._calls, path, "GET")
        if carried is None:
            return False
        for key in dropped:
            if key in carried["metadata"]:
                _of_one(self._calls, f"{path}/{key}", "DELETE")
        return True


class ProjectCatalogue:
    """What Nova, Glance and Neutron list for the project."""

    def __init__(self, calls: Calls[Services]) -> None:
        self._calls = calls

    def offered(self) -> Offered:
        """Five lists; of a zone those that are open."""
        ask = self._calls.again
        flavors, zones = ask(Services.flavors), ask(_zones)
        groups = [row for row in ask(Services.security_groups) if not is_ours(str(row["name"]))]
        return Offered(
            sizes=tuple(Size(name=row["name"], vcpus=int(row["vcpus"]), memory_mib=int(row["ram"])) for row in flavors),
            images=clear_names(ask(Services.images)),
            networks=clear_names(ask(Services.networks)),
            zones=zones,
            security_groups=clear_names(groups),
        )


def _zones(services: Services) -> frozenset[str]:
    rows = services.compute("/os-availability-zone")["availabilityZoneInfo"]
    return frozenset(str(row["zoneName"]) for row in rows if row["zoneState"]["available"])


def _of_one(calls: Calls[Services], path: str, method: str, document: dict[str, Any] | None = None) -> Any:
    """A call about one server, which may be repeated; None when Nova knows none, ``{}`` for an empty answer."""
    try:
        return calls.again(lambda services: services.compute(path, method, document)) or {}
    except Refused as error:
        if error.code != NOT_FOUND:
            raise
        return None


def _node(row: dict[str, Any], names: Names) -> Node:
    if not is_whole(row):
        text = f"cloud {names.cloud} cannot tell of server {row.get('id', '?')}: a cell of it may be down"
        raise TryAgain(text, "ask its operators", "CellDown")
    flavor = row.get("flavor") or {}
    by_id = names.flavors(str(flavor["id"])) if "id" in flavor and not flavor.get("original_name") else {}
    try:
        return node_of(row, by_id)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        text = f"the answer of cloud {names.cloud} cannot be read: {type(error).__name__}"
        raise TryAgain(text, "check its address, then try again", "Unreadable") from error
