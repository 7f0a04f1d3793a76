"""How far a simulation is, on stderr: a bar on a terminal, a line every few seconds elsewhere, or nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self

from ris_hybrid import clocks
from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from ris_hybrid.ports import Clock

EVERY_S = 5.0
"""Seconds between two plain lines."""


class Progress(Protocol):
    """A ``Tell`` that people see, from ``with`` on."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, whatever happened."""
        ...

    def expect(self, steps: int) -> None:
        """So many steps are still to come at most."""
        ...

    def step(self, what: str) -> None:
        """The next one begins."""
        ...

    def share(self, done: float) -> None:
        """So much of it is done, 0 to 1."""
        ...

    def aside(self) -> AbstractContextManager[None]:
        """Meanwhile something else may be printed."""
        ...


def progress(*, quiet: bool) -> Progress:
    """The one that fits where stderr goes."""
    if quiet:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()


class Silence:
    """Says nothing, and counts."""

    def __init__(self) -> None:
        self._steps = 1
        self._begun = 0
        self._what = ""
        self._share = 0.0

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def expect(self, steps: int) -> None:
        """So many more at most."""
        self._steps = self._begun + steps

    def step(self, what: str) -> None:
        """The next one."""
        self._begun += 1
        self._what, self._share = what, 0.0
        self.told()

    def share(self, done: float) -> None:
        """So much of it."""
        self._share = min(1.0, done)
        self.told()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Nothing is in the way."""
        yield

    def told(self) -> None:
        """Show it."""

    @property
    def done(self) -> float:
        """Of everything, 0 to 1."""
        return min(1.0, max(0.0, self._begun - 1 + self._share) / max(1, self._steps))


class Lines(Silence):
    """A line now and then."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self._clock = clock or clocks.SystemClock()
        self._last = self._clock.now()

    def told(self) -> None:
        """Print it when the last one is some seconds ago."""
        now = self._clock.now()
        if now - self._last >= EVERY_S:
            self._last = now
            show.note(f"{self.done:.0%}: {self._what}, {self._share:.0%} of it")


class Bar(Silence):
    """A bar that is drawn over itself."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=1.0)

    def __enter__(self) -> Self:
        """Take the line."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        self._bar.stop()

    def told(self) -> None:
        """Draw it."""
        self._bar.update(self._task, completed=self.done, description=show.printable(self._what))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The line is free meanwhile."""
        self._bar.stop()
        yield
        self._bar.start()
