"""A sandbox's cloud: what bursting needs of the stacks, built by their own programs, and read back as at a site.

The programs run in this process, by the sandbox's engine (``ris_hybrid.sandbox.apply``); their states lie in the
sandbox's folder, where ``ris-hybrid sandbox up`` goes on with the other layers.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, dataclass
from time import monotonic
from typing import TYPE_CHECKING

from burst.aws.parameters import SsmPools
from burst.aws.prices import catalog
from burst.built import chosen
from policies.judge import judge, settle
from policies.plan import enforce
from policies.rules.all_rules import RULES
from policies.rules.rule import Context
from ris_hybrid import clocks, wiring
from ris_hybrid.config.outputs import outputs_text, write_outputs
from ris_hybrid.config.plan_file import plan_text
from ris_hybrid.holdings.values import Holdings
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.sandbox.apply.clients import ACCOUNT, SandboxClients
from ris_hybrid.sandbox.apply.environment import ENVIRONMENT, write_environment
from ris_hybrid.sandbox.apply.opening import ENVIRONMENTS, STATES, SandboxStacks, zones
from ris_hybrid.sandbox.apply.rules import Rules
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.aws.wire import BUILDER
from ris_hybrid.sandbox.scenario import example_site
from ris_hybrid.settings import BurstSettings

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

LAYERS = ("network", "identity", "compute")
"""What bursting needs; ``ris-hybrid sandbox up`` builds the others too."""
_OF_BURST = [rule for rule in RULES if BurstSettings in rule.subjects]
_OUTPUTS, _TOLD, _PLAN = "outputs.json", "cloud.json", "planned.json"
_ENDED = frozenset({"terminated", "shutting-down"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """What was built."""

    resources: int
    seconds: float

    def __str__(self) -> str:
        layers = f"{', '.join(LAYERS[:-1])} and {LAYERS[-1]}"
        return f"{self.resources} resources by the stacks {layers} in {self.seconds:.1f} s"


def build(settings: BurstSettings, aws: SandboxAws, folder: Path, phi_labs: Collection[str] = ()) -> Path:
    """Apply the stacks' programs; gives the file of the pools' outputs that burst.yaml would name.

    Raises:
        PolicyViolation: burst.yaml breaks a rule and nothing was created, or a stack does and it was left there.
        ConfigError: the sandbox's AWS cannot build it, as in a region it does not know.
    """
    began = monotonic()
    burst = Context(burst=settings, known_types=frozenset(catalog()), phi_labs=frozenset(phi_labs))
    enforce(settle(judge(Holdings(account=ACCOUNT, region=settings.region), burst, _OF_BURST), (), ""))
    stacks = SandboxStacks(
        url=aws.url,
        region=aws.region,
        folder=folder / STATES,
        environment=write_environment(folder / ENVIRONMENTS, settings, zones(aws.url, aws.region)),
        plan=_planned(settings, folder / _PLAN),
        rules=Rules(context=burst, region=aws.region),
        front=in_this_process,
    )
    with stacks.opened() as deployer:
        done = [deployer.up(f"{layer}-{ENVIRONMENT}") for layer in LAYERS]
        pools = SsmPools(deployer.means.aws.get("ssm"), settings.cluster).pools(ENVIRONMENT)
    path = folder / _OUTPUTS
    write_outputs(path, outputs_text(chosen(settings, pools, ENVIRONMENT)))
    cloud = Cloud(resources=sum(len(stack.changes) for stack in done), seconds=monotonic() - began)
    (folder / _TOLD).write_text(json.dumps(asdict(cloud)) + "\n", encoding="utf-8")
    return path


def _planned(settings: BurstSettings, path: Path) -> Path | None:
    """The example site's mirror as it will be, where nodes mount a lab's bucket: they reach it by that lab's role."""
    if not any(mount.kind == "s3" for pool in settings.pools for mount in pool.paths):
        return None
    site = load(find_files(example_site(), None, None), wiring.site_reports)
    plan = planned(site, {}, clocks.clock().now())
    path.write_text(plan_text(plan), encoding="utf-8")
    return path


def built(folder: Path) -> Cloud:
    """What ``build`` made for the sandbox of a folder."""
    return Cloud(**json.loads((folder / _TOLD).read_text(encoding="utf-8")))


def instances_left(aws: SandboxAws) -> int:
    """How many instances have not ended, by EC2's own DescribeInstances and whatever their tags."""
    with closing(SandboxClients.of(aws)) as clients:
        pages = clients.get("ec2").get_paginator("describe_instances").paginate()
        states = [i["State"]["Name"] for page in pages for group in page["Reservations"] for i in group["Instances"]]
    return sum(state not in _ENDED for state in states)


def product_calls(aws: SandboxAws) -> int:
    """How many AWS calls were made, without those that built the cloud."""
    return sum(sum(calls.values()) for key, calls in aws.calls_by_key().items() if key != BUILDER)
