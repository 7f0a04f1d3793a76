"""``ris-hybrid burst``: what is pending, what is up, what would be launched, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ris_hybrid.cli import (
    burst_enable,
    burst_import,
    burst_learn,
    burst_mix,
    burst_offers,
    burst_outputs,
    burst_past,
    burst_plan,
    burst_pools,
    burst_reap,
    burst_run,
    burst_serve,
    burst_simulate,
    burst_unit,
    burst_userdata,
    show,
)
from ris_hybrid.cli.burst_site import ConfOption, JsonOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("status")
def status(
    conf: ConfOption = None,
    *,
    watch: Annotated[float | None, typer.Option(help="Ask again every so many seconds, until Ctrl-C.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the cloud nodes, the month's money and the pressure. What cannot be asked is said, and exits 4 or 5."""
    from ris_hybrid.cli import burst_view
    from ris_hybrid.cli.burst_site import open_site

    if watch is not None:
        burst_view.watch(conf, watch, as_json=as_json)
        return
    failure = burst_view.show_once(open_site(conf), as_json=as_json)
    if failure is not None:
        raise failure


@app.command("decide")
def decide(
    conf: ConfOption = None,
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Every reason, and what is no pressure.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the decision for every pool and lab with pressure, and why."""
    from ris_hybrid.cli.burst_deciding import decided
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    now = decided(site)
    observed, decisions = now.observed, now.decisions
    if as_json:
        body: dict[str, Any] = {"sandbox": site.sandbox, "decisions": [burst_plan.decision_row(d) for d in decisions]}
        if explain:
            body["left_out"] = [
                {"reason": left.reason, "jobs": left.jobs, "slots": left.slots} for left in observed.pressure.left_out
            ]
        show.json_object(body)
        return
    if not decisions:
        show.line("no pool serves any eligible pending job: nothing to decide")
    for decision in decisions:
        show.line(f"{decision.pool} for {decision.lab or 'jobs without a lab'}: {decision.nodes} nodes")
        for reason in decision.reasons if explain else decision.reasons[-1:]:
            after = "" if reason.nodes is None else f" -> {reason.nodes} nodes"
            show.line(f"  {reason.stage}: {reason.text}{after}")
    if explain:
        for left in observed.pressure.left_out:
            show.line(f"no pressure: {left.jobs} jobs, {left.slots} slots: {left.reason}")


@app.command("render")
def render(
    conf: ConfOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="The provider's confPath, to write it there.", file_okay=False),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
) -> None:
    """Make the provider's configuration from burst.yaml; print it, or write what the hook reads."""
    from burst.rc import conf as provider_conf
    from ris_hybrid.cli.burst_site import load_settings, say_advice

    settings = load_settings(conf)
    say_advice(conf)
    if to is None:
        show.line(provider_conf.dump(settings).rstrip("\n"), raw=True)
        return
    from burst.rc.install import write

    for path in write(settings, to, dry_run=dry_run):
        show.line(f"{'would write' if dry_run else 'written'} {path}")


# What looks comes first in the help, then what changes, then what runs for long.
app.command("plan")(burst_plan.plan)
app.command("explain")(burst_past.explain)
app.command("events")(burst_past.events)
app.command("pools")(burst_pools.pools)
app.command("offers")(burst_offers.offers)
app.command("simulate")(burst_simulate.simulate)
app.command("learn")(burst_learn.learn)
app.command("mix")(burst_mix.mix)
app.command("reap")(burst_reap.reap)
app.command("clear")(burst_pools.clear)
app.command("enable")(burst_enable.enable)
app.command("disable")(burst_enable.disable)
app.command("import")(burst_import.take_over)
app.command("userdata")(burst_userdata.userdata)
app.command("outputs")(burst_outputs.outputs)
app.command("unit")(burst_unit.unit)
app.command("serve")(burst_serve.serve)
app.command("run")(burst_run.run)
