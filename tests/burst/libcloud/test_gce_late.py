"""Lack of room that Google tells after the launch was answered, and to another process than the one that launched."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.credentials import google_key
from burst.libcloud.fleet import LibcloudCloud
from burst.libcloud.gce import over
from burst.libcloud.gce_calls import Calls
from burst.libcloud.marks import LibcloudLedger
from burst.libcloud.roll import RollFile
from burst.libcloud.sight import Sight
from ris_hybrid.model import MachineState
from ris_hybrid.pool_settings import SecondCloud

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ris_hybrid.sandbox.gce.handle import SandboxGce

ROOM = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"


@pytest.fixture
def process(sandbox_gce: SandboxGce, tmp_path: Path, make: Any) -> Callable[[], Sight]:
    """A new process of the provider: all that it has of the others is the roll."""
    key = sandbox_gce.key_file(tmp_path / "key.json")
    cloud = SecondCloud(
        name="research",
        driver="gce",
        project="ris-sandbox",
        region="us-central1",
        endpoint_url=sandbox_gce.url,
        credentials=str(key),
    )
    pool = make.pool(
        provider="libcloud",
        cloud="research",
        instance_types=("research/n2-standard-4",),
        image="lsf-node",
        networks=("hpc",),
        zones=("us-central1-a",),
        launch_template="",
        subnets=(),
    )
    settings = make.settings(pools=(pool,), clouds=(cloud,))
    calls = Calls(cloud, lambda: google_key(cloud, {}), lambda _: None)

    def made() -> Sight:
        now = sandbox_gce.place.clock.now
        roll = RollFile(tmp_path / "roll.json", now)
        return Sight(connection=over(calls, "us-central1"), settings=settings, cloud="research", roll=roll, now=now)

    return made


def port(sight: Sight) -> LibcloudCloud:
    return LibcloudCloud(sight, lambda _: "#cloud-config\n", lambda _: None)


@pytest.mark.parametrize("same", [True, False], ids=["the-process-that-ordered", "another"])
def test_a_machine_that_gets_no_place_is_told_and_holds_its_pool(
    same: bool, process: Callable[[], Sight], sandbox_gce: SandboxGce, make: Any
) -> None:
    sandbox_gce.capacity({"us-central1-a": {"n2-standard-4": 0}})
    sandbox_gce.timing(placing_s=90)
    first = process()
    launched = port(first).launch(make.launch())
    assert [machine.state for machine in port(first).machines()] == [MachineState.PENDING]
    sandbox_gce.set_clock(make.now + 90)
    sight = first if same else process()
    (machine,) = port(sight).machines()
    assert (machine.machine_id,) == launched.machine_ids
    assert (machine.state, machine.shortfall, machine.impaired) == (MachineState.TERMINATED, ROOM, True)
    assert (machine.pool, machine.lab, machine.instance_type) == ("cpu", "lee", "n2-standard-4")
    before = Counter(sandbox_gce.calls())
    port(sight).machines()
    assert dict(Counter(sandbox_gce.calls()) - before) == {"GET /aggregated/instances": 1}  # it is not asked for again
    marks = LibcloudLedger(sight).pools()["cpu"]
    assert (marks.held_for, marks.held_until) == (ROOM, make.now + 600)
    sandbox_gce.set_clock(make.now + 3700)
    assert port(process()).machines() == ()
