"""A job that is really run sees its host's paths: the site's own, or what the node's pool mounts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.job_work import NodeMount, SiteWorker, mounts_of
from ris_hybrid.sandbox.lsf.spec import BorrowedHost, HostView
from ris_hybrid.sandbox.lsf.working import Work
from ris_hybrid.sandbox.scenario import example_site

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

ACTIVE = "/storage1/fs1/wucci/Active"
S3 = NodeMount(path=ACTIVE, kind="s3", bucket="lab-bucket", prefix="Active/")


@pytest.fixture
def site(tmp_path: Path, sandbox_aws: SandboxAws) -> Path:
    """A file of the site, and two objects of the lab's bucket."""
    active = tmp_path / "site" / ACTIVE.lstrip("/")
    active.mkdir(parents=True)
    (active / "at-site.txt").write_text("of the site\n")
    with closing(SandboxClients.of(sandbox_aws)) as clients:
        client = clients.get("s3")
        client.create_bucket(Bucket="lab-bucket")
        for key in ("Active/", "Active/in/a.txt", "Active/other/b.txt"):
            client.put_object(Bucket="lab-bucket", Key=key, Body=f"{key}\n".encode())
    return tmp_path


def worker(site: Path, aws: SandboxAws, mounts: tuple[NodeMount, ...] | None) -> SiteWorker:
    return SiteWorker(
        site=site / "site",
        nodes=site / "nodes",
        mounts=lambda _: mounts,
        objects=lambda: closing(SandboxClients.of(aws)),
        carry=aws.carry,
    )


def work(command: str, description: str = "") -> Work:
    return Work(job_id="7", user="ann", command=command, description=description, hosts=("host1",))


def keys(aws: SandboxAws) -> dict[str, str]:
    with closing(SandboxClients.of(aws)) as clients:
        client = clients.get("s3")
        found = [one["Key"] for one in client.list_objects_v2(Bucket="lab-bucket")["Contents"]]
        return {key: client.get_object(Bucket="lab-bucket", Key=key)["Body"].read().decode() for key in found}


def test_at_the_site_paths_are_the_sites(site: Path, sandbox_aws: SandboxAws) -> None:
    made = worker(site, sandbox_aws, None)
    assert made.work(work(f"cat {ACTIVE}/at-site.txt; echo $USER $LSB_JOBID > {ACTIVE}/new.txt; exit 3")) == 3
    assert (site / "nodes" / "7.out").read_text() == "of the site\n"
    assert (site / "site" / ACTIVE[1:] / "new.txt").read_text() == "ann 7\n"


def test_on_a_node_what_the_job_names_is_there_and_what_it_writes_is_kept(site: Path, sandbox_aws: SandboxAws) -> None:
    command = f"cd {ACTIVE}; ls; cat in/a.txt; mkdir -p out; echo done > out/r.txt; rm in/a.txt"
    words = f"data={ACTIVE}/in results={ACTIVE}/out"
    assert worker(site, sandbox_aws, (S3,)).work(work(command, words)) == 0
    assert (site / "nodes" / "7.out").read_text() == "in\nout\nActive/in/a.txt\n"
    assert keys(sandbox_aws).get("Active/out/r.txt") == "done\n"
    assert "Active/in/a.txt" in keys(sandbox_aws)  # deleting is not modelled
    assert not list((site / "nodes" / "host1").iterdir())
    assert not (site / "site" / ACTIVE[1:] / "out").exists()


def test_all_of_a_mount_can_be_named_and_nothing_elsewhere(site: Path, sandbox_aws: SandboxAws) -> None:
    command = f"cd {ACTIVE}; cat in/a.txt other/b.txt; test ! -e /storage1/fs1/genomics"
    assert worker(site, sandbox_aws, (S3,)).work(work(command, f"data={ACTIVE} data=/storage1/fs1/genomics/x")) == 0


def test_a_mount_that_takes_no_writes_fails_the_job_that_writes(site: Path, sandbox_aws: SandboxAws) -> None:
    only = NodeMount(path=ACTIVE, kind="s3", bucket="lab-bucket", prefix="Active/", read_only=True)
    assert worker(site, sandbox_aws, (only,)).work(work(f"echo x > {ACTIVE}/x.txt")) != 0
    assert worker(site, sandbox_aws, (only,)).work(work(f"ls {ACTIVE}")) == 0
    assert "Active/x.txt" not in keys(sandbox_aws)


def test_a_path_of_nfs_is_the_sites_folder(site: Path, sandbox_aws: SandboxAws) -> None:
    nfs = NodeMount(path="/storage1/fs1", kind="nfs")
    assert worker(site, sandbox_aws, (nfs,)).work(work(f"cat {ACTIVE}/at-site.txt")) == 0


def test_a_path_nothing_mounts_is_not_there(site: Path, sandbox_aws: SandboxAws) -> None:
    assert worker(site, sandbox_aws, ()).work(work(f"ls {ACTIVE}")) != 0


def test_a_site_without_files_runs_nothing(tmp_path: Path, sandbox_aws: SandboxAws) -> None:
    assert worker(tmp_path, sandbox_aws, None).work(work("true")) == 127
    assert (tmp_path / "nodes" / "7.out").read_text().startswith("sandbox: ")


def test_a_node_mounts_what_its_pool_says() -> None:
    settings = load_burst(example_site() / "burst-data.yaml")
    host = HostView(name="ip-1", status="ok", slots=16, used=0, jobs=0, idle_since=None)
    assert mounts_of(None, settings) is None
    assert mounts_of(host, settings) is None  # one of the site's own
    for template, expected in (("wucci16", ("s3",)), ("cpu16", ("nfs",)), ("unknown", ())):
        borrowed = BorrowedHost(
            name="ip-1", slots=16, account="wucci", provider="ris-aws", template=template, machine_id="i-1"
        )
        found = mounts_of(replace(host, borrowed=borrowed), settings)
        assert found is not None
        assert tuple(one.kind for one in found) == expected
