"""libcloud's OpenStack driver as we use it: one token for all services, their endpoints, its waits bounded.

Left as it is, libcloud 3.9 logs in once for each service, takes only services called nova, neutron and glance of a
region called RegionOne, wants ``auth_url`` without its ``/v3``, and the project's domain by id.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.openstack_identity import (
    OpenStackIdentity_3_0_Connection,
    OpenStackIdentity_3_0_Connection_AppCred,
    OpenStackServiceCatalog,
)
from libcloud.compute.drivers.openstack import (
    OpenStack_2_Connection,
    OpenStack_2_ImageConnection,
    OpenStack_2_NetworkConnection,
    OpenStack_2_NodeDriver,
)

from burst.libcloud.bounded import NoRetry, http_class
from burst.libcloud.errors import of_login
from ris_hybrid.errors import Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burst.libcloud.credentials import Login
    from ris_hybrid.pool_settings import SecondCloud

MICROVERSION = "2.69"
"""Nova's from which a list names the servers of a cell that is down, instead of leaving them out (Stein, 2019)."""
_MOST_PAGES = 200
SERVERS, IMAGES = 200, 500
"""On a page. Nova would take 1000, and for so many longer than one answer is waited for; Glance 25, a call for each."""
_VERSIONS = ("/v3", "/v2.0", "/v2")

Json = dict[str, Any]


class Services:
    """The three services of one project that we speak to. Everything is JSON; errors are libcloud's."""

    def __init__(self, cloud: SecondCloud, login: Login) -> None:
        http = http_class(cloud.ca_file)
        identity = _identity(cloud, login, http)

        class Driver(OpenStack_2_NodeDriver):
            """Made of connections of ours."""

            connectionCls = _service(OpenStack_2_Connection, cloud, http, identity)  # noqa: N815  # libcloud's name
            image_connectionCls = _service(OpenStack_2_ImageConnection, cloud, http, identity)  # noqa: N815  # the same
            network_connectionCls = _service(OpenStack_2_NetworkConnection, cloud, http, identity)  # noqa: N815  # the same

        driver: Any = Driver(  # type: ignore[no-untyped-call]  # libcloud's has no annotations
            "-", "-", ex_force_auth_url=_root(cloud.auth_url), ex_force_microversion=f"compute {MICROVERSION}"
        )
        self._compute, self._image, self._network = (
            driver.connection,
            driver.image_connection,
            driver.network_connection,
        )

    def compute(self, path: str, method: str = "GET", document: Json | None = None) -> Any:
        """One call of Nova."""
        return _sent(self._compute, path, method, document)

    def network(self, path: str, method: str = "GET", document: Json | None = None, revision: int | None = None) -> Any:
        """One call of Neutron; ``revision``: only if the thing is still at it."""
        headers = {} if revision is None else {"If-Match": f"revision_number={revision}"}
        return _sent(self._network, path, method, document, headers)

    def servers(self) -> list[Json]:
        """Every page of Nova's servers."""
        return every_page(self._compute, "/servers/detail", "servers", SERVERS)

    def flavors(self) -> list[Json]:
        """Every page of Nova's flavors."""
        return every_page(self._compute, "/flavors/detail", "flavors")

    def images(self) -> list[Json]:
        """Every page of Glance's images that can be used."""
        return [row for row in every_page(self._image, "/v2/images", "images", IMAGES) if row["status"] == "active"]

    def networks(self) -> list[Json]:
        """Every page of Neutron's networks."""
        return every_page(self._network, "/v2.0/networks", "networks")

    def security_groups(self) -> list[Json]:
        """Every page of Neutron's security groups."""
        return every_page(self._network, "/v2.0/security-groups", "security_groups")


def _root(auth_url: str) -> str:
    """Keystone's address without the version, which libcloud adds."""
    return auth_url.rstrip("/").removesuffix("/v3")


def _identity(cloud: SecondCloud, login: Login, http: type[Any]) -> Any:
    """One login for all services."""
    kind = OpenStackIdentity_3_0_Connection_AppCred if login.application else _Password
    made = type("Identity", (kind,), {"conn_class": http, "retryCls": NoRetry})
    domain = cloud.domain
    return made(_root(cloud.auth_url), login.name, login.secret, tenant_name=cloud.project, domain_name=domain)


class _Password(OpenStackIdentity_3_0_Connection):
    """A user's password; the project's domain is the user's, by name."""

    def _get_auth_data(self) -> Json:
        data = cast("Json", super()._get_auth_data())  # type: ignore[no-untyped-call]  # libcloud's has no annotations
        data["auth"]["scope"]["project"]["domain"] = {"name": self.domain_name}
        return data


class _Service:
    """What is the same for all services; comes before libcloud's class of one."""

    retryCls = NoRetry  # noqa: N815  # libcloud's name
    service_type = ""
    identity: Any
    cloud: SecondCloud
    auth_token: str | None = None
    service_catalog: Any = None

    def get_auth_class(self) -> Any:
        """The one login."""
        return self.identity

    def _populate_hosts_and_request_paths(self) -> None:
        """Log in where there is no token that lasts, and take the endpoint from the catalogue that came with it."""
        try:
            self.identity.authenticate()
        except BaseHTTPError as error:
            raise of_login(self.cloud.name, error.code) from None
        if self.auth_token != self.identity.auth_token:
            self.auth_token = self.identity.auth_token
            self.service_catalog = OpenStackServiceCatalog(self.identity.urls or [], "3.x")  # type: ignore[no-untyped-call]  # libcloud's has no annotations
        self._set_up_connection_info(self.get_endpoint())  # type: ignore[attr-defined]  # of libcloud's class behind this

    def get_endpoint(self) -> str:
        """The service's public address in the cloud's region. Raises ``Refused`` where there is none, or more."""
        known = self.service_catalog.get_endpoints(service_type=self.service_type)
        public = [one for one in known if one.endpoint_type == "external"]
        urls = {one.url for one in public if self.cloud.region in {"", one.region}}
        if len(urls) == 1:
            url = str(urls.pop()).rstrip("/")
            return url if self.service_type == "compute" else _without_version(url)
        regions = ", ".join(sorted({str(one.region) for one in public})) or "none"
        raise Refused(
            f"cloud {self.cloud.name}: {len(urls)} public endpoints of {self.service_type} in region "
            f"{self.cloud.region or 'any'}; regions that have one: {regions}",
            "name the region in clouds of burst.yaml",
            "NoEndpoint",
        )


def _service(kind: type[Any], cloud: SecondCloud, http: type[Any], identity: Any) -> type[Any]:
    return type(
        kind.__name__,
        (_Service, kind),
        {
            "service_type": kind.service_type,
            "conn_class": http,
            "identity": identity,
            "cloud": cloud,
        },
    )


def _without_version(url: str) -> str:
    """An endpoint without the version, which our paths have."""
    return next((url.removesuffix(version) for version in _VERSIONS if url.endswith(version)), url)


def _sent(connection: Any, path: str, method: str, document: Json | None, headers: Json | None = None) -> Any:
    data = "" if document is None else document
    with _named(f"{method} {path}"):
        return connection.request(path, method=method, data=data, headers=headers or {}).object


@contextmanager
def _named(call: str) -> Iterator[None]:
    """Have an error say of which call it is: three services answer here."""
    try:
        yield
    except BaseHTTPError as error:
        error.message = f"{call}: {error.message}"
        raise


def every_page(connection: Any, path: str, key: str, most: int = 0) -> list[Json]:
    """Every page: each names the next one, in ``<key>_links`` or ``next``. A page without the list is no answer.

    ``most``: rows that a page may have; 0: as many as the service likes.
    """
    rows: list[Json] = []
    params = {"limit": str(most)} if most else {}
    for _ in range(_MOST_PAGES):
        with _named(f"GET {path}"):
            page = connection.request(path, params=params).object
        rows += page[key]
        links = (link["href"] for link in page.get(f"{key}_links", ()) if link.get("rel") == "next")
        following = next(links, page.get("next"))
        if not following:
            return rows
        params = dict(parse_qsl(urlsplit(following).query))
    raise TryAgain(f"{path}: more than {_MOST_PAGES} pages", "the cloud's pages may have no end", "Unreadable")
