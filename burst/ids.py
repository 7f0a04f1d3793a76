"""Ids of requests and returns: derived from what they are about, so that the same call is the same id.

add-1800000000-0123456789abcdef      a launch, when it was asked for, and a digest of what was asked
ret-1800000000-0123456789abcdef      a return
ret-1800000000-none0123456789ab      a return of machines that no cloud knew: there is nothing to wait for
"""

from __future__ import annotations

from hashlib import sha256
from math import inf

CREATE, RETURN = "add", "ret"
_NOTHING = "none"  # no digest begins so
_TIME_DIGITS = 12
_DIGEST = 16


def derived(kind: str, at: float, *parts: str) -> str:
    """The id of something asked at that time; the same parts give the same id."""
    text = "\0".join(parts)
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGEST]  # JSON can say half a character
    return f"{kind}-{int(at)}-{digest}"


def of_nothing(at: float, *parts: str) -> str:
    """The id of a return that finds nothing to end."""
    kind, when, digest = derived(RETURN, at, *parts).split("-")
    return f"{kind}-{when}-{_NOTHING}{digest[:12]}"


def is_of_nothing(request_id: str) -> bool:
    """Whether it names a return that found nothing to end."""
    return is_return(request_id) and request_id.rpartition("-")[2].startswith(_NOTHING)


def is_return(request_id: str) -> bool:
    """Whether it names a return; everything else names a launch."""
    return request_id.startswith(f"{RETURN}-")


def is_ours(request_id: str) -> bool:
    """Whether it has the form of the ids that are made here; only who made it knows more."""
    kind, _, rest = request_id.partition("-")
    digest = rest.rpartition("-")[2]
    whole = len(digest) == _DIGEST and set(digest) <= set("0123456789abcdef")
    return kind in {CREATE, RETURN} and whole and made_at(request_id) > -inf


def made_at(request_id: str) -> float:
    """When it was made, epoch seconds; long ago when it is no id of ours."""
    parts = request_id.split("-")
    if len(parts) != 3 or not parts[1].isdecimal() or len(parts[1]) >= _TIME_DIGITS:
        return -inf
    return float(parts[1])


def is_derived(request_id: str, kind: str, *parts: str) -> bool:
    """Whether it was made of exactly these parts, whenever that was."""
    return is_ours(request_id) and request_id == derived(kind, made_at(request_id), *parts)
