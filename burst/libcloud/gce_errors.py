"""Answers of Google's Compute Engine that are errors → our few, named by what the caller does next (pure).

An error comes as an answer's body, ``{"error": {"code", "message", "errors": [{"reason", "message"}], "status"}}``,
as a finished operation's, ``{"error": {"errors": [{"code", "message"}]}}``, or from the token endpoint,
``{"error": "invalid_grant", "error_description"}`` (Compute Engine API, "Handling API errors"; RFC 6749 §5.2).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import CloudError, NoCapacity, QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPACITY = frozenset(
    {
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
        "RESOURCE_POOL_EXHAUSTED",
        "STOCKOUT",
        "stockout",
        "resource_availability",
        "IP_SPACE_EXHAUSTED",
        "IP_SPACE_EXHAUSTED_WITH_DETAILS",
    }
)
"""The last two are of the subnetwork, where another zone of the same one helps no more than waiting."""
QUOTA = frozenset({"QUOTA_EXCEEDED", "quotaExceeded", "limitExceeded", "dailyLimitExceeded"})
TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"})
NOT_THERE = frozenset({"notFound", "RESOURCE_NOT_FOUND", "NOT_FOUND"})
ALREADY_THERE = frozenset({"alreadyExists", "RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"})
STALE = frozenset({"conditionNotMet", "CONDITION_NOT_MET"})
"""The fingerprint sent is not the current one: somebody wrote meanwhile."""
NOT_READY = frozenset({"resourceNotReady", "RESOURCE_NOT_READY", "resourceInUseByAnotherResource"})
SIGNED_OUT = frozenset({"authError", "UNAUTHENTICATED", "required"})
_FINGERPRINT = "fingerprint does not match"
_AUTH = frozenset({"forbidden", "accessNotConfigured", "PERMISSION_DENIED", "invalid_grant", "invalid_client"})
_UNAUTHENTICATED, _TOO_MANY, _SERVER_FAULT, _NOT_DONE_THERE = 401, 429, 500, 501
_LONGEST = 500  # characters of a message: some carry whole pages of HTML


def of_answer(status: int, text: str) -> CloudError:
    """The error of an answer whose status is 400 or more; a body that is not Google's JSON is told as it is."""
    try:
        body = json.loads(text)
    except ValueError:
        body = {}
    code, message = _told(body if isinstance(body, dict) else {})
    return of_code(code or str(status), message or text[:_LONGEST] or f"HTTP {status}", status)


def of_operation(operation: Mapping[str, Any]) -> CloudError | None:
    """Why an operation failed; None for one that did not, or is not over."""
    errors = (operation.get("error") or {}).get("errors") or ()
    if operation.get("status") != "DONE" or not errors:
        return None
    first = errors[0]
    return of_code(str(first.get("code", "")), str(first.get("message", "")), 0)


def of_code(code: str, message: str, status: int) -> CloudError:
    """The error for a reason or code of Google's; one we do not know is a refusal, which no retry hides."""
    said = " ".join(message.split())[:_LONGEST]
    if code in CAPACITY:
        return NoCapacity(said, "other machine types, zones or a later try may have capacity", code)
    if code in QUOTA:
        return QuotaReached(said, "raise the project's quota or lower caps.nodes", code)
    if code in STALE or _FINGERPRINT in message:
        return TryAgain(said, "it was written to meanwhile: try again", "conditionNotMet")
    if code in TOO_FAST | NOT_READY or status == _TOO_MANY or (status >= _SERVER_FAULT and status != _NOT_DONE_THERE):
        return TryAgain(said, "try again", code)
    if code in _AUTH | SIGNED_OUT or status == _UNAUTHENTICATED:
        return Refused(said, "check the service account, its roles and the clock of the master", code)
    return Refused(said, "check the service account's roles and the pool's settings", code)


def once_more(error: CloudError) -> bool:
    """Whether the same call may simply be sent again, after a pause."""
    return isinstance(error, TryAgain) and error.code not in STALE | NOT_READY | {"DeadlinePassed"}


def is_missing(error: CloudError, name: str) -> bool:
    """Whether the cloud says that it has no instance of this name; that it has no such project is no such word."""
    return error.code in NOT_THERE and is_about(error, name)


def is_about(error: CloudError, name: str) -> bool:
    """Whether it is about the instance of this name, and not about its disk or its zone."""
    return f"/instances/{name}'" in error.message


def _told(body: Mapping[str, Any]) -> tuple[str, str]:
    error = body.get("error")
    if isinstance(error, str):
        return error, str(body.get("error_description", error))
    if not isinstance(error, dict):
        return "", ""
    errors = error.get("errors") or [{}]
    first = errors[0] if isinstance(errors[0], dict) else {}
    code = first.get("reason") or first.get("code") or error.get("status") or ""
    return str(code), str(first.get("message") or error.get("message") or "")
