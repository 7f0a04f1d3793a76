"""What everything that names the master promises, over lsid of the virtual LSF and over the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from onprem.lsf.fake import FakeMaster
from onprem.lsf.lsid import LsfMaster
from onprem.shell import Command, Completed, ReplayShell
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Identity
from ris_hybrid.sandbox.brokering import ClusterShell
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.ports import Master


class World(NamedTuple):
    up: Callable[[], Master]
    down: Callable[[], Master]


def virtual() -> Master:
    spec = ClusterSpec(name="c1", hosts=(HostSpec(prefix="n", count=1, slots=4),), queues=(QueueSpec(name="q"),))
    return LsfMaster(ClusterShell(Cluster(spec, 0.0)))


def lost() -> Master:
    answer = Completed(rc=255, stderr="lsid: ls_getclustername(): LIM is down; try later\n")
    return LsfMaster(ReplayShell(answers={("lsid",): answer}))


WORLDS = {
    "lsf": World(up=virtual, down=lost),
    "fake": World(
        up=lambda: FakeMaster("c1", "c1-master"),
        down=lambda: FakeMaster("c1", "c1-master", down=True),
    ),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def test_the_cluster_and_its_master_are_named(world: World) -> None:
    assert world.up().who() == Identity(cluster="c1", master="c1-master")


def test_an_unknown_master_is_an_error_with_a_hint(world: World) -> None:
    with pytest.raises(SiteUnavailable) as caught:
        world.down().who()
    assert "down" in caught.value.message
    assert caught.value.hint


def test_lsid_is_asked_with_the_time_out_given() -> None:
    shell = ReplayShell(answers={("lsid",): Completed(rc=0, stdout="My cluster name is a\nMy master name is b\n")})
    assert LsfMaster(shell, timeout_s=2.5).who() == Identity(cluster="a", master="b")
    assert shell.asked == [Command(argv=("lsid",), timeout_s=2.5)]
