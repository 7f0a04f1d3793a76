"""A small history, jobs for a cluster that needs no cloud, and libcloud's own driver on the sandbox's OpenStack."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.bill import Bill
from ris_hybrid.sandbox.history import Happening, History, Sample
from ris_hybrid.sandbox.summary import WITHOUT, Run, Summary, Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack

START = 1_800_000_000.0


class Told:
    """Builders of what a replay leaves; a test names only what it is about."""

    start = START

    @staticmethod
    def sample(minute: float = 0, **fields: Any) -> Sample:
        plain = {
            "pending_jobs": 3,
            "pending_slots": 12,
            "onprem_used": 4,
            "cloud_used": 0,
            "cloud_slots": 0,
            "nodes_starting": 0,
            "nodes_joined": 0,
            "nodes_leaving": 0,
        }
        return Sample(at=START + 60 * minute, **{**plain, **fields})

    @staticmethod
    def happening(kind: str, text: str, minute: float = 0) -> Happening:
        return Happening(at=START + 60 * minute, kind=kind, text=text)

    @classmethod
    def history(cls) -> History:
        """Pressure, a node that comes, works and goes, and one that was refused."""
        history = History(started=START)
        history.samples = [
            cls.sample(0),
            cls.sample(5, nodes_starting=1),
            cls.sample(10, pending_jobs=0, pending_slots=0, cloud_used=4, cloud_slots=4, nodes_joined=1),
            cls.sample(75, pending_jobs=0, pending_slots=0, onprem_used=0, nodes_leaving=1),
        ]
        history.happenings = [
            cls.happening("decision", "1 of 2 nodes of cpu for lee: gate: open", 4),
            cls.happening("launch", "1 nodes of cpu for lee (add-1)", 4),
            cls.happening("refused", "1 nodes of cpu for <lee> & co: full", 4),
            cls.happening("joined", "ip-1 of cpu for lee", 9),
        ]
        return history

    @staticmethod
    def run(usd: float = 0.987, mean_s: float = 61.26, **fields: Any) -> Run:
        labs = {"lee": usd * 2 / 3, "wu": usd / 3} if usd else {}
        bill = Bill(nodes=2, node_hours=1.23456, usd=usd, usd_by_lab=labs, episodes=1)
        plain = {"finished": 9, "virtual_hours": 2.346, "jobs_burst": 4}
        return Run(waits=Waits(mean_s=mean_s, p95_s=300.0), bill=bill, **{**plain, **fields})

    @classmethod
    def summary(cls, **runs: Run) -> Summary:
        """Of the runs given; by thresholds alone when there are none."""
        return Summary(
            seed=7,
            trace="a <b>.swf",
            jobs=10,
            runs=(runs or {"thresholds": cls.run()}) | {WITHOUT: cls.run(0.0, 600.0, jobs_burst=0)},
            resources=60,
            build_s=1.84,
            instances_left=0,
            api_calls=42,
            protocol_errors=0,
            wall_s=12.34,
        )


@pytest.fixture(scope="session")
def told() -> Told:
    return Told()


@pytest.fixture(scope="session")
def kept_openstack_driver(openstack_server: SandboxOpenStack) -> Any:
    """libcloud's own driver on the sandbox OpenStack, made once; its tokens outlive a reset."""
    env = openstack_server.env()
    library = import_module("libcloud.compute.drivers.openstack")  # which takes its time, and few tests need it
    return library.OpenStackNodeDriver(
        env["OS_USERNAME"],
        env["OS_PASSWORD"],
        api_version="2.0",
        ex_force_auth_version="3.x_password",
        ex_force_auth_url=openstack_server.url,
        ex_tenant_name=env["OS_PROJECT_NAME"],
        ex_force_service_region=env["OS_REGION_NAME"],
    )


@pytest.fixture(scope="session")
def openstack_offer(kept_openstack_driver: Any) -> dict[str, Any]:
    """What ``create_node`` needs: an m1.large of image lsf-node on network hpc. They are the same after a reset."""
    found = {
        "size": (kept_openstack_driver.list_sizes(), "m1.large"),
        "image": (kept_openstack_driver.list_images(), "lsf-node"),
        "networks": (kept_openstack_driver.ex_list_networks(), "hpc"),
    }
    one = {key: next(each for each in every if each.name == name) for key, (every, name) in found.items()}
    return {**one, "networks": [one["networks"]]}


@pytest.fixture
def openstack_driver(sandbox_openstack: SandboxOpenStack, kept_openstack_driver: Any) -> Any:
    """libcloud's own driver on an empty sandbox OpenStack."""
    assert sandbox_openstack.calls() == {}
    return kept_openstack_driver


@pytest.fixture
def nova_node(openstack_driver: Any, openstack_offer: dict[str, Any]) -> Callable[..., Any]:
    """``nova_node("n1", zone="nova-1")``: an m1.large in that zone, as libcloud makes it."""

    def make(name: str, zone: str = "", **more: Any) -> Any:
        return openstack_driver.create_node(name, **{**openstack_offer, "ex_availability_zone": zone, **more})

    return make
