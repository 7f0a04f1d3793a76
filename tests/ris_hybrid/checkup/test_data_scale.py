"""Spectrum Scale's GUI nodes as a check-up finds them, over the sandbox's REST."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from onprem.gpfs.rest_http import Login, RestHttp
from ris_hybrid.checkup import data_scale
from ris_hybrid.data.settings import Afm, DataSettings, Gpfs
from ris_hybrid.sandbox.scale.answers import PATHS
from ris_hybrid.sandbox.scale.server import start
from ris_hybrid.sandbox.scale.state import Scale as Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.checkup.finding import Finding

PASSWORD = "pass word:1"


class World:
    """A file system with its cache's, behind one GUI."""

    def __init__(self) -> None:
        self.cluster = Cluster(users={"ris": (PASSWORD, "Monitor"), "nobody": (PASSWORD, "SNMPAdmin")})
        self.cluster.add_file_system("fs1", "/fs1")
        self.caches = self.cluster.add_file_system("cache1", "/cache1")
        for name in ("lee", "wu"):
            self.caches.add(name, f"/cache1/{name}", afm_mode="independent-writer", afm_target=f"gpfs:///fs1/{name}")
            self.caches.filesets[-1].cache_state = "Active"
        self.gui = start(self.cluster)

    def found(self, *guis: str, user: str = "ris", password: str = PASSWORD, **parts: Any) -> dict[str, Finding]:
        gpfs = Gpfs(file_system="fs1", cache=parts.pop("cache", "cache1"), guis=guis or (self.gui.url,))
        settings = DataSettings(gpfs=gpfs, **parts)

        def http(gui: str) -> RestHttp:
            return RestHttp((gui,), lambda: Login(user=user, password=password), timeout_s=5.0)

        return {one.name: one for one in data_scale.look(settings, http)}


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.gui.stop()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_one_that_answers_tells_its_version_and_how_afm_is(world: World) -> None:
    told = world.found()
    assert all(one.ok for one in told.values())
    assert told[f"GUI {world.gui.url}"].text == "version 5.1.9-4 (sandbox)"
    assert told["AFM gateways"].text == "gateway1"
    assert told["AFM caches of cache1"].text == "2, nothing waits in them"
    assert set(world.found(cache="")) == {f"GUI {world.gui.url}"}


def test_another_node_may_serve(world: World, nobody: str) -> None:
    told = world.found(nobody, world.gui.url)
    assert (told[f"GUI {nobody}"].ok, told[f"GUI {nobody}"].needed) == (False, False)
    assert told["AFM gateways"].ok
    alone = world.found(nobody)
    assert [(one.ok, one.needed) for one in alone.values()] == [(False, True)]


def test_a_wrong_password_is_tried_once(world: World) -> None:
    told = world.found(world.gui.url, world.gui.url.replace("127.0.0.1", "localhost"), password="wrong")
    assert len(world.cluster.calls) <= 1
    first, second = told.values()
    assert "does not accept the password" in first.text
    assert second.text.startswith("not asked: the password was refused already")


def test_a_release_without_the_paths_we_ask_for_is_told(world: World) -> None:
    world.cluster.paths = tuple(path for path in PATHS if "acl" not in path and "cos" not in path)
    told = world.found(afm=Afm(filesets={"lee": "lee"}))[f"GUI {world.gui.url}"]
    assert (told.ok, told.needed) == (False, True)
    assert told.text.endswith("lacks filesystems/{}/acl/{}, filesystems/{}/filesets/cos")
    world.cluster.paths = tuple(path for path in PATHS if "afm/state" not in path)
    assert not world.found()[f"GUI {world.gui.url}"].needed


@pytest.mark.parametrize(
    ("state", "queued", "needed", "text"),
    [
        ("Dirty", 12, False, "2: 1 busy (lee: Dirty: what was written is not all at home, 12 changes wait)"),
        ("Levitating", None, False, "2: 1 unknown (lee: Levitating: a word we do not know)"),
        ("Disconnected", 0, True, "2: 1 broken (lee: Disconnected: its gateway does not reach the home)"),
    ],
)
def test_a_cache_that_is_not_clean_is_named(
    world: World, state: str, queued: int | None, needed: bool, text: str
) -> None:
    lee = next(one for one in world.caches.filesets if one.name == "lee")
    lee.cache_state, lee.queued = state, queued or 0
    told = world.found()["AFM caches of cache1"]
    assert (told.ok, told.needed, told.text) == (False, needed, text)


def test_a_cache_at_rest_is_no_reason_to_worry(world: World) -> None:
    world.caches.filesets[-1].cache_state = "Inactive"
    told = world.found()["AFM caches of cache1"]
    assert (told.ok, told.text) == (True, "2: 1 not in use")


def test_no_gateway_is_no_afm(world: World) -> None:
    world.cluster.gateways = []
    assert not world.found(afm=Afm(), cache="")["AFM gateways"].ok


def test_a_user_without_a_role_that_reads_is_told_which(world: World) -> None:
    (told,) = world.found(user="nobody").values()
    assert (told.ok, told.needed) == (False, True)
    assert "role" in told.hint
