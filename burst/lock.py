"""One launch at a time on one file system: caps are checked and used up before the next caller looks.

LSF may ask for several templates at once. The kernel drops the lock with its holder, so none is ever left behind.
A holder that hangs, on a dead file server say, must not hang every other call: the wait for it is bounded.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING, TextIO

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 14.0
"""Less than a call of LSF may take in all (``burst.deadline``), so that who waits in vain can still say so."""
_LOOK_S = 0.05  # between two looks at first; a lock that is held for long is looked at less often
_LOOK_MOST_S = 0.4


@contextmanager
def one_at_a_time(
    path: Path, patience_s: float = PATIENCE_S, wait: Callable[[float], object] | None = None
) -> Iterator[None]:
    """Hold the lock for the block; waits for whoever has it, by ``wait`` (seconds), at most ``patience_s`` in all.

    Raises ``SiteUnavailable`` when the file cannot be made or locked, or is not free in time: without the lock
    nothing may be launched.
    """
    with _opened(path) as file:
        waited, look_s = 0.0, _LOOK_S
        while not _taken(file, path):
            if waited >= patience_s:
                raise SiteUnavailable(
                    f"{path}: held by another launch for {waited:.0f} s", "nothing was started; LSF asks again"
                )
            (wait or Event().wait)(look_s)
            waited, look_s = waited + look_s, min(2 * look_s, _LOOK_MOST_S)
        yield


@contextmanager
def if_nobody_acted(path: Path, seen_at: float, clock: Callable[[], float]) -> Iterator[bool]:
    """Hold the lock for the block if nobody has it, and nobody had it since ``seen_at``, when the caller began to look.

    What was seen before another caller acted may be undone by it. A stamp in the future is a clock that was wrong.
    A file that cannot be opened or locked keeps nobody back: acting twice is the lesser harm.
    """
    with ExitStack() as held:
        try:
            file = held.enter_context(_opened(path))
            mine = _taken(file, path)
        except SiteUnavailable:
            yield True
            return
        if not (mine and _stamp(path, clock()) <= seen_at):
            yield False
            return
        yield True
        with suppress(OSError):
            file.truncate(0)
            file.write(f"{clock()!r}\n")


def _stamp(path: Path, now: float) -> float:
    try:
        at = float(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0.0
    return at if at <= now else 0.0


@contextmanager
def if_free(path: Path) -> Iterator[bool]:
    """Hold the lock for the block if nobody has it; whether it is held. Raises when it cannot be made or locked."""
    with _opened(path) as file:
        yield _taken(file, path)


def _opened(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise SiteUnavailable(f"{path}: cannot be opened: {error.strerror}", "the LSF admin must own it") from error
    give_to_folders_owner(path)
    return file


def give_to_folders_owner(path: Path) -> None:
    """A file that root made, running a command by hand, must be one that LSF's scripts can open."""
    if os.geteuid() == 0:
        with suppress(OSError):
            folder = path.parent.stat()
            os.chown(path, folder.st_uid, folder.st_gid)


def _taken(file: TextIO, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise SiteUnavailable(f"{path}: cannot be locked: {error.strerror}", "use a file system with locks") from error
    return True
