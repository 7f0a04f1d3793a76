"""``burst learn``: how long jobs of the past ran by class, for jobs without a run limit."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid import clocks
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from burst.planner.runtimes import History

_SHOWN = 10


def learn(
    files: Annotated[list[Path], typer.Argument(help="lsb.acct and its rotated parts, gzipped or not.")],
    conf: ConfOption = None,
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write it here, in place of planner.history of burst.yaml.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Learn from LSF's accounting how long jobs run, by user, name and slots, for jobs without a run limit.

    The planner reads the file at each turn. What was learnt before is replaced as a whole.
    """
    from burst.planner import runtimes
    from burst.runs_file import write_runs
    from onprem.lsf.acct.reading import AcctOptions, read_acct

    path = to or _history_path(conf, needed=not dry_run)
    with _progress(files) as on_bytes:
        reading = read_acct(files, AcctOptions(), on_bytes)
        history = runtimes.learn(reading, clocks.clock().now())
    for text in reading.warnings():
        show.warn(text)
    if not dry_run and path:
        try:
            write_runs(path, history)
        except OSError as error:
            text = f"{path}: cannot be written: {error.strerror}"
            raise SiteUnavailable(text, "name another place with --to") from error
    if as_json:
        show.json_object(
            {
                "path": str(path) if path else None,
                "written": not dry_run,
                "classes": [_row(*one) for one in _most(history)],
            }
        )
    else:
        _show(history, path, dry_run=dry_run)


def _show(history: History, path: Path | None, *, dry_run: bool) -> None:
    rows = [tuple(_row(*one).values()) for one in _most(history)]
    if rows:
        show.table(("user", "name", "slots", "runs", "80 % ran s"), rows[:_SHOWN])
    if len(rows) > _SHOWN:
        show.line(f"{len(rows) - _SHOWN} more classes: --json shows them")
    where = path or "nothing, for burst.yaml names no planner.history"
    show.line(f"{'would write' if dry_run else 'written'} {where}: {len(rows)} classes of two runs or more")


def _most(history: History) -> list[tuple[Any, Any]]:
    """The classes, those of the most runs first."""
    return sorted(history.classes.items(), key=lambda one: (-one[1].count, one[0]))


def _row(key: tuple[str, str, int], runs: Any) -> dict[str, object]:
    user, name, slots = key
    return {"user": user, "name": name, "slots": slots, "runs": runs.count, "q80_s": round(runs.q80_s)}


def _history_path(conf: Path | None, *, needed: bool) -> Path | None:
    """Where burst.yaml says. Raises ``ConfigError`` where it says nothing and it is ``needed``."""
    from ris_hybrid import wiring
    from ris_hybrid.cli.burst_site import enter_sandbox, load_settings

    if conf is None:
        enter_sandbox()
    settings = load_settings(conf)
    if not settings.planner.history and not needed:
        return None
    if not settings.planner.history:
        raise ConfigError(
            "burst.yaml names no planner.history", "set it to a file's name, such as runs.json, or give --to FILE"
        )
    return wiring.data_dir(settings, conf) / settings.planner.history


@contextmanager
def _progress(files: Sequence[Path]) -> Iterator[Callable[[int], None]]:
    """A bar of the bytes on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    total = sum(path.stat().st_size for path in files if path.is_file())
    columns = TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda count: bar.advance(task, count)
