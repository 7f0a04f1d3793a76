"""``ris-hybrid images`` on the example site, with the virtual LSF, the sandbox's ECR and registries in a folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ris_hybrid.cli.app import main
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.data.settings import DataSettings, Gpfs
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.image_wiring import image_words, images_known, job_asks, lab_homes, mirrored
from ris_hybrid.images.readiness import image_word
from ris_hybrid.images.reference import name_tag, parse
from ris_hybrid.job_ask import JobAsk
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.mirroring.record import applied, write_plan
from ris_hybrid.sandbox.images import shelf
from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import run_command
from ris_hybrid.sandbox.lsf.server import CommandServer, install_commands, serving
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec
from ris_hybrid.wiring import site_reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

NOW = 1_800_000_000.0
DAY = 86400.0
REPOSITORY = "sandbox/genomics/images"
UBUNTU = "docker.io/library/ubuntu:22.04"
DATA = """\
gpfs: {file_system: rdcw-fs1, listing: listing}
images:
  keep: 1
  waivers:
    - {image: quay.io/old/*, reason: replaced in spring, owner: sec, until: "2027-03-31"}
"""
FLAW = {"findings": [{"name": "CVE-2026-1", "severity": "CRITICAL", "package": "zlib"}]}


@dataclass
class Site:
    """A site and its registries."""

    folder: Path
    registries: Path
    aws: SandboxAws
    cluster: Cluster
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        found = main(["images", *arguments, "--conf", str(self.folder / "data.yaml")])
        out, err = self.capsys.readouterr()
        assert found == code, err
        return out, err

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code)[0])

    def hold(self, name: str, *texts: str) -> str:
        return shelf.push(self.registries, name, *texts)

    def submit(self, image: str, lab: str = "genomics", *options: str) -> None:
        argv = ("bsub", *options, "-G", f"compute-{lab}", "-a", f'docker("{image}")', "sleep", "5000")
        assert run_command(self.cluster, argv, {"USER": "kim"}).rc == 0

    def names(self) -> dict[str, str]:
        """Digest by name tag."""
        found = Clients("us-east-1", self.aws.url).get("ecr").describe_images(repositoryName=REPOSITORY)
        return {
            tag: one["imageDigest"]
            for one in found["imageDetails"]
            for tag in one.get("imageTags", [])
            if tag.startswith("ref-")
        }


@pytest.fixture
def site(
    example_site: Path,
    sandbox_aws: SandboxAws,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Site]:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv(CLOCK_VARIABLE, repr(NOW))
    (example_site / "data.yaml").write_text(DATA, encoding="utf-8")
    opened = load(find_files(example_site, None, None), site_reports)
    plan = planned(opened, {}, NOW)
    write_plan(applied(opened.record), plan)
    ecr = Clients("us-east-1", sandbox_aws.url).get("ecr")
    for home in lab_homes(plan):
        ecr.create_repository(repositoryName=home.repository, imageTagMutability="IMMUTABLE")
    spec = ClusterSpec(
        name="c1",
        hosts=(HostSpec(prefix="n", count=1, slots=1),),
        queues=(QueueSpec(name="general"),),
        default_queue="general",
    )
    cluster, commands, registries = Cluster(spec, NOW), tmp_path / "bin", tmp_path / "registries"
    install_commands(commands, tmp_path / "lsf.sock")
    shelf.install_commands(commands, registries)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    with serving(CommandServer(cluster), tmp_path / "lsf.sock"):
        yield Site(example_site, registries, sandbox_aws, cluster, capsys)


def test_a_plan_of_jobs_says_what_is_to_be_done_and_why(site: Site, golden: Any) -> None:
    site.hold(UBUNTU, shelf.manifest("a"))
    site.hold("quay.io/lab/old:1", shelf.manifest("v1", kind="application/vnd.docker.distribution.manifest.v1+json"))
    for image, lab in (
        ("ubuntu:22.04", "genomics"),
        ("ubuntu:22.04", "wucci"),
        ("quay.io/lab/old:1", "genomics"),
        ("gone.example.org/x", "genomics"),
        ("Lab/Tool", "genomics"),
        ("ubuntu:22.04", "nobody"),
    ):
        site.submit(image, lab)
    out, err = site.run("plan")
    golden("images/plan.stdout", out)
    golden("images/plan.stderr", err)
    golden("images/plan.json", site.run("plan", "--lab", "genomics", "--json")[0])


def test_homes_are_what_burst_yaml_says_of_them(site: Site) -> None:
    out, _ = site.run("homes")
    node = yaml.safe_load(out)["node"]
    assert node["registry"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert node["namespace"] == "sandbox/{lab}"
    for home in lab_homes(mirrored(DataSettings(gpfs=Gpfs(file_system="rdcw-fs1")), site.folder).plan):
        assert node["namespaces"].get(home.lab, f"sandbox/{home.lab}") == home.namespace
    assert site.json("homes", "--environment", "sandbox")["node"] == node
    _, err = site.run("homes", "--environment", "prod", code=2)
    assert "hint: give --environment: sandbox" in err


def test_a_sync_copies_and_names_and_the_second_finds_everything_ready(site: Site, golden: Any) -> None:
    digest = site.hold(UBUNTU, shelf.manifest("a"))
    site.submit("ubuntu:22.04")
    dry, _ = site.run("sync", "--dry-run")
    assert "copy" in dry
    assert site.names() == {}
    out, err = site.run("sync")
    golden("images/sync.stdout", out)
    golden("images/sync.stderr", err)
    assert site.names() == {name_tag(parse("ubuntu:22.04")): digest}
    again = site.json("sync")
    assert (again["deeds"], again["images"][0]["ready"], again["sandbox"]) == ([], True, True)
    assert site.run("status", "--check", "--lifecycle")[0].startswith("STEP")


def test_a_node_finds_the_image_and_the_outlook_says_so(site: Site) -> None:
    site.hold(UBUNTU, shelf.manifest("a"))
    site.submit("ubuntu:22.04")
    site.run("sync")
    site.submit("ubuntu:22.04", "wucci")
    words = image_words(DataSettings(gpfs=Gpfs(file_system="rdcw-fs1")), site.folder, print)
    asks = job_asks().asks(("1", "2"))
    assert [(one.job_id, one.lab) for one in asks] == [("1", "genomics"), ("2", "wucci")]
    assert {job: word.ready for job, word in words(asks).items()} == {"1": True, "2": False}
    site.aws.faults([{"match": "ecr:.*", "do": {"error": {"code": "AccessDenied", "status": 403, "message": "no"}}}])
    assert {word.ready for word in words(asks).values()} == {None}


def test_a_vulnerable_image_is_told_and_revoked_and_a_waiver_lets_it_through(site: Site, golden: Any) -> None:
    digest = site.hold(UBUNTU, shelf.manifest("a"))
    old = site.hold("quay.io/old/tool:1", shelf.manifest("old"))
    site.submit("ubuntu:22.04")
    site.submit("quay.io/old/tool:1")
    site.run("sync")
    site.aws.scans({digest: FLAW, old: FLAW})
    out, err = site.run("scan", "--check", code=6)
    golden("images/scan.stdout", out)
    assert "2 images" in err
    out, _ = site.run("status", "--check", code=6)
    golden("images/status.stdout", out)
    assert "vulnerable: 1 finding" in json.dumps(site.json("status"))
    run = site.json("sync")
    assert [(one["step"], one["what"]) for one in run["deeds"]] == [("revoke", "ubuntu:22.04")]
    assert set(site.names()) == {name_tag(parse("quay.io/old/tool:1"))}


def test_what_no_job_names_is_retired_on_demand(site: Site) -> None:
    for at in range(3):
        site.aws.set_clock(NOW + at)
        site.hold(UBUNTU, shelf.manifest(f"image {at}"))
        script = site.folder / "job.sh"
        script.write_text("#BSUB -G compute-genomics -a 'docker(ubuntu:22.04)'\n", encoding="utf-8")
        site.run("sync", "--script", str(script))
    _, err = site.run("sync", "--retire", "--dry-run")
    assert err.count("would retire") == 2
    run = site.json("sync", "--retire")
    assert [one["step"] for one in run["deeds"]] == ["retire", "retire"]
    site.run("sync", "--retire", "--job", "1", code=2)


def test_scripts_of_a_lab_without_lsf(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.hold(UBUNTU, shelf.manifest("a"))
    script = site.folder / "job.sh"
    script.write_text("#BSUB -a 'docker(ubuntu:22.04)'\n", encoding="utf-8")
    (site.registries.parent / "bin" / "bjobs").unlink()
    found = site.json("plan", "--script", str(script), "--lab", "genomics")
    assert [(one["lab"], one["step"], one["scripts"]) for one in found["images"]] == [
        ("genomics", "copy", [str(script)])
    ]
    lost = site.json("plan", "--script", str(script))
    assert [(one["lab"], one["step"]) for one in lost["images"]] == [("", "refuse")]
    assert "cannot be read" in site.run("plan", "--script", str(site.folder / "none.sh"), code=2)[1]
    monkeypatch.setenv("PATH", str(site.folder))
    assert "neither skopeo nor crane" in site.run("plan", "--script", str(script), "--lab", "genomics", code=4)[1]


def test_single_jobs_labs_and_allocations(site: Site) -> None:
    site.hold(UBUNTU, shelf.manifest("a"))
    for lab in ("genomics", "wucci"):
        site.submit("ubuntu:22.04", lab)
    assert [one["lab"] for one in site.json("plan", "--job", "2")["images"]] == ["wucci"]
    assert "job 99: LSF does not know it" in site.run("plan", "--job", "99")[1]
    assert [one["lab"] for one in site.json("plan", "--allocation", "genomics")["images"]] == ["genomics"]
    assert "no allocation is named 'genomic'" in site.run("plan", "--allocation", "genomic", code=2)[1]
    assert "no lab with images is named 'x'" in site.run("plan", "--lab", "x", code=2)[1]
    script = str(site.folder / "data.yaml")
    assert "two different questions" in site.run("plan", "--job", "1", "--script", script, code=2)[1]


def test_a_failed_copy_is_told_and_ends_with_its_code(site: Site) -> None:
    site.hold(UBUNTU, shelf.manifest("a"))
    site.submit("ubuntu:22.04")
    refused = {"code": "AccessDeniedException", "status": 403, "message": "not allowed"}
    site.aws.faults([{"match": "ecr:GetAuthorizationToken", "do": {"error": refused}}])
    out, err = site.run("sync", code=5)
    assert "failed: copy" in out
    assert "not done: not allowed" in err
    site.aws.faults([{"match": "ecr:StartLifecyclePolicyPreview", "do": {"error": refused}}])
    assert "is not known: not allowed" in site.run("status", "--lifecycle")[1]


def test_lsf_that_does_not_say_its_esub_leaves_images_unknown(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    old = site.folder / "old"
    old.mkdir()
    site.submit("ubuntu:22.04")
    words = 'case "$*" in *esub*) echo "<esub> in the format string is not a valid field name." >&2; exit 99;; esac\n'
    real = site.registries.parent / "bin" / "bjobs"
    (old / "bjobs").write_text(f'#!/bin/sh\n{words}exec {real} "$@"\n', encoding="utf-8")
    (old / "bjobs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{old}:{os.environ['PATH']}")
    out, err = site.run("plan")
    assert out == ""
    assert "does not say which image 1 job(s)" in err
    assert "needs to know every job's image" in site.run("sync", "--retire", code=4)[1]


def test_a_held_jobs_image_is_not_retired(site: Site) -> None:
    for at in range(3):
        site.aws.set_clock(NOW + at)
        site.hold(UBUNTU.replace("22", str(22 + at)), shelf.manifest(f"image {at}"))
        site.submit(f"ubuntu:{22 + at}.04", "genomics", *(("-H",) if at == 0 else ()))
    site.run("sync")
    for job in ("2", "3"):
        assert run_command(site.cluster, ("bkill", job), {"USER": "kim"}).rc == 0
    run = site.json("sync", "--retire")
    assert len([one for one in run["deeds"] if one["step"] == "retire"]) == 1
    assert name_tag(parse("ubuntu:22.04")) in site.names()


def test_without_an_apply_the_plans_repositories_are_meant(site: Site) -> None:
    applied(site.folder / "mirror.json").unlink()
    where = mirrored(DataSettings(gpfs=Gpfs(file_system="rdcw-fs1")), site.folder)
    assert not where.applied
    assert "never applied" in site.run("plan")[1]


def test_a_name_that_no_job_writes_any_more_is_told_before_it_is_revoked(site: Site) -> None:
    digest = site.hold(UBUNTU, shelf.manifest("a"))
    script = site.folder / "job.sh"
    script.write_text("#BSUB -G compute-genomics -a 'docker(ubuntu:22.04)'\n", encoding="utf-8")
    site.run("sync", "--script", str(script))
    site.aws.scans({digest: FLAW})
    _, err = site.run("sync", "--dry-run")
    assert f"would revoke {name_tag(parse('ubuntu:22.04'))}" in err
    assert site.names()
    assert [one["step"] for one in site.json("sync")["deeds"]] == ["revoke"]


def test_an_account_without_credentials_is_unknown_to_the_outlook(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = site.folder / "mirror.yaml"
    text = mirror.read_text(encoding="utf-8")
    mirror.write_text(text.replace("    region: us-east-1\n", "    region: us-east-1\n    profile: nobody\n"))
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    said: list[str] = []
    known = images_known(DataSettings(gpfs=Gpfs(file_system="rdcw-fs1")), site.folder, said.append)
    ask = JobAsk(job_id="1", user="kim", lab="genomics", queue="general", esub="docker(ubuntu:22.04)")
    assert image_word(ask, known).ready is None
    assert "not known" in said[0]
