"""How LSF prints moments, as epoch seconds: ``Sep 30 20:32``, ``Fri Sep 30 20:32:14``, ``Sep 30 20:32:14 2026`` (pure).

They are in the local time of the host that asked. Without a year it is the last such moment that is not in the future.
"""

from __future__ import annotations

import re
from datetime import datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FORM = re.compile(
    r"(?:[A-Z][a-z]{2} )?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d))?(?: (?P<year>\d{4}))?(?: [A-Z])?"
)
_AHEAD_S = 86400.0  # clocks differ, and LSF cuts seconds off: a moment a little ahead of ours is not last year's


def moment(text: str, now: float) -> float | None:
    """Epoch seconds; None for a hyphen, nothing, or a form that is not listed here."""
    parts = _FORM.fullmatch(text.strip())
    if parts is None or parts["month"] not in _MONTHS:
        return None
    year = int(parts["year"]) if parts["year"] else datetime.fromtimestamp(now).astimezone().year
    at = _at(parts, year)
    if at is not None and not parts["year"] and at > now + _AHEAD_S:
        return _at(parts, year - 1)
    return at


def since(text: str, now: float | None) -> float:
    """Seconds from then to now, never below zero; 0 where either is not known."""
    at = None if now is None else moment(text, now)
    return 0.0 if at is None or now is None else max(0.0, now - at)


def _at(parts: re.Match[str], year: int) -> float | None:
    try:
        return (
            datetime(
                year,
                _MONTHS.index(parts["month"]) + 1,
                int(parts["day"]),
                int(parts["hour"]),
                int(parts["minute"]),
                int(parts["second"] or 0),
            )
            .astimezone()
            .timestamp()
        )
    except ValueError:  # 30 February, or 29 February of a year that has none
        return None
