"""All layers of the shipped stacks with the example site's mirror plan: up, mended, held against the rules, down."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.prices import catalog
from burst.shapes import with_shapes
from policies.live import check_holdings
from policies.rules.rule import Context
from ris_hybrid import wiring
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.plan_file import plan_text
from ris_hybrid.errors import TryAgain
from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.sandbox.apply.clients import ACCOUNT
from ris_hybrid.sandbox.apply.ending import held
from ris_hybrid.sandbox.apply.environment import write_environment
from ris_hybrid.sandbox.apply.opening import SandboxStacks, policy_pack, zones
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.apply.sights.every import sights
from ris_hybrid.sandbox.scenario import example_site
from stacks.environment_file import read_environment
from stacks.layers import LAYERS
from tests.ris_hybrid.sandbox_apply.tampering import Tampering

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ris_hybrid.mirror.values import MirrorPlan
    from ris_hybrid.sandbox.apply.deployer import SandboxDeployer
    from ris_hybrid.sandbox.apply.sights.sight import Sight
    from ris_hybrid.sandbox.aws.child import SandboxAws

STACKS = tuple(f"{layer}-sandbox" for layer in LAYERS)
SITE = example_site()
NOW = 1_800_000_000.0
BUCKET, KEY = "ris-example-genomics-ed0a43", "ris-example-neuro-trials-192b8d"
REPOSITORY, ROLE = "sandbox/imaging-core/images", "compute1-sandbox-genomics.lab"


@pytest.fixture(scope="module")
def plan() -> MirrorPlan:
    return planned(load(find_files(SITE, None, None), wiring.site_reports), {}, NOW)


@pytest.fixture
def stacks(aws: SandboxAws, plan: MirrorPlan, tmp_path: Path) -> SandboxStacks:
    (tmp_path / "mirror.json").write_text(plan_text(plan))
    return SandboxStacks(
        url=aws.url,
        region=aws.region,
        folder=tmp_path / "stacks",
        environment=write_environment(
            tmp_path, with_shapes(load_burst(SITE / "burst.yaml")), zones(aws.url, aws.region)
        ),
        plan=tmp_path / "mirror.json",
        pack=policy_pack(),
        front=in_this_process,
    )


@pytest.mark.timeout(300)  # the longest of its run: it begins first
def test_all_go_up_after_a_failure_are_mended_keep_the_rules_and_only_what_is_protected_stays(
    aws: SandboxAws, stacks: SandboxStacks, plan: MirrorPlan, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    for name, value in aws.env().items():
        monkeypatch.setenv(name, value)
    with stacks.opened() as deployer:
        record_property("counts", _go_up(aws, deployer))
        _mended(deployer)
        _keeps_the_rules(aws, stacks, plan)
        _come_down(deployer)


def _go_up(aws: SandboxAws, deployer: SandboxDeployer) -> str:
    # The role is made and its answer is lost; it has a name, and is found again.
    aws.faults([{"match": "iam:CreateRole", "at": 1, "do": {"reset": "after"}}])
    with pytest.raises(TryAgain, match="sandbox stack network-sandbox: create aws:iam/role:Role"):
        deployer.up(STACKS[0])
    aws.faults([])
    began = monotonic()
    resumed = deployer.up(STACKS[0])
    assert [change.name for change in resumed.changes if change.kind == "aws:iam/role:Role"]
    built = [deployer.up(stack) for stack in STACKS[1:]]
    took, made = monotonic() - began, sum(len(run.changes) for run in (resumed, *built))
    assert all(change.deed == "create" for run in built for change in run.changes)
    return f"all layers of the sandbox up: {made} resources in {took:.0f} s"


def _mended(deployer: SandboxDeployer) -> None:
    """Exactly what somebody changed is mended: nothing else differs from what AWS shows."""
    records = [record for stack in STACKS for record in deployer.states.read(stack).records if record.custom]
    named = {(record.kind.rpartition(":")[2], record.name): record for record in records}
    expected = set(Tampering(deployer.means.aws, named).everything(BUCKET, KEY, REPOSITORY, ROLE))
    mended = [change for stack in STACKS for change in _seeing(deployer, sights()).up(stack).changes]
    assert {(one.deed, one.kind.rpartition(":")[2], one.name) for one in mended} == expected
    again = _seeing(deployer, {change.kind: sights()[change.kind] for change in mended})
    assert [again.up(stack).changes for stack in STACKS] == [()] * len(STACKS)


def _seeing(deployer: SandboxDeployer, sights: Mapping[str, Sight]) -> SandboxDeployer:
    return replace(deployer, means=replace(deployer.means, policies=None, sights=sights))


def _keeps_the_rules(aws: SandboxAws, stacks: SandboxStacks, plan: MirrorPlan) -> None:
    """No rule is broken, and none has nothing to go by."""
    file = read_environment(stacks.environment, "sandbox")
    inventory = AwsInventory(ACCOUNT, aws.region, Scope.of_plan(plan, "sandbox"), endpoint_url=aws.url)
    context = Context(
        burst=with_shapes(load_burst(SITE / "burst.yaml")),
        site_cidrs=tuple(map(str, file.network.onprem_cidrs)),
        known_types=frozenset(catalog()),
    )
    verdicts = check_holdings([inventory.holdings()], plan, context, (), "2027-01-15")
    assert (verdicts.violations, verdicts.unknown) == ((), ())


def _come_down(deployer: SandboxDeployer) -> None:
    for stack in reversed(STACKS):
        deployer.destroy(stack)
    vpcs = deployer.means.aws.get("ec2").describe_vpcs()["Vpcs"]
    left = {stack: deployer.states.read(stack).records for stack in STACKS}
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]
    for stack, records in left.items():
        kept = [record for record in records if record.custom]
        assert len(kept) == len(held(records)) - sum(not record.custom for record in records), stack
