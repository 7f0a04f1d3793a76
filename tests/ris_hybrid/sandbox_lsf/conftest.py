from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.lsf.commands import Reply, run_command
from ris_hybrid.sandbox.lsf.spec import BorrowedHost, ClusterSpec, HostSpec, QueueSpec

START = 1_790_800_320.0  # 2026-09-30 20:32 UTC

Run = Callable[..., Reply]


@pytest.fixture
def golden() -> Path:
    return Path(__file__).parents[2] / "golden" / "sandbox_lsf"


@pytest.fixture
def cluster() -> Cluster:
    """Two hosts of four slots; ``general`` may borrow, ``lab1`` comes first and is limited to three slots."""
    return Cluster(
        ClusterSpec(
            name="c1",
            hosts=(HostSpec(prefix="n", count=2, slots=4),),
            queues=(QueueSpec(name="general", rc_hosts="all"), QueueSpec(name="lab1", priority=50, max_slots=3)),
            default_queue="general",
        ),
        START,
    )


@pytest.fixture
def run(cluster: Cluster) -> Run:
    """Run a command as user kim: ``run("bsub", "sleep", "5")``."""

    def command(*argv: str, **env: str) -> Reply:
        return run_command(cluster, argv, {"USER": "kim", **env})

    return command


def borrowed(name: str = "ip-10-1", slots: int = 8, account: str = "default") -> BorrowedHost:
    return BorrowedHost(name=name, slots=slots, account=account, provider="aws", template="t1", machine_id=f"i-{name}")


@pytest.fixture
def cloud_host() -> Callable[..., BorrowedHost]:
    return borrowed
