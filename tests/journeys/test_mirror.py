"""An allocation's life in AWS by the real command, in a running sandbox: built, edited, off-boarded, drifted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.apply.clients import SandboxClients

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).parent / "ris-hybrid")
FILES = Path("services", "storage", "allocations", "storage1")
BUCKET = "ris-example-genomics-ed0a43"


class Site:
    """A copy of the example site, a shell whose AWS is the sandbox's, and that AWS."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder / "site", environment
        shutil.copytree(TOP / "examples" / "site", self.folder)
        self.run("sandbox", "start", "--empty")
        for line in self.run("sandbox", "env").stdout.splitlines():
            key, _, value = line.removeprefix("export ").partition("=")
            self.environment[key] = value.strip("'")
        self.aws = SandboxClients(self.environment["AWS_ENDPOINT_URL"], self.environment["AWS_REGION"])
        self.record = Path(self.environment["RIS_HYBRID_SANDBOX"]) / "service" / "mirror.json"

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
def site(tmp_path: Path, coverage_environment: dict[str, str]) -> Iterator[Site]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RIS_HYBRID_SANDBOX": str(tmp_path / "sandboxes"),
        **coverage_environment,
    }
    made = Site(tmp_path, environment)
    yield made
    made.aws.close()
    made.run("sandbox", "stop")


def deeds(changes: dict[str, list[dict[str, Any]]]) -> set[tuple[str, str]]:
    return {(change["deed"], change["kind"].rpartition(":")[2]) for run in changes.values() for change in run}


@pytest.mark.timeout(300)
def test_an_allocation_is_mirrored_edited_guarded_and_never_deleted(site: Site) -> None:
    s3 = site.aws.get("s3")

    # Nothing is built without a network; then all is built, read back and recorded, and again nothing changes.
    refused = site.run("mirror", "apply", "--site", str(site.folder), code=2)
    assert "network-sandbox is not built" in refused.stderr
    site.run("sandbox", "up", "network")
    assert {deed for deed, _ in deeds(site.apply())} == {"create"}
    assert BUCKET in {one["Name"] for one in s3.list_buckets()["Buckets"]}
    s3.put_object(Bucket=BUCKET, Key="Active/reads.bam", Body=b"ACGT")
    assert deeds(site.apply()) == set()

    # A quota and a project edited, a file deleted: exactly these changes, and no deletion.
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
    assert {deed for deed, _ in deeds(edited)} <= {"create", "update"}
    assert not [change for run in edited.values() for change in run if "neuro" in change["name"]]
    assert {change["name"] for run in edited.values() for change in run if change["deed"] == "create"} == {
        "compute1-sandbox-wucci.screening.rw",
        "compute1-sandbox-wucci.screening.rw-data",
        "ris-example-wucci-6bca0b/Active/Screening/",
    }
    tags = {one["Key"]: one["Value"] for one in s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}
    assert (tags["ris_stage"], tags["ris_removed_on"]) == ("marked", changes[2]["reason"].split()[3].rstrip(":"))
    assert s3.get_object(Bucket=BUCKET, Key="Active/reads.bam")["Body"].read() == b"ACGT"

    # A bucket changed behind our back is named, and nothing else is.
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    (found,) = site.mirror("drift", "--check", code=6)["findings"]
    assert (found["name"], found["field"], found["verdict"]) == (BUCKET, "versioned", "changed behind our back")
