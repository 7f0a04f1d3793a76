"""One launch at a time on one file system: caps are checked and used up before the next caller looks.

LSF may ask for several templates at once. The kernel drops the lock with its holder, so none is ever left behind.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold the lock for the block; waits for whoever has it.

    Raises ``SiteUnavailable`` when the file cannot be made or locked: without it nothing may be launched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise SiteUnavailable(f"{path}: cannot be opened: {error.strerror}", "the LSF admin must own it") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise SiteUnavailable(
                f"{path}: cannot be locked: {error.strerror}", "use a file system with locks"
            ) from error
        yield
