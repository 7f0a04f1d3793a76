"""One run of the readers: it asks AWS, notes what was not answered, and goes through many things at once.

Nothing a reader asks may end the run: a question without an answer is a None in the values and a line in ``unread``.
Codes that mean *there is none* are named by the reader; every other error means *not known*.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from burst.aws.calls import translated
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.holdings.values import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ris_hybrid.holdings.clients import Clients
    from ris_hybrid.holdings.scope import Scope

T = TypeVar("T")
V = TypeVar("V")
WORKERS = 16
"""Calls under way at once; below the rates at which S3, KMS and IAM begin to throttle an account."""
_LONGEST = 300
_NONE: Mapping[str, Any] = {}


class Reading:
    """What the readers share. ``ask`` and ``note`` may be called from any thread."""

    def __init__(self, clients: Clients, scope: Scope, account: str, pool: ThreadPoolExecutor) -> None:
        self.scope, self.account, self.region = scope, account, clients.region
        self._clients, self._pool = clients, pool
        self._lock = Lock()
        self._unread: list[Unread] = []
        self._errors: list[CloudError] = []
        self._answered = 0

    def client(self, service: str) -> Any:
        """The client of a service."""
        return self._clients.get(service)

    def ask(self, what: str, question: Callable[[], T], absent: Mapping[str, Any] = _NONE) -> T | None:
        """The answer; for a code of ``absent`` the value that says so; None, and a note, when there is no answer."""
        try:
            with translated():
                answer = question()
        except CloudError as error:
            if error.code in absent:
                self._count()
                none: T = absent[error.code]
                return none
            self._failed(what, error)
            return None
        self._count()
        return answer

    def kind(self, what: str, read: Callable[[], T | None]) -> T | None:
        """A reader's result; an answer that lacks what AWS always gives makes the whole kind unknown."""
        try:
            with translated():
                return read()
        except CloudError as error:
            self._failed(what, error)
            return None

    def note(self, what: str, why: str) -> None:
        """Something is not known, though AWS answered."""
        with self._lock:
            self._unread.append(Unread(what=what, why=why))

    def each(self, function: Callable[[V], T | None], things: Iterable[V]) -> tuple[T, ...]:
        """The function of every thing, many at once, in the order of the things; Nones are left out."""
        # A copy of the context for each: the end that is set for the whole run counts in every thread.
        asked = [self._pool.submit(copy_context().run, function, thing) for thing in things]
        answers = [one.result() for one in asked]
        return tuple(answer for answer in answers if answer is not None)

    def unread(self) -> tuple[Unread, ...]:
        """What is not known, in a fixed order. Raises ``TryAgain`` or ``Refused`` when nothing was answered at all."""
        if not self._answered and self._errors:
            again = [error for error in self._errors if isinstance(error, TryAgain)]
            first = (again or self._errors)[0]
            kind = TryAgain if again else Refused
            raise kind(f"AWS answered nothing about account {self.account}: {_said(first)}", first.hint, first.code)
        return tuple(sorted(self._unread, key=lambda one: (one.what, one.why)))

    def _count(self) -> None:
        with self._lock:
            self._answered += 1

    def _failed(self, what: str, error: CloudError) -> None:
        with self._lock:
            self._errors.append(error)
            self._unread.append(Unread(what=what, why=f"{error.code}: {_said(error)}" if error.code else _said(error)))


def _said(error: CloudError) -> str:
    # The first line only: the rest of a wrong signature's message is the request, with its session token.
    return error.message.partition("\n")[0].strip()[:_LONGEST]


@contextmanager
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for one run; when it is broken off, what has not begun is left undone."""
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="inventory")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
