"""The knife at libcloud's requests: what is counted, what has reached the cloud when it cuts, what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.knife import Cut, Killed, Knife, Point
from ris_hybrid.sandbox.knife_http import drawn, name_of


def _end() -> None:
    raise Killed


@pytest.mark.parametrize(
    ("point", "reached", "named"),
    [("before", 1, ["GET /v3", "GET /v3"]), ("sent", 2, ["GET /v3"] * 2), ("answered", 2, ["GET /v3"] * 2)],
)
def test_a_request_is_cut_where_it_was_ordered(
    sandbox_openstack: Any, point: Point, reached: int, named: list[str]
) -> None:
    knife = Knife(cut=Cut(call=2, point=point), end=_end)
    with drawn(knife):
        assert requests.get(f"{sandbox_openstack.url}/v3", timeout=9).ok
        with pytest.raises(Killed):
            requests.get(f"{sandbox_openstack.url}/v3", timeout=9)
    assert knife.seen == named
    assert sandbox_openstack.calls() == {"GET /v3": reached}


def test_a_knife_that_was_put_away_cuts_nothing(sandbox_openstack: Any) -> None:
    knife = Knife(cut=Cut(call=1, point="before"), end=_end)
    with drawn(knife):
        pass
    assert requests.get(f"{sandbox_openstack.url}/v3", timeout=9).ok
    assert knife.seen == []


def test_nothing_is_delivered_to_a_cloud_that_is_no_sandbox() -> None:
    knife = Knife(cut=Cut(call=1, point="sent"), end=_end)
    with drawn(knife), pytest.raises(ConfigError, match="only calls to a sandbox are cut"):
        requests.get("http://keystone.example.org/v3", timeout=9)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/compute/v2.1/servers/4f/metadata?x=1", "GET /servers/{id}/metadata"),
        ("/network/v2.0/security-groups?name=a", "GET /v2.0/security-groups"),
        ("/compute/v1/projects/p-1/zones/z/instances/a", "GET /zones/{zone}/instances/{name}"),
        ("/compute/v1/projects/p-1/global/licenses", "GET /compute/v1/projects/p-1/global/licenses"),
        ("/compute/v2.1/os-hypervisors", "GET /os-hypervisors"),
    ],
)
def test_calls_have_the_names_the_sandbox_counts_them_by(path: str, name: str) -> None:
    assert name_of("GET", f"http://127.0.0.1:5000{path}") == name
