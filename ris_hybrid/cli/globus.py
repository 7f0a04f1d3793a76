"""``ris-hybrid globus``: collections and permissions as the plan wants them, transfers, and the switch for them."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ris_hybrid import data_wiring
from ris_hybrid.cli import globus_view as view
from ris_hybrid.cli import show
from ris_hybrid.cli.globus_site import planned
from ris_hybrid.cli.which_data import ConfOption, chosen_data
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from onprem.globus.identity import Identity

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

FOUND_SOMETHING = 6

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
ManyOption = Annotated[bool, typer.Option("--many", help="Let more than half of the rules or members go at once.")]
NameArgument = Annotated[str, typer.Argument(metavar="[ALLOCATION]", help="One allocation; without it all.")]
TokensOption = Annotated[
    Path,
    typer.Option(
        "--tokens", metavar="FILE", envvar="RIS_HYBRID_GLOBUS_TOKENS", help="Where a person's tokens are.", hidden=True
    ),
]
MineOption = Annotated[bool, typer.Option("--mine", help="In your own name, as you logged in.")]
TOKENS = Path.home() / ".local" / "state" / "ris-hybrid" / "globus-tokens.db"


@app.command("plan")
def plan(
    name: NameArgument = "",
    conf: ConfOption = None,
    *,
    many: ManyOption = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 6 when something is to change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what collections and permissions are to be, what there is, and what changes, with reasons."""
    wanted = planned(*chosen_data(conf), name, many=many)
    if as_json:
        show.json_object(view.plan_json(wanted))
    else:
        view.show_plan(wanted)
    if check and wanted.changes:
        raise typer.Exit(FOUND_SOMETHING)


@app.command("apply")
def apply(
    name: NameArgument = "",
    conf: ConfOption = None,
    *,
    many: ManyOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make the S3 gateway, its collection and the permissions what the plan says; what others gave is left alone."""
    wanted = planned(*chosen_data(conf), name, many=many)
    if dry_run:
        view.show_plan(wanted)
        return
    wanted.apply(show.note)
    show.line(f"{wanted.changes} {'change' if wanted.changes == 1 else 'changes'} made")


@app.command("tasks")
def tasks(
    conf: ConfOption = None,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="So many of the latest.")] = 20,
    tokens: TokensOption = TOKENS,
    *,
    mine: MineOption = False,
    as_json: JsonOption = False,
) -> None:
    """List transfers, the newest first, with what holds or ended them."""
    from onprem.globus.listing import transfers

    identity = _identity(conf, tokens, mine=mine)
    found = transfers(identity.service, identity.settings, most)
    if as_json:
        show.json_object([asdict(one) for one in found])
    else:
        view.show_tasks(found)
    for direction, message in identity.holds.read().items():
        show.warn(f"transfers {direction} are held: {message}")


@app.command("pause")
def pause(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Why; people see it. No names of patients.")],
    direction: Annotated[
        Literal["in", "out", "both"], typer.Option("--direction", help="To the cloud, back, or both.")
    ] = "both",
    conf: ConfOption = None,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Hold transfers: nothing new is submitted, and what runs is paused where Globus lets us."""
    control = _identity(conf).control(show.warn)
    if not dry_run:
        control.pause(None if direction == "both" else direction, message)
    show.line(f"{'would hold' if dry_run else 'held'}: transfers {direction}: {message}")


@app.command("resume")
def resume(conf: ConfOption = None, *, dry_run: DryRunOption = False) -> None:
    """Let transfers go on."""
    control = _identity(conf).control(show.warn)
    if not dry_run:
        control.resume()
    show.line("transfers would go on" if dry_run else "transfers go on")


@app.command("cancel")
def cancel(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Id of the transfer.")],
    conf: ConfOption = None,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """End a transfer; what has arrived stays, and what has ended is left alone."""
    identity = _identity(conf)
    seen = identity.mover().look(task)
    if seen.state == "unknown":
        raise ConfigError(f"Globus knows no task {task} of this identity", "see `ris-hybrid globus tasks`")
    if seen.state in {"done", "failed", "cancelled"}:
        show.line(f"nothing to cancel: {task} is {seen.state}")
        return
    if not dry_run:
        identity.control().cancel(task)
    show.line(f"{'would cancel' if dry_run else 'cancelled'}: {task}: {seen.files} files had arrived")


@app.command("login")
def login(conf: ConfOption = None, tokens: TokensOption = TOKENS) -> None:
    """Log in to Globus in your own name, by the browser."""
    if not sys.stdin.isatty():
        raise ConfigError("a login asks for a code, and there is no terminal to ask", "run it in a terminal")
    identity = _identity(conf, tokens, mine=True)
    identity.login()
    show.line(f"logged in as {identity.directory.whoami()['preferred_username']}")


@app.command("logout")
def logout(conf: ConfOption = None, tokens: TokensOption = TOKENS) -> None:
    """Take your tokens back and forget them."""
    _identity(conf, tokens, mine=True).logout()
    show.line("logged out")


@app.command("whoami")
def whoami(
    conf: ConfOption = None,
    tokens: TokensOption = TOKENS,
    *,
    mine: MineOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the identity that transfers run under, or your own; this tries its credentials too."""
    found = _identity(conf, tokens, mine=mine).directory.whoami()
    shown = {"username": str(found.get("preferred_username", "")), "id": str(found.get("sub", ""))}
    if as_json:
        show.json_object(shown)
    else:
        show.fields(shown)


def _identity(conf: Path | None, tokens: Path = TOKENS, *, mine: bool = False) -> Identity:
    settings, folder = chosen_data(conf)
    if mine:
        return data_wiring.globus_person(settings, folder, tokens, _ask)
    return data_wiring.globus(settings, folder)


def _ask(address: str) -> str:
    show.note(f"open this address, log in, and copy the code it shows: {address}")
    return str(typer.prompt("code", err=True))
