"""How LSF prints durations, as seconds.

Forms seen in recorded bjobs answers of LSF 10.1: ``17`` (PEND_TIME), ``16038 second(s)`` (RUN_TIME),
``00:10:00`` (RUN_TIME and RUNTIMELIMIT of a site with LSB_HMS_TIME or ``-hms``), ``1440.0`` (RUNTIMELIMIT, minutes).
A form not listed here is refused, never guessed at: a wrong run limit would be worse than none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ris_hybrid.errors import SiteUnavailable

_UNSET = frozenset({"", "-"})
_SECONDS = re.compile(r"([0-9]{1,12})(?: second\(s\)| seconds?)?")
_CLOCK = re.compile(r"([0-9]{1,9}):([0-5][0-9]):([0-5][0-9])")
_MINUTES = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?")


@lru_cache(maxsize=4096)
def seconds(text: str) -> float | None:
    """Seconds of a PEND_TIME, EPENDTIME or RUN_TIME; None when unset. Raises ``SiteUnavailable`` otherwise."""
    if text in _UNSET:
        return None
    plain = _SECONDS.fullmatch(text)
    return float(plain[1]) if plain else _clock(text)


@lru_cache(maxsize=4096)
def run_limit(text: str) -> float | None:
    """Seconds of a RUNTIMELIMIT in minutes or hh:mm:ss; None when there is none. Raises ``SiteUnavailable``."""
    if text in _UNSET:
        return None
    return float(text) * 60.0 if _MINUTES.fullmatch(text) else _clock(text)


def _clock(text: str) -> float:
    parts = _CLOCK.fullmatch(text)
    if parts is None:
        raise SiteUnavailable(
            f"{text[:40]!r} is not a duration as LSF prints them",
            "compare the site's bjobs output with the forms the product knows",
        )
    return int(parts[1]) * 3600.0 + int(parts[2]) * 60.0 + int(parts[3])
