"""What a check-up says of a cloud beside EC2 and of its pools, before anything is launched there."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.values import Offered, Size
from ris_hybrid import clocks
from ris_hybrid.checkup.data_bounded import answers
from ris_hybrid.checkup.second_cloud import questions
from ris_hybrid.clouds_wiring import second_account
from ris_hybrid.errors import ConfigError, Refused, TryAgain
from ris_hybrid.pool_settings import PathMount, SecondCloud
from ris_hybrid.settings import Node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ris_hybrid.checkup.finding import Finding
    from ris_hybrid.errors import RisHybridError
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack
    from ris_hybrid.settings import BurstSettings, Pool

OPENSTACK = SecondCloud(name="research", driver="openstack", project="ris-sandbox", auth_url="http://127.0.0.1:9")
GOOGLE = SecondCloud(name="google", driver="gce", project="lab-1")
OFFERED = Offered(
    sizes=(
        Size(name="m1.large", vcpus=4, memory_mib=8192),
        Size(name="m1.xlarge", vcpus=8, memory_mib=16384),
        Size(name="m1.2xlarge", vcpus=16, memory_mib=32768),
    ),
    images=frozenset({"lsf-node", "lsf-node-old", "6e6f6465-0000-4000-8000-000000000001"}),
    networks=frozenset({"hpc", "public"}),
    zones=frozenset({"nova-1", "nova-2"}),
    security_groups=frozenset({"ris-node", "default"}),
)


@dataclass(frozen=True, kw_only=True)
class FakeAccount:
    """A cloud that lists this, at this time, or raises."""

    lists: Offered | RisHybridError = OFFERED
    time: float | RisHybridError = 0.0
    key: str | RisHybridError = "OS_* of the environment"

    def credentials(self) -> str:
        return told(self.key)

    def offered(self) -> Offered:
        return told(self.lists)

    def clock(self) -> float:
        return told(self.time)


def told(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def campus(make: Any, **fields: Any) -> Pool:
    plain = make.pool(
        name="campus8",
        provider="libcloud",
        cloud="research",
        instance_types=("research/m1.xlarge", "research/m1.2xlarge"),
        slots=8,
        memory_mib=15000,
        launch_template="",
        subnets=(),
        image="lsf-node",
        networks=("hpc",),
        zones=("nova-1", "nova-2"),
        security_groups=("ris-node",),
    )
    return replace(plain, **fields)


def site(make: Any, *pools: Pool, clouds: tuple[SecondCloud, ...] = (OPENSTACK,), **fields: Any) -> BurstSettings:
    sizes = {kind for pool in pools for kind in pool.instance_types}
    settings: BurstSettings = make.settings(clouds=clouds, pools=pools, prices=dict.fromkeys(sizes, 0.3), **fields)
    return settings


def looked(settings: BurstSettings, account: FakeAccount, now: float | None = None) -> dict[str, Finding]:
    found = tuple(answers(tuple(questions(settings, lambda _: account, now))))
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def wrong(found: dict[str, Finding]) -> dict[str, str]:
    return {name: one.text for name, one in found.items() if not one.ok}


def test_a_pool_that_can_work(make: Any, golden: Callable[[str, str], None]) -> None:
    found = looked(site(make, campus(make)), FakeAccount(), 10.0)
    text = json.dumps([asdict(one) for one in found.values()], indent=1) + "\n"
    golden("doctor/second_cloud.json", re.sub(r"\d+ of at most", "SOME of at most", text))
    assert wrong(found) == {}


def test_a_pool_that_cannot_says_why(make: Any, golden: Callable[[str, str], None]) -> None:
    pool = campus(
        make,
        instance_types=("research/m1.large", "research/m1.xlrge"),
        image="lsf-nod",
        networks=("hpc", "hcp"),
        zones=("nova-3",),
        security_groups=("x",),
        paths=(PathMount(path="/scratch2/lee", kind="s3", source="ris-lee", read_only=True),),
        labs=("lee",),
    )
    found = looked(site(make, pool), FakeAccount(), 10.0)
    golden("doctor/second_cloud_wrong.json", json.dumps([asdict(one) for one in found.values()], indent=1) + "\n")
    assert all(one.needed and one.hint for one in found.values() if not one.ok)


def test_what_lim_may_not_bear_out_is_advice(make: Any) -> None:
    google = campus(make, cloud="google", instance_types=("google/m1.xlarge",), memory_mib=15800, zones=("nova-1",))
    found = looked(site(make, google, clouds=(GOOGLE,)), FakeAccount())
    assert wrong(found) == {
        "figures of campus8": "m1.xlarge has 8 vCPUs, mostly 4 cores, slots is 8; "
        "m1.xlarge has about 15155 MiB for LSF, memory_mib is 15800"
    }
    assert not found["figures of campus8"].needed
    threads = site(make, replace(google, memory_mib=15000), clouds=(GOOGLE,), ncpus="threads")
    assert wrong(looked(threads, FakeAccount())) == {}


def test_a_cloud_without_such_a_list_is_not_asked_for_it(make: Any) -> None:
    tags = replace(OFFERED, security_groups=None)
    pool = campus(make, cloud="google", instance_types=("google/m1.xlarge",), security_groups=("any-tag",), slots=4)
    found = looked(site(make, pool, clouds=(GOOGLE,)), FakeAccount(lists=tags))
    assert wrong(found) == {}
    assert "security groups of campus8" not in found


def test_an_id_may_stand_for_a_name_and_is_never_suggested(make: Any) -> None:
    pool = campus(make, image="6e6f6465-0000-4000-8000-000000000001", zones=())
    found = looked(site(make, pool), FakeAccount())
    assert wrong(found) == {}
    assert "zones of campus8" not in found
    told_of = looked(site(make, campus(make, image="none")), FakeAccount())["image of campus8"]
    assert told_of.hint.endswith("research has lsf-node, lsf-node-old")
    nothing = replace(OFFERED, images=frozenset())
    assert looked(site(make, pool), FakeAccount(lists=nothing))["image of campus8"].hint.endswith("research has none")


def test_of_many_names_some_are_shown(make: Any) -> None:
    many = replace(OFFERED, networks=frozenset(f"net-{number:02}" for number in range(12)))
    hint = looked(site(make, campus(make)), FakeAccount(lists=many))["networks of campus8"].hint
    assert hint.endswith("net-06, net-07 and 4 more")


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (
            FakeAccount(key=Refused("cloud research: /k: others can read it (mode 0644)", "chmod 600 /k")),
            {"credentials of research": "cloud research: /k: others can read it (mode 0644); not looked at: campus8"},
        ),
        (
            FakeAccount(lists=TryAgain("cloud research does not answer")),
            {"API of research": "cloud research does not answer; not looked at: campus8"},
        ),
        (
            FakeAccount(lists=ConfigError("cloud research: apache-libcloud is not installed", "pip install it")),
            {"API of research": "cloud research: apache-libcloud is not installed; not looked at: campus8"},
        ),
    ],
)
def test_a_cloud_that_cannot_be_asked_says_which_pools_nobody_looked_at(
    make: Any, account: FakeAccount, said: dict[str, str]
) -> None:
    assert wrong(looked(site(make, campus(make)), account)) == said


def test_a_file_of_credentials_is_the_administrators(make: Any, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.touch()
    cloud = replace(OPENSTACK, credentials=str(file))
    mine = site(make, campus(make), clouds=(cloud,), node=Node(lsf_admin=file.owner()))
    assert wrong(looked(mine, FakeAccount(key=str(file)))) == {}
    others = site(make, campus(make), clouds=(cloud,), node=Node(lsf_admin="lsf-of-others"))
    found = looked(others, FakeAccount(key=str(file)))
    assert wrong(found) == {"owner of research's credentials": f"{file} is {file.owner()}'s"}
    assert found["owner of research's credentials"].hint.startswith(f"chown lsf-of-others {file}")


def test_a_cloud_that_no_pool_names_any_more_is_asked_all_the_same(make: Any) -> None:
    found = looked(site(make), FakeAccount(lists=TryAgain("cloud research does not answer")))
    assert wrong(found) == {"API of research": "cloud research does not answer; no pool is there"}


@pytest.mark.parametrize(
    ("zones", "region"),
    [(("us-central1-a", "us-central1-b"), "us-central1"), (("us-central1-a", "europe-west4-a"), ""), ((), "")],
)
def test_google_is_asked_about_the_region_its_pools_are_in(make: Any, zones: tuple[str, ...], region: str) -> None:
    pool = replace(campus(make), cloud=GOOGLE.name, zones=zones)
    asked: list[SecondCloud] = []
    tuple(questions(site(make, pool, clouds=(GOOGLE,)), lambda cloud: asked.append(cloud) or FakeAccount(), None))
    assert asked == [replace(GOOGLE, region=region)]


@pytest.mark.parametrize(("time", "ok"), [(1000.0, True), (941.0, True), (1061.0, False), (900.0, False)])
def test_clocks_are_compared(make: Any, *, time: float, ok: bool) -> None:
    found = looked(site(make), FakeAccount(time=time), now=1000.0)
    assert (found["clock of research"].ok, found["clock of research"].text) == (
        ok,
        f"{1000 - time:+.0f} s against research",
    )
    unknown = looked(site(make), FakeAccount(time=TryAgain("no time")), now=1000.0)
    assert wrong(unknown) == {"time of research": "no time"}
    assert "clock of research" not in looked(site(make), FakeAccount())


def live(sandbox: SandboxOpenStack, **fields: Any) -> SecondCloud:
    return replace(OPENSTACK, auth_url=sandbox.url, **fields)


def test_the_sandboxs_openstack_is_asked_for_all_of_it(make: Any, sandbox_openstack: SandboxOpenStack) -> None:
    cloud = live(sandbox_openstack)
    found = {
        one.name: one for one in answers(tuple(questions(site(make, campus(make), clouds=(cloud,)), second_account, 0)))
    }
    assert set(wrong(found)) == {"clock of research"}, "its answers carry the real time"
    assert found["API of research"].text == "lists 3 sizes, 4 images, 2 networks, 2 zones"
    other = campus(make, image="lsf-nodes", instance_types=("research/m1.large",))
    found = {
        one.name: one for one in answers(tuple(questions(site(make, other, clouds=(cloud,)), second_account, None)))
    }
    assert wrong(found) == {
        "sizes of campus8": "m1.large has 4 vCPUs, slots is 8; m1.large has 8192 MiB, memory_mib is 15000",
        "image of campus8": "lsf-nodes is not there (did you mean lsf-node?)",
    }


def test_where_credentials_are_from_is_said_and_never_what_they_are(
    sandbox_openstack: SandboxOpenStack, tmp_path: Path
) -> None:
    env = sandbox_openstack.env()
    assert second_account(live(sandbox_openstack), env).credentials() == "OS_* of the environment"
    with pytest.raises(Refused, match="neither username and password nor"):
        second_account(live(sandbox_openstack), {}).credentials()
    file = tmp_path / "key.json"
    file.write_text(json.dumps({"username": env["OS_USERNAME"], "password": env["OS_PASSWORD"]}))
    file.chmod(0o600)
    account = second_account(live(sandbox_openstack, credentials=str(file)), {})
    assert account.credentials() == str(file)
    assert account.offered().zones == {"nova-1", "nova-2"}
    file.chmod(0o640)
    with pytest.raises(Refused, match=r"others can read it \(mode 0640\)"):
        account.credentials()
    file.write_text(json.dumps({"client_email": "x@example.org", "private_key": "k"}))
    file.chmod(0o600)
    by_env = second_account(GOOGLE, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)})
    assert by_env.credentials() == f"{file}, by the environment"
    assert second_account(replace(GOOGLE, credentials=str(file)), {}).credentials() == str(file)


class Timeless(BaseHTTPRequestHandler):
    """Answers without a date."""

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.end_headers()


def test_the_time_is_in_any_answer_that_carries_it(sandbox_openstack: SandboxOpenStack) -> None:
    sandbox_openstack.faults([{"match": ".*", "times": 9, "do": {"error": {"status": 503, "message": "busy"}}}])
    real = clocks.clock({}).now()
    assert second_account(live(sandbox_openstack), {}).clock() == pytest.approx(real, abs=60)
    with HTTPServer(("127.0.0.1", 0), Timeless) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        account = second_account(replace(OPENSTACK, auth_url=f"http://127.0.0.1:{server.server_port}"), {})
        with pytest.raises(TryAgain, match="its answer says no time: ''"):
            account.clock()
        thread.join()


def test_certificates_that_cannot_be_read_are_told_by_their_path(sandbox_openstack: SandboxOpenStack) -> None:
    account = second_account(live(sandbox_openstack, ca_file="/none.pem"), sandbox_openstack.env())
    for ask in (account.clock, account.offered):
        with pytest.raises(Refused, match=r"ca_file /none.pem: cannot be read: No such file"):
            ask()


def test_an_api_that_does_not_answer_tells_no_time() -> None:
    with pytest.raises(TryAgain, match="cloud research: its API does not answer"):
        second_account(OPENSTACK, {}).clock()
