"""What every surface of Spectrum Scale promises, over the fake, REST on the wire, and several surfaces as one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

import pytest

from onprem.gpfs.acl_text import render_acl
from onprem.gpfs.captured_scale import CapturedScale
from onprem.gpfs.commands import GpfsCommands
from onprem.gpfs.fake import FakeScale
from onprem.gpfs.filesets import parse_filesets
from onprem.gpfs.rest import GpfsRest
from onprem.gpfs.rest_http import Login, RestHttp
from onprem.gpfs.trust import ByTrust
from onprem.shell import Completed, ReplayShell
from ris_hybrid.data.scale import Acl, AclEntry, ScaleFileset, Snapshot
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.sandbox.scale.server import start
from ris_hybrid.sandbox.scale.state import Scale as Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.ports import Scale

MIB = 1024**2
NOW = 1_800_000_000.0
LEE = "/fs1/lee/Active"
ENTRIES = (
    AclEntry(kind="allow", who="special:owner@", permissions="rwmxDaAnNcCos", flags="di"),
    AclEntry(kind="allow", who="group:storage-lee", permissions="rwx", flags="fd"),
    AclEntry(kind="deny", who="special:everyone@", permissions="w", flags=""),
)


class World(Protocol):
    """A cluster with fileset lee_active (quota 2 MiB, snapshot), scratch without quota, and AFM cache lee_cache."""

    scale: Scale

    def cached(self, state: str, queued: int) -> None: ...
    def down(self) -> None: ...


class Faked:
    def __init__(self) -> None:
        self.scale = self.fake = FakeScale(now=NOW)
        quota = {"quota_bytes": 2 * MIB, "used_bytes": MIB, "in_doubt_bytes": 0, "files_used": 7}
        self.fake.put(ScaleFileset(file_system="fs1", name="lee_active", path=LEE, status="Linked", **quota))
        self.fake.put(ScaleFileset(file_system="fs1", name="scratch", path="", status="Unlinked"))
        self.fake.put(ScaleFileset(file_system="fs1", name="lee_cache", path="/fs1/c", status="Linked"))
        self.fake.cached("fs1", "lee_cache")
        taken = Snapshot(
            file_system="fs1", name="20261103-lee_active", fileset="lee_active", status="Valid", created="x"
        )
        self.fake.snapshots.append(taken)
        self.fake.acls[LEE] = Acl(path=LEE, entries=ENTRIES)

    def cached(self, state: str, queued: int) -> None:
        self.fake.cached("fs1", "lee_cache", state, queued)

    def down(self) -> None:
        self.fake.down = "down for the test"


class OverRest:
    def __init__(self) -> None:
        cluster = Cluster(users={"ris": ("secret", "Monitor")}, page=2)
        of = cluster.add_file_system("fs1", "/fs1")
        lee = of.add("lee_active", LEE, block_limit=2048, block_usage=1024, files_usage=7, has_quota=True)
        lee.snapshots.append("20261103-lee_active")
        of.add("scratch", "", status="Unlinked")
        self.cache = of.add("lee_cache", "/fs1/c", afm_mode="independent-writer", afm_target="nfs://home/x")
        self.cache.cache_state = "Active"
        of.acls["lee/Active"] = [
            {"type": one.kind, "who": one.who, "permissions": one.permissions, "flags": one.flags} for one in ENTRIES
        ]
        self.cluster = cluster
        self.gui = start(cluster)
        http = RestHttp((self.gui.url,), lambda: Login(user="ris", password="secret"), timeout_s=5)
        self.scale: Scale = GpfsRest(http, ("fs1",), now=lambda: NOW)

    def cached(self, state: str, queued: int) -> None:
        self.cache.cache_state, self.cache.queued = state, queued

    def down(self) -> None:
        self.cluster.script.statuses = [503] * 20


FILESETS = (
    "mmlsfileset::HEADER:version:reserved:reserved:filesystemName:filesetName:id:status:path:comment:afmTarget:afmMode:\n"
    "mmlsfileset::0:1:::fs1:root:0:Linked:%2Ffs1:root fileset:-:off:\n"
    "mmlsfileset::0:1:::fs1:lee_active:1:Linked:%2Ffs1%2Flee%2FActive:-:-:off:\n"
    "mmlsfileset::0:1:::fs1:scratch:2:Unlinked:--:-:-:off:\n"
    "mmlsfileset::0:1:::fs1:lee_cache:3:Linked:%2Ffs1%2Fc:-:nfs%3A%2F%2Fhome%2Fx:independent-writer:\n"
)
QUOTAS = (
    "mmrepquota::HEADER:version:reserved:reserved:filesystemName:quotaType:id:name:blockUsage:blockLimit:blockInDoubt:"
    "filesUsage:filesLimit:\n"
    "mmrepquota::0:1:::fs1:FILESET:1:lee_active:1024:2048:0:7:0:\n"
)
SNAPSHOTS = (
    "mmlssnapshot::HEADER:version:reserved:reserved:filesystemName:directory:snapID:status:created:fileset:snapType:\n"
    "mmlssnapshot::0:1:::fs1:20261103-lee_active:9:Valid:Tue Nov  3 01%3A00%3A00 2026:lee_active::\n"
)
STATES = (
    "Fileset Name    Fileset Target      Cache State    Gateway Node    Queue Length   Queue numExec\n"
    "------------    --------------      -------------  ------------    ------------   -------------\n"
)


def states(state: str, queued: int) -> str:
    return f"{STATES}{'lee_cache':<16}{'nfs://home/x':<20}{state:<15}{'gateway1':<16}{queued:<15}7\n"


class ByCommands:
    """GPFS's commands, answering from a list."""

    def __init__(self) -> None:
        self.shell = ReplayShell(answers={})
        self.scale: Scale = GpfsCommands(self.shell, ("fs1",), now=lambda: NOW)
        self.cached("Active", 0)

    def cached(self, state: str, queued: int) -> None:
        self.shell.answers = {
            ("mmlsfileset", "fs1", "-L", "--afm", "-Y"): Completed(rc=0, stdout=FILESETS),
            ("mmrepquota", "-j", "-Y", "fs1"): Completed(rc=0, stdout=QUOTAS),
            ("mmlssnapshot", "fs1", "-s", "all", "-Y"): Completed(rc=0, stdout=SNAPSHOTS),
            ("mmafmctl", "fs1", "getstate"): Completed(rc=0, stdout=states(state, queued)),
            ("mmgetacl", "-k", "nfs4", LEE): Completed(rc=0, stdout=render_acl(Acl(path=LEE, entries=ENTRIES))),
        }

    def down(self) -> None:
        failed = Completed(rc=1, stderr="mmcommon: 6027-1388 the daemon is down\n")
        self.shell.answers = dict.fromkeys(self.shell.answers, failed)


class Captured:
    """What those commands said once, in a folder."""

    def __init__(self) -> None:
        self.home = TemporaryDirectory()
        self.folder = Path(self.home.name)
        texts = {"filesets": FILESETS, "quotas": QUOTAS, "snapshots": SNAPSHOTS}
        texts["acls"] = f"#path:{LEE}\n{render_acl(Acl(path=LEE, entries=ENTRIES))}"
        for name, text in texts.items():
            self._write(name, text)
        self.cached("Active", 0)
        self.scale: Scale = CapturedScale(self.folder, now=lambda: NOW + 600)

    def cached(self, state: str, queued: int) -> None:
        self._write("afm-fs1", states(state, queued))

    def down(self) -> None:
        for file in self.folder.iterdir():
            file.unlink()

    def _write(self, name: str, text: str) -> None:
        file = self.folder / f"{name}.txt"
        file.write_text(text, encoding="utf-8")
        os.utime(file, (NOW, NOW))


class CapturedJson(Captured):
    """What REST answered once, in a folder."""

    def __init__(self) -> None:
        super().__init__()
        for file in list(self.folder.glob("*.txt")):
            file.unlink()
        self._json("filesets", filesets=[*map(_config, parse_filesets(FILESETS))])
        limits = {"blockUsage": 1024, "blockLimit": 2048, "blockInDoubt": 0, "filesUsage": 7, "filesLimit": 0}
        quota = {"quotaType": "FILESET", "objectName": "lee_active", "filesystemName": "fs1", **limits}
        self._json("quotas", quotas=[quota])
        taken = {"snapshotName": "20261103-lee_active", "status": "Valid", "created": "x"}
        self._json("snapshots", snapshots=[{**taken, "filesetName": "lee_active", "filesystemName": "fs1"}])
        entries = [
            {"type": one.kind, "who": one.who, "permissions": one.permissions, "flags": one.flags} for one in ENTRIES
        ]
        self._json("acls", **{LEE: {"acl": {"type": "NFSv4", "entries": entries}}})
        self.cached("Active", 0)

    def cached(self, state: str, queued: int) -> None:
        known = {"filesetName": "lee_cache", "cacheState": state, "queueLength": queued, "gatewayNodeName": "gateway1"}
        self._json("afm-fs1", filesetAfmStateList=[known])

    def _json(self, name: str, **document: object) -> None:
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps([document]), encoding="utf-8")
        os.utime(file, (NOW, NOW))


def _config(one: ScaleFileset) -> dict[str, object]:
    config = {"filesetName": one.name, "filesystemName": one.file_system, "path": one.path, "status": one.status}
    return {"filesetName": one.name, "config": config, "afm": {"afmMode": one.afm_mode, "afmTarget": one.afm_target}}


class Composite(Faked):
    """The fake behind a surface that never answers."""

    def __init__(self) -> None:
        super().__init__()
        silent = FakeScale()
        silent.down = "nobody captured anything"
        self.scale: Scale = ByTrust([("captured", silent), ("rest", self.fake)], now=lambda: NOW)  # type: ignore[assignment]  # a port here, the fake in the parent


@pytest.fixture(params=[Faked, OverRest, ByCommands, Captured, CapturedJson, Composite])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    made = request.param()
    yield made
    if isinstance(made, OverRest):
        made.gui.stop()
    if isinstance(made, Captured):
        made.home.cleanup()


def test_filesets_are_told_with_quota_and_what_has_none_has_none(world: World) -> None:
    listing = world.scale.listing()
    found = {one.name: one for one in listing.filesets}
    assert set(found) == {"root", "lee_active", "scratch", "lee_cache"}
    lee = found["lee_active"]
    assert (lee.path, lee.quota_bytes, lee.used_bytes, lee.files_limit, lee.files_used) == (LEE, 2 * MIB, MIB, None, 7)
    assert (found["scratch"].path, found["scratch"].status, found["scratch"].quota_bytes) == ("", "Unlinked", None)
    assert (lee.afm_mode, found["lee_cache"].afm_mode) == ("", "independent-writer")
    assert (listing.missing, listing.captured_at) == ((), NOW)


def test_snapshots_say_whose_they_are(world: World) -> None:
    (one,) = world.scale.listing().snapshots
    assert (one.file_system, one.fileset, one.name, one.status) == (
        "fs1",
        "lee_active",
        "20261103-lee_active",
        "Valid",
    )


@pytest.mark.parametrize(
    ("state", "queued", "health"),
    [("Active", 0, "clean"), ("Active", 3, "busy"), ("Dirty", 9, "busy"), ("Disconnected", 9, "broken")],
)
def test_a_cache_is_clean_only_when_nothing_waits_in_it(world: World, state: str, queued: int, health: str) -> None:
    world.cached(state, queued)
    seen = world.scale.cache("fs1", "lee_cache")
    assert (seen.health, seen.state, seen.queued, seen.gateway) == (health, state, queued, "gateway1")
    assert seen.reason


def test_a_fileset_without_afm_is_no_cache(world: World) -> None:
    seen = world.scale.cache("fs1", "lee_active")
    assert (seen.health, seen.state) == ("none", "")


def test_the_cache_of_a_fileset_that_does_not_exist_is_unknown(world: World) -> None:
    with pytest.raises(SiteUnavailable, match="nobody"):
        world.scale.cache("fs1", "nobody")


def test_an_access_list_keeps_its_order_and_letters(world: World) -> None:
    found = world.scale.acl(LEE)
    assert (found.path, found.entries) == (LEE, ENTRIES)  # REST does not tell owner and group


def test_an_access_list_that_nobody_has_is_unknown(world: World) -> None:
    with pytest.raises(SiteUnavailable, match="/fs1/other"):
        world.scale.acl("/fs1/other")


def test_what_does_not_answer_is_unknown_and_never_empty(world: World) -> None:
    world.down()
    for ask in (lambda: world.scale.cache("fs1", "lee_cache"), lambda: world.scale.acl(LEE)):
        with pytest.raises(SiteUnavailable):
            ask()
    try:
        listing = world.scale.listing()
    except SiteUnavailable:
        return
    assert {one.part for one in listing.missing} == {"filesets", "quotas", "snapshots"}
    assert listing.filesets == ()
