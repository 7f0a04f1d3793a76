"""The sandbox's Spectrum Scale: the example's filesets, caches that drain, and answers to what makes no sense."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from onprem.gpfs.captured_scale import CapturedScale
from onprem.gpfs.rest import GpfsRest
from onprem.gpfs.rest_http import Login, RestHttp
from onprem.gpfs.rest_requests import Request
from ris_hybrid.cli.which_site import EXAMPLE_SITE
from ris_hybrid.sandbox.scale.seeding import cluster_of
from ris_hybrid.sandbox.scale.server import CACHE_ROUTE, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.scale.server import ScaleGui
    from tests.onprem.gpfs_rest.conftest import World

LISTING = EXAMPLE_SITE / "listing"


@pytest.fixture
def gui() -> Iterator[ScaleGui]:
    made = start(cluster_of(LISTING, {"ris": ("secret", "Monitor")}))
    yield made
    made.stop()


def test_the_example_is_told_by_rest_as_it_was_captured(gui: ScaleGui) -> None:
    http = RestHttp((gui.url,), lambda: Login(user="ris", password="secret"))
    told = {one.name: one for one in GpfsRest(http, ("rdcw-fs1",), now=lambda: 0.0).listing().filesets}
    for one in CapturedScale(LISTING, now=lambda: 0.0).listing().filesets:
        rest = told[one.name]
        assert (rest.path, rest.status) == (one.path, one.status)
        if one.name != "root":
            assert (rest.quota_bytes, rest.used_bytes, rest.files_used) == (
                one.quota_bytes,
                one.used_bytes,
                one.files_used,
            )


def test_a_cache_that_was_written_to_drains_while_it_is_looked_at(gui: ScaleGui) -> None:
    http = RestHttp((gui.url,), lambda: Login(user="ris", password="secret"))
    scale = GpfsRest(http, ("rdcw-fs1", "cache1"), now=lambda: 0.0)
    assert scale.cache("cache1", "genomics_active").health == "clean"
    posted = json.dumps({"file_system": "cache1", "fileset": "genomics_active", "state": "Dirty", "queued": 9})
    assert urllib3.request("POST", gui.url + CACHE_ROUTE, body=posted).status == 200
    assert scale.cache("cache1", "genomics_active").queued == 9
    assert scale.cache("cache1", "genomics_active").health == "clean"
    assert urllib3.request("POST", gui.url + CACHE_ROUTE, body=b'{"fileset": "nobody"}').status == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "filesystems/fs9/filesets", {"filesetName": "x"}, "EFSSG0264C"),
        ("POST", "filesystems/fs1/filesets", {"filesetName": "lee_active"}, "EFSSP1102C"),
        ("POST", "filesystems/fs1/quotas", {"objectName": "x", "blockHardLimit": "1K"}, "EFSSG0072C"),
        ("POST", "filesystems/fs1/filesets/cos", {"filesetName": "x", "bucket": "b"}, "EFSSG0019C No keys"),
        ("POST", "filesystems/fs1/filesets/cos", {"filesetName": "lee_active"}, "EFSSP1102C"),
        ("POST", "filesystems/fs9/filesets/cos", {"filesetName": "x"}, "EFSSG0264C"),
        ("PUT", "bucket/keys", {"bucket": "b"}, "EFSSG0019C"),
        ("PUT", "filesystems/fs9/acl/lee", {"entries": []}, "EFSSG0264C"),
    ],
)
def test_a_change_that_makes_no_sense_is_a_job_that_fails(
    world: World, method: Any, path: str, body: dict[str, Any], said: str
) -> None:
    world.cluster.script.polls = 0
    answer = world.http().ask(Request(method=method, path=path, body=body))
    assert answer
    (job,) = answer["jobs"]  # type: ignore[misc]  # JSON
    assert job["status"] == "FAILED"
    assert job["result"]["stderr"][0].startswith(said)


def test_an_access_list_that_was_put_is_told(world: World) -> None:
    entries = [{"type": "allow", "who": "group:x", "permissions": "rx", "flags": ""}]
    world.http().ask(Request(method="PUT", path="filesystems/fs1/acl/lee%2FActive", body={"entries": entries}))
    (entry,) = GpfsRest(world.http(), ("fs1",), now=lambda: 0.0).acl("/fs1/lee/Active").entries
    assert entry.who == "group:x"


@pytest.mark.parametrize("header", ["", "Basic !", "Basic /w==", "Token x"])
def test_who_says_nothing_true_is_not_let_in(world: World, header: str) -> None:
    url = f"{world.gui.url}/scalemgmt/v2/info"
    assert urllib3.request("GET", url, headers={"Authorization": header}).status == 401


def test_a_path_that_is_none_is_404_and_a_job_that_is_none_400(world: World) -> None:
    headers = {"Authorization": Login(user="ris", password="pass word:1").header}
    base = f"{world.gui.url}/scalemgmt/v2/"
    assert urllib3.request("GET", f"{base}nothing", headers=headers).status == 404
    assert urllib3.request("GET", f"{base}jobs/7", headers=headers).status == 400
    listed = urllib3.request("GET", f"{base}filesystems", headers=headers).json()
    assert [one["name"] for one in listed["filesystems"]] == ["fs1"]
