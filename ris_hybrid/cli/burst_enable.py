"""``ris-hybrid burst enable`` and ``disable``: the burst switched on and off in the files of an LSF master."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import clocks, wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, load_settings, say_advice
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from onprem.shell import Shell
    from ris_hybrid.enabling.planning import Plan

HOOK = "ris-hybrid-rc"

EnvdirOption = Annotated[
    Path | None,
    typer.Option("--lsf-envdir", metavar="DIR", help="The directory of lsf.conf; without it LSF_ENVDIR."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print a diff of every file and change nothing.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Also restart the daemons that must read the files again.")]


def enable(
    conf: ConfOption = None,
    lsf_envdir: EnvdirOption = None,
    addresses: Annotated[
        str,
        typer.Option("--addresses", metavar="NETWORK", help="Where cloud hosts join from: 10.8.0.0/16 or 10.8.*.*."),
    ] = "",
    replace: Annotated[
        list[str] | None,
        typer.Option("--replace", metavar="KEY", help="Set this key although an admin set another value. Repeatable."),
    ] = None,
    *,
    dry_run: DryRunOption = False,
    apply: ApplyOption = False,
) -> None:
    """Switch the burst on: write what LSF's files and our provider's need, have LSF check it, say what to restart."""
    from onprem.lsf.conf import batch, places
    from ris_hybrid.cli import burst_home
    from ris_hybrid.enabling import leaving, planning, switching
    from ris_hybrid.enabling.parts import Options, home

    settings = load_settings(conf)
    say_advice(conf)
    files = places.find(wiring.lsf_envdir(lsf_envdir), settings.cluster)
    options = Options(
        hook=_hook(),
        burst_yaml=str(conf.absolute()) if conf else "",
        addresses=batch.as_range(addresses) if addresses else "",
        replace=frozenset(replace or ()),
    )
    leaving.check(settings, home(files, settings), files.data, clocks.clock().now())
    plan = planning.enabling(settings, files, options)
    _say_left(plan)
    shell = wiring.lsf_shell(files.envdir)
    if settings.mode != "planned":
        burst_home.send_home(conf, settings, shell, dry_run=dry_run)
    if dry_run:
        _show(plan)
        return
    if plan.changes or plan.cut:
        switching.switch_on(plan, shell)
        _written(plan)
    else:
        show.line(f"nothing to change: {settings.provider} is switched on in {files.envdir}")
    _restart(plan, shell, apply=apply)


def disable(
    conf: ConfOption = None,
    lsf_envdir: EnvdirOption = None,
    *,
    dry_run: DryRunOption = False,
    apply: ApplyOption = False,
    drain: Annotated[
        bool, typer.Option("--drain", help="First close our hosts and end those without jobs; no job is cut off.")
    ] = False,
    wait: Annotated[float, typer.Option("--wait", metavar="MINUTES", min=0, help="Wait so long for busy hosts.")] = 0.0,
) -> None:
    """Switch the burst off: the files as they were, except what an admin changed since."""
    from onprem.lsf.conf import places
    from ris_hybrid.cli import burst_drain, burst_home
    from ris_hybrid.enabling import planning, record, switching

    settings = load_settings(conf)
    files = places.find(wiring.lsf_envdir(lsf_envdir), settings.cluster)
    plan = planning.disabling(settings.provider, files)
    if drain:
        burst_drain.drain(conf, wait_s=60 * wait, dry_run=dry_run)
    _say_left(plan)
    shell = wiring.lsf_shell(files.envdir)
    burst_home.send_home(conf, settings, shell, dry_run=dry_run)
    if dry_run:
        _show(plan)
        return
    if plan.changes or record.folder(plan.home).is_dir():
        switching.switch_off(plan, shell)
        _written(plan)
    else:
        show.line(f"nothing to change: {settings.provider} is not switched on in {files.envdir}")
    _restart(plan, shell, apply=apply)
    if drain:
        burst_drain.release(conf)
    else:
        burst_drain.say_left(conf)


def _hook() -> str:
    """The full path of the command the scripts start."""
    beside = Path(sys.executable).parent / HOOK
    found = str(beside) if beside.is_file() else shutil.which(HOOK)
    if found is None:
        raise ConfigError(f"{HOOK} is not installed", "install ris-hybrid where the LSF administrator can run it")
    return found


def _say_left(plan: Plan) -> None:
    for text in plan.kept:
        show.note(text)
    for text in plan.lacking:
        show.warn(text)


def _show(plan: Plan) -> None:
    from ris_hybrid.enabling.files import diff

    for change in plan.changes:
        show.line(diff(change).rstrip("\n"), raw=True)
    if plan.cut:
        show.note(f"would write {plan.cut}: the cut of botocore's description of EC2")
    if not plan.changes:
        show.note("nothing to change")
    for step in plan.steps:
        show.note(f"then: {step}")


def _written(plan: Plan) -> None:
    for change in plan.changes:
        show.line(f"{'removed' if change.new is None else 'written'} {change.path}")
    if plan.cut:
        show.line(f"written {plan.cut}")


def _restart(plan: Plan, shell: Shell, *, apply: bool) -> None:
    from ris_hybrid.enabling import switching

    if not apply:
        for step in plan.steps:
            show.line(f"next: {step}")
        return
    for step in switching.tell(plan, shell):
        show.line(f"running: {step}")
