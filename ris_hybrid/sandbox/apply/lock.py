"""One run at a time over a stack of the sandbox (sandbox).

The lock is the kernel's: it ends with the process that holds it, however that ends, so none is ever stale. What the
lock's file says is for people.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def locked(folder: Path, stack: str) -> Iterator[None]:
    """Hold the stack's lock for a block.

    Raises:
        TryAgain: another run holds it; its process is named.
        ConfigError: the folder cannot be written.
    """
    path = folder / f"{stack}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}", "look at the sandbox's folder") from error
    try:
        _take(handle, stack)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, stack: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(handle, 20, 0).decode("ascii", "replace")
        raise TryAgain(
            f"sandbox stack {stack}: process {holder or 'unknown'} works on it", "wait until it has ended, then repeat"
        ) from error
