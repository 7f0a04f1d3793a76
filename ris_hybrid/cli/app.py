"""The command ``ris-hybrid``: its groups, and the one place where errors become messages and exit codes.

A group is a module of this package with an ``app`` of its own. It imports what is heavy (YAML, botocore, moto)
inside its functions, so that ``--help`` and completion stay quick.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import allocation, burst, data, doctor, globus, gpfs, images, mirror, policy, sandbox, show
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

EXIT_CODES = """\b
Exit codes:
  0    done
  1    a bug of ours
  2    usage or configuration
  3    a policy rule says no
  4    the site (LSF, a file system, the sandbox) is not reachable
  5    the cloud refused or has no capacity
  6    a check found something (check --strict: warnings)
  130  stopped by Ctrl-C
  141  the reader of our output went away
"""

STOPPED = 130

app = typer.Typer(
    name="ris-hybrid",
    help="Takes an LSF research cluster into AWS: allocations, cost-aware bursting, a sandbox to try it.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# One line a group, in the order of the help text.
app.add_typer(allocation.app, name="allocation", help="Read the site's storage allocations.")
app.add_typer(mirror.app, name="mirror", help="Allocations in AWS: plan, differences, drift, apply.")
app.add_typer(burst.app, name="burst", help="Pressure, cloud nodes, decisions and their reasons.")
app.add_typer(gpfs.app, name="gpfs", help="Spectrum Scale: filesets, caches, access lists; changes by REST.")
app.add_typer(globus.app, name="globus", help="Globus: collections, permissions, transfers and their switch.")
app.add_typer(data.app, name="data", help="Datasets: into the cloud, results back, out again; all compared.")
app.add_typer(images.app, name="images", help="Container images that jobs name: copied to ECR, scanned, let through.")
app.add_typer(policy.app, name="policy", help="The rules no plan may break, and what of them is broken.")
app.add_typer(sandbox.app, name="sandbox", help="AWS on loopback and a virtual LSF, to try everything.")
app.command("doctor")(doctor.doctor)


@dataclass(slots=True)
class Run:
    """What one run of the command was told for all groups."""

    debug: bool = False


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        show.line(f"ris-hybrid {version('ris-hybrid')}")
        raise typer.Exit


DebugOption = Annotated[
    bool,
    typer.Option("--debug", envvar="RIS_HYBRID_DEBUG", help="Print the trace of a failure."),
]
VersionOption = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
]


@app.callback()
def options(context: typer.Context, *, debug: DebugOption = False, version: VersionOption = False) -> None:
    """Take the options that stand before the group."""
    context.obj.debug = debug
    del version  # its callback has answered


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code; what goes wrong is said on stderr, never as a traceback.

    A failure that is none of ``RisHybridError`` is a bug: it passes through to the interpreter, which shows it
    by our hook and ends with 1.
    """
    run = Run()
    usual_hook, sys.excepthook = sys.excepthook, partial(_show_bug, run)
    show.tolerant_streams()
    code = _run(arguments, run)
    sys.excepthook = usual_hook
    return code


def _run(arguments: Sequence[str] | None, run: Run) -> int:
    # get_command, not app(): calling the Typer object would put its own hook in front of ours.
    command = typer.main.get_command(app)
    code = 0
    try:
        command(args=None if arguments is None else list(arguments), prog_name="ris-hybrid", obj=run)
    except RisHybridError as failure:
        if run.debug:
            show.trace_of(failure)
        show.error(failure.message, failure.hint)
        code = failure.exit_code
    except KeyboardInterrupt:
        code = STOPPED
    except SystemExit as end:
        code = _code(end)
    return code


def _code(end: SystemExit) -> int:
    if isinstance(end.__context__, BrokenPipeError):
        return show.READER_GONE  # typer ends with 1 when its help text cannot be written
    return end.code if isinstance(end.code, int) else 0


def _show_bug(run: Run, _kind: type[BaseException], failure: BaseException, _trace: TracebackType | None) -> None:
    show.bug(failure, trace=run.debug)
