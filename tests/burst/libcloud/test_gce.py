"""Google's Compute Engine behind our ports, on the sandbox's: what a cloud of ours must do, and how Google differs."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst import tags
from burst.deadline import within
from burst.libcloud.connection import connect
from burst.libcloud.credentials import google_key
from burst.libcloud.gce import over
from burst.libcloud.gce_calls import Calls
from burst.libcloud.values import CONFLICT, INDEX, TOKEN, Wanted
from ris_hybrid.errors import CloudError, ConfigError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState, UnknownWord
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.gce.covers import table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from burst.libcloud.ports import Connection
    from ris_hybrid.sandbox.gce.handle import SandboxGce

ZONE, OTHER = "us-central1-a", "us-central1-b"
INSERT, INSTANCE = "POST /zones/{zone}/instances", "GET /zones/{zone}/instances/{name}"
TOKENS, LIST = "POST /o/oauth2/token", "GET /aggregated/instances"
WRITE, DELETE = "POST /zones/{zone}/instances/{name}/setMetadata", "DELETE /zones/{zone}/instances/{name}"
WANTED = Wanted(
    name="ris-cpu-0a1b-0",
    size="n2-standard-4",
    image="lsf-node",
    networks=("hpc",),
    security_groups=("ris-node",),
    zone=ZONE,
    tags={tags.CLUSTER: "compute1", tags.PROVIDER: "cloud", TOKEN: "t-1", INDEX: "0"},
    user_data="#cloud-config\n",
)
ID = f"{WANTED.name}.{ZONE}"


@pytest.fixture(scope="module")
def cloud(gce_server: SandboxGce, tmp_path_factory: pytest.TempPathFactory) -> SecondCloud:
    key = gce_server.key_file(tmp_path_factory.mktemp("gce") / "key.json")
    return SecondCloud(
        name="research",
        driver="gce",
        project="ris-sandbox",
        region="us-central1",
        endpoint_url=gce_server.url,
        credentials=str(key),
    )


WAITS: list[float] = []
"""What was waited for; nothing is."""


@pytest.fixture(scope="module")
def calls(cloud: SecondCloud) -> Calls:
    """One token for all: to sign for it takes longer than most tests."""
    return Calls(cloud, lambda: google_key(cloud, {}), WAITS.append)


@pytest.fixture
def connected(sandbox_gce: SandboxGce, calls: Calls) -> Connection:
    calls.get("")  # there is a token
    sandbox_gce.reset()
    sandbox_gce.set_clock(1_800_000_000.0)
    WAITS.clear()
    return over(calls, "us-central1")


def error(reason: str, status: int, **more: Any) -> dict[str, Any]:
    return {"do": {"error": {"code": reason, "status": status, "message": "so it is"}}, **more}


def caught(kind: type[CloudError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as raised:
        call()
    assert type(raised.value) is kind
    return raised.value.code


def test_a_machine_carries_its_tags_from_the_first_moment(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.timing(placing_s=5, building_s=20)
    made = connected.nodes.create(WANTED)
    assert (made.node_id, made.state, made.placed) == (ID, MachineState.PENDING, False)
    (node,) = connected.nodes.listed()
    assert (node.node_id, node.name, node.zone, node.size) == (ID, WANTED.name, ZONE, "n2-standard-4")
    assert (node.tags, node.launched, node.placed) == (WANTED.tags, 1_800_000_000.0, False)
    sandbox_gce.set_clock(1_800_000_005.0)
    assert [(one.state, one.placed) for one in connected.nodes.listed()] == [(MachineState.PENDING, True)]
    sandbox_gce.set_clock(1_800_000_025.0)
    found = connected.metadata.find(ID)
    assert found is not None
    assert (found.state, found.private_ip) == (MachineState.RUNNING, "10.128.0.3")


def test_what_google_is_asked_for(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    (row,) = sandbox_gce.servers()
    body = row["body"]
    assert body["networkInterfaces"] == [{"subnetwork": "regions/us-central1/subnetworks/hpc"}]  # no outside address
    assert body["tags"] == {"items": ["ris-node"]}
    assert row["metadata"]["user-data"] == "#cloud-config\n"
    (disk,) = body["disks"]
    assert disk["autoDelete"]
    assert disk["initializeParams"]["sourceImage"].endswith("/global/images/lsf-node-v2")  # the newest of the family
    assert disk["initializeParams"]["diskType"] == f"zones/{ZONE}/diskTypes/pd-balanced"
    assert "scheduling" not in body
    connected.nodes.create(replace(WANTED, name="ris-hpc-1", size="h3-standard-88", image="rescue"))
    assert sandbox_gce.servers()[1]["body"]["scheduling"] == {"onHostMaintenance": "TERMINATE"}
    connected.nodes.create(replace(WANTED, name="ris-cpu-2"))
    assert sandbox_gce.calls()["GET /global/images/family/{family}"] == 1  # remembered for a minute


def test_the_same_order_again_finds_the_machine_of_the_first(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    again = connected.nodes.create(WANTED)
    assert (again.node_id, again.state) == (ID, MachineState.RUNNING)
    assert len(sandbox_gce.servers()) == 1


def test_a_strangers_machine_of_that_name_is_not_taken_for_ours(connected: Connection) -> None:
    connected.nodes.create(replace(WANTED, tags={**WANTED.tags, TOKEN: "t-2"}))
    assert caught(Refused, lambda: connected.nodes.create(WANTED)) == "alreadyExists"


def test_a_name_that_was_taken_a_moment_ago_is_tried_again(sandbox_gce: SandboxGce, connected: Connection) -> None:
    """Our own order of before, whose answer was lost, may have failed meanwhile; a disk of that name stays."""
    connected.nodes.create(replace(WANTED, name="ris-other"))  # the image is known from here on
    for kind, what in ((TryAgain, "instances"), (Refused, "disks")):
        told = f"The resource 'projects/ris-sandbox/zones/{ZONE}/{what}/{WANTED.name}' already exists"
        there = {"code": "alreadyExists", "status": 409, "message": told}
        sandbox_gce.faults([{"match": INSERT, "times": 1, "do": {"error": there}}])
        assert caught(kind, lambda: connected.nodes.create(WANTED)) == "alreadyExists"


@pytest.mark.parametrize("ended", [True, False], ids=["on its way down", "of another size"])
def test_a_machine_that_is_not_what_is_wanted_is_not_taken_for_it(
    connected: Connection, sandbox_gce: SandboxGce, *, ended: bool
) -> None:
    """All or none, where the first size had no room for all: the next one in that zone gives the same names."""
    sandbox_gce.timing(deleting_s=60)
    connected.nodes.create(WANTED)
    if ended:
        connected.nodes.delete(ID)
    wanted = WANTED if ended else replace(WANTED, size="n2-standard-8")
    assert caught(Refused, lambda: connected.nodes.create(wanted)) == CONFLICT


def test_an_answer_that_was_lost_makes_no_second_machine(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.faults([{"match": INSERT, "times": 1, "do": {"reset": "after"}}])
    assert connected.nodes.create(WANTED).node_id == ID
    assert len(sandbox_gce.servers()) == 1
    assert sandbox_gce.calls()[INSERT] == 2


def test_no_room_is_told_late_and_of_the_order_until_it_is_cleared(
    sandbox_gce: SandboxGce, connected: Connection
) -> None:
    sandbox_gce.capacity({ZONE: {"n2-standard-4": 0}})
    sandbox_gce.timing(placing_s=5)
    connected.nodes.create(WANTED)
    assert [(one.fault, one.placed) for one in connected.nodes.listed()] == [("", False)]
    sandbox_gce.set_clock(1_800_000_005.0)
    for node in (*connected.nodes.listed(), connected.metadata.find(ID)):
        assert node is not None
        assert (node.node_id, node.placed, node.state) == (ID, False, MachineState.TERMINATED)
        assert node.fault.startswith("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: The zone")
    assert sandbox_gce.servers() == []
    assert not connected.nodes.delete(ID)
    assert connected.nodes.listed() == ()


def test_a_failed_order_is_told_for_an_hour(sandbox_gce: SandboxGce, calls: Calls) -> None:
    sandbox_gce.capacity({ZONE: {"n2-standard-4": 0}})
    passed = [0.0]
    google = over(calls, "us-central1", lambda: passed[0])
    assert google.nodes.create(WANTED).launched == 1_800_000_000.0
    assert [(one.placed, one.launched) for one in google.nodes.listed()] == [(False, 1_800_000_000.0)]
    passed[0] = 3600.0
    assert google.nodes.listed() == ()


def test_an_order_whose_operation_google_no_longer_knows(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.timing(placing_s=5)
    connected.nodes.create(WANTED)
    sandbox_gce.remove(ID)
    gone = {"code": "notFound", "status": 404}
    operation = "GET /zones/{zone}/operations/{name}"
    sandbox_gce.faults([error("forbidden", 403, match=operation, times=1), {"match": operation, "do": {"error": gone}}])
    assert caught(Refused, connected.nodes.listed) == "forbidden"
    assert connected.nodes.listed() == ()  # what is there now tells


def test_another_process_is_told_by_the_operation_why_there_is_no_machine(
    sandbox_gce: SandboxGce, connected: Connection, calls: Calls
) -> None:
    sandbox_gce.capacity({ZONE: {"n2-standard-4": 0}})
    connected.nodes.create(WANTED)
    other = over(calls, "us-central1")
    assert other.nodes.listed() == ()
    found = other.metadata.find(ID)
    assert found is not None
    assert found.fault.startswith("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: The zone")
    assert (found.placed, found.launched, found.tags) == (False, 1_800_000_000.0, {})
    sandbox_gce.faults([error("forbidden", 403, match="GET /zones/{zone}/operations")])
    assert other.metadata.find(ID) is None
    sandbox_gce.faults([])
    sandbox_gce.capacity(None)
    sandbox_gce.set_clock(1_800_000_001.0)
    other.nodes.create(WANTED)
    other.nodes.delete(ID)
    assert other.metadata.find(ID) is None  # the last order went well


def test_an_order_that_google_does_not_tell_of_yet_is_a_machine(sandbox_gce: SandboxGce, connected: Connection) -> None:
    """The list may lag behind the answer to an insert."""
    sandbox_gce.timing(placing_s=5)
    connected.nodes.create(WANTED)
    sandbox_gce.remove(ID)
    assert [(one.node_id, one.placed) for one in connected.nodes.listed()] == [(ID, False)]
    found = connected.metadata.find(ID)
    assert found is not None
    assert found.tags == WANTED.tags
    assert caught(TryAgain, lambda: connected.nodes.delete(ID)) == "notFound"  # else it would come, and stay
    sandbox_gce.set_clock(1_800_000_005.0)
    assert connected.nodes.listed() == ()  # it came, and somebody deleted it


def test_quota_is_told_at_once(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.quota(0)
    assert caught(QuotaReached, lambda: connected.nodes.create(WANTED)) == "quotaExceeded"


def test_no_room_may_be_told_at_once_too(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.faults([error("ZONE_RESOURCE_POOL_EXHAUSTED", 503, match=INSERT)])
    assert caught(NoCapacity, lambda: connected.nodes.create(WANTED)) == "ZONE_RESOURCE_POOL_EXHAUSTED"
    assert sandbox_gce.calls()[INSERT] == 1


@pytest.mark.parametrize(
    "wrong",
    [{"size": "m1.large"}, {"image": "windows"}, {"networks": ("elsewhere",)}, {"zone": "us-central1-z"}, {"zone": ""}],
)
def test_what_google_does_not_have_is_refused(wrong: dict[str, Any], connected: Connection) -> None:
    with pytest.raises(Refused):
        connected.nodes.create(replace(WANTED, **wrong))
    assert connected.nodes.listed() == ()


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("STAGING", MachineState.PENDING),
        ("STOPPING", MachineState.STOPPING),
        ("PENDING_STOP", MachineState.STOPPING),
        ("STOPPED", MachineState.STOPPED),
        ("DEPROVISIONING", MachineState.STOPPING),
        ("SUSPENDED", UnknownWord("SUSPENDED")),
        ("REPAIRING", UnknownWord("REPAIRING")),
    ],
)
def test_googles_words(word: str, state: object, sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.show_as(ID, word)
    stopped = state == MachineState.STOPPED
    assert [(one.state, one.gave_up) for one in connected.nodes.listed()] == [(state, stopped)]


def test_a_machine_that_switched_itself_off_stays_listed_and_costs(
    sandbox_gce: SandboxGce, connected: Connection
) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.stop(ID)
    assert [(one.state, one.gave_up) for one in connected.nodes.listed()] == [(MachineState.STOPPED, False)]
    sandbox_gce.set_clock(1_800_000_001.0)
    sandbox_gce.power_off(ID)  # it had been started again
    assert [(one.state, one.gave_up) for one in connected.nodes.listed()] == [(MachineState.STOPPED, True)]
    assert connected.metadata.find(ID) == connected.nodes.listed()[0]


def test_a_strangers_machine_that_has_stopped_is_not_asked_about(
    sandbox_gce: SandboxGce, connected: Connection
) -> None:
    connected.nodes.create(replace(WANTED, tags={}))
    sandbox_gce.stop(ID)
    assert [one.state for one in connected.nodes.listed()] == [MachineState.STOPPED]
    assert "GET /zones/{zone}/operations" not in sandbox_gce.calls()


def test_who_may_not_list_operations_takes_a_stopped_machine_for_one_that_gave_up(
    sandbox_gce: SandboxGce, connected: Connection
) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.stop(ID)
    operations = "GET /zones/{zone}/operations"
    sandbox_gce.faults([error("forbidden", 403, match=operations, times=1), error("x", 503, match=operations)])
    assert [one.gave_up for one in connected.nodes.listed()] == [True]
    caught(TryAgain, connected.nodes.listed)


def test_an_ended_machine_goes_at_once_and_is_unknown_then(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.timing(deleting_s=60)
    connected.nodes.create(WANTED)
    connected.metadata.write(ID, {tags.RETURN: "ret-1"})
    assert connected.nodes.delete(ID)
    assert connected.nodes.delete(ID)
    assert [one.state for one in connected.nodes.listed()] == [MachineState.SHUTTING_DOWN]
    assert caught(Refused, lambda: connected.metadata.write(ID, {tags.IDLE: "1"})) == CONFLICT
    sandbox_gce.set_clock(1_800_000_060.0)
    assert connected.nodes.listed() == ()
    assert connected.metadata.find(ID) is None
    assert not connected.metadata.write(ID, {tags.IDLE: "1"})
    assert not connected.nodes.delete(ID)


def test_an_end_that_google_is_not_ready_for(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.faults([error("resourceNotReady", 400, match=DELETE)])
    assert caught(TryAgain, lambda: connected.nodes.delete(ID)) == "resourceNotReady"
    sandbox_gce.show_as(ID, "STOPPING")
    assert connected.nodes.delete(ID)


def test_a_protected_machine_is_refused_and_stays(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.lock(ID, protected=True)
    assert caught(Refused, lambda: connected.nodes.delete(ID)) == "invalidResourceUsage"
    assert len(connected.nodes.listed()) == 1


@pytest.mark.parametrize("odd", ["i-00000000000000bad", "a.b.c", "../x.us-central1-a", "", ".us-central1-a"])
def test_an_id_that_is_none_of_googles_is_not_asked_for(
    odd: str, sandbox_gce: SandboxGce, connected: Connection
) -> None:
    assert connected.metadata.find(odd) is None
    assert not connected.metadata.write(odd, {"a": "b"})
    assert not connected.nodes.delete(odd)
    assert sandbox_gce.calls() == {}


def test_marks_are_written_beside_the_others_and_taken_away(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    assert connected.metadata.write(ID, {tags.IDLE: "5", tags.JOINED: "4"})
    assert connected.metadata.write(ID, {tags.IDLE: "", tags.CLOSING: ""})
    found = connected.metadata.find(ID)
    assert found is not None
    assert found.tags == {**WANTED.tags, tags.JOINED: "4"}
    assert sandbox_gce.servers()[0]["metadata"]["user-data"] == WANTED.user_data
    writes = sandbox_gce.calls()[WRITE]
    assert connected.metadata.write(ID, {tags.JOINED: "4"})
    assert sandbox_gce.calls()[WRITE] == writes  # nothing changes: nothing is sent


@pytest.mark.parametrize("told_late", [False, True])
def test_a_write_that_lost_a_race_reads_again(told_late: bool, sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.races(2, told_late=told_late)
    assert connected.metadata.write(ID, {tags.IDLE: "5"})
    assert sandbox_gce.servers()[0]["metadata"][tags.IDLE] == "5"
    sandbox_gce.races(99, told_late=told_late)
    assert caught(TryAgain, lambda: connected.metadata.write(ID, {tags.IDLE: "6"})) == "conditionNotMet"
    assert caught(TryAgain, lambda: connected.shelf.write("p", {tags.BOOT: "6"})) == "conditionNotMet"


def test_a_write_whose_answer_was_lost_is_found_done(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.faults([{"match": WRITE, "times": 1, "do": {"reset": "after"}}])
    assert connected.metadata.write(ID, {tags.IDLE: "5"})
    assert sandbox_gce.servers()[0]["metadata"][tags.IDLE] == "5"


def test_a_write_on_a_machine_that_goes_meanwhile(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    gone = {
        "code": "notFound",
        "status": 404,
        "message": f"The resource '{ZONE}/instances/{WANTED.name}' was not found",
    }
    sandbox_gce.faults([{"match": WRITE, "do": {"error": gone}}, {"match": INSTANCE, "at": 2, "do": {"error": gone}}])
    assert not connected.metadata.write(ID, {tags.IDLE: "5"})


def test_writing_is_waited_for_in_bounded_time(
    sandbox_gce: SandboxGce, cloud: SecondCloud, connected: Connection
) -> None:
    """An operation that is over in time is done; one that is not leaves it open."""
    connected.nodes.create(WANTED)
    sandbox_gce.timing(writing_s=1)
    later = iter(range(1_800_000_001, 1_900_000_000))
    patient = connect(cloud, wait=lambda _: sandbox_gce.set_clock(next(later)))
    assert patient.metadata.write(ID, {tags.IDLE: "5"})
    sandbox_gce.timing(writing_s=1e9)
    with within(0.05):
        caught(TryAgain, lambda: connected.metadata.write(ID, {tags.IDLE: "6"}))


def test_pools_marks_lie_in_the_projects_metadata(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.common().update({"ssh-keys": "ann:...", "ris-pool-odd": "{", "ris-pool-list": "[]"})
    assert connected.shelf.read() == {}
    connected.shelf.write("compute1_cloud_cpu", {tags.BOOT: "212", tags.OFF: "why"})
    connected.shelf.write("compute1_cloud_gpu", {tags.BOOT: "100"})
    sandbox_gce.races(1)
    connected.shelf.write("compute1_cloud_cpu", {tags.OFF: "", tags.SPENT: "2027-01 1.00"})
    connected.shelf.write("compute1_cloud_gpu", {tags.BOOT: ""})
    assert connected.shelf.read() == {"compute1_cloud_cpu": {tags.BOOT: "212", tags.SPENT: "2027-01 1.00"}}
    assert sandbox_gce.common()["ssh-keys"] == "ann:..."
    sandbox_gce.faults([error("forbidden", 403, match="POST /setCommonInstanceMetadata")])
    assert caught(Refused, lambda: connected.shelf.write("p", {tags.BOOT: "6"})) == "forbidden"


@pytest.mark.parametrize("region", ["us-central1", ""])
def test_what_is_offered(region: str, sandbox_gce: SandboxGce, calls: Calls) -> None:
    offered = over(calls, region).catalogue.offered()
    assert ("GET /aggregated/machineTypes" in sandbox_gce.calls()) == (not region)
    assert [(one.name, one.vcpus, one.memory_mib) for one in offered.sizes] == [
        ("h3-standard-88", 88, 360_448),
        ("n2-standard-16", 16, 65_536),
        ("n2-standard-4", 4, 16_384),
        ("n2-standard-8", 8, 32_768),
    ]
    assert offered.images == {"lsf-node", "lsf-node-v2", "rescue"}  # not the obsolete one
    assert offered.networks == {"hpc", "spare"}
    assert offered.zones == {ZONE, OTHER} | (set() if region else {"europe-west4-a"})
    assert offered.security_groups is None


def test_every_page_is_read_or_it_is_an_error(sandbox_gce: SandboxGce, connected: Connection) -> None:
    for number in range(4):
        connected.nodes.create(replace(WANTED, name=f"ris-{number}", zone=OTHER if number == 3 else ZONE))
    assert len(connected.nodes.listed()) == 4
    assert sandbox_gce.calls()[LIST] == 2
    sandbox_gce.faults([error("forbidden", 403, match=LIST, at=2)])
    assert caught(Refused, connected.nodes.listed) == "forbidden"


def test_a_zone_that_cannot_be_read_is_not_an_empty_one(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    sandbox_gce.down(ZONE)
    assert caught(TryAgain, connected.nodes.listed) == "UNREACHABLE"


def test_a_project_that_is_not_there_is_not_a_machine_that_is_not_there(cloud: SecondCloud) -> None:
    lost = connect(replace(cloud, project="other"), wait=lambda _: None)
    assert caught(Refused, lambda: lost.metadata.find(ID)) == "notFound"
    assert caught(Refused, lambda: lost.nodes.delete(ID)) == "notFound"


def test_a_call_is_tried_three_times_with_pauses(sandbox_gce: SandboxGce, connected: Connection) -> None:
    sandbox_gce.faults([error("backendError", 503, match=LIST, times=2)])
    assert connected.nodes.listed() == ()
    assert len(WAITS) == 2
    sandbox_gce.faults([error("rateLimitExceeded", 403, match=LIST)])
    assert caught(TryAgain, connected.nodes.listed) == "rateLimitExceeded"
    assert sandbox_gce.calls()[LIST] == 6


def test_nothing_is_sent_when_the_time_is_over(sandbox_gce: SandboxGce, connected: Connection) -> None:
    with within(-1.0):
        assert caught(TryAgain, connected.nodes.listed) == "DeadlinePassed"
    assert sandbox_gce.calls() == {}


def test_a_google_that_does_not_answer(cloud: SecondCloud) -> None:
    nowhere = connect(replace(cloud, endpoint_url="http://127.0.0.1:1"), wait=lambda _: None)
    assert caught(TryAgain, nowhere.nodes.listed) == "ConnectionError"


def test_a_token_is_asked_for_once_kept_in_memory_and_renewed_when_it_is_refused(
    sandbox_gce: SandboxGce, cloud: SecondCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    connected = connect(cloud, wait=lambda _: None)
    connected.nodes.listed()
    connected.nodes.listed()
    assert sandbox_gce.calls()[TOKENS] == 1
    sandbox_gce.expire_tokens()
    connected.nodes.listed()
    assert sandbox_gce.calls()[TOKENS] == 2
    assert list(home.iterdir()) == []  # libcloud's own connection writes it there


def test_no_credentials_are_read_before_the_first_call(cloud: SecondCloud, tmp_path: Path) -> None:
    connected = connect(replace(cloud, credentials=str(tmp_path / "none.json")))
    caught(Refused, connected.nodes.listed)


def test_a_key_that_is_none_or_of_somebody_else(sandbox_gce: SandboxGce, cloud: SecondCloud, tmp_path: Path) -> None:
    path = sandbox_gce.key_file(tmp_path / "key.json")
    good = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(good | {"client_email": "eve@ris-sandbox.iam.gserviceaccount.com"}), encoding="utf-8")
    assert caught(Refused, connect(replace(cloud, credentials=str(path))).nodes.listed) == "invalid_grant"
    path.write_text(json.dumps(good | {"private_key": "SECRET"}), encoding="utf-8")
    with pytest.raises(Refused) as raised:
        connect(replace(cloud, credentials=str(path))).nodes.listed()
    assert "SECRET" not in repr(raised.value) + str(raised.value.__cause__)


def test_an_endpoint_that_is_none(cloud: SecondCloud) -> None:
    with pytest.raises(ConfigError, match="endpoint_url"):
        connect(replace(cloud, endpoint_url="googleapis.com"))


def test_threads_share_a_connection(sandbox_gce: SandboxGce, connected: Connection) -> None:
    wanted = [replace(WANTED, name=f"ris-{number}") for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(connected.nodes.create, wanted))
        assert all(pool.map(lambda node: connected.metadata.write(node.node_id, {tags.IDLE: node.name}), made))
    assert {one["metadata"][tags.IDLE] for one in sandbox_gce.servers()} == {one.name for one in wanted}
    assert TOKENS not in sandbox_gce.calls()


@pytest.mark.usefixtures("sandbox_gce")
def test_a_region_that_google_does_not_have(calls: Calls) -> None:
    with pytest.raises(Refused, match="no zone that is up in mars") as wrong:
        over(calls, "mars").catalogue.offered()
    assert ZONE in wrong.value.hint


def test_the_sandbox_says_what_it_covers(sandbox_gce: SandboxGce, connected: Connection) -> None:
    connected.nodes.create(WANTED)
    told = table()
    assert INSERT in sandbox_gce.calls()
    assert all(f"| `{name}` |" in told for name in sandbox_gce.calls())


@pytest.mark.usefixtures("sandbox_gce")
def test_what_the_sandbox_does_not_cover_is_refused(calls: Calls) -> None:
    assert caught(Refused, lambda: calls.get("/global/firewalls")) == "SandboxNotImplemented"
    assert caught(Refused, lambda: calls.get("/zones", pageToken="x")) == "invalid"
    odd = "status=DONE"
    assert caught(Refused, lambda: calls.get(f"/zones/{ZONE}/operations", filter=odd)) == "SandboxNotImplemented"
