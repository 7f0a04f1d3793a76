"""``ris-hybrid sandbox``: AWS on loopback and a virtual LSF, to see the main job and to try policies."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ris_hybrid.cli import sandbox_apply, show
from ris_hybrid.cli.conformance import conformance
from ris_hybrid.cli.sandbox_soak import soak
from ris_hybrid.cli.sandbox_tree import tree
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.places import Places
    from ris_hybrid.sandbox.summary import Summary

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

app.command("tree")(tree)
app.command("conformance")(conformance)
app.command("soak")(soak)
app.command("up")(sandbox_apply.up)
app.command("preview")(sandbox_apply.preview)
app.command("destroy")(sandbox_apply.destroy)
app.command("outputs")(sandbox_apply.outputs)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
BurstOption = Annotated[
    Path | None, typer.Option("--burst", help="burst.yaml to try; without it the shipped example.", exists=True)
]
ProvidersOption = Annotated[
    Path | None,
    typer.Option("--host-providers", help="Run this hostProviders.json's plug-in in place of ours.", exists=True),
]
BrokerOption = Annotated[
    bool, typer.Option("--broker", help="An LSF without Resource Connector: ris-hybrid's own broker instead.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same run.")]
CapacityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--capacity",
        metavar="TYPE=MACHINES",
        help="So many machines of a type are there, and no more; in place of the scenario's. May be given again.",
    ),
]


@app.command("demo")
def demo(  # noqa: PLR0917  # a typer command's options
    burst: BurstOption = None,
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="scenario.yaml; without it the shipped one.", exists=True)
    ] = None,
    host_providers: ProvidersOption = None,
    seed: SeedOption = 1,
    report: Annotated[Path | None, typer.Option("--report", help="Write an HTML report to this file.")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="Write the timeline as SVG.")] = None,
    mode: Annotated[
        Literal["auto", "thresholds", "planned", "both"],
        typer.Option("--mode", help="What to replay by; auto: burst.yaml's own mode, and thresholds beside a plan."),
    ] = "auto",
    capacity: CapacityOption = None,
    *,
    broker: BrokerOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replay a real trace by thresholds, by the plan and without bursting; what each decided and cost. Sandbox only."""
    need_extra()
    _one_of(host_providers, broker=broker)
    for path in (report, picture):
        _check_writable(path)
    from dataclasses import replace

    from ris_hybrid.sandbox import demo as demos
    from ris_hybrid.sandbox.capacity import given
    from ris_hybrid.sandbox.live import view
    from ris_hybrid.sandbox.report import render
    from ris_hybrid.sandbox.rig import Order
    from ris_hybrid.sandbox.scenario import example_demo, load_scenario
    from ris_hybrid.sandbox.timeline import draw

    replayed = load_scenario(scenario or example_demo() / "scenario.yaml")
    order = Order(
        scenario=replace(replayed, capacity=given(capacity or ()) or replayed.capacity),
        burst_yaml=burst or example_demo() / "burst.yaml",
        seed=seed,
        host_providers=host_providers,
        broker=broker,
    )
    modes = demos.modes(order.settings(), mode, ours=host_providers is None and not broker)
    outcome = demos.run(order, modes, view, show.note)
    if report is not None:
        _write(report, render(outcome.summary, outcome.histories))
    if picture is not None:
        _write(picture, draw(outcome.histories))
    if as_json:
        show.json_object(outcome.summary.as_json())
    else:
        _show_summary(outcome.summary)


@app.command("start")
def start(
    burst: BurstOption = None,
    host_providers: ProvidersOption = None,
    seed: SeedOption = 1,
    speed: Annotated[float, typer.Option("--speed", min=0.1, max=3600, help="Virtual seconds per second.")] = 60.0,
    *,
    replay: Annotated[bool, typer.Option("--replay/--empty", help="Submit the example trace's jobs.")] = True,
    broker: BrokerOption = False,
    data: Annotated[
        bool, typer.Option("--data", help="The example's burst.yaml whose nodes have wucci's paths, by the data plane.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start a sandbox in the background; commands without --conf then work on it."""
    need_extra()
    _one_of(host_providers, broker=broker)
    if data and burst is not None:
        raise ConfigError("--data and --burst: expected one of them", "--data is a burst.yaml of its own")
    from ris_hybrid.sandbox.cloud import built
    from ris_hybrid.sandbox.places import running
    from ris_hybrid.sandbox.rig import Order
    from ris_hybrid.sandbox.scenario import example_scenario, example_site, load_scenario
    from ris_hybrid.sandbox.service import start as start_service

    fresh = running() is None
    show.note("starting the sandbox" if fresh else "a sandbox is running already: it stays as it was started")
    order = Order(
        scenario=load_scenario(example_scenario()),
        burst_yaml=burst or example_site() / ("burst-data.yaml" if data else "burst.yaml"),
        seed=seed,
        replay=replay,
        host_providers=host_providers,
        broker=broker,
    )
    places = start_service(order, speed=speed)
    if fresh:
        show.note(f"sandbox: the cloud was built by the stacks' own programs: {built(places.root)}")
    if as_json:
        show.json_object(_state(places))
        return
    show.line(f"sandbox runs: {places.root}")
    show.line('try: ris-hybrid burst status; eval "$(ris-hybrid sandbox env)"; bjobs -u all; ris-hybrid sandbox stop')


@app.command("status")
def status(*, as_json: JsonOption = False) -> None:
    """Show every sandbox of this user, running or left over."""
    from ris_hybrid.sandbox.places import every

    rows = [_state(places) for places in every()]
    if as_json:
        show.json_object({"sandboxes": rows})
    elif not rows:
        show.line("no sandbox")
    else:
        show.table(("kind", "running", "processes", "folder"), [_cells(row) for row in rows])


@app.command("env")
def env() -> None:
    """Print the environment of the running sandbox for a shell: eval "$(ris-hybrid sandbox env)"."""
    from ris_hybrid.errors import SiteUnavailable
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None:
        raise SiteUnavailable("no sandbox is running", "run: ris-hybrid sandbox start")
    for key, value in places.client_env().items():
        show.line(f"export {key}={shlex.quote(value)}")


@app.command("stop")
def stop(*, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be ended.")] = False) -> None:
    """End every sandbox of this user and what was left over by one that was killed."""
    from ris_hybrid.sandbox.places import end, every

    found = every()
    for places in found:
        pids = places.pids() if dry_run else end(places)
        verb = "would end" if dry_run else "ended"
        what = f"processes {', '.join(map(str, pids))}" if pids else "no process"
        show.line(f"{verb} {places.root.name}: {what}")
    if not found:
        show.line("no sandbox to end")


def _one_of(host_providers: Path | None, *, broker: bool) -> None:
    if broker and host_providers is not None:
        raise ConfigError("--broker and --host-providers: expected one of them", "a plug-in needs a Resource Connector")


def need_extra() -> None:
    """Raise ``ConfigError`` when the packages of the extra ``sandbox`` are not installed."""
    from importlib.util import find_spec

    missing = [name for name in ("moto", "matplotlib", "jinja2") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the sandbox needs {', '.join(missing)}", "install the extra: pip install 'ris-hybrid[sandbox]'"
        )


def _state(places: Places) -> dict[str, Any]:
    pids = places.pids()
    return {
        "sandbox": True,
        "kind": places.state().get("kind", "unknown"),
        "running": bool(pids),
        "pids": list(pids),
        "folder": str(places.root),
    }


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    return row["kind"], row["running"], tuple(row["pids"]), row["folder"]


def _check_writable(path: Path | None) -> None:
    """Say so before the replay, not after it."""
    import os

    if path is not None and (path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK)):
        raise ConfigError(f"{path}: cannot be written", "name a file in a folder that exists")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    show.note(f"written: {path}")


def _show_summary(summary: Summary) -> None:
    from ris_hybrid.sandbox.summary import rows_of

    main = summary.main
    show.line("sandbox summary")
    show.table(("", *summary.runs), [(name, *cells) for name, cells in rows_of(summary).items()])
    if summary.verdict():
        show.line(summary.verdict())
    _show_clouds(summary)
    show.fields(
        {
            "trace": f"{summary.trace} (seed {summary.seed})",
            "jobs finished": f"{main.finished} of {summary.jobs} in {main.virtual_hours:.1f} virtual hours",
            **{f"  {lab}, dollars": f"{usd:.2f}" for lab, usd in main.bill.usd_by_lab.items()},
            "built by the stacks": f"{summary.resources} resources in {summary.build_s:.1f} s",
            "instances left running": summary.instances_left,
            "AWS calls made": summary.api_calls,
            "protocol errors": summary.protocol_errors,
            "wall seconds": f"{summary.wall_s:.0f}",
        }
    )


def _show_clouds(summary: Summary) -> None:
    """Which cloud did what, and who took over from whom, where there is more than EC2."""
    from ris_hybrid.sandbox.summary import cloud_rows, took_over

    if not summary.main.shares:
        return
    head, *rows = cloud_rows(summary.main)
    show.line(f"the clouds of the sandbox, {summary.mode}")
    show.table(head, rows)
    for line in took_over(summary.main):
        show.line(line)
