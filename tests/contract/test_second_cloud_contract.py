"""The promises of a second cloud's own ports: Nodes, Metadata, Shelf, Catalogue.

Kept by OpenStack and Google in the sandbox, by libcloud's dummy driver, and by the shipped fake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.fake import FakeProject
from burst.libcloud.values import Wanted
from ris_hybrid.errors import TryAgain
from ris_hybrid.model import MachineState
from tests.contract.dummy_ports import Dummy

if TYPE_CHECKING:
    from burst.libcloud.ports import Connection

MARKS = {"ris_held": "1800000600 NoValidHost", "ris_off": "an admin said: no; and meant it"}


class Project:
    """One connection with a project that is empty, the names it knows, and how to break it."""

    size, zone, image = "m1.large", "nova-1", "lsf-node"
    groups: tuple[str, ...] = ("ris-node",)

    def __init__(self, connection: Connection, breaks: Any) -> None:
        self.connection = connection
        self.break_next_call = breaks

    def wanted(self, name: str = "ris-cpu-0", **tags: str) -> Wanted:
        return Wanted(
            name=name,
            size=self.size,
            image=self.image,
            networks=("hpc",),
            security_groups=self.groups,
            zone=self.zone,
            tags={"ris_cluster": "c1", "ris_provider": "aws", "ris_token": "t", "ris_index": name[-1], **tags},
            user_data="#cloud-config\n",
        )


@pytest.fixture(params=["openstack", "gce", "dummy", "fake"])
def project(request: pytest.FixtureRequest, make: Any) -> Project:
    if request.param == "fake":
        fake = FakeProject(lambda: make.now)
        return Project(fake.connection(), lambda: setattr(fake, "fail_next", TryAgain("broken")))
    if request.param == "dummy":
        return Project(Dummy(make.now).connection(), None)
    rules = [{"match": ".*", "times": 3, "do": {"error": {"code": "x", "status": 503}}}]
    server = request.getfixturevalue(f"sandbox_{request.param}")
    if request.param == "openstack":
        return Project(request.getfixturevalue("kept_openstack"), lambda: server.faults(rules))
    found = Project(request.getfixturevalue("gce_connection"), lambda: server.faults(rules))
    found.size, found.zone = "n2-standard-4", "us-central1-a"
    return found


def test_a_machine_is_listed_with_its_tags_from_the_first_moment(project: Project, make: Any) -> None:
    nodes = project.connection.nodes
    assert nodes.listed() == ()
    made = nodes.create(project.wanted())
    (found,) = nodes.listed()
    assert found == project.connection.metadata.find(made.node_id)
    assert found.node_id == made.node_id
    assert {
        "ris_cluster": "c1",
        "ris_provider": "aws",
        "ris_token": "t",
        "ris_index": "0",
    }.items() <= found.tags.items()
    assert (found.state, found.size, found.zone, found.launched) == (
        MachineState.RUNNING,
        project.size,
        project.zone,
        make.now,
    )
    assert (found.fault, found.placed, bool(found.private_ip)) == ("", True, True)


def test_tags_are_written_beside_the_others_and_taken_away(project: Project) -> None:
    metadata = project.connection.metadata
    one, other = (project.connection.nodes.create(project.wanted(f"ris-cpu-{n}")).node_id for n in range(2))
    assert metadata.write(one, {"ris_joined": "1", "ris_idle": "2"})
    assert metadata.write(one, {"ris_joined": "3", "ris_idle": "", "ris_closing": ""})
    found, untouched = metadata.find(one), metadata.find(other)
    assert found is not None
    assert untouched is not None
    assert (found.tags["ris_joined"], found.tags["ris_token"]) == ("3", "t")
    assert not {"ris_idle", "ris_closing"} & found.tags.keys()
    assert "ris_joined" not in untouched.tags


def test_what_is_deleted_is_gone_and_only_then_is_there_none(project: Project) -> None:
    nodes, metadata = project.connection.nodes, project.connection.metadata
    made = nodes.create(project.wanted()).node_id
    assert nodes.delete(made)
    nodes.delete(made)  # again is harmless, whatever it says
    assert metadata.find(made) is None
    assert not metadata.write(made, {"ris_joined": "1"})
    assert nodes.listed() == ()
    assert not nodes.delete(made)


def test_marks_of_pools_lie_apart_and_outlive_machines(project: Project) -> None:
    shelf = project.connection.shelf
    assert shelf.read() == {}
    shelf.write("c1_aws_cpu", MARKS)
    shelf.write("c1_aws_big", {"ris_boot_s": "90"})
    shelf.write("c1_aws_cpu", {"ris_held": "", "ris_join_failures": "3"})
    found = shelf.read()
    assert found["c1_aws_cpu"].keys() == {"ris_off", "ris_join_failures"}
    assert found["c1_aws_cpu"]["ris_off"].startswith("an admin said: no")
    assert found["c1_aws_big"] == {"ris_boot_s": "90"}
    shelf.write("c1_aws_big", {"ris_boot_s": ""})
    assert shelf.read().get("c1_aws_big", {}) == {}


def test_what_is_offered_names_what_a_pool_may_name(project: Project) -> None:
    offered = project.connection.catalogue.offered()
    assert offered.sizes
    assert offered.images
    assert offered.zones
    assert all(size.memory_mib > 0 for size in offered.sizes)


def test_what_is_not_answered_raises(project: Project) -> None:
    if project.break_next_call is None:
        assert project.connection.nodes.listed() == ()  # in memory: no call of the dummy driver can fail
        return
    asks = (
        project.connection.nodes.listed,
        lambda: project.connection.metadata.find("x.us-central1-a"),
        project.connection.shelf.read,
        project.connection.catalogue.offered,
    )
    for ask in asks:
        project.break_next_call()
        with pytest.raises(TryAgain):
            ask()
