"""``ris-hybrid sandbox up``, ``preview``, ``destroy`` and ``outputs``: the stacks' programs, applied to the sandbox."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError, RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.sandbox.apply.opening import SandboxStacks
    from ris_hybrid.sandbox.places import Places

_DEEDS = ("create", "update", "replace", "delete", "keep")
_HEAD = ("sandbox stack", *_DEEDS, "same", "s")

LayersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[LAYER]...", help="network, storage, ...; without one, all.")
]
EnvironmentOption = Annotated[
    Path | None,
    typer.Option(
        "--environment-file", help="The environment's file; without it one is made for the sandbox.", exists=True
    ),
]
ChildrenOption = Annotated[
    bool, typer.Option("--children", help="Run each program as a process of its own, as the Pulumi CLI does; slower.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def up(
    layers: LayersArgument = None,
    environment_file: EnvironmentOption = None,
    *,
    children: ChildrenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Build the stacks in the sandbox's AWS by its own small engine: no Pulumi CLI, no AWS account. Sandbox only."""
    stacks = _stacks(environment_file, children=children, start_one=True)
    with stacks.opened() as deployer:
        _run(stacks, _chosen(layers), deployer.up, as_json=as_json)


def preview(
    layers: LayersArgument = None,
    environment_file: EnvironmentOption = None,
    *,
    children: ChildrenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what ``sandbox up`` would do, and do nothing. Sandbox only."""
    stacks = _stacks(environment_file, children=children)
    with stacks.opened() as deployer:
        _run(stacks, _chosen(layers), deployer.preview, as_json=as_json)


def destroy(
    layers: LayersArgument = None,
    environment_file: EnvironmentOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, it is only said.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete the stacks from the sandbox, the last first; what is protected stays and is named. Sandbox only."""
    stacks = _stacks(environment_file)
    order = tuple(reversed(_chosen(layers)))
    _run(stacks, order, lambda stack: stacks.destroy(stack, dry_run=not yes), as_json=as_json)
    if not yes:
        show.note("sandbox: nothing was deleted; to do it: --yes")


def outputs(
    layer: Annotated[str, typer.Argument(metavar="LAYER", help="network, storage, ...")],
    environment_file: EnvironmentOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print what a stack of the sandbox gave out last, secrets left out. Sandbox only."""
    (chosen,) = _chosen([layer])
    stacks = _stacks(environment_file)
    stack = f"{chosen}-{stacks.environment.stem}"
    given = stacks.outputs(stack)
    if not given:
        raise ConfigError(f"sandbox stack {stack} is not built", f"run: ris-hybrid sandbox up {layer}")
    if as_json:
        show.json_object({"sandbox": True, "stack": stack, "outputs": dict(given)})
        return
    show.line(f"sandbox stack {stack}")
    show.fields({name: _text(value) for name, value in given.items()})


def _chosen(layers: Sequence[str] | None) -> tuple[str, ...]:
    """The layers named, in the order they are built; all without a name."""
    from stacks.layers import LAYERS

    strange = sorted(set(layers or ()) - set(LAYERS))
    if strange:
        raise ConfigError(f"layer {', '.join(strange)}: expected {', '.join(LAYERS)}")
    return tuple(layer for layer in LAYERS if not layers or layer in layers)


def _stacks(environment_file: Path | None, *, children: bool = False, start_one: bool = False) -> SandboxStacks:
    from ris_hybrid.cli.sandbox import need_extra

    need_extra()
    from dataclasses import replace

    from ris_hybrid.sandbox.apply.opening import SandboxStacks
    from ris_hybrid.sandbox.apply.runner import as_child

    places = _places() if start_one else _running()
    stacks = SandboxStacks.of(places, environment=environment_file, say=show.note)
    return replace(stacks, front=as_child) if children else stacks


def _running() -> Places:
    """The running sandbox; raises ``SiteUnavailable`` when none runs: there is nothing to look at or to delete."""
    from ris_hybrid.sandbox.places import running

    found = running()
    if found is None:
        raise SiteUnavailable("no sandbox is running", "run: ris-hybrid sandbox start")
    return found


def _places() -> Places:
    """The running sandbox, or an empty one that is started now."""
    from ris_hybrid.sandbox.places import running
    from ris_hybrid.sandbox.rig import Order
    from ris_hybrid.sandbox.scenario import example_scenario, example_site, load_scenario
    from ris_hybrid.sandbox.service import start

    found = running()
    if found is not None:
        return found
    show.note("no sandbox runs: starting an empty one; it stays until: ris-hybrid sandbox stop")
    order = Order(scenario=load_scenario(example_scenario()), burst_yaml=example_site() / "burst.yaml", replay=False)
    return start(order, speed=60.0)


def _run(stacks: SandboxStacks, layers: Iterable[str], act: Callable[[str], Deployed], *, as_json: bool) -> None:
    """One layer after the other; what was done before a failure is shown before it is said."""
    done: list[tuple[Deployed, float]] = []
    failed: RisHybridError | None = None
    for layer in layers:
        began = monotonic()
        try:
            done.append((act(f"{layer}-{stacks.environment.stem}"), monotonic() - began))
        except RisHybridError as error:
            failed = error
            break
    if as_json:
        show.json_object({"sandbox": True, "stacks": [_json(report, seconds) for report, seconds in done]})
    else:
        show.table(_HEAD, [*(_row(report, seconds) for report, seconds in done), _total(done)])
    if failed is not None:
        raise failed


def _row(report: Deployed, seconds: float) -> tuple[object, ...]:
    return report.stack, *_counts(report), report.same, f"{seconds:.1f}"


def _total(done: Sequence[tuple[Deployed, float]]) -> tuple[object, ...]:
    columns = zip(*(_counts(report) for report, _ in done), strict=True) if done else ((0,) for _ in _DEEDS)
    same = sum(report.same for report, _ in done)
    return "all of the sandbox", *map(sum, columns), same, f"{sum(seconds for _, seconds in done):.1f}"


def _counts(report: Deployed) -> tuple[int, ...]:
    return tuple(sum(change.deed == deed for change in report.changes) for deed in _DEEDS)


def _json(report: Deployed, seconds: float) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(report), "seconds": round(seconds, 1)}


def _text(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)
