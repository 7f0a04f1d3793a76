"""Two pools under LSF's Resource Connector: one that can give nothing must not keep LSF from the other."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.client import ec2_client
from burst.aws.marks import Ec2Ledger
from ris_hybrid.model import PoolMarks
from ris_hybrid.sandbox.places import Places
from ris_hybrid.sandbox.rig import Order, Rig, built
from ris_hybrid.sandbox.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = Path(__file__).parent / "tiny"
POOL = """
  - name: {name}
    instance_types: [{kind}]
    slots: 4
    memory_mib: 4000
    max_nodes: 3
    queues: [general]
    labs: [genomics, imaging-core]
    boot_s: 240
    priority: {priority}"""
FIRST, SECOND = "first", "second"


def switched_off(rig: Rig) -> None:
    ledger(rig).mark_pool(FIRST, PoolMarks(off="3 nodes in a row did not join LSF"), PoolMarks())


def held(rig: Rig) -> None:
    until = rig.simulation.cluster.now + 3600
    ledger(rig).mark_pool(FIRST, PoolMarks(held_until=until, held_for="InsufficientInstanceCapacity"), PoolMarks())


def over_quota(rig: Rig) -> None:
    error = {"code": "VcpuLimitExceeded", "status": 400, "message": "You have requested more vCPU capacity"}
    rig.aws.faults([{"match": "ec2:CreateFleet", "at": 1, "do": {"error": error}}])


def ledger(rig: Rig) -> Ec2Ledger:
    return Ec2Ledger(ec2_client(rig.settings), rig.settings)


@pytest.mark.parametrize("happen", [switched_off, held, over_quota])
def test_a_pool_that_can_give_nothing_turns_lsf_to_the_next(
    happen: Callable[[Rig], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "site"
    shutil.copytree(TINY, site)
    written = (site / "burst.yaml").read_text()
    head, tail = written[: written.index("\n  - name")], written[written.index("\ngates:") :]
    pools = POOL.format(name=FIRST, kind="c7a.xlarge", priority=20) + POOL.format(
        name=SECOND, kind="c7a.2xlarge", priority=10
    )
    (site / "burst.yaml").write_text(head + pools + tail)
    scenario = load_scenario(site / "scenario.yaml")
    places = Places(root=tmp_path / "run")
    places.create()
    with built(Order(scenario=scenario, burst_yaml=site / "burst.yaml"), places) as rig:
        for name, value in rig.aws.env().items():
            monkeypatch.setenv(name, value)
        happen(rig)
        while not (launched := pools_of(rig)) and rig.simulation.cluster.now < scenario.starts + 600:
            rig.simulation.step(rig.simulation.next_time())
        told = [one.text for one in rig.simulation.history.happenings]
    assert launched == {SECOND}, told
    assert any(FIRST in text and "Error Code: Insufficient" in text for text in told), told


def pools_of(rig: Rig) -> set[Any]:
    return {machine["tags"]["ris_pool"] for machine in rig.aws.instances()}
