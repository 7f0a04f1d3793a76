"""The ladder on what AWS really holds: real stacks, the sandbox's engine, real reading back, and days that pass."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.shapes import with_shapes
from ris_hybrid import wiring
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.mirroring.applying import Applied, Order, World, apply
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.sandbox.apply.clients import ACCOUNT, SandboxClients
from ris_hybrid.sandbox.apply.environment import write_environment
from ris_hybrid.sandbox.apply.opening import SandboxStacks, zones
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.aws.child import SandboxAws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.holdings.values import Holdings

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "site"
FILE = Path("services", "storage", "allocations", "storage1", "genomics.yml")
BUCKET = "ris-example-genomics-ed0a43"
NOW = 1_800_000_000.0
DAY_S = 86_400.0


class Mirror:
    """The site, and AWS as the mirror's own code sees it, a number of days from now."""

    def __init__(self, folder: Path, aws: SandboxAws) -> None:
        self.site = folder / "site"
        shutil.copytree(EXAMPLE, self.site)
        for name in ("imaging-core.yml", "neuro_trials.yml", "wucci.yml"):  # q.example stays: a site is never empty
            (self.site / FILE).with_name(name).unlink()
        self.s3 = SandboxClients.of(aws).get("s3")
        burst = with_shapes(load_burst(self.site / "burst.yaml"))
        self._aws = aws
        self._stacks = SandboxStacks(
            url=aws.url,
            region=aws.region,
            folder=folder / "stacks",
            environment=write_environment(folder / "environment", burst, zones(aws.url, aws.region)),
            front=in_this_process,
        )
        self._stacks.up("network-sandbox")
        names = planned(load(find_files(self.site, None, None), wiring.site_reports), {}, NOW)
        scope = Scope.of_plan(names, "sandbox")
        self._inventory = AwsInventory(ACCOUNT, aws.region, scope, endpoint_url=aws.url)
        self._held = self._inventory.holdings()

    def apply(self, day: float) -> Applied:
        opened = load(find_files(self.site, None, None), wiring.site_reports)
        wanted = planned(opened, {"sandbox": self._held}, NOW + day * DAY_S)
        order = Order(
            wanted=wanted, recorded=opened.sources.recorded, record=opened.record, environments=wanted.environments
        )
        world = World(
            deployer=lambda plan: replace(self._stacks, plan=plan).opened(),
            inventory=lambda _: self,
            judge=wiring.judge,
        )
        return apply(order, world, str)

    def holdings(self) -> Holdings:
        """As read back after an apply; the next plan starts from it, for nobody else comes here."""
        self._held = self._inventory.holdings()
        return self._held

    def tags(self) -> dict[str, str]:
        return {one["Key"]: one["Value"] for one in self.s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}

    def denials(self) -> str:
        return str(self.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])

    def lifecycle(self) -> list[Any]:
        found = self.s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        return [one["StorageClass"] for rule in found for one in rule.get("Transitions", ())]


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    aws = SandboxAws.start(tmp_path / "aws.json")
    for name, value in aws.env().items():
        monkeypatch.setenv(name, value)
    yield Mirror(tmp_path, aws)
    aws.stop()


def deeds(run: Applied) -> set[str]:
    assert (run.recorded, run.failure, run.unverified) == (True, None, ())
    return {change.deed for one in run.done for change in one.changes}


def test_an_allocation_whose_file_is_gone_leaves_step_by_step_and_its_data_stays(mirror: Mirror) -> None:
    assert deeds(mirror.apply(day=0)) == {"create"}
    mirror.s3.put_object(Bucket=BUCKET, Key="Active/reads.bam", Body=b"ACGT")
    whole = shutil.copytree(mirror.site, mirror.site.with_name("whole"))

    (mirror.site / FILE).unlink()
    assert deeds(mirror.apply(day=1)) == {"update"}
    assert (mirror.tags()["ris_stage"], mirror.tags()["ris_removed_on"]) == ("marked", "2027-01-16")
    assert "NoMoreWrites" not in mirror.denials()

    for listed in (mirror.site / "listing").glob("*s.txt"):  # while its fileset is there, nothing goes further
        lines = listed.read_text().splitlines(keepends=True)
        listed.write_text("".join(line for line in lines if "genomics_active" not in line))
    assert "replace" not in deeds(mirror.apply(day=32))
    assert (mirror.tags()["ris_stage"], mirror.tags()["ris_removed_on"]) == ("read-only", "2027-01-16")
    assert "NoMoreWrites" in mirror.denials()

    assert "replace" not in deeds(mirror.apply(day=150))
    assert (mirror.tags()["ris_stage"], mirror.lifecycle()) == ("archived", ["DEEP_ARCHIVE"])

    shutil.copytree(whole, mirror.site, dirs_exist_ok=True)
    assert "replace" not in deeds(mirror.apply(day=151))
    assert (mirror.tags()["ris_stage"], "ris_removed_on" in mirror.tags()) == ("active", False)
    assert ("NoMoreWrites" in mirror.denials(), mirror.lifecycle()) == (False, [])
    assert mirror.s3.get_object(Bucket=BUCKET, Key="Active/reads.bam")["Body"].read() == b"ACGT"
