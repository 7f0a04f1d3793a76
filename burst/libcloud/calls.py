"""How a driver of libcloud is called: one call at a time, in bounded time, its errors in our words.

libcloud's connections keep the request they work on in themselves, so threads take turns. A driver is made on its first
call; one whose token or credentials are refused is made anew, once, from the credentials as they are then.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from burst import deadline
from burst.libcloud.errors import EXPIRED, translated
from ris_hybrid.errors import Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 12.0
"""How long one call waits for its turn."""
_PAUSES_S = (0.2, 0.6)
"""Before the second and the third try of what may be repeated."""

Driver = TypeVar("Driver")
Told = TypeVar("Told")


class Calls(Generic[Driver]):
    """One driver of one cloud, for all threads."""

    def __init__(self, cloud: str, make: Callable[[], Driver], wait: Callable[[float], object] | None = None) -> None:
        self.cloud = cloud
        self._make = make
        self._wait = wait or Event().wait
        self._lock = RLock()
        self._driver: Driver | None = None

    def again(self, ask: Callable[[Driver], Told]) -> Told:
        """What may be repeated without harm: at most three tries, while there is time."""
        for pause_s in _PAUSES_S:
            try:
                return self.once(ask)
            except TryAgain:
                if deadline.left_s() <= pause_s:
                    raise
            self._wait(pause_s)
        return self.once(ask)

    def once(self, do: Callable[[Driver], Told]) -> Told:
        """What must not be repeated, a create say. Refused credentials are no try: nothing was done then."""
        with self._turn():
            known = self._driver is not None
            try:
                return self._do(do)
            except Refused as error:
                if error.code not in EXPIRED:
                    raise
                self._driver = None
                if not known:
                    raise
            return self._do(do)

    def _do(self, do: Callable[[Driver], Told]) -> Told:
        with translated(self.cloud):
            if self._driver is None:
                self._driver = self._make()
            return do(self._driver)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=max(0.0, min(PATIENCE_S, deadline.left_s()))):
            raise TryAgain(f"cloud {self.cloud} is busy with other calls of ours", "it is tried again", "Busy")
        try:
            yield
        finally:
            self._lock.release()
