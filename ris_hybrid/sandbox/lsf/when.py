"""LSF's spellings of a run limit and of a start time (sandbox)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ris_hybrid.errors import ConfigError

_LIMIT = re.compile(r"(?:(?P<hours>\d+):)?(?P<minutes>\d+)(?:/\S+)?")
_BEGIN = re.compile(r"(?:(?:(?:(\d{4}):)?(\d{1,2}):)?(\d{1,2}):)?(\d{1,2}):(\d{1,2})")


def run_limit(text: str) -> float:
    """``-W [hour:]minute[/host]`` to seconds; ``ConfigError`` otherwise."""
    match = _LIMIT.fullmatch(text)
    seconds = 0 if match is None else int(match["hours"] or 0) * 3600 + int(match["minutes"]) * 60
    if not seconds:
        raise ConfigError(f"{text}: Bad run limit", "expected [hour:]minute, e.g. 24:00")
    return float(seconds)


def begin_time(text: str, now: float) -> float:
    """``-b [[[year:]month:]day:]hour:minute`` (UTC) to epoch seconds.

    What is not given is taken from now; a time without a year that has passed is the next one of its kind.
    """
    match = _BEGIN.fullmatch(text)
    if match is None:
        raise _bad_time(text)
    year, month, day, hour, minute = (None if part is None else int(part) for part in match.groups())
    today = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0)
    try:
        found = today.replace(
            year=year or today.year,
            month=month or today.month,
            day=day or today.day,
            hour=hour or 0,
            minute=minute or 0,
        )
        if found < today and year is None:
            found = _next(found, has_month=month is not None, has_day=day is not None)
    except ValueError:
        raise _bad_time(text) from None
    return found.timestamp()


def _next(at: datetime, *, has_month: bool, has_day: bool) -> datetime:
    """The same time in the next year, month or day, whichever was left open; ``ValueError`` if it has no such day."""
    if has_month:
        return at.replace(year=at.year + 1)
    if has_day:
        return at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
    return at + timedelta(days=1)


def _bad_time(text: str) -> ConfigError:
    return ConfigError(f"{text}: Bad time specification", "expected [[[year:]month:]day:]hour:minute, e.g. 20:00")
