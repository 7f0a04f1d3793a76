"""``doctor`` on the data plane: everything as it should be, and nothing at all reached."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from burst.outlook import Word
from burst.outlook_file import write_outlook
from ris_hybrid import wiring
from ris_hybrid.cli.app import main
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.mirroring.record import applied, write_plan
from ris_hybrid.sandbox.globus import service as globus
from ris_hybrid.sandbox.globus.server import Served, s3
from ris_hybrid.sandbox.images import shelf
from ris_hybrid.sandbox.scale.server import start
from ris_hybrid.sandbox.scale.state import Scale as Cluster
from ris_hybrid.staging.journal import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ris_hybrid.holdings.clients import Clients
    from ris_hybrid.sandbox.aws.child import SandboxAws

NOW = 1_800_000_000.0
SECRET = "topsecret-of-the-service"
LEGS = {
    "client_id": globus.CLIENT,
    "secret_file": "secret",
    "site_collection": globus.SITE_COLLECTION,
    "cloud_collection": globus.CLOUD_COLLECTION,
    "high_assurance": True,
}


@pytest.fixture
def doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., list[dict[str, Any]]]:
    """What is told of the data plane, and what follows from data.yaml on."""
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv("RIS_HYBRID_SANDBOX_CLOCK", repr(NOW))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def run(*arguments: str) -> list[dict[str, Any]]:
        main(["doctor", "--json", *arguments])
        told = capsys.readouterr()
        assert SECRET not in told.out + told.err
        rows: list[dict[str, Any]] = json.loads(told.out)["findings"]
        assert len({row["name"] for row in rows}) == len(rows)
        return rows[[row["name"] for row in rows].index("data.yaml") :]

    return run


def private(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(SECRET)


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_without_data_yaml_nothing_is_checked(doctor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (told,) = doctor("--conf", str(tmp_path / "burst.yaml"))
    assert (told["ok"], told["needed"]) == (False, False)
    assert "nothing of the data plane is checked" in told["text"]
    (told,) = doctor("--data", str(tmp_path / "none.yaml"))
    assert (told["ok"], told["needed"]) == (False, True)
    (tmp_path / "data.yaml").write_text("gpfs: {file_system: fs1, listing: listing}\n")
    assert doctor("--conf", str(tmp_path / "burst.yaml"))[0]["text"].endswith("data.yaml: captured text")


def test_what_is_not_reached_is_told_with_its_reason(
    doctor: Any, tmp_path: Path, nobody: str, golden: Callable[[str, str], None]
) -> None:
    gpfs = {"file_system": "fs1", "cache": "cache1", "guis": [nobody], "user": "ris", "password_file": "gui"}
    private(tmp_path / "gui")
    (tmp_path / "mirror.yaml").write_text(
        "organization: acme\ncluster: c\nenvironments:\n  - {name: prod, account: '123456789012', region: us-east-1, "
        "data_classes: [internal]}\n"
    )
    (tmp_path / "journal.db").write_text("no database at all, and long enough to be looked at " * 40)
    told = {
        "gpfs": {**gpfs, "commands": True, "listing": "listing", "policy_lists": "lists"},
        "globus": LEGS,
        "journal": "journal.db",
    }
    (tmp_path / "data.yaml").write_text(json.dumps(told))
    text = json.dumps(doctor("--data", str(tmp_path / "data.yaml"), "--space"), indent=1)
    golden("doctor/unreached.json", text.replace(str(tmp_path), "FOLDER").replace(nobody, "GUI") + "\n")


@pytest.fixture
def place(
    example_site: Path, sandbox_aws: SandboxAws, data_clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A site whose mirror was applied, with every service it names."""
    cluster = Cluster(users={"ris": (SECRET, "Monitor")})
    cluster.add_file_system("rdcw-fs1", "/storage1/fs1")
    cluster.add_file_system("cache1", "/cache1/fs1")
    gui = start(cluster)
    seeds = globus.Seeds(secret=SECRET, high_assurance=True)
    served = Served(globus.FakeGlobus(example_site, s3(sandbox_aws), seeds, lambda: NOW))
    for name, value in served.env().items():
        monkeypatch.setenv(name, value)
    private(example_site / "secret")
    shelf.install_commands(tmp_path / "bin", tmp_path / "registries")
    gpfs = {"file_system": "rdcw-fs1", "cache": "cache1", "guis": [gui.url], "user": "ris", "password_file": "secret"}
    agent = "arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0"
    sync = {"agent_arns": [agent], "nfs_host": "ces.example.edu", "role_arn": "arn:aws:iam::123456789012:role/sync"}
    told = {"gpfs": gpfs, "globus": {**LEGS, "calls_per_s": 20}, "datasync": sync}
    (example_site / "data.yaml").write_text(yaml.safe_dump(told))
    mirrored(example_site, data_clients)
    with writing(example_site / "data" / "journal.db"):
        pass
    yield example_site
    served.stop()
    gui.stop()


def mirrored(site: Path, clients: Clients) -> None:
    """As if the stacks had built what the mirror plans."""
    plan = planned(load(find_files(site, None, None), wiring.site_reports), {}, NOW)
    write_plan(applied(site / "mirror.json"), plan)
    storage, registry = clients.get("s3"), clients.get("ecr")
    for one in plan.allocations:
        storage.create_bucket(Bucket=one.bucket.name)
        storage.put_bucket_versioning(Bucket=one.bucket.name, VersioningConfiguration={"Status": "Enabled"})
        for name in one.registry.repositories:
            registry.create_repository(repositoryName=name)


def bursting(site: Path, clients: Clients, url: str) -> Path:
    """burst.yaml with nodes that mount a file system of FSx, and the data plane's word for it."""
    made = clients.get("fsx").create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"]
    )
    source = f"{made['FileSystem']['FileSystemId']}.fsx.us-east-1.amazonaws.com@tcp:/abcdefgh"
    path = site / "burst.yaml"
    told = yaml.safe_load(path.read_text())
    told |= {"outlook": "outlook.json", "endpoint_url": url, "outputs": ""}
    for pool in told["pools"]:
        pool |= {"launch_template": "lt-0123456789abcdef0", "subnets": ["subnet-0123456789abcdef0"]}
    told["pools"][0]["paths"] = [{"path": "/storage1/fs1/wucci", "kind": "lustre", "source": source}]
    path.write_text(yaml.safe_dump(told))
    data = wiring.data_dir(load_burst(path), path)
    data.mkdir(parents=True, exist_ok=True)
    write_outlook(data / "outlook.json", Word(at=NOW), ttl_s=900)
    return path


def test_all_is_green_where_all_is_there(
    doctor: Any, place: Path, data_clients: Clients, sandbox_aws: SandboxAws
) -> None:
    conf = bursting(place, data_clients, sandbox_aws.url)
    told = doctor("--conf", str(conf))
    assert [row for row in told if not row["ok"]] == []
    assert [row["name"].partition(" http")[0] for row in told] == [
        *("data.yaml", "secret gpfs.password_file", "secret globus.secret_file"),
        *("GUI", "AFM gateways", "AFM caches of cache1", "mirror", "Globus identity", "Globus collection site"),
        *("Globus collection cloud", "Globus for PHI", "transfers held here", "Globus pauses", "Globus transfers"),
        *("buckets of sandbox", "repositories of sandbox", "DataSync agent-0123456789abcdef0"),
        *(next(row["name"] for row in told if row["name"].startswith("FSx ")), "program skopeo", "journal"),
        *("stagings", "dollars of data in 2027-01", "egress in 2027-01", "outlook"),
    ]
