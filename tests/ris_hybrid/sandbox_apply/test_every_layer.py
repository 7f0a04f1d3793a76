"""All layers of the shipped stacks, from an empty sandbox up and down again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from burst.aws.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import TryAgain
from ris_hybrid.sandbox.apply.ending import held
from ris_hybrid.sandbox.apply.environment import write_environment
from ris_hybrid.sandbox.apply.opening import SandboxStacks, policy_pack, zones
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.scenario import example_site
from stacks.layers import LAYERS

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

STACKS = tuple(f"{layer}-sandbox" for layer in LAYERS)


def test_all_go_up_once_after_a_failure_in_the_middle_and_only_what_is_protected_stays(
    aws: SandboxAws, tmp_path: Path
) -> None:
    stacks = SandboxStacks(
        url=aws.url,
        region=aws.region,
        folder=tmp_path / "stacks",
        environment=write_environment(
            tmp_path, with_shapes(load_burst(example_site() / "burst.yaml")), zones(aws.url, aws.region)
        ),
        pack=policy_pack(),
        front=in_this_process,
    )
    with stacks.opened() as deployer:
        # The role is made and its answer is lost; it has a name, and is found again.
        aws.faults([{"match": "iam:CreateRole", "at": 1, "do": {"reset": "after"}}])
        with pytest.raises(TryAgain, match="sandbox stack network-sandbox: create aws:iam/role:Role"):
            deployer.up(STACKS[0])
        aws.faults([])
        resumed = deployer.up(STACKS[0])
        assert [change.name for change in resumed.changes if change.kind == "aws:iam/role:Role"]
        built = [deployer.up(stack) for stack in STACKS[1:]]
        assert all(change.deed == "create" for run in built for change in run.changes)
        again = [deployer.up(stack) for stack in STACKS]
        assert [run.changes for run in again] == [()] * len(STACKS)
        for stack in reversed(STACKS):
            deployer.destroy(stack)
        vpcs = deployer.means.aws.get("ec2").describe_vpcs()["Vpcs"]
        left = {stack: deployer.states.read(stack).records for stack in STACKS}
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]
    for stack, records in left.items():
        kept = [record for record in records if record.custom]
        assert len(kept) == len(held(records)) - sum(not record.custom for record in records), stack
