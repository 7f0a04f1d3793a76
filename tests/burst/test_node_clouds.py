"""A machine of OpenStack and of Google becomes a host: the scripts as they are sent, against the cloud's metadata."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from burst.clouds.naming import qualified
from ris_hybrid.pool_settings import SecondCloud
from tests.burst.node_place import Place, install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAGS = {"ris_cluster": "compute1", "ris_provider": "ris-aws", "ris_template": "campus16", "ris_lab": "wucci"}
HOST, ADDRESS, UUID = "ris-7f3a-0", "10.9.0.7", "6e6f6465-0000-4000-8000-000000000001"
DRIVERS = ("openstack", "gce")
IDS = {"openstack": UUID, "gce": f"{HOST}.us-central1-a"}
SIZES = {"openstack": "m1.xlarge", "gce": "n2-standard-16"}


class Cloud(ThreadingHTTPServer):
    """Metadata of one machine, on loopback."""

    daemon_threads = True

    def __init__(self, driver: str) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.driver, self.size, self.tags = driver, SIZES[driver], dict(TAGS)
        self.asked: list[tuple[str, int]] = []

    def value(self, path: str) -> str | None:
        if self.driver == "gce":
            values = {
                "id": "4567",
                "name": HOST,
                "hostname": f"{HOST}.us-central1-a.c.lab.internal",
                "zone": "projects/123/zones/us-central1-a",
                "machine-type": f"projects/123/machineTypes/{self.size}",
                "network-interfaces/0/ip": ADDRESS,
                **{f"attributes/{key}": value for key, value in self.tags.items()},
            }
            return {f"/computeMetadata/v1/instance/{key}": value for key, value in values.items()}.get(path)
        said = {"uuid": UUID, "name": HOST, "hostname": f"{HOST}.novalocal", "meta": self.tags, "keys": []}
        values = {"instance-id": "i-00000007", "instance-type": self.size, "local-ipv4": ADDRESS}
        pages = {f"/latest/meta-data/{key}": value for key, value in values.items()}
        return {"/openstack/latest/meta_data.json": json.dumps(said), **pages}.get(path)


class Answer(BaseHTTPRequestHandler):
    server: Cloud

    def do_GET(self) -> None:
        value = self.server.value(self.path)
        refused = self.server.driver == "gce" and self.headers["Metadata-Flavor"] != "Google"
        code = 403 if refused else 404 if value is None else 200
        self.server.asked.append((self.path, code))
        text = (value or "").encode() if code == 200 else b"<html>no</html>"
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def clouds() -> Iterator[dict[str, Cloud]]:
    servers = {driver: Cloud(driver) for driver in DRIVERS}
    threads = [
        threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        for one in servers.values()
    ]
    for thread in threads:
        thread.start()
    yield servers
    for one in servers.values():
        one.shutdown()
        one.server_close()
    for thread in threads:
        thread.join()


@pytest.fixture(params=DRIVERS)
def cloud(request: pytest.FixtureRequest, clouds: dict[str, Cloud]) -> Cloud:
    one = clouds[request.param]
    one.size, one.tags, one.asked = SIZES[one.driver], dict(TAGS), []
    return one


@pytest.fixture
def node(tmp_path: Path, make: Any, cloud: Cloud) -> Place:
    place = Place(tmp_path, cloud)
    settle(place, make, cloud)
    return place


def on_drive(node: Place, cloud: Cloud) -> None:
    """The same metadata on a config drive."""
    for path in ("openstack/latest/meta_data.json", "ec2/latest/meta-data.json"):
        file = node.root / "config-2" / path
        file.parent.mkdir(parents=True)
        words = {word: cloud.value(f"/latest/meta-data/{word}") for word in ("instance-type", "local-ipv4")}
        file.write_text(cloud.value(f"/{path}") or json.dumps(words))
    node.command("blkid", "echo /dev/sr0")
    node.command("mount", f'if [ "$1" = -o ]; then cp -r "{node.root}/config-2/." "$4"; else {node.mounts}; fi')


def settle(place: Place, make: Any, cloud: Cloud, **node: Any) -> None:
    research = SecondCloud(name="research", driver="gce" if cloud.driver == "gce" else "openstack", project="lab")
    size = qualified("research", SIZES[cloud.driver])
    pool = {"provider": "libcloud", "cloud": "research", "instance_types": (size,), "name": "campus16"}
    install(place, make, node=node, site={"clouds": (research,)}, **pool)


def test_it_says_whose_it_is_in_the_words_the_provider_reports(node: Place, cloud: Cloud) -> None:
    done = node.run("boot.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    machine_id, size = (qualified("research", one[cloud.driver]) for one in (IDS, SIZES))
    assert node.lsf_conf()[-1] == (
        'LSF_LOCAL_RESOURCES="[resource site] [resource awshost] [resource docker] [resourcemap wucci*rc_account]'
        f" [resourcemap {machine_id}*instanceID] [resourcemap {size}*vm_type]"
        ' [resourcemap campus16*templateID] [resourcemap compute1*clusterName] [resourcemap ris-aws*providerName]"'
    )
    calls = node.calls()
    assert f"hostnamectl set-hostname {HOST}" in calls
    assert f"mount {node.root}/storage1" in calls
    assert calls[-1] == "systemctl start ris-paths.timer"
    assert not any(call.startswith("aws ") or "notice" in call for call in calls)
    assert {code for _, code in cloud.asked} == {200}


def test_the_drive_that_a_machine_was_made_with_says_the_same(tmp_path: Path, make: Any, clouds: Any) -> None:
    cloud = clouds["openstack"]
    cloud.size, cloud.tags, cloud.asked = "m1.xlarge", dict(TAGS), []
    node = Place(tmp_path, cloud)
    settle(node, make, cloud)
    assert node.run("boot.sh").returncode == 0
    by_http = node.lsf_conf()
    assert cloud.asked
    cloud.asked = []
    on_drive(node, cloud)
    node.forget()
    done = node.run("boot.sh")
    assert done.returncode == 0, done.stderr
    assert node.lsf_conf() == by_http
    assert cloud.asked == []
    assert [call for call in node.calls() if "/run/drive" in call] == [
        f"mount -o ro /dev/sr0 {node.root}/run/drive",
        f"umount {node.root}/run/drive",
    ]


def test_a_job_without_a_lab_is_the_default_account(node: Place, cloud: Cloud) -> None:
    for value in (None, ""):
        cloud.tags = {**TAGS, "ris_lab": value} if value is not None else {**TAGS}
        if value is None:
            del cloud.tags["ris_lab"]
        assert node.run("boot.sh").returncode == 0
        assert "[resourcemap default*rc_account]" in node.lsf_conf()[-1]


@pytest.mark.parametrize(
    "tags",
    [{}, {**TAGS, "ris_cluster": "a cluster]"}, {**TAGS, "ris_template": "a/b"}, {**TAGS, "ris_provider": "a\nb"}],
)
def test_a_machine_that_cannot_tell_whose_it_is_does_not_join(node: Place, cloud: Cloud, tags: dict[str, str]) -> None:
    cloud.tags = tags
    done = node.run("boot.sh")
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1].startswith("ris-hybrid: metadata: FAILED (")
    assert not any(call.startswith(("hostnamectl", "lim")) for call in node.calls())


@pytest.mark.parametrize("size", ["big one", "x]*y"])
def test_a_size_lsf_could_not_read_keeps_it_out(node: Place, cloud: Cloud, size: str) -> None:
    cloud.size = size
    done = node.run("boot.sh")
    assert done.returncode != 0
    assert f"cannot write '{size}' into lsf.conf" in done.stdout


def test_only_chosen_jobs_run_there_unless_it_came_without_a_plan(node: Place, cloud: Cloud) -> None:
    conf = node.etc / "node.conf"
    conf.write_text(f"{conf.read_text()}RIS_BURST_FLAG='!risburst'\n")
    assert node.run("boot.sh").returncode == 0
    assert "[resource docker] [resource !risburst]" in node.lsf_conf()[-1]
    cloud.tags = {**TAGS, "ris_open": "1"}
    assert node.run("boot.sh").returncode == 0
    assert "[resource docker] [resource risburst]" in node.lsf_conf()[-1]


@pytest.mark.parametrize("known", ["", f"127.0.1.1 {HOST}\n", f"10.9.0.70 {HOST}\n"])
def test_its_name_leads_to_its_address_although_no_dns_knows_it(node: Place, known: str) -> None:
    hosts = node.root / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{known}")
    for _ in range(2):
        assert node.run("boot.sh").returncode == 0
        assert hosts.read_text() == f"{ADDRESS} {HOST}\n127.0.0.1 localhost\n{known}"


def test_masters_are_told_its_name_where_the_site_says_so(node: Place) -> None:
    node.command("../lsf/etc/lsreghost", 'cat "$2" >>"$CALLS"')
    assert node.run("boot.sh").returncode == 0
    assert not any(call.startswith("lsreghost") for call in node.calls())
    conf = node.root / "lsf" / "conf" / "lsf.conf"
    conf.write_text(f"{conf.read_text()}LSF_REG_FLOAT_HOSTS=Y\n")
    node.forget()
    assert node.run("boot.sh").returncode == 0
    calls = node.calls()
    told = calls.index(f"lsreghost -s {node.etc}/lsf/hostregsetup")
    assert calls[told + 1 : told + 4] == ["lsf1", "lsf2", f"lim -d {node.etc}/lsf"]
    node.command("../lsf/etc/lsreghost", "exit 1")
    done = node.run("boot.sh")
    assert done.returncode == 0
    assert f"lsreghost failed: the masters may not know {HOST}" in done.stdout
