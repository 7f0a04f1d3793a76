"""Google's answers that are errors, by what the caller does next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from burst.libcloud import gce_errors
from ris_hybrid.errors import CloudError, NoCapacity, QuotaReached, Refused, TryAgain


def answer(reason: str, message: str = "so it is", status: int = 400) -> str:
    one = {"domain": "global", "reason": reason, "message": message}
    return json.dumps({"error": {"code": status, "message": message, "errors": [one]}})


def operation(code: str, message: str = "so it is") -> dict[str, Any]:
    return {"status": "DONE", "error": {"errors": [{"code": code, "message": message}]}}


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (503, "ZONE_RESOURCE_POOL_EXHAUSTED", NoCapacity),
        (400, "stockout", NoCapacity),
        (403, "quotaExceeded", QuotaReached),
        (403, "rateLimitExceeded", TryAgain),
        (429, "anything", TryAgain),
        (503, "backendError", TryAgain),
        (412, "conditionNotMet", TryAgain),
        (400, "resourceNotReady", TryAgain),
        (401, "authError", Refused),
        (403, "forbidden", Refused),
        (404, "notFound", Refused),
        (409, "alreadyExists", Refused),
        (400, "invalidResourceUsage", Refused),
        (400, "aWordNobodyKnows", Refused),
    ],
)
def test_an_answer(status: int, reason: str, kind: type[CloudError]) -> None:
    error = gce_errors.of_answer(status, answer(reason, status=status))
    assert type(error) is kind
    assert (error.code, error.message) == (reason, "so it is")
    assert error.hint


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", NoCapacity),
        ("IP_SPACE_EXHAUSTED", NoCapacity),
        ("QUOTA_EXCEEDED", QuotaReached),
        ("CONDITION_NOT_MET", TryAgain),
        ("PERMISSION_DENIED", Refused),
    ],
)
def test_a_finished_operation(code: str, kind: type[CloudError]) -> None:
    assert type(gce_errors.of_operation(operation(code))) is kind


def test_an_operation_that_runs_or_went_well_has_no_error() -> None:
    assert gce_errors.of_operation({"status": "DONE"}) is None
    assert gce_errors.of_operation({**operation("QUOTA_EXCEEDED"), "status": "RUNNING"}) is None


@pytest.mark.parametrize(
    ("status", "text", "code", "message"),
    [
        (502, "<html>bad gateway</html>", "502", "<html>bad gateway</html>"),
        (400, '{"error": "invalid_grant", "error_description": "no such account"}', "invalid_grant", "no such account"),
        (403, '{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}', "PERMISSION_DENIED", "no"),
        (404, "[]", "404", "[]"),
        (500, "", "500", "HTTP 500"),
        (409, '{"error": {"code": 409, "message": "there"}}', "409", "there"),
        (400, '{"error": {"errors": [7], "message": "odd"}}', "400", "odd"),
    ],
)
def test_answers_without_a_reason(status: int, text: str, code: str, message: str) -> None:
    error = gce_errors.of_answer(status, text)
    assert (error.code, error.message) == (code, message)
    assert isinstance(error, TryAgain) == (status >= 500)


def test_a_page_of_html_is_cut() -> None:
    assert len(gce_errors.of_answer(500, "x" * 10_000).message) == 500


def test_only_googles_word_about_the_instance_itself_says_that_it_is_missing() -> None:
    said = "The resource 'projects/p/zones/us-central1-a/instances/ris-1' was not found"
    assert gce_errors.is_missing(gce_errors.of_answer(404, answer("notFound", said)), "ris-1")
    for other in ("The resource 'projects/p' was not found", said.replace("ris-1", "ris-12")):
        assert not gce_errors.is_missing(gce_errors.of_answer(404, answer("notFound", other)), "ris-1")
    assert not gce_errors.is_missing(gce_errors.of_answer(403, answer("forbidden", said)), "ris-1")


def test_what_is_sent_again_by_itself() -> None:
    assert gce_errors.once_more(TryAgain("", code="backendError"))
    for error in (TryAgain("", code="conditionNotMet"), TryAgain("", code="resourceNotReady"), Refused("")):
        assert not gce_errors.once_more(error)
