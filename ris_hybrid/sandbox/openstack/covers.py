"""Every call the sandbox's OpenStack answers, and what of each it leaves out. Anything else is answered with 501."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ris_hybrid.sandbox.openstack import auth, metadata, networks, offers, servers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.openstack.state import Cloud
    from ris_hybrid.sandbox.openstack.wire import Answer, Call, Service

ROOTS: Mapping[Service, str] = {"compute": "/compute/v2.1", "image": "/image", "network": "/network", "identity": ""}
"""Where each service is; the first that fits a path has it."""
_PART = re.compile(r"\\\{[a-z]+\\\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One call: ``name`` is ``GET /servers/{id}``, as calls are counted and faults ordered."""

    service: Service
    name: str
    answer: Callable[[Cloud, Call], Answer]
    leaves_out: str = ""
    open: bool = False
    """Whether it needs no token."""

    def ids(self, method: str, path: str) -> tuple[str, ...] | None:
        """What the path names, where this is the call."""
        verb, _, pattern = self.name.partition(" ")
        if verb != method:
            return None
        found = re.fullmatch(_PART.sub("([^/]+)", re.escape(pattern)), path)
        return None if found is None else tuple(map(unquote, found.groups()))


_NO_FILTERS = "filters (501)"
COVERS: tuple[Covered, ...] = (
    Covered(
        service="identity",
        name="POST /v3/auth/tokens",
        answer=auth.identify,
        leaves_out="methods but password and application_credential, scopes but a project, trusts, multi-factor rules",
        open=True,
    ),
    Covered(service="identity", name="GET /v3/auth/tokens", answer=auth.show_token),
    Covered(service="identity", name="GET /", answer=auth.versions, open=True),
    Covered(service="identity", name="GET /v3", answer=auth.versions, open=True),
    Covered(
        service="compute",
        name="POST /servers",
        answer=servers.add,
        leaves_out="volumes, files, key pairs, hints, several at once (501); quotas of cores and memory; "
        "where there is room is decided at once, and told after placing_s",
    ),
    Covered(
        service="compute",
        name="GET /servers/detail",
        answer=servers.details,
        leaves_out="filters but name and status (501); other projects (403)",
    ),
    Covered(
        service="compute",
        name="GET /servers/{id}",
        answer=servers.show,
        leaves_out=f"microversions above 2.{servers.NEWEST} (406), and what administrators see",
    ),
    Covered(
        service="compute", name="DELETE /servers/{id}", answer=servers.delete, leaves_out="deletion that is undone"
    ),
    Covered(
        service="compute",
        name="POST /servers/{id}/action",
        answer=servers.act,
        leaves_out="all but os-stop and os-start (501), which are done at once",
    ),
    Covered(service="compute", name="GET /servers/{id}/metadata", answer=metadata.items),
    Covered(service="compute", name="POST /servers/{id}/metadata", answer=metadata.merge),
    Covered(service="compute", name="PUT /servers/{id}/metadata", answer=metadata.replace),
    Covered(service="compute", name="GET /servers/{id}/metadata/{key}", answer=metadata.show_item),
    Covered(service="compute", name="PUT /servers/{id}/metadata/{key}", answer=metadata.write_item),
    Covered(service="compute", name="DELETE /servers/{id}/metadata/{key}", answer=metadata.delete_item),
    Covered(service="compute", name="GET /flavors/detail", answer=offers.flavors, leaves_out=_NO_FILTERS),
    Covered(service="compute", name="GET /flavors/{id}", answer=offers.flavor),
    Covered(service="compute", name="GET /os-availability-zone", answer=offers.zones, leaves_out="hosts"),
    Covered(service="compute", name="GET /limits", answer=offers.limits, leaves_out="limits of rate"),
    Covered(
        service="image", name="GET /v2/images", answer=offers.images, leaves_out="filters but name and status (501)"
    ),
    Covered(service="image", name="GET /v2/images/{id}", answer=offers.image),
    Covered(
        service="network",
        name="GET /v2.0/networks",
        answer=networks.networks,
        leaves_out="filters but name and id (501), pages, subnets",
    ),
    Covered(service="network", name="GET /v2.0/networks/{id}", answer=networks.network),
    Covered(
        service="network",
        name="GET /v2.0/security-groups",
        answer=networks.groups,
        leaves_out="filters but name and id (501), pages; rules are always the two of a new group",
    ),
    Covered(service="network", name="GET /v2.0/security-groups/{id}", answer=networks.group),
    Covered(
        service="network",
        name="POST /v2.0/security-groups",
        answer=networks.add_group,
        leaves_out="all but name and description (501)",
    ),
    Covered(
        service="network",
        name="PUT /v2.0/security-groups/{id}",
        answer=networks.change_group,
        leaves_out="all but name and description (501); If-Match is heeded",
    ),
    Covered(service="network", name="DELETE /v2.0/security-groups/{id}", answer=networks.delete_group),
)


def service_of(path: str) -> tuple[Service, str]:
    """Whose path it is, and what is left of it for the service."""
    for service, root in ROOTS.items():
        if path == root or path.startswith(f"{root}/"):
            rest = path.removeprefix(root).rstrip("/")
            return service, rest or "/"
    return "identity", path


def covered(service: Service, method: str, path: str) -> tuple[Covered, tuple[str, ...]] | None:
    """Which call it is, and what it names; None for one the sandbox does not answer."""
    for one in COVERS:
        ids = one.ids(method, path) if one.service == service else None
        if ids is not None:
            return one, ids
    return None


def table() -> str:
    """All of it in Markdown, for the documents."""
    rows = [f"| {one.service} | `{one.name}` | {one.leaves_out} |" for one in COVERS]
    return "\n".join(("| service | call | left out |", "|---|---|---|", *rows)) + "\n"
