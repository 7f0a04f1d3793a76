"""Keystone in the sandbox's OpenStack: who is let in, and for how long."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.openstack_identity import (
    OpenStackIdentity_3_0_Connection,
    OpenStackIdentity_3_0_Connection_AppCred,
)
from libcloud.common.types import InvalidCredsError, MalformedResponseError

from ris_hybrid.sandbox.openstack.accounts import APPLICATION_ID, APPLICATION_SECRET, PROJECT_ID, USER_ID

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack


_PASSWORD: Any = OpenStackIdentity_3_0_Connection
_APPLICATION: Any = OpenStackIdentity_3_0_Connection_AppCred


def password(cloud: SandboxOpenStack, **change: str) -> Any:
    told = {"user_id": "ris", "key": "sandbox-openstack", "tenant_name": "ris-sandbox", **change}
    return _PASSWORD(cloud.url, **told)


def post(cloud: SandboxOpenStack, **auth: object) -> Any:
    return password(cloud).request("/v3/auth/tokens", data=json.dumps({"auth": auth}), method="POST")


def test_a_password_gets_a_token_and_the_catalogue(sandbox_openstack: SandboxOpenStack) -> None:
    asked = time.time()
    found = password(sandbox_openstack).authenticate()
    assert found.auth_user_info["id"] == USER_ID
    assert 3500 < found.auth_token_expires.timestamp() - asked < 3700  # by the real clock, not the sandbox's
    public = {
        (one["type"], one["name"]): end["url"].removeprefix(sandbox_openstack.url)
        for one in found.urls
        for end in one["endpoints"]
        if (end["interface"], end["region"]) == ("public", "RegionOne")
    }
    assert public == {
        ("identity", "keystone"): "/v3",
        ("compute", "nova"): "/compute/v2.1",
        ("image", "glance"): "/image",
        ("network", "neutron"): "/network",
    }


def test_an_application_credential_gets_a_token_of_its_project(sandbox_openstack: SandboxOpenStack) -> None:
    found = _APPLICATION(sandbox_openstack.url, APPLICATION_ID, APPLICATION_SECRET)
    assert found.authenticate().urls
    wrong = _APPLICATION(sandbox_openstack.url, APPLICATION_ID, "guessed")
    with pytest.raises(InvalidCredsError):
        wrong.authenticate()


@pytest.mark.parametrize(
    "change", [{"key": "guessed"}, {"user_id": "eve"}, {"tenant_name": "other"}, {"domain_name": "Other"}]
)
def test_wrong_credentials_are_refused(change: dict[str, str], sandbox_openstack: SandboxOpenStack) -> None:
    with pytest.raises(InvalidCredsError):
        password(sandbox_openstack, **change).authenticate()


def _user(**who: object) -> dict[str, object]:
    user = {"password": "sandbox-openstack", **who}
    return {"methods": ["password"], "password": {"user": user}}


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        ({"identity": _user(id=USER_ID), "scope": {"project": {"id": PROJECT_ID}}}, 201),
        ({"identity": _user(id="x"), "scope": {"project": {"id": PROJECT_ID}}}, 401),
        ({"identity": _user(id=USER_ID), "scope": {"project": {"id": "x"}}}, 401),
        ({"identity": _user(id=USER_ID), "scope": {"system": {"all": True}}}, 401),
        ({"identity": _user(name="ris", domain="Default")}, 401),
        ({"identity": {"methods": ["password"]}}, 401),
        ({"identity": {"methods": ["application_credential"]}}, 401),
        ({"identity": {"methods": ["token"], "token": {"id": "x"}}}, 401),
    ],
)
def test_other_ways_to_ask_for_a_token(
    auth: dict[str, object], status: int, sandbox_openstack: SandboxOpenStack
) -> None:
    assert post(sandbox_openstack, **auth).status == status


@pytest.mark.parametrize("auth", [{}, {"identity": {"methods": ["application_credential"]}, "scope": {"project": {}}}])
def test_what_cannot_be_asked_is_no_matter_of_credentials(
    auth: dict[str, object], sandbox_openstack: SandboxOpenStack
) -> None:
    with pytest.raises(BaseHTTPError) as caught:
        post(sandbox_openstack, **auth)
    assert int(caught.value.code) == 400


def test_a_token_for_no_project_has_no_catalogue_and_opens_nothing(sandbox_openstack: SandboxOpenStack) -> None:
    found = post(sandbox_openstack, identity=_user(id=USER_ID))
    assert (found.status, "catalog" in found.object["token"]) == (201, False)
    headers = {"X-Auth-Token": found.headers["x-subject-token"]}
    assert password(sandbox_openstack).request("/network/v2.0/networks", headers=headers).status == 401


def test_a_client_whose_token_expired_asks_for_another(
    openstack_driver: Any, sandbox_openstack: SandboxOpenStack
) -> None:
    assert openstack_driver.list_nodes() == []
    sandbox_openstack.expire_tokens()
    with pytest.raises(BaseHTTPError, match="401 Unauthorized"):
        openstack_driver.list_nodes()
    assert openstack_driver.list_nodes() == []
    assert sandbox_openstack.calls()["POST /v3/auth/tokens"] >= 1


def test_a_token_is_looked_at_while_it_is_one(sandbox_openstack: SandboxOpenStack) -> None:
    found = password(sandbox_openstack).authenticate()

    def look(token: str) -> Any:
        headers = {"X-Subject-Token": token, "X-Auth-Token": found.auth_token}
        return found.request("/v3/auth/tokens", headers=headers)

    assert look(found.auth_token).object["token"]["user"]["id"] == USER_ID
    with pytest.raises(BaseHTTPError, match="404"):
        look("another")


def test_keystone_that_answers_with_a_page_is_told_from_one_that_refuses(sandbox_openstack: SandboxOpenStack) -> None:
    sandbox_openstack.faults([{"match": "POST /v3/auth/tokens", "do": {"error": {"status": 500}}}])
    with pytest.raises(MalformedResponseError):
        password(sandbox_openstack).authenticate()
