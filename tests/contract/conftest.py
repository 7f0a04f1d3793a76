"""The worlds of the clouds' contract suites; each implementation's connection is made once, for it holds no state."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.credentials import google_key
from burst.libcloud.gce import over
from burst.libcloud.gce_calls import Calls
from ris_hybrid.sandbox.gce import wire as gce_names
from tests.contract import cloud_worlds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from burst.libcloud.ports import Connection


class _Page(BaseHTTPRequestHandler):
    """What stands in the way of an API at times: a page for people, with status 200."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = b"<html><body>Please sign in to this network.</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def sign_in_page() -> Iterator[str]:
    """The address of a server that answers everything with a page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def kept_openstack(openstack_server: Any) -> Any:
    """The product's connection with the sandbox's OpenStack."""
    return cloud_worlds.openstack_connection(openstack_server.url, openstack_server.env())


@pytest.fixture(scope="session")
def gce_key(gce_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gce_server.key_file(tmp_path_factory.mktemp("gce") / "key.json")


@pytest.fixture(scope="session")
def gce_calls(gce_server: Any, gce_key: Path) -> Calls:
    """The product's calls of the sandbox's Google: one token for all, for it takes longer than most tests."""
    cloud = cloud_worlds.google(gce_server.url, gce_key)
    return Calls(cloud, lambda: google_key(cloud, {}), cloud_worlds.no_wait)


@pytest.fixture
def gce_connection(gce_calls: Calls) -> Connection:
    """A connection with no order remembered."""
    return over(gce_calls, gce_names.REGION)


@pytest.fixture
def world(request: pytest.FixtureRequest, make: Any) -> Any:
    """One implementation, by the name the suite gives; see ``promises.over_worlds``."""
    if request.param == "ec2":
        parts = [request.getfixturevalue(name) for name in ("sandbox_aws", "ec2", "ec2_settings")]
        return cloud_worlds.Ec2World(*parts, make.now)
    if request.param == "openstack":
        server = request.getfixturevalue("sandbox_openstack")
        return cloud_worlds.OpenStackWorld(server, request.getfixturevalue("kept_openstack"), make)
    if request.param == "gce":
        server = request.getfixturevalue("sandbox_gce")
        parts = [request.getfixturevalue(name) for name in ("gce_connection", "gce_key")]
        return cloud_worlds.GceWorld(server, *parts, make)
    if request.param == "dummy":
        return cloud_worlds.DummyWorld(make)
    return cloud_worlds.FakeWorld(make.settings(), make.now)
