"""Faults ordered of the sandbox's OpenStack, and how it is steered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.openstack.answering import Cut, OpenStack
from ris_hybrid.sandbox.openstack.wire import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

NOW = 1_800_000_000.0


@pytest.fixture
def make_node(nova_node: Callable[..., Any]) -> Callable[[], Any]:
    """Makes one by one call, and a look at it."""
    return lambda: nova_node("n", ex_metadata={"a": "1"})


@pytest.mark.parametrize(("reset", "made"), [("before", 0), ("after", 1)])
def test_a_call_is_cut_before_or_after_it_is_carried_out(
    reset: str, made: int, make_node: Callable[[], Any], sandbox_openstack: SandboxOpenStack
) -> None:
    sandbox_openstack.faults([{"match": "POST /servers", "times": 1, "do": {"reset": reset}}])
    with pytest.raises(requests.exceptions.ConnectionError):
        make_node()
    assert len(sandbox_openstack.servers()) == made
    make_node()
    assert len(sandbox_openstack.servers()) == made + 1
    assert sandbox_openstack.calls()["POST /servers"] == 2


@pytest.mark.parametrize("reset", ["before", "after"])
def test_deletions_and_marks_are_cut_too(
    reset: str, make_node: Callable[[], Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    node = make_node()
    names = ["POST /servers/{id}/metadata", "DELETE /servers/{id}"]
    sandbox_openstack.faults([{"match": name, "at": 1, "do": {"reset": reset}} for name in names])
    with pytest.raises(requests.exceptions.ConnectionError):
        openstack_driver.connection.request(
            f"/servers/{node.id}/metadata", method="POST", data={"metadata": {"a": "2"}}
        )
    assert sandbox_openstack.servers()[0]["metadata"] == {"a": {"before": "1", "after": "2"}[reset]}
    with pytest.raises(requests.exceptions.ConnectionError):
        openstack_driver.destroy_node(node)
    assert len(sandbox_openstack.servers()) == {"before": 1, "after": 0}[reset]


def test_errors_on_order_have_openstacks_forms(
    make_node: Callable[[], Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    def order(match: str, status: int, **more: object) -> None:
        do = {"error": {"status": status, "message": "told so"}}
        sandbox_openstack.faults([{"match": match, "do": do, **more}])

    order("POST /servers", 403)
    with pytest.raises(BaseHTTPError, match="403 Forbidden told so"):
        make_node()
    order("GET /servers/detail", 429)
    with pytest.raises(RateLimitReachedError) as limited:
        openstack_driver.list_nodes()
    assert limited.value.headers["retry-after"] == "1"
    order("GET /v2.0/networks", 503)
    with pytest.raises(BaseHTTPError, match="503 Service Unavailable <html>"):
        openstack_driver.ex_list_networks()
    order("GET /v2.0/networks", 500)
    with pytest.raises(BaseHTTPError, match="500 Internal Server Error told so"):
        openstack_driver.ex_list_networks()
    order("GET /v2/images", 500)
    with pytest.raises(BaseHTTPError, match="<h1>500 Internal Server Error"):
        openstack_driver.list_images()
    order("GET /servers/detail", 500, at=2)
    assert openstack_driver.list_nodes() == []
    with pytest.raises(BaseHTTPError, match="500"):
        openstack_driver.list_nodes()
    assert openstack_driver.list_nodes() == []
    assert sandbox_openstack.servers() == []


def test_a_match_is_of_the_whole_name(
    make_node: Callable[[], Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    node = make_node()
    sandbox_openstack.faults([{"match": "POST /servers|GET /flavors.*", "do": {"reset": "before"}}])
    assert openstack_driver.ex_set_metadata(node, {"b": "2"}) == {"b": "2"}
    assert openstack_driver.stop_node(node)
    with pytest.raises(requests.exceptions.ConnectionError):
        openstack_driver.list_sizes()
    sandbox_openstack.faults([])
    assert len(openstack_driver.list_sizes()) == 3


VERSIONS = Call(method="GET", path="/v3", query={}, headers={}, document={}, url="http://127.0.0.1:1")


def test_a_call_begun_before_a_reset_starts_nothing_after_it() -> None:
    cloud = OpenStack(wait=lambda _: cloud.control("POST", "/_sandbox/reset", {}))
    cloud.control("POST", "/_sandbox/faults", [{"match": "GET /v3", "do": {"delay_s": 9}}])
    with pytest.raises(Cut):
        cloud.answer(VERSIONS)
    assert cloud.answer(VERSIONS).status == 200


def test_calls_wait_before_and_answers_after_they_are_carried_out() -> None:
    waits: list[float] = []
    cloud = OpenStack(wait=waits.append)
    cloud.control("POST", "/_sandbox/faults", [{"match": "GET /v3", "times": 1, "do": {"delay_s": 9, "hold_s": 7}}])
    assert [cloud.answer(VERSIONS).status for _ in range(2)] == [200, 200]
    assert waits == [9, 7]


@pytest.mark.parametrize(
    ("steer", "why"),
    [
        (lambda cloud: cloud.faults([{"match": "[", "do": {"reset": "before"}}]), "rule 1: match"),
        (lambda cloud: cloud.faults([{"match": ".*"}]), "rule 1: an object with"),
        (lambda cloud: cloud.faults(["x"]), "rule 1"),
        (lambda cloud: cloud.set_clock(NOW - 1), "does not go back"),
        (lambda cloud: cloud.timing(placing_s=-1), "placing_s: seconds"),
        (lambda cloud: cloud.timing(baking_s=1), "building_s, deleting_s, placing_s"),
        (lambda cloud: cloud.capacity({"nova-9": {}}), "nova-9"),
        (lambda cloud: cloud.capacity({"nova-1": {"m1.tiny": 1}}), "nova-1"),
        (lambda cloud: cloud.capacity({"nova-1": {"m1.large": -1}}), r"nova-1\.m1\.large"),
        (lambda cloud: cloud.quota(-1), "instances"),
        (lambda cloud: cloud.pages(0), "page"),
        (lambda cloud: cloud.remove("x"), "there is no server x"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    steer: Callable[[SandboxOpenStack], None], why: str, sandbox_openstack: SandboxOpenStack
) -> None:
    with pytest.raises(ConfigError, match=why):
        steer(sandbox_openstack)


def test_a_reset_leaves_nothing_of_what_was(
    make_node: Callable[[], Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    make_node()
    openstack_driver.ex_create_security_group("mine", "")
    sandbox_openstack.capacity({"nova-1": {"m1.large": 0}})
    sandbox_openstack.quota(0)
    sandbox_openstack.timing(building_s=60)
    sandbox_openstack.faults([{"match": ".*", "do": {"reset": "before"}}])
    sandbox_openstack.reset()
    assert (sandbox_openstack.calls(), sandbox_openstack.all_servers()) == ({}, [])
    assert sandbox_openstack.clock() != NOW
    make_node()
    assert [one["status"] for one in sandbox_openstack.servers()] == ["ACTIVE"]
    assert len(openstack_driver.ex_list_security_groups()) == 2
