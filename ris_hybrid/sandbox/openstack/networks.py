"""Neutron v2.0: networks to look at, security groups to look at, make, change and delete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.openstack.accounts import NETWORKS, PROJECT_ID, made_id
from ris_hybrid.sandbox.openstack.lifecycle import gone
from ris_hybrid.sandbox.openstack.server_json import moment
from ris_hybrid.sandbox.openstack.state import GROUPS_MOST, Group
from ris_hybrid.sandbox.openstack.wire import Answer, ApiError, not_in_sandbox

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.accounts import Network
    from ris_hybrid.sandbox.openstack.state import Cloud
    from ris_hybrid.sandbox.openstack.wire import Call, Json

_TEXT_MOST = 255


def networks(_cloud: Cloud, call: Call) -> Answer:
    """GET /v2.0/networks."""
    return Answer(document={"networks": _filtered([_network(one) for one in NETWORKS], call)})


def network(_cloud: Cloud, call: Call) -> Answer:
    """GET /v2.0/networks/{id}."""
    found = next((one for one in NETWORKS if one.network_id == call.ids[0]), None)
    if found is None:
        raise ApiError(404, f"Network {call.ids[0]} could not be found.", "NetworkNotFound")
    return Answer(document={"network": _network(found)})


def groups(cloud: Cloud, call: Call) -> Answer:
    """GET /v2.0/security-groups."""
    return Answer(document={"security_groups": _filtered([_group(one) for one in cloud.groups.values()], call)})


def group(cloud: Cloud, call: Call) -> Answer:
    """GET /v2.0/security-groups/{id}."""
    return Answer(document={"security_group": _group(_find(cloud, call.ids[0]))})


def add_group(cloud: Cloud, call: Call) -> Answer:
    """POST /v2.0/security-groups. Names need not differ; only one is called ``default``."""
    asked = _asked(call)
    name = str(asked.get("name", ""))
    if name == "default":
        raise ApiError(409, "Default security group already exists.", "SecurityGroupDefaultAlreadyExists")
    if len(cloud.groups) >= GROUPS_MOST:
        raise ApiError(409, "Quota exceeded for resources: ['security_group'].", "OverQuota")
    cloud.groups_made += 1
    now = cloud.clock.now()
    made = Group(
        group_id=made_id("group", cloud.groups_made),
        name=name,
        description=str(asked.get("description", "")),
        created=now,
        updated=now,
    )
    cloud.groups[made.group_id] = made
    return Answer(status=201, document={"security_group": _group(made)})


def change_group(cloud: Cloud, call: Call) -> Answer:
    """PUT /v2.0/security-groups/{id}: with ``If-Match: revision_number=N`` only where it is still so."""
    found = _find(cloud, call.ids[0])
    asked = _asked(call)
    matched = re.fullmatch(r"revision_number=(\d+)", call.headers.get("if-match", ""))
    if matched and int(matched[1]) != found.revision:
        told = f"Constrained to {matched[1]}, but current revision is {found.revision}"
        raise ApiError(412, told, "RevisionNumberConstraintFailed")
    if "name" in asked and found.name == "default":
        raise ApiError(409, "Updating default security group not allowed.", "SecurityGroupCannotUpdateDefault")
    found.name = str(asked.get("name", found.name))
    found.description = str(asked.get("description", found.description))
    found.revision += 1
    found.updated = cloud.clock.now()
    return Answer(document={"security_group": _group(found)})


def delete_group(cloud: Cloud, call: Call) -> Answer:
    """DELETE /v2.0/security-groups/{id}: not while a server has it."""
    found, now = _find(cloud, call.ids[0]), cloud.clock.now()
    if found.name == "default":
        raise ApiError(
            409, "Insufficient rights for removing default security group.", "SecurityGroupCannotRemoveDefault"
        )
    if any(found.group_id in one.groups and not gone(one, now, cloud.timing) for one in cloud.servers.values()):
        raise ApiError(409, f"Security Group {found.group_id} in use.", "SecurityGroupInUse")
    del cloud.groups[found.group_id]
    return Answer(status=204)


def _find(cloud: Cloud, key: str) -> Group:
    found = cloud.groups.get(key)
    if found is None:
        raise ApiError(404, f"Security group {key} does not exist", "SecurityGroupNotFound")
    return found


def _asked(call: Call) -> Json:
    asked = call.document.get("security_group")
    if not isinstance(asked, dict):
        raise ApiError(400, "Resource body required", "HTTPBadRequest")
    if unknown := set(asked) - {"name", "description"}:
        raise not_in_sandbox(f"{min(unknown)} of a security group")
    for word, text in asked.items():
        if not isinstance(text, str) or len(text) > _TEXT_MOST:
            why = f"'{str(text)[:40]}' exceeds maximum length of {_TEXT_MOST}"
            raise ApiError(400, f"Invalid input for {word}. Reason: {why}.", "HTTPBadRequest")
    return asked


def _filtered(rows: list[Json], call: Call) -> list[Json]:
    if left := set(call.query) - {"name", "id"}:
        raise not_in_sandbox(f"the filter {min(left)} of networks and security groups")
    return [row for row in rows if all(row[word] == value for word, value in call.query.items())]


def _network(one: Network) -> Json:
    return {
        "id": one.network_id,
        "name": one.name,
        "tenant_id": PROJECT_ID,
        "project_id": PROJECT_ID,
        "status": "ACTIVE",
        "admin_state_up": True,
        "shared": one.external,
        "router:external": one.external,
        "mtu": 1450,
        "subnets": [made_id("subnet", one.name)],
        "availability_zones": ["nova"],
        "description": "",
        "tags": [],
    }


def _group(one: Group) -> Json:
    return {
        "id": one.group_id,
        "name": one.name,
        "description": one.description,
        "tenant_id": PROJECT_ID,
        "project_id": PROJECT_ID,
        "stateful": True,
        "created_at": moment(one.created),
        "updated_at": moment(one.updated),
        "revision_number": one.revision,
        "tags": [],
        "security_group_rules": [_rule(one, ethertype) for ethertype in ("IPv4", "IPv6")],
    }


def _rule(one: Group, ethertype: str) -> Json:
    nothing: dict[str, Any] = dict.fromkeys(
        ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    )
    return {
        **nothing,
        "id": made_id("rule", f"{one.group_id}-{ethertype}"),
        "security_group_id": one.group_id,
        "direction": "egress",
        "ethertype": ethertype,
        "tenant_id": PROJECT_ID,
        "project_id": PROJECT_ID,
        "description": "",
    }
