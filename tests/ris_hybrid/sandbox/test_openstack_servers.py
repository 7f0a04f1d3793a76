"""Servers of the sandbox's OpenStack, asked for by apache-libcloud's own driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.compute.types import NodeState

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

NOW = 1_800_000_000.0


def names(driver: Any) -> list[str]:
    return [one.name for one in driver.list_nodes()]


def refused(caught: pytest.ExceptionInfo[BaseHTTPError]) -> int:
    return int(caught.value.code)


def test_a_server_is_made_as_asked_and_carries_it_all(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    group = next(one for one in openstack_driver.ex_list_security_groups() if one.name == "ris-node")
    more = {"ex_metadata": {"ris_pool": "cpu"}, "ex_userdata": "#!/bin/sh\n", "ex_security_groups": [group]}
    node = nova_node("ris-1", "nova-2", **more)
    assert (node.state, node.private_ips, node.extra["metadata"]) == (
        NodeState.RUNNING,
        ["10.30.0.1"],
        {"ris_pool": "cpu"},
    )
    assert (node.extra["availability_zone"], node.created_at.timestamp()) == ("nova-2", NOW)
    [row] = sandbox_openstack.servers()
    assert row == {
        "id": node.id,
        "name": "ris-1",
        "status": "ACTIVE",
        "task": None,
        "zone": "nova-2",
        "flavor": "m1.large",
        "metadata": {"ris_pool": "cpu"},
        "created": NOW,
        "deleted": None,
        "fault": "",
        "locked": False,
        "networks": ["hpc"],
        "security_groups": ["ris-node"],
        "user_data": "IyEvYmluL3NoCg==",
    }


def test_a_server_is_placed_built_and_deleted_by_the_clock(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.timing(placing_s=5, building_s=30, deleting_s=10)
    node = nova_node("slow", "nova-1")

    def seen(after: float) -> tuple[Any, ...]:
        sandbox_openstack.set_clock(NOW + after)
        now = openstack_driver.ex_get_node_details(node.id)
        return now.state, now.extra["vm_state"], now.extra["task_state"], bool(now.extra["hostId"]), now.private_ips

    assert seen(0) == (NodeState.PENDING, "building", "scheduling", False, [])
    assert seen(5) == (NodeState.PENDING, "building", "spawning", True, ["10.30.0.1"])
    assert seen(35) == (NodeState.RUNNING, "active", None, True, ["10.30.0.1"])
    assert openstack_driver.destroy_node(node)
    assert openstack_driver.destroy_node(node)  # again, while it goes
    assert seen(44)[:3] == (NodeState.RUNNING, "active", "deleting")
    sandbox_openstack.set_clock(NOW + 45)
    assert openstack_driver.ex_get_node_details(node.id) is None
    assert (names(openstack_driver), sandbox_openstack.servers()) == ([], [])
    assert [(one["status"], one["deleted"]) for one in sandbox_openstack.all_servers()] == [("DELETED", NOW + 35)]
    with pytest.raises(BaseHTTPError, match=f"Instance {node.id} could not be found") as caught:
        openstack_driver.destroy_node(node)
    assert refused(caught) == 404


def test_lack_of_room_is_told_late_by_a_server_in_error(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.timing(placing_s=3)
    sandbox_openstack.capacity({"nova-1": {"m1.large": 1}})
    first, second = nova_node("n1", "nova-1"), nova_node("n2", "nova-1")
    assert [one.state for one in (first, second)] == [NodeState.PENDING, NodeState.PENDING]
    sandbox_openstack.set_clock(NOW + 3)
    failed = openstack_driver.ex_get_node_details(second.id)
    assert (failed.state, failed.private_ips, failed.extra["hostId"]) == (NodeState.ERROR, [], "")
    assert failed.extra["fault"]["code"] == 500
    assert failed.extra["fault"]["message"] == "No valid host was found. There are not enough hosts available."
    assert openstack_driver.ex_get_node_details(first.id).state == NodeState.RUNNING
    openstack_driver.destroy_node(first)  # whose place is free again
    nova_node("n3", "nova-1")
    sandbox_openstack.set_clock(NOW + 6)
    assert {one["name"]: one["status"] for one in sandbox_openstack.servers()} == {"n2": "ERROR", "n3": "ACTIVE"}


def test_without_a_zone_a_server_goes_where_there_is_room(
    nova_node: Callable[..., Any], sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.capacity({"nova-1": {"m1.large": 1}, "nova-2": {"m1.large": 2}})
    for number in range(4):
        nova_node(f"n{number}")
    assert [one["zone"] for one in sandbox_openstack.servers()] == ["nova-1", "nova-2", "nova-2", ""]
    sandbox_openstack.capacity(None)
    nova_node("n4", "nova-1")
    assert sandbox_openstack.servers()[-1]["zone"] == "nova-1"


def test_the_quota_counts_servers_in_error_too(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.quota(2)
    sandbox_openstack.capacity({"nova-1": {"m1.large": 0}})
    failed = nova_node("n1", "nova-1")
    nova_node("n2", "nova-2")
    told = "Quota exceeded for instances: Requested 1, but already used 2 of 2 instances"
    with pytest.raises(BaseHTTPError, match=told) as caught:
        nova_node("n3", "nova-2")
    assert refused(caught) == 403
    absolute = openstack_driver.connection.request("/limits").object["limits"]["absolute"]
    assert (absolute["maxTotalInstances"], absolute["totalInstancesUsed"], absolute["totalCoresUsed"]) == (2, 2, 8)
    openstack_driver.destroy_node(failed)
    nova_node("n3", "nova-2")
    sandbox_openstack.quota(None)
    nova_node("n4", "nova-2")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_every_page_together_is_every_server_the_newest_first(
    size: int, nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.pages(size)
    for number in range(5):
        nova_node(f"n{number}")
    before = sandbox_openstack.calls().get("GET /servers/detail", 0)
    assert names(openstack_driver) == ["n4", "n3", "n2", "n1", "n0"]
    pages = sandbox_openstack.calls()["GET /servers/detail"] - before
    assert pages == 5 // size + 1  # a full page tells of a next one, which may be empty


def test_a_marker_may_be_a_server_that_is_gone_but_not_one_that_never_was(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    nodes = [nova_node(f"n{number}") for number in range(4)]
    sandbox_openstack.remove(nodes[2].id)

    def listed(**query: str) -> list[str]:
        told = openstack_driver.connection.request("/servers/detail", params=query).object
        return [one["name"] for one in told["servers"]]

    assert listed(marker=nodes[2].id) == ["n1", "n0"]
    assert listed(limit="1", marker=nodes[3].id) == ["n1"]
    assert listed(name="n[13]") == ["n3", "n1"]
    assert (listed(status="active", limit="1"), listed(status="ERROR")) == (["n3"], [])
    for query, why in (({"marker": "x"}, "marker .x. not found"), ({"limit": "x"}, "limit"), ({"name": "["}, "name")):
        with pytest.raises(BaseHTTPError, match=why) as caught:
            listed(**query)
        assert refused(caught) == 400
    with pytest.raises(BaseHTTPError, match="all_tenants") as caught:
        openstack_driver.list_nodes(ex_all_tenants=True)
    assert refused(caught) == 403


def test_what_happens_to_servers_behind_our_back(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    off, broken, taken, locked = (nova_node(name) for name in ("off", "broken", "taken", "locked"))
    sandbox_openstack.set_clock(NOW + 60)
    sandbox_openstack.stop(off.id)
    sandbox_openstack.crash(broken.id, "Failed to allocate the network(s), not rescheduling.")
    sandbox_openstack.remove(taken.id)
    sandbox_openstack.lock(locked.id, True)
    seen = {one.name: one for one in openstack_driver.list_nodes()}
    states = {name: (one.state, one.extra["vm_state"], one.extra["power_state"]) for name, one in seen.items()}
    assert states == {
        "locked": (NodeState.RUNNING, "active", 1),
        "broken": (NodeState.ERROR, "error", 0),
        "off": (NodeState.STOPPED, "stopped", 4),
    }
    assert seen["broken"].extra["fault"]["message"].startswith("Failed to allocate the network")
    assert seen["broken"].extra["fault"]["created"] == "2027-01-15T08:01:00Z"
    with pytest.raises(BaseHTTPError, match=f"Instance {locked.id} is locked") as caught:
        openstack_driver.destroy_node(locked)
    assert refused(caught) == 409
    sandbox_openstack.lock(locked.id, False)
    assert openstack_driver.destroy_node(locked)
    with pytest.raises(ConfigError, match=f"there is no server {taken.id}"):
        sandbox_openstack.stop(taken.id)


def test_a_server_is_stopped_and_started_only_where_it_can_be(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    node = nova_node("n")
    assert openstack_driver.stop_node(node)
    assert openstack_driver.ex_get_node_details(node.id).state == NodeState.STOPPED
    with pytest.raises(BaseHTTPError, match=r"Cannot 'stop' instance .* while it is in vm_state stopped") as caught:
        openstack_driver.stop_node(node)
    assert refused(caught) == 409
    assert openstack_driver.start_node(node)
    assert openstack_driver.ex_get_node_details(node.id).state == NodeState.RUNNING
    sandbox_openstack.timing(deleting_s=5)
    openstack_driver.destroy_node(node)
    with pytest.raises(BaseHTTPError, match="while it is in task_state deleting"):
        openstack_driver.stop_node(node)


def test_a_server_whose_cell_is_down_is_left_out_or_told_as_unknown(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    nodes, told = [nova_node("n1"), nova_node("n2")], {"OpenStack-API-Version": "compute 2.69"}
    ask = openstack_driver.connection.request
    sandbox_openstack.hide(nodes[0].id, True)
    assert names(openstack_driver) == ["n2"]
    listed = ask("/servers/detail", headers=told).object["servers"]
    assert [(one["status"], "metadata" in one) for one in listed] == [("ACTIVE", True), ("UNKNOWN", False)]
    assert ask(f"/servers/{nodes[0].id}", headers=told).object["server"] == listed[1]
    for call in (openstack_driver.ex_get_node_details, openstack_driver.destroy_node):
        with pytest.raises(BaseHTTPError, match="Unexpected API Error") as caught:
            call(nodes[0])
        assert refused(caught) == 500
    sandbox_openstack.hide(nodes[0].id, False)
    assert names(openstack_driver) == ["n2", "n1"]


def test_a_server_that_broke_tells_whether_it_ever_worked(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    def seen(node: Any) -> tuple[bool, object]:
        found = openstack_driver.connection.request(f"/servers/{node.id}").object["server"]
        assert found["status"] == "ERROR"
        return bool(found["hostId"]), found["OS-SRV-USG:launched_at"]

    worked = nova_node("worked")
    sandbox_openstack.crash(worked.id, "broken")
    sandbox_openstack.timing(placing_s=5, building_s=5)
    waiting, building = nova_node("waiting"), nova_node("building")
    sandbox_openstack.crash(waiting.id, "broken")
    assert (seen(worked), seen(waiting)) == ((True, "2027-01-15T08:00:00.000000"), (False, None))
    sandbox_openstack.set_clock(NOW + 5)
    sandbox_openstack.crash(building.id, "broken")
    assert seen(building) == (True, None)
