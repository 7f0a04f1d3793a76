"""Each rule on a plan it passes and on one that breaks it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import pytest

from policies.network_json import RULES, Subject, check, enforce
from ris_hybrid.errors import PolicyViolation
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool
from stacks.node_plan import NodePool
from stacks.plan import NetworkSettings, plan_network

PHI_LABS = frozenset({"neuro_trials"})
KNOWN = frozenset({"c7a.4xlarge", "m7a.4xlarge"})
POOL = Pool(
    name="cpu16", instance_types=("c7a.4xlarge",), slots=16, memory_mib=30000, max_nodes=10, labs=("wucci", "genomics")
)
BURST = BurstSettings(
    cluster="compute1",
    provider="ris-aws",
    region="us-east-1",
    pools=(POOL,),
    gates=(Gate(pending_jobs=10),),
    caps=Caps(nodes=10),
    budget=Budget(usd_per_month=100),
)
SETTINGS = NetworkSettings(
    cluster="compute1",
    provider="ris-aws",
    env="test",
    vpc_cidr="10.80.0.0/20",
    onprem_cidr="10.20.0.0/16",
    zones=("us-east-1a",),
    image_id="ami-0123456789abcdef0",
    pools=(NodePool(name="cpu16", instance_type="c7a.4xlarge"),),
)


def network(**changes: Any) -> dict[str, Any]:
    """A plan's JSON form with changes by path, e.g. ``launch_templates__0__public_ip``."""
    plan = deepcopy(asdict(plan_network(SETTINGS)))
    for path, value in changes.items():
        at: Any = plan
        *steps, last = path.split("__")
        for step in steps:
            at = at[int(step) if step.isdigit() else step]
        at[last] = value
    return plan


def pools(*changed: Pool) -> BurstSettings:
    return replace(BURST, pools=changed)


BROKEN = [
    ("imds-v2", {"network": network(launch_templates__0__http_tokens="optional")}, "compute1-test-cpu16"),
    ("no-public-address", {"network": network(launch_templates__0__public_ip=True)}, "compute1-test-cpu16"),
    ("no-public-address", {"network": network(subnets__0__public_ip=True)}, "compute1-test-us-east-1a"),
    ("volumes-encrypted", {"network": network(launch_templates__0__root_encrypted=False)}, "compute1-test-cpu16"),
    ("queue-encrypted", {"network": network(notices__encrypted=False)}, "compute1-test-notices"),
    ("node-role-least", {"network": network(role__statements__0__Action=["ecr:*"])}, "compute1-test-node (Login)"),
    ("node-role-least", {"network": network(role__statements__1__Action=["s3:GetObject"])}, "(Pull)"),
    ("node-role-least", {"network": network(role__statements__1__Action="*")}, "(Pull)"),
    ("node-role-least", {"network": network(role__statements__2__Condition={})}, "(OwnNotice)"),
    ("node-role-least", {"network": network(role__statements__2__Action=["ec2:CreateTags", "ec2:*"])}, "(OwnNotice)"),
    ("node-role-least", {"network": network(role__statements=[{"NotAction": "iam:*", "Resource": "*"}])}, "(?)"),
    (
        "node-role-least",
        {"network": network(role__statements__2__Condition__StringLike={"aws:userid": "*"})},
        "compute1-test-node (OwnNotice)",
    ),
    (
        "node-role-least",
        {
            "network": network(
                **{"role__statements__2__Condition__ForAllValues:StringEquals": {"aws:TagKeys": ["ris_lab"]}}
            )
        },
        "compute1-test-node (OwnNotice)",
    ),
    ("phi-without-internet", {"network": network(phi=True, internet_gateway=True)}, "compute1-test"),
    ("no-open-ingress", {"network": network(ingress__0__cidr="0.0.0.0/0")}, "tcp 7869-7869 from 0.0.0.0/0"),
    ("no-open-ingress", {"network": network(ingress__0__cidr="::/0")}, "from ::/0"),
    ("lsf-ports-only", {"network": network(ingress__2__from_port=22, ingress__2__to_port=22)}, "tcp 22-22"),
    ("lsf-ports-only", {"network": network(ingress__2__to_port=7000)}, "tcp 6878-7000"),
    ("lsf-ports-only", {"network": network(ingress__1__protocol="-1")}, "-1 7869-7869"),
    ("required-tags", {"network": network(tags__ris_env="")}, "compute1-test (ris_env)"),
    ("required-tags", {"network": network(launch_templates__0__tags={})}, "compute1-test-cpu16 (ris_pool)"),
    ("spend-bounded", {"burst": pools(replace(POOL, max_nodes=0))}, "pool cpu16 (max_nodes)"),
    ("spend-bounded", {"burst": replace(BURST, caps=Caps(nodes=0))}, "caps.nodes"),
    ("spend-bounded", {"burst": replace(BURST, budget=Budget(usd_per_month=0))}, "budget.usd_per_month"),
    (
        "no-spot-for-phi",
        {"burst": pools(replace(POOL, purchase="spot", labs=("neuro_trials",))), "network": network(phi=True)},
        "cpu16",
    ),
    (
        "no-spot-for-phi",
        {"burst": pools(replace(POOL, purchase="spot", labs=())), "network": network(phi=True)},
        "cpu16",
    ),
    (
        "no-spot-for-phi",
        {"burst": pools(replace(POOL, purchase="mixed", labs=())), "network": network(phi=True)},
        "cpu16",
    ),
    ("phi-stays-in-phi-network", {"burst": pools(replace(POOL, labs=()))}, "cpu16 (neuro_trials)"),
    ("types-known", {"burst": pools(replace(POOL, instance_types=("c9z.huge",)))}, "c9z.huge of pool cpu16"),
    (
        "types-known",
        {"network": network(launch_templates__0__instance_type="t0.nano")},
        "t0.nano of compute1-test-cpu16",
    ),
    ("pools-planned", {"burst": pools(POOL, replace(POOL, name="cpu32"))}, "cpu32"),
]

KEPT = [
    {},
    {"network": network(internet_gateway=True)},
    {"network": network(phi=True), "burst": pools(replace(POOL, labs=("neuro_trials",)))},
    {"network": network(phi=True), "burst": pools(replace(POOL, labs=()))},
    {"burst": pools(replace(POOL, purchase="spot"))},
    {"burst": pools(replace(POOL, purchase="spot", labs=())), "phi_labs": frozenset()},
    {"network": network(ingress=[])},
    {"network": network(launch_templates__0__instance_type="")},
]


def checked(network: Any = None, burst: BurstSettings = BURST, phi_labs: frozenset[str] = PHI_LABS) -> Any:
    return check(network or asdict(plan_network(SETTINGS)), burst, phi_labs=phi_labs, known_types=KNOWN)


@pytest.mark.parametrize(("rule", "change", "names"), BROKEN)
def test_the_rule_that_is_broken_is_named_alone_with_what_breaks_it(rule, change, names):
    (violation,) = checked(**change)
    assert violation.rule == rule
    assert names in violation.message
    assert violation.fix
    assert violation.control


@pytest.mark.parametrize("change", KEPT)
def test_what_is_allowed_passes_every_rule(change):
    assert checked(**change) == ()


def test_every_rule_has_an_example_that_breaks_it():
    subject = Subject(network=network(), burst=BURST, phi_labs=PHI_LABS, known_types=KNOWN)
    assert [rule(subject) for rule in RULES] == [None] * len(RULES)
    assert {rule.__name__.replace("_", "-") for rule in RULES} == {name for name, _, _ in BROKEN}


def test_violations_come_by_rule_name_and_stop_the_work():
    found = checked(network(launch_templates__0__public_ip=True, launch_templates__0__http_tokens="optional"))
    assert [violation.rule for violation in found] == ["imds-v2", "no-public-address"]
    with pytest.raises(PolicyViolation, match=r"imds-v2 \[EC2.170\]: launch templates without IMDSv2") as caught:
        enforce(found)
    assert caught.value.exit_code == 3
    assert "no-public-address: set public_ip to false" in caught.value.hint


def test_no_violation_stops_nothing():
    enforce(())
