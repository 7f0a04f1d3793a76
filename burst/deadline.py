"""An end to a whole verb, however many calls it makes and however slow each of them is.

A call of ours waits at most 2 s to connect and 6 s for an answer, and then up to 2 s before it tries again. So a verb
that sends nothing once ``VERB_S`` have passed is over 10 s after that, within LSF's round of 30 s. The end belongs to
the thread that answers, not to the client, which a resident service keeps.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERB_S = 18.0
"""Nothing is sent to a cloud later than this after a verb began."""

_END: ContextVar[Callable[[], float] | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float, clock: Callable[[], float] = monotonic) -> Iterator[None]:
    """Let no call to a cloud begin later than so many seconds from now, while the block lasts."""
    end = clock() + seconds
    token = _END.set(lambda: end - clock())
    try:
        yield
    finally:
        _END.reset(token)


def left_s() -> float:
    """Seconds until nothing may be sent any more; without bound outside of ``within``."""
    left = _END.get()
    return inf if left is None else left()


def check(**_: object) -> None:
    """botocore's ``before-send`` hook, called for every attempt: raises ``TryAgain`` when the time is over."""
    if left_s() <= 0:
        raise TryAgain("the cloud was too slow: this call has used up its time", "it is tried again", "DeadlinePassed")
