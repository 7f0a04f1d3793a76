from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from base64 import b64encode
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.globus.server import STATE, Order, secret_of, serve
from ris_hybrid.sandbox.globus.service import CLIENT, CLOUD_COLLECTION, SITE_COLLECTION, guest_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILES = 2500
Child = subprocess.Popen[str]


@pytest.fixture
def start(place: Any, tmp_path: Path) -> Iterator[Callable[[], Child]]:
    """Starts a service in a process of its own, over one folder of state."""
    children: list[Child] = []
    measured = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    environment = {"PATH": os.defpath, **SandboxAws.attach(os.environ["AWS_ENDPOINT_URL"]).env(), **measured}

    def started() -> Child:
        command = [sys.executable, "-m", "ris_hybrid.sandbox.globus.server", "--root", str(place.root)]
        command += ["--state", str(tmp_path / "globus"), "--guest", "wucci", "--high-assurance"]
        children.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        return children[-1]

    yield started
    for child in children:
        child.terminate()
        child.wait()
        if child.stdout:
            child.stdout.close()


class Client:
    """One who speaks the services' protocol and nothing else."""

    def __init__(self, child: Child, secret: str) -> None:
        assert child.stdout
        self._host = child.stdout.readline().strip().removeprefix("http://")
        scope = "urn:globus:auth:scope:transfer.api.globus.org:all"
        form = f"grant_type=client_credentials&scope={scope}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": basic(CLIENT, secret)}
        self._token = self.ask("POST", "/v2/oauth2/token", form, headers)["access_token"]

    def ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Any:
        bearer = {"Authorization": f"Bearer {getattr(self, '_token', '')}", "Content-Type": "application/json"}
        connection = HTTPConnection(self._host)
        connection.request(method, path, body, headers or bearer)
        with connection.getresponse() as answer:
            found = json.load(answer)
        connection.close()
        return found


def basic(name: str, secret: str) -> str:
    return f"Basic {b64encode(f'{name}:{secret}'.encode()).decode()}"


def test_a_service_that_is_killed_goes_on_when_it_is_started_again(
    place: Any, start: Callable[[], Child], tmp_path: Path
) -> None:
    for number in range(FILES):
        place.put(f"f{number:04}", b"%d" % number)
    secret = secret_of(tmp_path / "globus")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    first = start()
    client = Client(first, secret.read_text().strip())
    asked = {
        "submission_id": client.ask("GET", "/v0.10/submission_id")["value"],
        "source_endpoint": SITE_COLLECTION,
        "destination_endpoint": CLOUD_COLLECTION,
        "sync_level": 2,
        "verify_checksum": True,
        "DATA": [{"source_path": "/wucci/Active/", "destination_path": "/ris-wucci/Active/", "recursive": True}],
    }
    task = client.ask("POST", "/v0.10/transfer", json.dumps(asked))["task_id"]
    first.kill()
    first.wait()
    again = Client(start(), secret.read_text().strip())
    assert again.ask("POST", "/v0.10/transfer", json.dumps(asked))["code"] == "Duplicate"
    again.ask("POST", "/sandbox/settle", "{}")
    seen = again.ask("GET", f"/v0.10/task/{task}")
    assert seen["status"] == "SUCCEEDED"
    pages = place.s3.get_paginator("list_objects_v2").paginate(Bucket="ris-wucci")
    assert sum(len(page["Contents"]) for page in pages) == FILES
    assert again.ask("GET", f"/v0.10/endpoint/{guest_id('wucci')}")["high_assurance"] is True


def test_it_lives_in_a_process_of_others_too(place: Any, tmp_path: Path) -> None:
    order = Order(root=place.root, folder=tmp_path / "other", aws=SandboxAws.attach(os.environ["AWS_ENDPOINT_URL"]))
    served = serve(order)
    state = json.loads((tmp_path / "other" / STATE).read_text())
    assert (state["url"], state["sandbox"], state["pid"]) == (served.url, True, os.getpid())
    assert state["env"] == served.env()
    assert set(served.env()) == {f"GLOBUS_SDK_SERVICE_URL_{name}" for name in ("TRANSFER", "AUTH", "GROUPS")}
    served.stop()
