"""``ris-hybrid data`` from end to end: a site's folder, S3 and Globus of the sandbox, and the real journal."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from burst.outlook_file import OutlookFile
from ris_hybrid import clocks
from ris_hybrid.cli.app import main
from ris_hybrid.cli.data_begin import begun
from ris_hybrid.cli.data_drive import Drive, by_turns
from ris_hybrid.cli.data_site import open_data, picked
from ris_hybrid.clocks import clock
from ris_hybrid.config.plan_file import plan_text
from ris_hybrid.data.values import LeftOut, StagingState
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.mirror.values import (
    AllocationPlan,
    BucketPlan,
    BudgetPlan,
    EnvironmentPlan,
    MirrorPlan,
    RegistryPlan,
)
from ris_hybrid.sandbox.globus import service as sandbox
from ris_hybrid.sandbox.globus.server import Served, s3
from ris_hybrid.staging.engine import ask_back
from ris_hybrid.staging.journal import writing
from ris_hybrid.staging.planning import Asked
from ris_hybrid.staging.values import Change, FileRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.aws.child import SandboxAws

SECRET = "s3cr3t-of-the-service"
FILESETS = (
    "mmlsfileset::HEADER:version:reserved:reserved:filesystemName:filesetName:id:rootInode:status:path:\n"
    "mmlsfileset::0:1:::rdcw-fs1:root:0:3:Linked:%2Fstorage1%2Ffs1:\n"
    "mmlsfileset::0:1:::rdcw-fs1:wucci_active:1:2:Linked:%2Fstorage1%2Ffs1%2Fwucci%2FActive:\n"
)
CONF = f"""
gpfs:
  file_system: rdcw-fs1
  listing: listing
  tape: false
root: site
globus:
  client_id: {sandbox.CLIENT}
  secret_file: secret
  site_collection: {sandbox.SITE_COLLECTION}
  cloud_collection: {sandbox.CLOUD_COLLECTION}
  site_base: /storage1/fs1
  calls_per_s: 20.0
bounds:
  batch_files: 2000
"""


def allocation(name: str, data_class: Any = "internal") -> AllocationPlan:
    bucket = BucketPlan(
        name=f"ris-{name}", prefixes=("Active/",), key_alias="", transitions=(), object_lock=False, writable=True
    )
    return AllocationPlan(
        name=name,
        lab=name,
        owner=name,
        platform="gpfs",
        path=f"/storage1/fs1/{name}",
        group=f"storage-{name}",
        environment="prod",
        account="123456789012",
        network="net",
        data_class=data_class,
        stage="active",
        removed_on="",
        quota_bytes=10**12,
        projects=(),
        bucket=bucket,
        registry=RegistryPlan(namespace=name, repositories=()),
        roles=(),
        budget=BudgetPlan(name=name, usd_per_month=10.0, alerts_percent=(100,)),
        pools=("cpu",),
        tags={},
    )


@dataclass(slots=True)
class Place:
    """The folder of data.yaml, and how commands are run in it."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    globus: Any = None
    client: Any = None
    url: str = ""
    said: str = field(default="", init=False)

    @property
    def active(self) -> Path:
        return self.folder / "site/storage1/fs1/wucci/Active"

    def put(self, path: str, content: bytes) -> None:
        at = self.active / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content)

    def run(self, *argv: str) -> tuple[int, str]:
        code = main(["data", *argv, "--conf", str(self.folder / "data.yaml")])
        out, self.said = self.capture.readouterr()
        return code, out

    def json(self, *argv: str) -> Any:
        _, out = self.run(*argv, "--json")
        return json.loads(out)

    def keys(self) -> list[str]:
        return [one["Key"] for one in self.client.list_objects_v2(Bucket="ris-wucci").get("Contents", ())]


@pytest.fixture
def empty(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "none"))
    (tmp_path / "data.yaml").write_text(CONF)
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "listing").mkdir()
    (tmp_path / "listing" / "filesets.txt").write_text(FILESETS)
    plan = MirrorPlan(
        organization="site",
        cluster="c1",
        environments=(
            EnvironmentPlan(
                name="prod",
                account="123456789012",
                region="us-east-1",
                partition="aws",
                data_classes=("internal", "phi"),
            ),
        ),
        allocations=(allocation("kids", "phi"), allocation("wucci")),
    )
    (tmp_path / "mirror.json.applied").write_text(plan_text(plan))
    return Place(tmp_path, capsys)


@pytest.fixture
def place(empty: Place, sandbox_aws: SandboxAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    cloud = s3(sandbox_aws)
    empty.client, empty.url = cloud._client, sandbox_aws.url
    for name in ("ris-wucci", "ris-kids"):
        empty.client.create_bucket(Bucket=name)
        empty.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    root = empty.folder / "site/storage1/fs1"
    globus = sandbox.FakeGlobus(root, cloud, sandbox.Seeds(secret=SECRET), clock().now)
    served = Served(globus)
    for name, value in served.env().items():
        monkeypatch.setenv(name, value)
    globus.begin()
    empty.globus = globus
    for number in range(8):
        empty.put(f"A/f{number:02}", f"content {number}".encode())
    empty.put("A/with space/ü", b"umlaut")
    yield empty
    served.stop()


def test_a_life_by_commands(place: Place) -> None:
    code, out = place.run("plan", "wucci:Active/A")
    assert code == 0, place.said + out
    assert "globus" in out
    assert "9 (" in out

    code, out = place.run("stage", "wucci:Active/A", "--every", "0.05")
    assert code == 0, place.said + out
    assert "staged" in out
    assert len(place.keys()) == 9

    assert place.run("verify", "wucci:Active/A")[0] == 0
    assert place.run("stage", "wucci:Active/A", "--every", "0.05")[0] == 0  # nothing more to do
    place.client.put_object(Bucket="ris-wucci", Key="Active/A/out/r", Body=b"result")
    code, out = place.run("verify", "wucci")
    assert code == 0
    (place.active / "A/f00").write_bytes(b"edited!!!")
    code, out = place.run("verify", "wucci")
    assert (code, "f00" in out) == (6, True)
    (place.active / "A/f00").write_bytes(b"content 0")

    with writing(place.folder / "data/journal.db"):  # a look waits for nobody
        assert place.run("return", "wucci", "--dry-run")[0] == 0
        code, out = place.run("evict", "wucci", "--dry-run")
    assert (code, "is not evicted" in out) == (3, True)
    code, out = place.run("return", "wucci", "--without-jobs", "--every", "0.05")
    assert code == 0, place.said + out
    assert (place.active / "A/out/r").read_bytes() == b"result"

    assert place.run("evict", "wucci")[0] == 4  # no batch system here says who uses it
    assert "who uses it is not known" in place.said
    assert len(place.keys()) == 10
    code, out = place.run("evict", "wucci", "--without-jobs")
    assert code == 0, place.said + out
    assert place.keys() == []
    history = place.json("status", "wucci")["stagings"][0]["history"]
    assert [one["after"] for one in history][-1] == "evicted"
    assert all(one["reason"] for one in history)


def test_status_says_what_there_is(place: Place) -> None:
    assert place.run("status")[0] == 0
    assert "nothing was ever staged" in place.said
    place.run("stage", "wucci:Active/A", "--every", "0.05")

    code, out = place.run("status", "wucci:Active/A")
    assert code == 0
    assert "100%" in out
    assert "every" not in place.said
    one = place.json("status")["stagings"][0]
    assert (one["state"], one["way"], one["bytes"], one["done_bytes"]) == ("staged", "globus", 78, 78)


def test_files_in_trouble_are_named_with_what_to_do(place: Place) -> None:
    (place.active / "A/link").symlink_to("f00")
    (place.active / "A/bad\udcff").write_bytes(b"x")
    assert place.run("stage", "wucci:Active/A", "--every", "0.05")[0] == 0
    place.client.put_object(Bucket="ris-wucci", Key="Active/A/f01", Body=b"of a job")
    (place.active / "A/f01").write_bytes(b"of a person")
    assert place.run("return", "wucci", "--without-jobs", "--every", "0.05")[0] == 3

    code, out = place.run("status", "wucci", "--files")
    assert code == 0, place.said
    assert [line.split()[:3] for line in out.splitlines() if line.startswith(("held", "left out"))][:3] == [
        ["held", "out", "f01"],
        ["left", "out", "in"],
        ["left", "out", "in"],
    ]
    assert "rename or delete the site's file" in out
    _, lines = place.run("status", "--files", "--json")
    told = {one["path"]: one for one in map(json.loads, lines.splitlines())}
    assert {path: one["what"] for path, one in told.items()} == {
        "f01": "held",
        "link": "left out",
        "bad\udcff": "left out",
    }
    assert all(one["reason"] and one["advice"] and one["dataset"] == "wucci:Active/A" for one in told.values())
    code, out = place.run("verify", "wucci")
    assert (code, "held: the site's file is not the one" in out) == (6, True)

    shutil.rmtree(place.active)
    code, out = place.run("status", "wucci", "--files")
    assert (code, "f01" in out, "link" in out) == (
        4,
        True,
        True,
    )  # what the plan remembers is told, and that it is not all
    assert "cannot be listed" in place.said
    assert place.run("status", "--files", "--watch")[0] == 2


def test_files_of_phi_in_trouble_are_named_only_where_asked(place: Place) -> None:
    place.run("stage", "wucci:Active/A", "--every", "0.05")
    with writing(place.folder / "data/journal.db") as journal:
        (one,) = journal.stagings()
        row = FileRow("out", "smith.txt", 3, state="held", reason=f"{one.site_path}/smith.txt: cannot be read")
        left = (LeftOut(reason="symbolic link", files=1, bytes=0, examples=("link-smith",)),)
        phi = replace(one, plan=replace(one.plan, data_class="phi", left_out=left))
        journal.record(Change(staging_id=one.staging_id, staging=phi, files=(row,)))
    (place.active / "A/link-smith").symlink_to("f00")

    for argv in (("status", "wucci", "--files"), ("status", "--files", "--json")):
        code, out = place.run(*argv)
        assert (code, out.count("(a file)") >= 2) == (0, True), out
        assert "smith" not in out + place.said
        assert "smith.txt" in place.run(*argv, "--names")[1]


def test_results_on_fsx_reach_the_site_by_way_of_the_bucket(
    place: Place, sandbox_aws: SandboxAws, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file system that neither imports nor exports by itself, as burst.yaml says, in the sandbox's FSx."""
    scratch = tmp_path_factory.mktemp("fsx")
    fsx = Clients("us-east-1").get("fsx")
    made = fsx.create_file_system(FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"])
    its_id = made["FileSystem"]["FileSystemId"]
    fsx.create_data_repository_association(
        FileSystemId=its_id, FileSystemPath="/active", DataRepositoryPath="s3://ris-wucci/Active"
    )
    sandbox_aws.exports({its_id: str(scratch)})
    burst = (Path(__file__).parent / "one_pool.yaml").read_text()
    paths = f"""    paths:
      - path: /storage1/fs1/wucci/Active
        kind: lustre
        source: {its_id}.fsx.us-east-1.amazonaws.com@tcp:/abcd/active
        exports: false
        imports: false
"""
    burst = burst.format(url=place.url, template="lt-1", subnet="subnet-1").replace("gates:\n", f"{paths}gates:\n")
    (place.folder / "burst.yaml").write_text(burst)
    now = [1_800_000_000.0]

    def wait(_seconds: float) -> None:
        now[0] += 30.0
        sandbox_aws.set_clock(now[0])
        clocks.wait(0.01)

    opened = open_data(place.folder / "data.yaml")
    with writing(opened.plane.journal) as journal:
        world = opened.plane.world(journal)
        ids = begun(opened, opened.plane.ground(world), picked(["wucci:Active/A"], None, None), Asked())
    drive = Drive(world=world, clock=opened.clock, every_s=0.01, opened=by_turns(opened), wait=wait)
    (staged,) = drive.until(ids, {StagingState.STAGED})
    assert staged.state is StagingState.STAGED, staged.reason
    assert (scratch / "active/A/f00").read_bytes() == b"content 0"  # nodes see it

    (scratch / "active/A/out").mkdir()
    (scratch / "active/A/out/r").write_bytes(b"result")
    before = place.keys()
    assert "Active/A/out/r" not in before
    with writing(opened.plane.journal) as journal:
        ask_back(replace(world, journal=journal, history=journal), staged, opened.clock.now(), "asked for")
    (back,) = drive.until(ids, {StagingState.RETURNED})
    assert back.state is StagingState.RETURNED, back.reason
    assert (place.active / "A/out/r").read_bytes() == b"result"
    kinds = [one["Type"] for one in fsx.describe_data_repository_tasks()["DataRepositoryTasks"]]
    assert sorted(kinds) == ["EXPORT_TO_REPOSITORY", "IMPORT_METADATA_FROM_REPOSITORY"]


BJOBS = """#!/bin/sh
case "$*" in
  *" -p "*|*description*) echo '{"COMMAND": "bjobs", "JOBS": 1, "RECORDS": [{"JOBID": "304", "JOBINDEX": "0",
    "ESUB": "", "USER": "ann", "USER_GROUP": "compute-wucci", "QUEUE": "general",
    "JOB_DESCRIPTION": "data=/storage1/fs1/wucci/Active/A"}]}' ;;
  *) cat "$(dirname "$0")/bjobs.json" ;;
esac
"""


def test_what_jobs_need_is_staged_once_and_they_hold_it(
    place: Place, lsf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lsf / "bjobs").write_text(BJOBS)
    monkeypatch.setenv("PATH", f"{lsf}{os.pathsep}{os.environ['PATH']}")
    (place.folder / "jobs").write_text("304\n")

    plans = place.json("plan", "--job", "304", "--jobs-file", str(place.folder / "jobs"))
    assert [one["dataset"]["subtree"] for one in plans["plans"]] == ["Active/A"]
    assert place.run("stage", "--job", "304", "--every", "0.05")[0] == 0, place.said
    shared = place.json("plan", "--job", "304")
    assert (shared["plans"], len(shared["reused"])) == ([], 1)
    assert place.run("stage", "--job", "304", "--dry-run")[0] == 0
    assert "is shared" in place.said

    site = Path(__file__).parents[2] / "ris_hybrid/sandbox/site"
    shutil.copy(site / "mirror.yaml", place.folder / "mirror.yaml")
    burst = (
        (Path(__file__).parent / "one_pool.yaml").read_text().format(url=place.url, template="lt-1", subnet="subnet-1")
    )
    (place.folder / "burst.yaml").write_text(f"{burst}outlook: outlook.json\n")
    monkeypatch.setenv("PRO_DATA_DIR", str(place.folder))
    assert place.run("run", "--once")[0] == 0, place.said
    word = OutlookFile(place.folder / "outlook.json", 900.0).word(clock().now())
    assert (word.jobs["304"].verdict, word.jobs["304"].eligible) == ("staged", True), word
    assert word.jobs["302[3]"].verdict == "unknown"  # the scheduler told nothing of it
    assert set(word.spent) == {"wucci"}
    assert word.release == {}
    assert place.run("return", "wucci", "--every", "0.05")[0] == 0
    code, out = place.run("evict", "wucci")
    assert (code, "jobs use it: 304" in out) == (3, True)
    assert place.run("cancel", "wucci", "--dry-run")[0] == 0
    assert "returned" in place.run("cancel", "wucci")[1]  # what is there is not taken back by that


def test_a_second_command_does_not_work_on_the_same_journal(place: Place) -> None:
    with writing(place.folder / "data/journal.db"):
        assert place.run("run", "--once")[0] == 4
        assert "another process" in place.said
        assert place.run("status")[0] == 0


def test_names_of_phi_are_not_told(place: Place) -> None:
    kids = place.folder / "site/storage1/fs1/kids/Active/P"
    kids.mkdir(parents=True)
    (kids / "smith-john.txt").write_bytes(b"x")
    (kids / "link-smith").symlink_to("smith-john.txt")

    code, out = place.run("plan", "kids:Active/P")

    assert code == 3  # no collection for PHI is set up
    assert "symbolic link" in out
    assert "smith" not in out + place.said
    assert "smith" not in json.dumps(place.json("plan", "kids:Active/P"))
    assert "link-smith" in place.run("plan", "kids:Active/P", "--names")[1]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("plan", "nobody"), "no allocation is named 'nobody'"),
        (("plan",), "nothing is named"),
        (("plan", "/home/x"), "below none of"),
        (("plan", "wucci", "--accept", "because"), "no file is left out for"),
        (("plan", "--jobs-file", "missing"), "cannot be read"),
        (("return", "wucci"), "was ever staged"),
    ],
)
def test_what_cannot_be_meant_is_said(empty: Place, sandbox_aws: SandboxAws, argv: tuple[str, ...], words: str) -> None:
    assert sandbox_aws.url
    assert empty.run(*argv)[0] == 2
    assert words in empty.said


def test_who_only_plans_needs_no_secret(place: Place) -> None:
    (place.folder / "secret").unlink()

    assert place.run("plan", "wucci:Active/A")[0] == 0
    assert place.run("stage", "wucci:Active/A")[0] == 2
    assert "secret" in place.said


def test_without_an_applied_mirror_nothing_begins(empty: Place) -> None:
    (empty.folder / "mirror.json.applied").unlink()
    shutil.copy(Path(__file__).parents[2] / "ris_hybrid/sandbox/site/mirror.yaml", empty.folder / "mirror.yaml")

    assert empty.run("plan", "wucci:Active/A")[0] == 2
    assert "mirror apply" in empty.said
    assert empty.run("status")[0] == 0  # nothing can have been staged, and that is known
    assert "nothing was ever staged" in empty.said


def test_a_dataset_that_is_not_there_is_no_empty_one(place: Place) -> None:
    assert place.run("plan", "wucci:Active/Nowhere")[0] == 4


def test_listing_is_of_now(place: Place) -> None:
    old = 1_000_000_000
    os.utime(place.folder / "listing/filesets.txt", (old, old))
    code, out = place.run("stage", "wucci:Active/A", "--every", "0.05")
    assert code == 3
    assert "listing" in out
