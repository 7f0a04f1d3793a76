"""The table of what the sandbox's OpenStack covers: every row is answered, anything else is refused with 501."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.sandbox.openstack.accounts import FLAVORS, IMAGES, NETWORKS, PASSWORD, PROJECT, USER, made_id
from ris_hybrid.sandbox.openstack.covers import COVERS, ROOTS, Covered, service_of, table
from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

_DOMAIN = {"id": "default"}
AUTH = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": USER, "password": PASSWORD, "domain": _DOMAIN}},
        },
        "scope": {"project": {"name": PROJECT, "domain": _DOMAIN}},
    }
}
GROUP = {"security_group": {"name": "shelf", "description": "{}"}}
IMAGE, NETWORK = next(iter(IMAGES)), NETWORKS[0].network_id
SERVER = {"server": {"name": "n", "imageRef": IMAGE, "flavorRef": FLAVORS[0].flavor_id}}
BODIES: dict[str, object] = {
    "POST /v3/auth/tokens": AUTH,
    "POST /servers": SERVER,
    "POST /servers/{id}/action": {"os-stop": None},
    "POST /servers/{id}/metadata": {"metadata": {"k": "v"}},
    "PUT /servers/{id}/metadata": {"metadata": {"k": "v"}},
    "PUT /servers/{id}/metadata/{key}": {"meta": {"k": "v"}},
    "POST /v2.0/security-groups": GROUP,
    "PUT /v2.0/security-groups/{id}": GROUP,
}


def send(url: str, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, Any]:
    """Status, document (or text) and headers."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    return exchange(url, method, path, data, names)


def exchange(url: str, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, Any, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    is_json = text and answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(text) if is_json else text.decode(), answer.headers


@pytest.fixture
def token(sandbox_openstack: SandboxOpenStack) -> str:
    status, _, headers = send(sandbox_openstack.url, "POST", "/v3/auth/tokens", AUTH)
    assert status == 201
    return str(headers["X-Subject-Token"])


@pytest.mark.parametrize("row", COVERS, ids=lambda row: row.name)
def test_every_call_of_the_table_is_answered(row: Covered, token: str, sandbox_openstack: SandboxOpenStack) -> None:
    url = sandbox_openstack.url
    server = send(url, "POST", f"{ROOTS['compute']}/servers", SERVER, X_Auth_Token=token)[1]["server"]["id"]
    send(url, "POST", f"{ROOTS['compute']}/servers/{server}/metadata", {"metadata": {"k": "v"}}, X_Auth_Token=token)
    ids = {"servers": server, "flavors": "11", "images": IMAGE, "networks": NETWORK}
    ids["security-groups"] = made_id("group", "ris-node")
    method, _, path = row.name.partition(" ")
    path = re.sub(r"([a-z-]+)/\{id\}", lambda found: f"{found[1]}/{ids[found[1]]}", path).replace("{key}", "k")
    headers = {} if row.open else {"X_Auth_Token": token, "X_Subject_Token": token}
    before = sandbox_openstack.calls().get(row.name, 0)
    status, _, _ = send(url, method, f"{ROOTS[row.service]}{path}", BODIES.get(row.name), **headers)
    assert status < 300 or (row.name, status) == ("GET /", 300)
    assert sandbox_openstack.calls()[row.name] == before + 1


@pytest.mark.parametrize("row", [row for row in COVERS if not row.open], ids=lambda row: row.name)
def test_no_call_but_keystones_is_answered_without_a_token(row: Covered, sandbox_openstack: SandboxOpenStack) -> None:
    method, _, path = row.name.partition(" ")
    path = f"{ROOTS[row.service]}{path.replace('{id}', 'x').replace('{key}', 'x')}"
    status, told, _ = send(sandbox_openstack.url, method, path, X_Auth_Token="another's")
    assert (status, told["error"]["code"], told["error"]["title"]) == (401, 401, "Unauthorized")


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("GET /compute/v2.1/images/detail", None, "notImplemented"),
        ("GET /compute/v2.1/servers/detail?changes-since=2027", None, "notImplemented"),
        ("POST /compute/v2.1/servers/{id}/action", {"reboot": {"type": "SOFT"}}, "notImplemented"),
        ("POST /compute/v2.1/servers", {"server": {**SERVER["server"], "max_count": 2}}, "notImplemented"),
        ("POST /compute/v2.1/servers", {**SERVER, "os:scheduler_hints": {}}, "notImplemented"),
        ("POST /compute/v2.1/servers", {"server": {**SERVER["server"], "personality": []}}, "notImplemented"),
        ("GET /compute/v2.1/flavors/detail?minRam=4", None, "notImplemented"),
        ("GET /network/v2.0/ports", None, "NeutronError"),
        ("GET /network/v2.0/networks?shared=True", None, "NeutronError"),
        ("PUT /network/v2.0/security-groups/{group}", {"security_group": {"stateful": False}}, "NeutronError"),
        ("GET /image/v2/images?tag=a", None, "<html>"),
        ("GET /v3/projects", None, "error"),
        ("DELETE /compute/v2.1/flavors/11", None, "notImplemented"),
    ],
)
def test_what_is_left_out_says_so_in_the_services_own_form(
    path: str, body: object, word: str, token: str, sandbox_openstack: SandboxOpenStack
) -> None:
    url = sandbox_openstack.url
    server = send(url, "POST", f"{ROOTS['compute']}/servers", SERVER, X_Auth_Token=token)[1]["server"]["id"]
    path = path.replace("{id}", server).replace("{group}", made_id("group", "ris-node"))
    method, _, rest = path.partition(" ")
    status, told, _ = send(url, method, rest, body, X_Auth_Token=token)
    assert status == 501
    assert word in told
    assert "this is the sandbox, not OpenStack" in json.dumps(told)


def test_the_table_is_told_by_health_and_as_markdown(sandbox_openstack: SandboxOpenStack) -> None:
    found = SandboxOpenStack.attach(sandbox_openstack.url)
    assert [one["call"] for one in found.health()["covers"]] == [one.name for one in COVERS]
    assert table().count("\n") == len(COVERS) + 2
    assert "| compute | `DELETE /servers/{id}` | deletion that is undone |" in table().splitlines()


def test_a_path_belongs_to_the_service_at_its_beginning() -> None:
    assert service_of("/compute/v2.1/servers/x/") == ("compute", "/servers/x")
    assert service_of("/network/v2.0/networks") == ("network", "/v2.0/networks")
    assert service_of("/computer") == ("identity", "/computer")
    assert service_of("/") == ("identity", "/")


def test_only_a_sandbox_on_loopback_is_attached_to(sandbox_openstack: SandboxOpenStack) -> None:
    with pytest.raises(ConfigError, match="is no sandbox address"):
        SandboxOpenStack("https://keystone.example.org:5000")
    with pytest.raises(ConfigError, match="refused health"):
        SandboxOpenStack.attach(f"{sandbox_openstack.url}/compute")
    with pytest.raises(SiteUnavailable, match="does not answer"):
        SandboxOpenStack("http://127.0.0.1:9").health()


def test_a_body_that_is_no_json_is_refused(sandbox_openstack: SandboxOpenStack) -> None:
    for path, word in (
        ("/v3/auth/tokens", "error"),
        ("/compute/v2.1/servers", "badRequest"),
        ("/_sandbox/clock", "error"),
    ):
        status, told, _ = exchange(sandbox_openstack.url, "POST", path, b"{", {})
        assert (status, list(told)) == (400, [word])
