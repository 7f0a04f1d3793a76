from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.holdings import Stage
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, JobRequest, QueueSpec
from ris_hybrid.sandbox.nursery import Nursery

START = 1_800_000_000.0


class Aws:
    """The machines AWS has, as a test sets them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def instances(self) -> list[dict[str, Any]]:
        return self.rows

    def add(self, number: int, launched: float = START, **fields: Any) -> dict[str, Any]:
        row = {"id": f"i-{number}", "name": f"ip-10-0-0-{number}", "state": "running", "launched": launched}
        self.rows.append({**row, "tags": {"ris_pool": "cpu", "ris_lab": "lee"}, **fields})
        return self.rows[-1]


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def cluster() -> Cluster:
    queue = QueueSpec(name="general", rc_hosts="all")
    return Cluster(ClusterSpec(name="c1", hosts=(HostSpec(prefix="n", count=1, slots=1),), queues=(queue,)), START)


@pytest.fixture
def nursery(aws: Aws, cluster: Cluster, make: Any) -> Nursery:
    return Nursery(cluster, aws, make.settings(), boot_s=240.0)


def test_a_machine_joins_when_it_has_booted(aws: Aws, cluster: Cluster, nursery: Nursery) -> None:
    aws.add(1)
    aws.add(2, state="pending")
    aws.add(3, launched=START + 100)
    assert nursery.look() == ()
    assert nursery.next_join() == START + 240
    assert {node.stage for node in nursery.nodes()} == {Stage.BOOTING}
    cluster.advance(START + 240)
    assert nursery.look() == ("ip-10-0-0-1",)
    host = cluster.host("ip-10-0-0-1")
    assert host is not None
    assert (host.slots, host.status) == (8, "ok")
    assert host.borrowed is not None
    assert (host.borrowed.account, host.borrowed.template) == ("lee", "cpu")
    assert nursery.look() == ()


def test_a_host_goes_with_its_machine(aws: Aws, cluster: Cluster, nursery: Nursery) -> None:
    row = aws.add(1)
    cluster.advance(START + 240)
    nursery.look()
    cluster.submit(JobRequest(run_s=60.0, queue="general", user_group="compute-lee", slots=2, rerunnable=True))
    assert cluster.counts().running_jobs == 1
    row["state"] = "shutting-down"
    nursery.look()
    assert cluster.host("ip-10-0-0-1") is None
    assert cluster.counts().pending_jobs == 1
    assert [node.stage for node in nursery.nodes()] == [Stage.RETURNING]
    row["state"] = "terminated"
    nursery.look()
    assert nursery.nodes() == ()
    assert nursery.next_join() is None


def test_a_machine_that_ended_between_two_looks_takes_its_host_along(
    aws: Aws, cluster: Cluster, nursery: Nursery
) -> None:
    row = aws.add(1)
    cluster.advance(START + 240)
    nursery.look()
    cluster.close("ip-10-0-0-1")
    assert [node.stage for node in nursery.nodes()] == [Stage.DRAINING]
    row["state"] = "terminated"
    nursery.look()
    assert (cluster.host("ip-10-0-0-1"), nursery.nodes()) == (None, ())


def test_machines_of_nobody_s_pool_have_one_slot_for_everyone(aws: Aws, cluster: Cluster, nursery: Nursery) -> None:
    aws.add(1, launched=START - 999, tags={})
    assert nursery.look() == ("ip-10-0-0-1",)
    host = cluster.host("ip-10-0-0-1")
    assert host is not None
    assert host.borrowed is not None
    assert (host.slots, host.borrowed.account) == (1, "default")
