"""An allocation's life in AWS, in a running sandbox: by the real command built, edited, marked as gone and drifted.

Its later days are told to the mirror's own code in this process, over the same sandbox: real stacks, real reading back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policies.rules.rule import Context
from ris_hybrid import wiring
from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.mirroring.applying import Order, World, apply
from ris_hybrid.mirroring.loading import Files, load, on_its_clock, planned
from ris_hybrid.sandbox.apply.clients import ACCOUNT, SandboxClients
from ris_hybrid.sandbox.apply.opening import SandboxStacks
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ris_hybrid.holdings.values import Holdings

TOP = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
FILES = Path("services", "storage", "allocations", "storage1")
BUCKET = "ris-example-genomics-ed0a43"


class Site:
    """A copy of the example site, a shell whose AWS is the sandbox's, and that AWS."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder / "site", environment
        shutil.copytree(TOP / "examples" / "site", self.folder)
        (self.folder / FILES / "neuro_trials.yml").unlink()
        self.run("sandbox", "start", "--empty")
        for line in self.run("sandbox", "env").stdout.splitlines():
            key, _, value = line.removeprefix("export ").partition("=")
            self.environment[key] = value.strip("'")
        self.aws = SandboxClients(self.environment["AWS_ENDPOINT_URL"], self.environment["AWS_REGION"])
        self.root = Path(self.environment["RIS_HYBRID_SANDBOX"]) / "service"

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=100
        )
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done

    def mirror(self, *arguments: str, code: int = 0) -> Any:
        """What the command says as JSON; it always says that this is the sandbox."""
        done = self.run("mirror", *arguments, "--json", "--site", str(self.folder), code=code)
        told = json.loads(done.stdout)
        assert told["sandbox"] is True
        return told

    def apply(self) -> dict[str, list[dict[str, Any]]]:
        """The changes of each stack; everything was read back and recorded."""
        told = self.mirror("apply")
        assert (told["recorded"], told["unverified"], told["failed"]) == (True, [], "")
        return {run["stack"]: run["changes"] for run in told["stacks"]}

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / FILES / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def site(
    tmp_path: Path, coverage_environment: dict[str, str], beyond_policy: Callable[[str], set[str]]
) -> Iterator[Site]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RIS_HYBRID_SANDBOX": str(tmp_path / "sandboxes"),
        **coverage_environment,
    }
    made = Site(tmp_path, environment)
    yield made
    assert beyond_policy(environment["AWS_ENDPOINT_URL"]) == set()
    made.aws.close()
    made.run("sandbox", "stop")


def deeds(changes: dict[str, Any]) -> set[str]:
    found = (change for run in changes.values() for change in run)
    return {change["deed"] if isinstance(change, dict) else change.deed for change in found}


def resource(change: dict[str, Any]) -> tuple[str, str, str]:
    """Type, name and what changed of it."""
    return change["kind"].rpartition(":")[2], change["name"], ", ".join(change["fields"])


class Later:
    """Applies some days after the command's, in this process."""

    def __init__(self, site: Site) -> None:
        self._site, self._record = site, site.root / "mirror.json"
        stacks = SandboxStacks.of(Places(root=site.root))
        self._stacks = replace(stacks, front=in_this_process, pack=None)  # the rules were asked by the command

    def apply(self, day: str) -> set[str]:
        """What was done; everything was read back and recorded."""
        now = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp()
        folder = self._site.folder
        files = Files(site=folder, mirror=folder / "mirror.yaml", burst=folder / "burst.yaml", record=self._record)
        read = on_its_clock(load(files, wiring.site_reports), now)
        names = planned(read, {}, now)
        self._inventory = AwsInventory(ACCOUNT, "us-east-1", Scope.of_plan(names, "sandbox"))
        wanted = planned(read, {"sandbox": self.holdings()}, now)
        recorded = read.sources.recorded
        order = Order(wanted=wanted, recorded=recorded, record=self._record, environments=wanted.environments)
        run = apply(order, self._world(), str)
        assert (run.recorded, run.failure, run.unverified) == (True, None, ())
        return deeds({one.stack: one.changes for one in run.done})

    def holdings(self) -> Holdings:
        return self._inventory.holdings()

    def _world(self) -> World:
        return World(
            deployer=lambda plan: replace(self._stacks, plan=plan).opened(),
            inventory=lambda _: self,
            judge=lambda plan: wiring.judge(plan, Context(), None, "", str),
        )


@pytest.mark.timeout(300)
def test_an_allocation_is_mirrored_edited_guarded_and_never_deleted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = site.aws.get("s3")

    def tags() -> dict[str, str]:
        return {one["Key"]: one["Value"] for one in s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}

    # Everything is built, read back and recorded, and again nothing changes, though the record is lost.
    assert len(site.mirror("plan")["allocations"]) == 3
    built = [one for changes in site.apply().values() for one in changes]
    changed = {one["kind"].rpartition(":")[2] for one in built if one["deed"] != "create"}
    assert changed == {"Policy"}  # the boundary of roles, made with the sandbox, learns of buckets
    site.run("policy", "check", "--live", "--strict", "--site", str(site.folder))  # clean, and nothing is not known
    s3.put_object(Bucket=BUCKET, Key="Active/reads.bam", Body=b"ACGT")
    (site.root / "mirror.json.applied").unlink()
    assert deeds(site.apply()) == set()

    # A quota and a project edited, a file deleted: exactly these changes, and no deletion.
    whole = shutil.copytree(site.folder, site.folder.with_name("whole"))
    site.edit("imaging-core.yml", "600T", "650T")
    site.edit("wucci.yml", "        Cryo-EM:", "        Screening: {rw: [lab-wucci-fib]}\n        Cryo-EM:")
    (site.folder / FILES / "genomics.yml").unlink()
    changes = site.mirror("diff", "--check", code=6)["changes"]
    assert [(one["step"], one["allocation"], one["field"]) for one in changes] == [
        ("change", "imaging-core", "quota"),
        ("change", "wucci", "project Screening"),
        ("off-board", "genomics", "stage"),
    ]
    edited = site.apply()
    assert deeds(edited) <= {"create", "update"}
    assert {change["name"] for run in edited.values() for change in run if change["deed"] == "create"} == {
        "compute1-sandbox-wucci.screening.rw",
        "compute1-sandbox-wucci.screening.rw-data",
        "ris-example-wucci-6bca0b/Active/Screening/",
    }
    updated = {resource(change) for run in edited.values() for change in run if change["deed"] == "update"}
    assert {one for one in updated if "genomics" not in one[1]} == {
        ("Bucket", "ris-example-imaging-core-cab643", "tags"),
        ("Budget", "compute1-sandbox-imaging-core", "limitAmount"),
        ("Bucket", "ris-example-wucci-6bca0b", "tags"),
    }
    marked_on = changes[2]["reason"].split()[3].rstrip(":")
    assert (tags()["ris_stage"], tags()["ris_removed_on"]) == ("marked", marked_on)
    assert "NoMoreWrites" not in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]

    # A bucket changed behind our back is named, and nothing else is; the next apply mends it, and that alone.
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    (found,) = site.mirror("drift", "--check", code=6)["findings"]
    assert (found["name"], found["field"], found["verdict"]) == (BUCKET, "versioned", "changed behind our back")
    mended = site.apply()["storage-sandbox"]
    assert [(one["deed"], one["name"], one["fields"]) for one in mended] == [
        ("update", BUCKET, ["versioningConfiguration"])
    ]
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"

    # Its fileset goes too, and days pass: nobody writes any more, and nothing is made anew.
    for listed in (site.folder / "listing").glob("*s.txt"):
        lines = listed.read_text().splitlines(keepends=True)
        listed.write_text("".join(line for line in lines if "genomics_active" not in line))
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, site.environment[name])
    later, first = Later(site), datetime.fromisoformat(marked_on)
    assert "replace" not in later.apply(day(first, 31))
    assert (tags()["ris_stage"], tags()["ris_removed_on"]) == ("read-only", marked_on)
    assert "NoMoreWrites" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]

    # Its files are back, and so is everything else.
    shutil.copytree(whole, site.folder, dirs_exist_ok=True)
    assert "replace" not in later.apply(day(first, 32))
    assert (tags()["ris_stage"], "ris_removed_on" in tags()) == ("active", False)
    assert "NoMoreWrites" not in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert s3.get_object(Bucket=BUCKET, Key="Active/reads.bam")["Body"].read() == b"ACGT"


def day(first: datetime, later: int) -> str:
    return (first + timedelta(days=later)).date().isoformat()
