"""The same call for many machines, some at a time: one may take seconds, and a whole verb has eighteen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AT_ONCE = 8

Item = TypeVar("Item")
Told = TypeVar("Told")


def together(do: Callable[[Item], Told], items: Sequence[Item]) -> list[Told]:
    """What ``do`` gives for each, in order; all are done before the first error is raised.

    The end of the caller's time (``burst.deadline``) is the end of each.
    """
    if len(items) <= 1:
        return [do(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(items))) as pool:
        tasks = [pool.submit(copy_context().run, do, item) for item in items]
    return [task.result() for task in tasks]
