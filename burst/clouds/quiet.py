"""Clouds that have just not answered: asked again after a while only, and never for all of a call's time.

A verb may send nothing more to any cloud once its time is over (``burst.deadline``). One that hangs must not use that
up, question after question, while the machines of the others wait to be ended.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import isinf
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from burst import deadline
from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REST_S = 20.0
"""Longer than a verb may send; a command that looks again and again asks again."""

Port = TypeVar("Port")
Answer = TypeVar("Answer")


class Quiet:
    """What the joint ports of one call have in common."""

    def __init__(self, clock: Callable[[], float] = monotonic, rest_s: float = REST_S) -> None:
        """Leave a cloud that gave no answer alone for ``rest_s``."""
        self._clock = clock
        self._rest_s = rest_s
        self._silent: dict[str, tuple[float, TryAgain]] = {}

    def ask(self, cloud: str, port: Port, question: Callable[[Port], Answer]) -> Answer:
        """The cloud's answer, in at most half of the time that is left.

        Raises what the question raises; ``TryAgain`` without asking where the cloud gave no answer a moment ago.
        """
        at, error = self._silent.get(cloud, (0.0, None))
        if error is not None and self._clock() - at < self._rest_s:
            raise error
        try:
            with _half_of_the_time():
                return question(port)
        except TryAgain as failure:
            self._silent[cloud] = self._clock(), failure
            raise


@contextmanager
def _half_of_the_time() -> Iterator[None]:
    left_s = deadline.left_s()
    if isinf(left_s):
        yield
        return
    with deadline.within(left_s / 2):
        yield
