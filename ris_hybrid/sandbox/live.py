"""The demo as it runs, on stderr: a live panel on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol, Self

from ris_hybrid.sandbox.report import clock_text

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType

    from ris_hybrid.sandbox.history import Happening, History, Sample

_LINE_EVERY = 15  # samples between two plain progress lines
_LAST = 12
_TOLD = frozenset(
    {"decision", "launch", "leaving", "refused", "short", "delayed", "protocol error", "lost", "stuck"}
    | {"moved", "moved back", "trouble", "capacity", "empty", "took over"}
)


class View(Protocol):
    """Something that shows a replay as it goes."""

    def __enter__(self) -> Self:
        """Start showing."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        ...

    def show(self, history: History) -> None:
        """Show the newest sample and what happened since the last call."""
        ...


def view(*, quiet: bool = False) -> View:
    """The view that fits where stderr goes."""
    if quiet:
        return Quiet()
    return Panel() if sys.stderr.isatty() else Lines()


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""

    def show(self, history: History) -> None:
        """Nothing."""


class Lines(Quiet):
    """One line for each decision, launch, return and failure, and a progress line now and then."""

    def __init__(self) -> None:
        self._told = 0
        self._samples = 0

    def show(self, history: History) -> None:
        """Print what is new."""
        for happening in history.happenings[self._told :]:
            if happening.kind in _TOLD:
                _print(f"{_time(history, happening)}  {happening.kind:<9} {happening.text}")
        self._told = len(history.happenings)
        if self._samples % _LINE_EVERY == 0 and history.samples:
            _print(f"{clock_text(history.minutes(history.samples[-1].at)):>5}  {state_line(history.samples[-1])}")
        self._samples += 1


class Panel(Quiet):
    """A panel that is drawn over itself."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=console or Console(stderr=True), refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        self._live.stop()

    def show(self, history: History) -> None:
        """Draw the newest state and the last happenings."""
        self._live.update(_panel(history))


def state_line(sample: Sample) -> str:
    """A sample in one line."""
    pending = f"pending {sample.pending_jobs:>4} jobs {sample.pending_slots:>5} slots"
    used = f"on-prem {sample.onprem_used:>5}, cloud {sample.cloud_used:>4} of {sample.cloud_slots:<4} slots"
    nodes = f"nodes {sample.nodes_starting} starting, {sample.nodes_joined} joined, {sample.nodes_leaving} leaving"
    return f"{pending} | {used} | {nodes}"


def _panel(history: History) -> RenderableType:
    from rich.console import Group
    from rich.panel import Panel as Box
    from rich.table import Table
    from rich.text import Text

    rows = Table.grid(padding=(0, 1))
    for happening in history.happenings[-_LAST:]:
        rows.add_row(_time(history, happening), Text(happening.kind, style="bold"), Text(happening.text))
    sample = history.samples[-1]
    title = f"sandbox, virtual time {clock_text(history.minutes(sample.at))}"
    return Box(Group(Text(state_line(sample)), rows), title=title)


def _time(history: History, happening: Happening) -> str:
    return f"{clock_text(history.minutes(happening.at)):>5}"


def _print(text: str) -> None:
    """One line; a plug-in's message may hold control characters, which must not drive the terminal."""
    safe = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    sys.stderr.write(safe + "\n")
    sys.stderr.flush()
