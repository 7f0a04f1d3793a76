"""What may be asked of POST /servers in the sandbox's OpenStack, and what Nova refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from libcloud.common.exceptions import BaseHTTPError

from ris_hybrid.sandbox.openstack.accounts import made_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"name": "  "}, 400, "name"),
        ({"name": "n" * 256}, 400, "name"),
        ({"flavorRef": "99"}, 400, "Invalid flavorRef provided"),
        ({"imageRef": "x"}, 400, "Can not find requested image"),
        ({"imageRef": ""}, 400, "Invalid imageRef provided"),
        ({"availability_zone": "nova-9"}, 400, "The requested availability zone is not available"),
        ({"networks": [{"uuid": "x"}]}, 400, "Network x could not be found"),
        ({"networks": {"uuid": "x"}}, 400, "networks"),
        ({"security_groups": [{"name": "x"}]}, 400, "Security group x not found"),
        ({"security_groups": "x"}, 400, "security_groups"),
        ({"user_data": "not base64"}, 400, "user_data"),
        ({"user_data": "QUFB" * 16384}, 400, "too long"),
        ({"key_name": "mine"}, 400, "Invalid key_name provided"),
        ({"colour": "red"}, 400, "'colour' was unexpected"),
        ({"metadata": {"k": "v" * 256}}, 400, "too long"),
        ({"metadata": {"k/": "v"}}, 400, "does not match"),
        ({"metadata": {"k": 1}}, 400, "not of type 'string'"),
        ({"metadata": []}, 400, "not of type 'object'"),
        ({"metadata": {f"k{n}": "v" for n in range(129)}}, 403, "metadata items exceeds 128"),
    ],
)
def test_what_nova_refuses_is_refused(
    change: dict[str, object], status: int, why: str, openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    asked = {"name": "n", "flavorRef": "11", "imageRef": made_id("image", "lsf-node"), **change}
    with pytest.raises(BaseHTTPError, match=why) as caught:
        openstack_driver.connection.request("/servers", method="POST", data={"server": asked})
    assert int(caught.value.code) == status
    assert sandbox_openstack.all_servers() == []


def test_the_largest_that_nova_takes_is_taken(
    nova_node: Callable[..., Any], sandbox_openstack: SandboxOpenStack
) -> None:
    metadata = {f"{n:03}{'k' * 252}": "v" * 255 for n in range(128)}
    nova_node("n" * 255, ex_metadata=metadata, ex_userdata="u" * 49149)
    [row] = sandbox_openstack.servers()
    assert (row["metadata"], len(row["user_data"])) == (metadata, 65532)


def test_microversions_change_what_is_shown(
    nova_node: Callable[..., Any], openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    node, ask = nova_node("n"), openstack_driver.connection.request

    def shown(version: str) -> dict[str, Any]:
        told = ask(f"/servers/{node.id}", headers={"OpenStack-API-Version": f"compute {version}"})
        return dict(told.object["server"])

    assert (shown("2.1")["flavor"]["id"], "locked" in shown("2.8")) == ("11", False)
    assert (shown("latest")["flavor"]["original_name"], shown("2.9")["locked"]) == ("m1.large", False)
    asked = {"server": {"name": "n", "flavorRef": "11", "imageRef": node.extra["imageId"]}}
    with pytest.raises(BaseHTTPError, match="networks"):
        ask("/servers", method="POST", data=asked, headers={"OpenStack-API-Version": "compute 2.37"})
    asked["server"]["networks"] = "none"
    ask("/servers", method="POST", data=asked, headers={"OpenStack-API-Version": "compute 2.37"})
    assert sandbox_openstack.servers()[-1]["networks"] == []
    with pytest.raises(BaseHTTPError, match=r"maximum is 2\.69") as caught:
        shown("2.99")
    assert int(caught.value.code) == 406


def test_the_external_network_takes_no_server(nova_node: Callable[..., Any], openstack_driver: Any) -> None:
    outside = next(one for one in openstack_driver.ex_list_networks() if one.name == "public")
    with pytest.raises(BaseHTTPError, match="not allowed to create an interface on external network") as caught:
        nova_node("n", networks=[outside])
    assert int(caught.value.code) == 403
