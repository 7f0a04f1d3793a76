"""Gives moto's S3 the sandbox's time: objects made "now" are else months away from all that the sandbox dates.

Each date is a microsecond behind the one before it, for the clock may stand still and moto puts versions in the order
of their dates. S3 tells whole seconds.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from moto.core.utils import utcnow
from moto.s3 import models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.aws.lifecycle import Clock

_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)
_later = count()


@contextmanager
def going_by(clock: Clock) -> Iterator[None]:
    """Within it S3's dates are this clock's."""
    token = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(token)


def epoch(date: datetime) -> float:
    """Of one of moto's dates, which are UTC and do not say so."""
    return date.replace(tzinfo=UTC).timestamp()


def _now() -> datetime:
    clock = _clock.get()
    if clock is None:
        return utcnow()
    behind = timedelta(microseconds=next(_later) % 1_000_000)
    return datetime.fromtimestamp(clock.now(), UTC).replace(tzinfo=None) + behind


vars(models)["utcnow"] = _now
