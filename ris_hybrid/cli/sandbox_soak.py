"""``ris-hybrid sandbox soak``: days on which everything goes wrong that may; what must hold all the same is checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.soak.verdict import Figures

_HEAD = ("seed", "jobs", "faults", "nodes", "dollars", "orphans", "unknown", "hours", "result")


def soak(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds to run, one day each.")] = 3,
    first: Annotated[int, typer.Option("--first", help="The first seed.")] = 1,
    hours: Annotated[float, typer.Option("--hours", min=0.5, max=720, help="Virtual hours of a day.")] = 24.0,
    keep: Annotated[
        Path, typer.Option("--keep", help="Folder for the history of days that failed.", file_okay=False)
    ] = Path(),
    *,
    children: Annotated[
        bool, typer.Option("--children", help="Run the scripts as real child processes: slow; use few hours.")
    ] = False,
    clouds: Annotated[bool, typer.Option("--clouds", help="With an OpenStack beside EC2.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run whole days with random faults, and check that no machine leaks, is lost or overspends. Sandbox only."""
    from ris_hybrid.cli.sandbox import need_extra
    from ris_hybrid.sandbox.soak import run

    need_extra()
    days = []
    for seed in range(first, first + seeds):
        show.note(f"seed {seed}: {hours:g} virtual hours")
        days.append(run.soak(seed, hours, children=children, clouds=clouds, keep=keep))
    report(days, keep, as_json=as_json)


def report(days: Sequence[Figures], keep: Path, *, as_json: bool) -> None:
    """Print the days; exit 6 when a guarantee did not hold on one of them."""
    if as_json:
        show.json_object({"sandbox": True, "days": [day.as_json() for day in days]})
    else:
        show.line("sandbox soak")
        show.table(_HEAD, [_row(day) for day in days])
    for day in [one for one in days if one.failures]:
        show.note(f"seed {day.seed}: {'; '.join(day.failures)}")
        show.note(f"its history: {keep / f'soak-{day.seed}.json'}")
    if any(day.failures for day in days):
        raise typer.Exit(6)


def _row(day: Figures) -> tuple[object, ...]:
    faults = " ".join(f"{kind}:{count}" for kind, count in day.faults.items())
    return (
        day.seed,
        f"{day.finished} of {day.jobs}",
        faults,
        day.nodes,
        f"{day.usd:.2f} of {day.budget_usd:.0f}",
        len(day.orphans),
        len(day.unknown),
        f"{day.hours:.1f}",
        "failed" if day.failures else "kept",
    )
