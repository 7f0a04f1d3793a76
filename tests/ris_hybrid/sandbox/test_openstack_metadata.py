"""Metadata of servers in the sandbox's OpenStack: what a ledger on it can rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from libcloud.common.exceptions import BaseHTTPError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

NOW = 1_800_000_000.0


@pytest.fixture
def node(openstack_driver: Any, openstack_offer: dict[str, Any], sandbox_openstack: SandboxOpenStack) -> Any:
    """One with two items of metadata, on a clock that stands."""
    assert sandbox_openstack.clock() == NOW
    return openstack_driver.create_node("n", **openstack_offer, ex_metadata={"a": "1", "b": "2"})


def ask(driver: Any, node: Any, asked: str, data: object = None) -> Any:
    """``asked``: ``GET``, ``DELETE /key``."""
    method, _, rest = asked.partition(" ")
    body = {} if data is None else {"data": data}
    return driver.connection.request(f"/servers/{node.id}/metadata{rest}", method=method, **body)


def test_post_merges_put_replaces_delete_takes_one_away(node: Any, openstack_driver: Any) -> None:
    merged = ask(openstack_driver, node, "POST", data={"metadata": {"b": "", "c": "3"}}).object
    assert merged == {"metadata": {"a": "1", "b": "", "c": "3"}}
    assert ask(openstack_driver, node, "DELETE /a").status == 204
    assert openstack_driver.ex_get_metadata(node) == {"b": "", "c": "3"}
    assert ask(openstack_driver, node, "PUT /d", {"meta": {"d": "4"}}).object == {"meta": {"d": "4"}}
    assert ask(openstack_driver, node, "GET /d").object == {"meta": {"d": "4"}}
    assert openstack_driver.ex_set_metadata(node, {"only": "this"}) == {"only": "this"}
    assert openstack_driver.list_nodes()[0].extra["metadata"] == {"only": "this"}


@pytest.mark.parametrize(
    ("asked", "data", "status", "why"),
    [
        ("DELETE /z", None, 404, "Metadata item was not found"),
        ("GET /z", None, 404, "Metadata item was not found"),
        ("PUT /z", {"meta": {"y": "1"}}, 400, "Request body and URI mismatch"),
        ("POST", {"metadata": {"k": "v" * 256}}, 400, "too long"),
        ("POST", {"metadata": {f"k{n}": "" for n in range(127)}}, 403, "metadata items exceeds 128"),
        ("PUT", {"wrong": {}}, 400, "metadata"),
    ],
)
def test_what_cannot_be_written_leaves_all_as_it_was(
    asked: str, data: object, status: int, why: str, node: Any, openstack_driver: Any
) -> None:
    with pytest.raises(BaseHTTPError, match=why) as caught:
        ask(openstack_driver, node, asked, data=data)
    assert int(caught.value.code) == status
    assert openstack_driver.ex_get_metadata(node) == {"a": "1", "b": "2"}


def test_nothing_is_written_while_a_server_builds_goes_is_broken_or_locked(
    node: Any, openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    def write() -> Any:
        return ask(openstack_driver, node, "POST", data={"metadata": {"c": "3"}})

    def refusal() -> str:
        with pytest.raises(BaseHTTPError) as caught:
            write()
        assert int(caught.value.code) == 409
        return str(caught.value)

    sandbox_openstack.timing(building_s=10, deleting_s=10)
    assert "Cannot 'update metadata' instance" in refusal()
    with pytest.raises(BaseHTTPError, match=r"Cannot 'delete metadata' instance .* in vm_state building"):
        ask(openstack_driver, node, "DELETE /a")
    sandbox_openstack.set_clock(NOW + 10)
    sandbox_openstack.lock(node.id, True)
    assert "is locked" in refusal()
    sandbox_openstack.lock(node.id, False)
    assert openstack_driver.stop_node(node)
    write()
    assert openstack_driver.start_node(node)
    sandbox_openstack.crash(node.id, "broken")
    assert "vm_state error" in refusal()
    assert openstack_driver.stop_node(node)  # which a broken one can be, and then it is only off
    openstack_driver.destroy_node(node)
    assert "task_state deleting" in refusal()
    assert openstack_driver.ex_get_metadata(node) == {"a": "1", "b": "2", "c": "3"}
    sandbox_openstack.remove(node.id)
    with pytest.raises(BaseHTTPError, match="could not be found"):
        write()
