"""What Nova says of a server, in our words, and what we ask of it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from burst import tags
from burst.libcloud.machine import is_impaired, machine_of
from burst.libcloud.openstack_server import is_whole, new_server, node_of
from burst.libcloud.openstack_shelf import read_marks, written_marks
from burst.libcloud.values import Wanted
from ris_hybrid.model import MachineState, UnknownWord

HOST, NO_HOST = "a1b2", "No valid host was found. There are not enough hosts available."


def server(status: str = "ACTIVE", **fields: Any) -> dict[str, Any]:
    return {
        "id": "5c3f",
        "name": "ris-cpu-0",
        "status": status,
        "created": "2027-01-15T08:00:00Z",
        "metadata": {tags.POOL: "cpu"},
        "flavor": {"original_name": "m1.large"},
        "hostId": HOST,
        "OS-SRV-USG:launched_at": "2027-01-15T08:00:09.000000",
        "addresses": {},
        **fields,
    }


STATES = {
    "BUILD": MachineState.PENDING,
    "REBUILD": MachineState.PENDING,
    "ACTIVE": MachineState.RUNNING,
    "REBOOT": MachineState.RUNNING,
    "HARD_REBOOT": MachineState.RUNNING,
    "MIGRATING": MachineState.RUNNING,
    "VERIFY_RESIZE": MachineState.RUNNING,
    "SHUTOFF": MachineState.STOPPED,
    "PAUSED": UnknownWord("PAUSED"),
    "SUSPENDED": UnknownWord("SUSPENDED"),
    "SHELVED": MachineState.STOPPED,
    "SHELVED_OFFLOADED": MachineState.STOPPED,
    "SOFT_DELETED": MachineState.TERMINATED,
    "DELETED": MachineState.TERMINATED,
    "RESCUE": UnknownWord("RESCUE"),
    "RESIZE": UnknownWord("RESIZE"),
    "UNKNOWN": UnknownWord("UNKNOWN"),
    "SOMETHING_NEW": UnknownWord("SOMETHING_NEW"),
}


@pytest.mark.parametrize(("word", "state"), STATES.items())
def test_each_status_is_its_state_or_stays_itself(word: str, state: str) -> None:
    found = node_of(server(word), {})
    assert (found.state, type(found.state)) == (state, type(state))
    assert found.fault == ""


@pytest.mark.parametrize("word", ["ACTIVE", "ERROR", "SHUTOFF"])
def test_one_that_is_being_deleted_is_on_its_way_down(word: str) -> None:
    found = node_of(server(word, **{"OS-EXT-STS:task_state": "deleting"}), {})
    assert found.state == MachineState.SHUTTING_DOWN


ABORTED: dict[str, Any] = {"hostId": "", "OS-SRV-USG:launched_at": None}
NOT_BUILT, NO_ROOM = ("stopped", True, False, False), ("stopped", False, True, True)


@pytest.mark.parametrize(
    ("fields", "state", "placed", "impaired", "shortfall"),
    [
        ({"hostId": "", "OS-SRV-USG:launched_at": None, "fault": {"message": NO_HOST}}, "stopped", False, True, True),
        ({"hostId": "", "OS-SRV-USG:launched_at": None}, "stopped", False, True, True),
        ({"OS-SRV-USG:launched_at": None, "fault": {"message": "Image is broken"}}, "stopped", True, False, False),
        (ABORTED | {"fault": {"message": "Build of instance 5c3f aborted: Image a1 is unacceptable"}}, *NOT_BUILT),
        (ABORTED | {"fault": {"message": "Build of instance 5c3f aborted: No fixed IP addresses left"}}, *NO_ROOM),
        ({"fault": {"message": "the host is gone"}}, "ERROR", True, True, False),
    ],
    ids=["no host", "no host and no word", "not built", "given up by its host", "no address", "broke later"],
)
def test_an_error_is_lack_of_room_a_bad_pool_or_a_machine_that_broke(
    fields: dict[str, Any], state: str, *, placed: bool, impaired: bool, shortfall: bool
) -> None:
    node = node_of(server("ERROR", **fields), {})
    assert (node.state, node.placed, is_impaired(node)) == (state, placed, impaired)
    assert node.fault
    machine = machine_of(node)
    assert (machine.impaired, machine.shortfall) == (impaired, "NoValidHost" if shortfall else "")


@pytest.mark.parametrize(
    ("fields", "placed"),
    [({"hostId": "", "OS-SRV-USG:launched_at": None}, False), ({"OS-SRV-USG:launched_at": None}, True)],
)
def test_a_server_has_a_place_once_it_has_a_host(fields: dict[str, Any], *, placed: bool) -> None:
    assert node_of(server("BUILD", **fields), {}).placed is placed


def test_a_guest_that_crashed_is_a_fault_of_a_machine_that_runs() -> None:
    node = node_of(server(**{"OS-EXT-STS:power_state": 6}), {})
    assert (node.state, is_impaired(node)) == (MachineState.RUNNING, True)


def test_a_server_of_a_cell_that_is_down_is_not_whole() -> None:
    assert is_whole(server())
    assert not is_whole({"id": "5c3f", "status": "UNKNOWN", "created": "2027-01-15T08:00:00Z", "links": []})


def test_addresses_are_fixed_ones_and_ipv4_first() -> None:
    rows = [
        {"addr": "fd00::1", "version": 6, "OS-EXT-IPS:type": "fixed"},
        {"addr": "192.0.2.7", "version": 4, "OS-EXT-IPS:type": "floating"},
        {"addr": "10.30.0.7", "version": 4, "OS-EXT-IPS:type": "fixed"},
    ]
    assert node_of(server(addresses={"hpc": rows}), {}).private_ip == "10.30.0.7"
    assert node_of(server(addresses={"hpc": rows[:2]}), {}).private_ip == "fd00::1"
    assert node_of(server(), {}).private_ip == ""


def test_flavors_are_told_by_name_or_by_id() -> None:
    assert node_of(server(flavor={"id": "11"}), {"11": "m1.large"}).size == "m1.large"
    assert node_of(server(flavor={"id": "99"}), {"11": "m1.large"}).size == "99"


def test_a_new_server_is_asked_for_as_nova_wants_it() -> None:
    wanted = Wanted(
        name="ris-cpu-0",
        size="m1.large",
        image="lsf-node",
        networks=("hpc",),
        security_groups=("ris-node",),
        zone="nova-1",
        tags={"ris_lab": "x" * 300},
        user_data="#cloud-config\nü\n",
    )
    body = new_server(wanted, "11", "img", ("net",))["server"]
    assert base64.b64decode(body.pop("user_data")).decode() == wanted.user_data
    assert body == {
        "name": "ris-cpu-0",
        "flavorRef": "11",
        "imageRef": "img",
        "networks": [{"uuid": "net"}],
        "metadata": {"ris_lab": "x" * 255},
        "availability_zone": "nova-1",
        "security_groups": [{"name": "ris-node"}],
        "config_drive": True,
    }


def test_marks_of_a_pool_fit_into_a_description_the_longest_cut() -> None:
    marks = {
        "ris_held": "1800000600 NoValidHost",
        "ris_spent": "2027-01 1234.50",
        "ris_off": "no; " * 100,
        "ris_boot_s": "212",
        "ris_join_failures": "",
    }
    text = written_marks(marks)
    found = read_marks(text)
    assert len(text) == 255
    assert found.pop("ris_off").startswith("no, no, ")
    assert found == {"ris_held": "1800000600 NoValidHost", "ris_spent": "2027-01 1234.50", "ris_boot_s": "212"}
    assert read_marks("somebody wrote this; and=that;=;x") == {"ris_ and": "that"}
