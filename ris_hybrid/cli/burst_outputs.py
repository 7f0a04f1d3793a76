"""``ris-hybrid burst outputs``: fetch what the stacks built for each pool into the file that burst.yaml names."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from burst.built import Difference
    from ris_hybrid.pool_outputs import PoolOutputs
    from ris_hybrid.settings import BurstSettings


def outputs(
    environment: Annotated[
        str, typer.Option("--environment", help="Whose stacks: the ENV of their names, compute-ENV.")
    ],
    conf: ConfOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write launch templates, subnets and notices of burst.yaml's pools as the compute stack last built them."""
    from burst.aws.parameters import SsmPools
    from burst.built import chosen, differences
    from ris_hybrid.config.outputs import outputs_text, write_outputs

    settings, folder = _burst(conf)
    if not settings.outputs:
        raise ConfigError("burst.yaml names no outputs", "write outputs: outputs.json at its top")
    if not settings.on_ec2:
        raise ConfigError("no pool of burst.yaml is EC2's", "the stacks build nothing for pools of other clouds")
    path = folder / settings.outputs
    built = SsmPools.of(settings).pools(environment)
    wanted = chosen(settings, built, environment)
    changes = differences(_before(path), wanted)
    if changes and not dry_run:
        write_outputs(path, outputs_text(wanted))
    strangers = sorted(set(built) - set(wanted))
    if as_json:
        body = {"sandbox": conf is None, "file": str(path), "written": bool(changes) and not dry_run}
        show.json_object({**body, "changes": [asdict(one) for one in changes], "not_in_burst_yaml": strangers})
        return
    _say(path, changes, dry_run=dry_run)
    if strangers:
        show.note(f"built, but not in burst.yaml: {', '.join(strangers)}")


def _burst(conf: Path | None) -> tuple[BurstSettings, Path]:
    """burst.yaml without its outputs, which may not be there yet, and the folder they are relative to."""
    from ris_hybrid.config.burst_file import load_burst

    if conf is not None:
        return load_burst(conf), conf.parent
    from ris_hybrid.cli.burst_site import enter_sandbox
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None:
        raise ConfigError(
            "no burst.yaml is named and no sandbox is running",
            "give --conf FILE (or RIS_HYBRID_CONF), or run: ris-hybrid sandbox start",
        )
    enter_sandbox()
    return load_burst(places.burst_yaml), places.root


def _before(path: Path) -> dict[str, PoolOutputs]:
    """What the file says now. One that is not there, or is of no use, is written anew."""
    from ris_hybrid.config.outputs import read_outputs

    if not path.exists():
        return {}
    try:
        return read_outputs(path)
    except ConfigError as error:
        show.warn(f"{error.message}; it is written anew")
        return {}


def _say(path: Path, changes: tuple[Difference, ...], *, dry_run: bool) -> None:
    if not changes:
        show.line(f"{path}: nothing has changed")
        return
    rows = [(one.pool, one.field, _text(one.before), _text(one.after)) for one in changes]
    show.table(("pool", "field", "before", "after"), rows)
    show.line(f"{'would write' if dry_run else 'written'} {path}")


def _text(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
