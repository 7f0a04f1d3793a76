"""What changes of Spectrum Scale promise, over the fake and over REST on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from onprem.gpfs.fake import FakeScale
from onprem.gpfs.flush import FlushByHand
from onprem.gpfs.rest import GpfsRest
from onprem.gpfs.rest_http import Login, RestHttp
from onprem.gpfs.rest_writes import GpfsRestWrites
from ris_hybrid.data.scale import CosRelation, FilesetWanted, ScaleFileset
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable
from ris_hybrid.sandbox.scale.server import start
from ris_hybrid.sandbox.scale.state import Scale as Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.data.ports import CacheFlush, Scale, ScaleWrites

GIB = 1024**3


class World(Protocol):
    """A cluster with one fileset, lee_active, without quota."""

    scale: Scale
    writes: ScaleWrites
    flush: CacheFlush
    relation: CosRelation

    def down(self) -> None: ...


class Faked:
    def __init__(self, keys: Path) -> None:
        fake = FakeScale()
        fake.put(ScaleFileset(file_system="fs1", name="lee_active", path="/fs1/lee", status="Linked"))
        self.scale = self.writes = self.flush = self.fake = fake
        self.relation = relation(keys)

    def down(self) -> None:
        self.fake.down = "down for the test"


class OverRest:
    def __init__(self, keys: Path) -> None:
        self.cluster = Cluster(users={"ris": ("secret", "StorageAdmin")})
        self.cluster.add_file_system("fs1", "/fs1").add("lee_active", "/fs1/lee")
        self.gui = start(self.cluster)
        http = RestHttp((self.gui.url,), lambda: Login(user="ris", password="secret"), timeout_s=5)
        self.scale: Scale = GpfsRest(http, ("fs1",), now=lambda: 0.0)
        self.writes: ScaleWrites = GpfsRestWrites(http, wait=lambda _seconds: None)
        self.flush: CacheFlush = FlushByHand(self.scale)
        self.relation = relation(keys)

    def down(self) -> None:
        self.cluster.script.statuses = [503] * 20


def relation(keys: Path) -> CosRelation:
    keys.write_text("AKIAEXAMPLE:topsecretvalue\n")
    keys.chmod(0o600)
    return CosRelation(
        file_system="fs1",
        fileset="landing",
        bucket="lee-bucket",
        endpoint="https://s3.us-east-1.amazonaws.com",
        mode="iw",
        prefix="",
        key_file=str(keys),
    )


@pytest.fixture(params=[Faked, OverRest])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = request.param(tmp_path / "keys")
    yield made
    if isinstance(made, OverRest):
        made.gui.stop()


WANTED = FilesetWanted(file_system="fs1", name="new_active", path="/fs1/new", comment="ITSD-1")


def filesets(world: World) -> dict[str, ScaleFileset]:
    return {one.name: one for one in world.scale.listing().filesets}


def test_a_fileset_is_created_once(world: World) -> None:
    assert world.writes.create_fileset(WANTED).outcome == "created"
    assert world.writes.create_fileset(WANTED).outcome == "unchanged"
    made = filesets(world)["new_active"]
    assert (made.path, made.status, made.comment) == ("/fs1/new", "Linked", "ITSD-1")


def test_a_fileset_of_that_name_elsewhere_is_left_alone(world: World) -> None:
    world.writes.create_fileset(WANTED)
    with pytest.raises(Refused, match="/fs1/new"):
        world.writes.create_fileset(replace(WANTED, path="/fs1/other"))
    assert filesets(world)["new_active"].path == "/fs1/new"


def test_a_quota_is_set_once(world: World) -> None:
    assert world.writes.set_quota("fs1", "lee_active", 25 * GIB).outcome == "changed"
    assert world.writes.set_quota("fs1", "lee_active", 25 * GIB).outcome == "unchanged"
    assert world.writes.set_quota("fs1", "lee_active", 26 * GIB).outcome == "changed"
    assert filesets(world)["lee_active"].quota_bytes == 26 * GIB


def test_no_quota_is_set_where_there_is_no_fileset_nor_none_at_all(world: World) -> None:
    with pytest.raises(Refused, match="nobody"):
        world.writes.set_quota("fs1", "nobody", GIB)
    with pytest.raises(ConfigError, match="no limit"):
        world.writes.set_quota("fs1", "lee_active", 0)


def test_a_relation_is_made_once_and_is_a_cache(world: World) -> None:
    assert world.writes.relate(world.relation).outcome == "created"
    assert world.writes.relate(world.relation).outcome == "unchanged"
    assert filesets(world)["landing"].afm_mode == "independent-writer"
    assert world.scale.cache("fs1", "landing").health == "clean"


def test_a_relation_wants_a_fileset_of_its_own_and_keeps_its_mode(world: World) -> None:
    with pytest.raises(Refused, match="lee_active"):
        world.writes.relate(replace(world.relation, fileset="lee_active"))
    world.writes.relate(world.relation)
    for other in (replace(world.relation, mode="sw"), replace(world.relation, bucket="other")):
        with pytest.raises(Refused, match="landing"):
            world.writes.relate(other)


def test_nothing_is_flushed_where_nothing_waits(world: World) -> None:
    world.writes.relate(world.relation)
    assert world.flush.flush("fs1", "landing").outcome == "unchanged"
    assert world.flush.flush("fs1", "lee_active").outcome == "unchanged"


def test_nothing_is_known_of_a_change_that_was_not_answered(world: World) -> None:
    world.down()
    for change in (
        lambda: world.writes.create_fileset(WANTED),
        lambda: world.writes.set_quota("fs1", "lee_active", GIB),
        lambda: world.writes.relate(world.relation),
        lambda: world.flush.flush("fs1", "lee_active"),
    ):
        with pytest.raises(SiteUnavailable):
            change()
