"""The wanted plan made true: judged, handed to the stacks layer by layer, read back from AWS, and only then recorded.

Killed at any point, or stopped by a layer that fails, the next run goes on: the stacks keep what they finished, and
the record stays the old one until everything was seen to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from burst.lock import if_free
from ris_hybrid.errors import ConfigError, PolicyViolation, RisHybridError, SiteUnavailable
from ris_hybrid.mirror.drift import Finding, differs, drift
from ris_hybrid.mirroring.record import applied, read_applied, write_plan

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan
    from ris_hybrid.ports import Deployer, Inventory

LAYERS = ("storage", "identity", "registry", "guardrails")
"""The layers that hold something of an allocation, in the order they are built."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made true, and where."""

    wanted: MirrorPlan
    recorded: MirrorPlan | None
    record: Path
    environments: tuple[EnvironmentPlan, ...]
    """Those to work on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What an apply asks and tells the world by."""

    deployer: Callable[[Path], AbstractContextManager[Deployer]]
    """Runs the stacks over the plan in this file; what it needs for that ends with the block."""
    inventory: Callable[[str], Inventory]
    """Reads what an environment holds."""
    judge: Callable[[MirrorPlan], tuple[str, ...]]
    """What no plan may break: one line for each violation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How far it came."""

    done: tuple[Deployed, ...] = ()
    failed: str = ""
    """The step that failed: a stack, or ``reading back <environment>``."""
    failure: RisHybridError | None = None
    not_done: tuple[str, ...] = ()
    unverified: tuple[Finding, ...] = ()
    """What is not in AWS as it should be, or could not be seen."""
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an apply would do."""

    would: tuple[Deployed, ...]
    unseen: tuple[str, ...]
    """Stacks that cannot be previewed before an earlier one is built."""
    unbuilt: tuple[str, ...] = ()
    """The stacks those wait for."""


def apply(order: Order, world: World, tell: Tell) -> Applied:
    """Make the plan true in the order's environments; at most one apply of a record runs at a time.

    What a stack or the reading back refuses is in the result, with what was done before it and what was not.

    Raises:
        PolicyViolation: a rule says no; nothing was changed.
        ConfigError: a network is missing, or the record cannot be written; nothing was changed.
        SiteUnavailable: another apply runs, or ran since the plan was made.
    """
    with if_free(order.record.with_name(f"{order.record.name}.lock")) as free:
        if not free:
            raise SiteUnavailable(f"{order.record}: another mirror apply runs", "wait until it is done")
        if read_applied(order.record) != order.recorded:
            raise SiteUnavailable(
                f"{order.record}: another mirror apply ended since this plan was made", "run it again"
            )
        given = _given(order)
        with world.deployer(order.record) as deployer:
            _check(given, order, world, deployer)
            write_plan(order.record, given)
            run = _run_layers(order, deployer, tell)
        return run if run.failure else _verified(run, given, order, world, tell)


def preview(order: Order, world: World, tell: Tell) -> Preview:
    """What ``apply`` would do; it is asked of the stacks with a draft of the plan, and nothing is written.

    Raises:
        PolicyViolation: a rule says no.
        ConfigError: a network is missing, or settings make no sense.
        CloudError: AWS refused to be read.
    """
    with TemporaryDirectory(prefix="ris-hybrid-") as folder:
        draft = Path(folder, order.record.name)
        given = _given(order)
        write_plan(draft, given)
        with world.deployer(draft) as deployer:
            _check(given, order, world, deployer)
            return _previewed(order, deployer, tell)


def _previewed(order: Order, deployer: Deployer, tell: Tell) -> Preview:
    would: list[Deployed] = []
    unseen: list[str] = []
    unbuilt: list[str] = []
    for environment in order.environments:
        stacks = _stacks(environment)
        seen = _previewable(stacks, deployer)
        for stack in stacks[:seen]:
            tell(f"{stack}: preview")
            would.append(deployer.preview(stack))
        unseen.extend(stacks[seen:])
        unbuilt.extend(stacks[seen - 1 : seen] if seen < len(stacks) else ())
    return Preview(would=tuple(would), unseen=tuple(unseen), unbuilt=tuple(unbuilt))


def _given(order: Order) -> MirrorPlan:
    """The wanted plan for the environments to work on; the others as they were recorded."""
    names = {environment.name for environment in order.environments}
    wanted = tuple(plan for plan in order.wanted.allocations if plan.environment in names)
    if order.recorded is None or len(names) == len(order.wanted.environments):
        return replace(order.wanted, allocations=wanted)
    here = {plan.bucket.name for plan in wanted}
    kept = (plan for plan in order.recorded.allocations if plan.environment not in names)
    others = (plan for plan in kept if plan.bucket.name not in here)
    return replace(order.wanted, allocations=tuple(sorted((*wanted, *others), key=lambda plan: plan.name)))


def _check(given: MirrorPlan, order: Order, world: World, deployer: Deployer) -> None:
    broken = world.judge(given)
    if broken:
        raise PolicyViolation("\n".join(broken), "mend the allocation or mirror.yaml; nothing was changed")
    for environment in order.environments:
        network = f"network-{environment.name}"
        if not deployer.outputs(network):
            raise ConfigError(
                f"{network} is not built: the mirror needs it",
                f"build it first: pulumi up --stack {network}; in the sandbox: ris-hybrid sandbox up",
            )


def _stacks(environment: EnvironmentPlan) -> tuple[str, ...]:
    return tuple(f"{layer}-{environment.name}" for layer in LAYERS)


def _previewable(stacks: tuple[str, ...], deployer: Deployer) -> int:
    """How many of them can be previewed: a layer reads the outputs of all before it."""
    built = next((at for at, stack in enumerate(stacks) if not deployer.outputs(stack)), len(stacks))
    return min(built + 1, len(stacks))


def _run_layers(order: Order, deployer: Deployer, tell: Tell) -> Applied:
    stacks = [stack for environment in order.environments for stack in _stacks(environment)]
    done: list[Deployed] = []
    for at, stack in enumerate(stacks):
        tell(f"{stack}: up")
        try:
            done.append(deployer.up(stack))
        except RisHybridError as failure:
            return Applied(done=tuple(done), failed=stack, failure=failure, not_done=tuple(stacks[at + 1 :]))
    return Applied(done=tuple(done))


def _verified(run: Applied, given: MirrorPlan, order: Order, world: World, tell: Tell) -> Applied:
    """Read everything back, and record the plan if all of it is there."""
    found: dict[str, Holdings] = {}
    for environment in order.environments:
        tell(f"{environment.name}: reading back")
        try:
            found[environment.name] = world.inventory(environment.name).holdings()
        except RisHybridError as failure:
            return replace(run, failed=f"reading back {environment.name}", failure=failure)
    wrong = unsettled(given, found)
    if not wrong:
        write_plan(applied(order.record), given)
    return replace(run, unverified=wrong, recorded=not wrong)


def unsettled(given: MirrorPlan, found: Mapping[str, Holdings]) -> tuple[Finding, ...]:
    """What of a plan just built is not there, or cannot be seen; things of no plan do not count."""
    return tuple(one for one in differs(drift(given, given, found)) if one.verdict != "unmanaged")
