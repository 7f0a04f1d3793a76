"""``ris-hybrid burst simulate``: the site's own past under other policies, without launching anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_simulate_site import OnePool, keys_of_what_if, need, target, values, written_settings
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.cli.burst_simulate_progress import Progress
    from ris_hybrid.settings import BurstSettings
    from ris_hybrid.simulating.calibration import Calibration
    from ris_hybrid.simulating.history import History, Source
    from ris_hybrid.simulating.premises import Premises, Scheduling
    from ris_hybrid.simulating.result import Facts, Result
    from ris_hybrid.simulating.simulation import Order


def simulate(
    more: Annotated[list[Path] | None, typer.Argument(help="More files of --lsb-acct.", metavar="FILE")] = None,
    *,
    swf: Annotated[Path | None, typer.Option("--swf", help="A trace in the Standard Workload Format.")] = None,
    lsb_acct: Annotated[
        list[Path] | None, typer.Option("--lsb-acct", metavar="FILE...", help="LSF's accounting, all versions.")
    ] = None,
    lab_by: Annotated[
        Literal["account", "project", "queue"],
        typer.Option(help="What of LSF's record names the lab: its fairshare account's user group, or another field."),
    ] = "account",
    since: Annotated[str, typer.Option("--from", help="From this date on, or so many days in: 30d.")] = "",
    until: Annotated[str, typer.Option("--to", help="Until this date, or so many days in.")] = "",
    jobs_limit: Annotated[int | None, typer.Option(min=1, help="The first so many jobs only.")] = None,
    conf: Annotated[
        Path | None,
        typer.Option("--conf", envvar="RIS_HYBRID_CONF", help="burst.yaml; without it one pool that takes every job."),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(min=1, help="On-premises slots; without it the trace's MaxProcs, else the most ever in use."),
    ] = None,
    scheduling: Annotated[
        Literal["easy", "fit"],
        typer.Option(help="easy: first come, first served, with backfilling; fit: whatever fits starts."),
    ] = "easy",
    node_type: Annotated[
        str | None, typer.Option(help="Without burst.yaml: instance type of the nodes (c7a.4xlarge).")
    ] = None,
    max_nodes: Annotated[int | None, typer.Option(min=0, help="Without burst.yaml: at most so many (100).")] = None,
    boot: Annotated[float | None, typer.Option(min=1, help="Without burst.yaml: seconds to join (300).")] = None,
    v: Annotated[
        str,
        typer.Option("--v", metavar="USD,...", help="Values of an hour's waiting per core; the site's own is added."),
    ] = "0.003,0.01,0.03,0.1,0.3",
    budget: Annotated[float | None, typer.Option(help="Recommend for so many dollars a month.")] = None,
    wait: Annotated[float | None, typer.Option(help="Recommend for a wait of so many minutes.")] = None,
    wait_by: Annotated[Literal["mean", "p95"], typer.Option(help="Which wait that is.")] = "mean",
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="KEY=VALUE",
            autocompletion=keys_of_what_if,
            help="Replay with this changed, beside the site as it is: pools.cpu16.max_nodes=50, price=+50%, slots=800.",
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write an HTML report to this file.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn: lost spot nodes, weeks.")] = 0,
    calibrate: Annotated[bool, typer.Option("--calibrate", help="Scale the slots until mean waits agree.")] = False,
    any_name: Annotated[
        bool, typer.Option("--any-name", help="Pools take jobs of every queue and lab of the record.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay the site's history without cloud, by its gates, as peers would and as planned; recommend v and a gate.

    Launches nothing and asks nobody. Says first how far the replay is from the record. Exits 0, or 2 for a file or an
    option that cannot be used. LSF's files may stand behind one another: --lsb-acct lsb.acct*.
    """
    need("planner", ("numpy",))
    from ris_hybrid.simulating.engine import curves, shipped
    from ris_hybrid.simulating.history import Source
    from ris_hybrid.simulating.simulation import Order

    kind, paths = _record(swf, lsb_acct or [], more or [])
    source = Source(kind=kind, paths=paths, lab_by=lab_by, since=since, until=until, most=jobs_limit)
    asked = _Asked(
        written=written_settings(conf, OnePool(instance_type=node_type, max_nodes=max_nodes, boot_s=boot)),
        slots=slots,
        scheduling=scheduling,
        gated=conf is not None,
        names_ignored=any_name or conf is None,
        seed=seed,
        report=report,
    )
    wanted, curve = target(budget, wait, wait_by), values(v)
    if report is not None:
        need("report", ("jinja2", "matplotlib"))
        _check_writable(report)
    from ris_hybrid.cli.burst_simulate_progress import progress

    with progress(quiet=quiet) as shown:
        history = _history(source, shown)
        premises = asked.premises(history)
        order = Order(
            workload=history.workload,
            premises=premises,
            written=asked.written,
            peers=shipped(),
            values=curve,
            scaled=calibrate,
            what_if=what_if or (),
            target=wanted,
            curves=None if report is None else curves(premises.settings, curve),
        )
        result = _simulated(order, source, shown, as_json=as_json)
    _given(result, report, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What options say of the site."""

    written: BurstSettings
    slots: int | None
    scheduling: Scheduling
    gated: bool
    names_ignored: bool
    seed: int
    report: Path | None

    def premises(self, history: History) -> Premises:
        """With the capacity that they or the record say."""
        from burst.shapes import with_shapes
        from ris_hybrid.simulating.capacity import capacity_of
        from ris_hybrid.simulating.premises import Premises

        capacity, origin = capacity_of(history.workload, self.slots, history.capacity)
        return Premises(
            settings=with_shapes(self.written),
            capacity=capacity,
            capacity_from=origin,
            scheduling=self.scheduling,
            gated=self.gated,
            names_ignored=self.names_ignored,
            seed=self.seed,
        )


def _record(
    swf: Path | None, lsb_acct: list[Path], more: list[Path]
) -> tuple[Literal["swf", "lsb.acct"], tuple[Path, ...]]:
    if (swf is None) == (not lsb_acct):
        raise ConfigError(
            "expected --swf FILE or --lsb-acct FILE..., one of them", "lsb.acct is in LSB_SHAREDIR/CLUSTER/logdir"
        )
    if swf is None:
        return "lsb.acct", (*lsb_acct, *more)
    if more:
        raise ConfigError(f"{more[0]}: expected nothing behind --swf FILE", "one trace is replayed at a time")
    return "swf", (swf,)


def _history(source: Source, shown: Progress) -> History:
    from ris_hybrid.simulating.history import read

    size = max(1, sum(path.stat().st_size for path in source.paths if path.is_file()))
    shown.step(f"reading {source.name}")
    done = 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        shown.share(done / size)

    history = read(source, on_bytes)
    with shown.aside():
        for warning in history.warnings:
            show.warn(warning)
    return history


def _simulated(order: Order, source: Source, shown: Progress, *, as_json: bool) -> Result:
    from ris_hybrid.cli import burst_simulate_view
    from ris_hybrid.simulating.engine import Replays
    from ris_hybrid.simulating.facts import facts
    from ris_hybrid.simulating.simulation import Listener, simulate, steps

    shown.expect(steps(order))

    def calibrated(one: Calibration, head: Facts) -> None:
        with shown.aside():
            burst_simulate_view.calibrated(one, head, as_json=as_json)

    return simulate(
        order,
        Replays(),
        lambda premises: facts(order.workload, premises, source.paths),
        Listener(tell=shown, calibrated=calibrated),
    )


def _given(result: Result, report: Path | None, *, as_json: bool) -> None:
    from ris_hybrid.cli import burst_simulate_view
    from ris_hybrid.simulating.answer import as_json as answer

    for warning in result.warnings:
        show.warn(warning)
    if report is not None:
        from ris_hybrid.simulating.report import render, write

        write(report, render(result))
        show.note(f"written: {report}")
    if as_json:
        show.json_object(answer(result))
    else:
        burst_simulate_view.shown(result)


def _check_writable(path: Path) -> None:
    """Say so before the replays, not after them."""
    import os

    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigError(f"{path}: cannot be written", "name a file in a folder that exists")
