"""What several rooms' tests share: builders of values, golden files, and the sandbox's AWS on loopback."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings as hypothesis_settings

from burst.aws import model_cut
from burst.aws.client import ec2_client
from burst.fleet import Fleet
from burst.pressure import GroupPressure, Pressure
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.model import Host, Job, JobStatus, Launch, Machine, MachineState, Queue
from ris_hybrid.sandbox.aws.child import SandboxAws
from ris_hybrid.sandbox.aws.server import make_server
from ris_hybrid.sandbox.gce.server import serving as serving_gce
from ris_hybrid.sandbox.openstack.server import serving
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_ec2 import EC2Client

    from ris_hybrid.sandbox.gce.handle import SandboxGce
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

hypothesis_settings.register_profile("ci", derandomize=True, max_examples=60, deadline=None)
hypothesis_settings.register_profile("long", derandomize=True, max_examples=100, deadline=None)
hypothesis_settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

os.environ.setdefault("NUMBA_DISABLE_JIT", "1")  # plain Python is covered, and small cases are faster for it

EXAMPLE = Path(__file__).parents[1] / "examples" / "site"
GOLDEN = Path(__file__).parent / "golden"
NOW = 1_800_000_000.0  # 15 January 2027, 08:00 UTC


def pytest_collection_finish() -> None:
    """What was imported stays: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that may take longest begin first, so that no core waits for one of them at the end.

    xdist's ``worksteal`` deals the list in equal pieces, and steals from their ends: each begins with its share of
    the long ones, else one worker has them all, one after the other.
    """
    items.sort(key=lambda item: -_longest(item))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sum(_longest(item) > 0 for item in items)
    begins, rest = [items[:long][one::workers] for one in range(workers)], iter(items[long:])
    dealt, left = [], len(items)
    for begin, of in zip(begins, range(workers, 0, -1), strict=True):
        piece = left // of
        left -= piece
        dealt += [*begin, *islice(rest, max(piece - len(begin), 0))]
    items[:] = [*dealt, *rest]


def _longest(item: pytest.Item) -> float:
    return float(max((mark.args[0] for mark in item.iter_markers("timeout")), default=0))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from what the tests see")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests counted, one line each: how much a matrix covered is part of what it says."""
    reports = terminalreporter.stats.get("passed", [])
    counts = [value for report in reports for name, value in report.user_properties if name == "counts"]
    for line in sorted(map(str, counts)):
        terminalreporter.write_line(line)


class Make:
    """Values with sensible fields; a test names only what it is about."""

    now = NOW

    @staticmethod
    def job(job_id: str = "1", **fields: Any) -> Job:
        plain = Job(
            job_id=job_id,
            status=JobStatus.PEND,
            queue="general",
            user="ann",
            lab="lee",
            project="",
            slots=1,
            pend_s=600.0,
            run_s=0.0,
            run_limit_s=3600.0,
            reason="",
            pend_state="",
            dependency="",
            specified_start="",
            exec_host="",
        )
        return plain._replace(**fields)

    @staticmethod
    def queue(name: str = "general", **fields: Any) -> Queue:
        plain = Queue(name=name, is_open=True, is_active=True, max_slots=None, pending_slots=0, running_slots=0)
        return replace(plain, **fields)

    @staticmethod
    def host(name: str = "node1", status: str = "ok", max_slots: int | None = 16) -> Host:
        return Host(name=name, status=status, max_slots=max_slots, jobs=0, running=0)

    @staticmethod
    def row(name: str = "ip-10-0-0-1", **fields: Any) -> Host:
        """LSF's row of a cloud host, ``ok`` and empty."""
        return replace(Host(name=name, status="ok", max_slots=8, jobs=0, running=0), **fields)

    @staticmethod
    def group(**fields: Any) -> GroupPressure:
        """Pending work of one queue and lab; ``slots`` and ``waits_s`` follow from ``jobs`` where not given."""
        jobs = fields.get("jobs", 1)
        waits = tuple(sorted(fields.pop("waits_s", (600.0,) * jobs), reverse=True))
        plain = GroupPressure(
            queue="general",
            lab="lee",
            jobs=jobs,
            slots=jobs,
            core_hours=1.0,
            longest_wait_s=waits[0] if waits else 0.0,
            expected_wait_s=0.0,
            waits_s=waits,
        )
        return replace(plain, **fields)

    @classmethod
    def pressure(cls, *groups: GroupPressure) -> Pressure:
        return Pressure(groups=groups, slots_in_service=16)

    @staticmethod
    def pool(name: str = "cpu", **fields: Any) -> Pool:
        plain = Pool(
            name=name,
            instance_types=("c6i.4xlarge",),
            slots=8,
            memory_mib=30000,
            max_nodes=100,
            launch_template="lt-1",
            subnets=("subnet-1",),
        )
        return replace(plain, **fields)

    @classmethod
    def settings(cls, **fields: Any) -> BurstSettings:
        """Any pending job opens the gate, and nothing else is in the way."""
        plain = BurstSettings(
            cluster="c1",
            provider="aws",
            region="us-east-1",
            pools=(cls.pool(),),
            gates=(Gate(pending_jobs=1),),
            caps=Caps(nodes=1000),
            budget=Budget(usd_per_month=1_000_000.0),
            prices={"c6i.4xlarge": 0.68, "fake.large": 0.68},
        )
        return replace(plain, **fields)

    @staticmethod
    def machine(number: int = 1, **fields: Any) -> Machine:
        """A running machine of pool cpu and lab lee, an hour old."""
        plain = Machine(
            machine_id=f"i-{number:017d}",
            name=f"ip-10-0-0-{number}",
            state=MachineState.RUNNING,
            instance_type="c6i.4xlarge",
            zone="us-east-1a",
            private_ip=f"10.0.0.{number}",
            launched=NOW - 3600,
            spot=False,
            provider="aws",
            pool="cpu",
            lab="lee",
            request_id="add-1-0",
            asked=1,
        )
        return replace(plain, **fields)

    @staticmethod
    def fleet(*machines: Machine, **fields: Any) -> Fleet:
        plain = Fleet(machines=machines, spent={}, now=NOW, month_start=NOW - 14 * 86400 - 8 * 3600)
        return replace(plain, **fields)

    @staticmethod
    def launch(count: int = 1, **fields: Any) -> Launch:
        plain = Launch(token="t-1", request_id="add-1-0", pool="cpu", lab="lee", count=count, asked=count)
        return replace(plain, **fields)


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Any:
    """``golden(name, text)``: the text is what tests/golden/<name> holds."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def example_site(tmp_path: Path) -> Path:
    """A copy of the example site, its listing as old as if it had been captured an hour before ``NOW``."""
    copy = shutil.copytree(EXAMPLE, tmp_path / "site")
    for listed in (copy / "listing").iterdir():
        os.utime(listed, (NOW - 3600, NOW - 3600))
    return copy


@pytest.fixture(scope="session")
def lay_cut(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], object]:
    """``lay_cut(conf)``: the cut of botocore's description as it lies below a provider's folder, written once.

    Its files are linked: who writes a cut puts new files in their place.
    """
    written = model_cut.write(tmp_path_factory.mktemp("cut"))
    return lambda conf: shutil.copytree(written, model_cut.folder_for(conf), copy_function=os.link)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[str]:
    """The address of one sandbox AWS for the whole run."""
    server = make_server(seed=11)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox_aws(sandbox_server: str, monkeypatch: pytest.MonkeyPatch) -> SandboxAws:
    """An empty sandbox AWS whose clock stands still, and an environment that sends every AWS client to it."""
    aws = SandboxAws.attach(sandbox_server)
    aws.reset()
    aws.set_clock(NOW)
    for name, value in aws.env().items():
        monkeypatch.setenv(name, value)
    return aws


@pytest.fixture(scope="session")
def openstack_server() -> Iterator[SandboxOpenStack]:
    """One sandbox OpenStack for the whole run."""
    with serving() as cloud:
        yield cloud


@pytest.fixture
def sandbox_openstack(openstack_server: SandboxOpenStack, monkeypatch: pytest.MonkeyPatch) -> SandboxOpenStack:
    """An empty sandbox OpenStack whose clock stands still, and an environment that lets its clients in."""
    openstack_server.reset()
    openstack_server.set_clock(NOW)
    for name, value in openstack_server.env().items():
        monkeypatch.setenv(name, value)
    return openstack_server


@pytest.fixture(scope="session")
def gce_server() -> Iterator[SandboxGce]:
    """One sandbox Google for the whole run."""
    with serving_gce() as google:
        yield google


@pytest.fixture
def sandbox_gce(gce_server: SandboxGce, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SandboxGce:
    """An empty sandbox Google whose clock stands still, and an environment that names its service account's key."""
    gce_server.reset()
    gce_server.set_clock(NOW)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gce_server.key_file(tmp_path / "google-key.json")))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return gce_server


@pytest.fixture(scope="session")
def ec2(sandbox_server: str, make: Make) -> EC2Client:
    """The product's own EC2 client on the sandbox, made once: making one takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SandboxAws.attach(sandbox_server).env().items():
            patch.setenv(name, value)
        return ec2_client(make.settings(endpoint_url=sandbox_server))


@pytest.fixture
def ec2_settings(sandbox_aws: SandboxAws, ec2: EC2Client, make: Make) -> BurstSettings:
    """Settings for pools cpu (on demand) and spot, with a network and a launch template in the sandbox."""
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    zones = {"us-east-1a": "10.8.0.0/24", "us-east-1b": "10.8.1.0/24"}
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone) for zone, block in zones.items()]
    template = ec2.create_launch_template(
        LaunchTemplateName="node", LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "c6i.4xlarge"}
    )
    built: dict[str, Any] = {
        "instance_types": ("c6i.4xlarge", "m6i.4xlarge"),
        "launch_template": template["LaunchTemplate"]["LaunchTemplateId"],
        "subnets": tuple(one["Subnet"]["SubnetId"] for one in made),
    }
    return make.settings(
        endpoint_url=sandbox_aws.url,
        pools=(make.pool(**built), make.pool("spot", purchase="spot", **built)),
        prices={"c6i.4xlarge": 0.68, "m6i.4xlarge": 0.768},
    )


@pytest.fixture(scope="session")
def kept_clients(sandbox_server: str) -> Iterator[Clients]:
    """Clients of the inventory and the data plane on the sandbox, made once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SandboxAws.attach(sandbox_server).env().items():
            patch.setenv(name, value)
        clients = Clients("us-east-1", sandbox_server)
        for service in ("s3", "datasync", "fsx"):
            clients.get(service)
    yield clients
    clients.close()


@pytest.fixture
def data_clients(sandbox_aws: SandboxAws, kept_clients: Clients) -> Clients:
    """The data plane's clients on an empty sandbox."""
    assert sandbox_aws.calls() == {}
    return kept_clients
