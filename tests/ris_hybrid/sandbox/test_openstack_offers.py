"""What the sandbox's OpenStack has to offer, and its security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from libcloud.common.exceptions import BaseHTTPError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

GROUPS = "/v2.0/security-groups"


def put(driver: Any, key: str, change: dict[str, str], revision: int | None = None) -> Any:
    headers = {} if revision is None else {"If-Match": f"revision_number={revision}"}
    data = {"security_group": change}
    return driver.network_connection.request(f"{GROUPS}/{key}", method="PUT", data=data, headers=headers)


def test_sizes_images_networks_and_zones_are_listed_whole(
    openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.pages(1)  # of images; libcloud reads one page of flavors, which are all on it
    sizes = {one.name: (one.vcpus, one.ram) for one in openstack_driver.list_sizes()}
    assert sizes == {"m1.large": (4, 8192), "m1.xlarge": (8, 16384), "m1.2xlarge": (16, 32768)}
    assert [one.name for one in openstack_driver.list_images()] == ["lsf-node", "debian-12", "rocky-9", "ubuntu-24.04"]
    assert sandbox_openstack.calls()["GET /v2/images"] == 5
    assert [one.name for one in openstack_driver.ex_list_networks()] == ["hpc", "public"]
    zones = openstack_driver.connection.request("/os-availability-zone").object["availabilityZoneInfo"]
    assert [(one["zoneName"], one["zoneState"]["available"]) for one in zones] == [("nova-1", True), ("nova-2", True)]


def test_flavors_come_in_pages_where_a_limit_is_asked_for(openstack_driver: Any) -> None:
    def page(**query: str) -> tuple[list[str], bool]:
        told = openstack_driver.connection.request("/flavors/detail", params=query).object
        return [one["name"] for one in told["flavors"]], "flavors_links" in told

    assert page(limit="2") == (["m1.large", "m1.xlarge"], True)
    assert page(limit="2", marker="12") == (["m1.2xlarge"], False)


def test_one_of_each_is_shown_by_id_and_missing_ones_are_404(openstack_driver: Any) -> None:
    image, network = openstack_driver.list_images()[0], openstack_driver.ex_list_networks()[0]
    assert openstack_driver.get_image(image.id).name == "lsf-node"
    assert openstack_driver.ex_get_network(network.id).name == "hpc"
    assert openstack_driver.ex_get_size("12").name == "m1.xlarge"
    for look in (openstack_driver.get_image, openstack_driver.ex_get_network, openstack_driver.ex_get_size):
        with pytest.raises(BaseHTTPError) as caught:
            look("x")
        assert int(caught.value.code) == 404


def test_lists_are_narrowed_by_name(openstack_driver: Any) -> None:
    images = openstack_driver.image_connection.request(
        "/v2/images", params={"name": "rocky-9", "status": "active"}
    ).object["images"]
    assert [one["name"] for one in images] == ["rocky-9"]
    found = openstack_driver.network_connection.request("/v2.0/networks", params={"name": "hpc"}).object["networks"]
    assert [one["router:external"] for one in found] == [False]


def test_a_security_group_keeps_a_text_of_ours(openstack_driver: Any, sandbox_openstack: SandboxOpenStack) -> None:
    made = openstack_driver.ex_create_security_group("ris-shelf-cpu", "{}")
    assert len(made.rules) == 2
    put(openstack_driver, made.id, {"description": "d" * 255})
    listed = {one.name: one.description for one in openstack_driver.ex_list_security_groups()}
    assert listed == {
        "default": "Default security group",
        "ris-node": "Nodes of LSF",
        "ris-shelf-cpu": "d" * 255,
    }
    assert openstack_driver.ex_delete_security_group(made)
    assert sandbox_openstack.calls()["DELETE /v2.0/security-groups/{id}"] == 1
    assert len(openstack_driver.ex_list_security_groups()) == 2


def test_of_two_who_write_at_once_the_second_is_told_so(openstack_driver: Any) -> None:
    made = openstack_driver.ex_create_security_group("shelf", "first")
    told = put(openstack_driver, made.id, {"description": "second"}, revision=1).object["security_group"]
    assert (told["revision_number"], told["description"]) == (2, "second")
    with pytest.raises(BaseHTTPError, match="Constrained to 1, but current revision is 2") as caught:
        put(openstack_driver, made.id, {"description": "third"}, revision=1)
    assert int(caught.value.code) == 412


def test_what_neutron_refuses_is_refused(openstack_driver: Any, sandbox_openstack: SandboxOpenStack) -> None:
    groups = {one.name: one for one in openstack_driver.ex_list_security_groups()}
    create = openstack_driver.ex_create_security_group
    image, size = openstack_driver.list_images()[0], openstack_driver.list_sizes()[0]
    openstack_driver.create_node("n", size, image=image, ex_security_groups=[groups["ris-node"]])
    assert len(sandbox_openstack.servers()) == 1
    delete, ask = openstack_driver.ex_delete_security_group, openstack_driver.network_connection.request
    cases: list[tuple[int, str, Callable[[], object]]] = [
        (409, "in use", lambda: delete(groups["ris-node"])),
        (409, "removing default", lambda: delete(groups["default"])),
        (409, "Updating default", lambda: put(openstack_driver, groups["default"].id, {"name": "mine"})),
        (409, "Default security group already exists", lambda: create("default", "")),
        (404, "does not exist", lambda: put(openstack_driver, "x", {"name": "y"})),
        (400, "exceeds maximum length of 255", lambda: create("shelf", "d" * 256)),
        (400, "body required", lambda: ask(GROUPS, method="POST", data={})),
    ]
    for status, why, call in cases:
        with pytest.raises(BaseHTTPError, match=why) as caught:
            call()
        assert int(caught.value.code) == status


def test_groups_have_a_quota_and_names_that_need_not_differ(
    openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    create = openstack_driver.ex_create_security_group
    twins = [create("shelf", "") for _ in range(8)]
    with pytest.raises(BaseHTTPError, match="Quota exceeded for resources"):
        create("shelf", "")
    image, size = openstack_driver.list_images()[0], openstack_driver.list_sizes()[0]
    with pytest.raises(BaseHTTPError, match="Multiple security groups found matching 'shelf'") as caught:
        openstack_driver.create_node("n", size, image=image, ex_security_groups=twins[:1])
    assert int(caught.value.code) == 409
    assert sandbox_openstack.servers() == []
