from __future__ import annotations

from typing import Any

import pytest
import requests
from globus_sdk import GlobusSDKUsageError, NetworkError, TransferAPIError
from globus_sdk.exc import GlobusError
from globus_sdk.testing import construct_error
from globus_sdk.token_storage.validating_token_storage import MissingTokenError

from onprem.globus.errors import globus_words, without_paths
from ris_hybrid.errors import ConfigError, QuotaReached, Refused, RisHybridError, TryAgain

CASES: list[tuple[int, str, type[RisHybridError], str]] = [
    (429, "TooManyRequests", TryAgain, "20 calls"),
    (503, "ServiceUnavailable", TryAgain, ""),
    (500, "InternalError", TryAgain, ""),
    (502, "ExternalError.DirListingFailed.GCDisconnected", Refused, ""),
    (502, "EndpointError", Refused, ""),
    (403, "PermissionDenied", Refused, "whoami"),
    (403, "ConsentRequired", Refused, "login --force"),
    (401, "AuthenticationFailed", Refused, "secret_file"),
    (404, "ClientError.NotFound", Refused, "90 days"),
    (409, "Conflict.TaskLimitExceeded", QuotaReached, "wait"),
    (400, "ClientError.BadRequest.NoTransferItems", Refused, "cannot help"),
]


def error(status: int, code: str, **more: Any) -> TransferAPIError:
    scopes = {"required_scopes": ["urn:x"]} if code == "ConsentRequired" else {}
    body = {"code": code, "message": "No '/wucci/Smith/a b.dcm' here", "request_id": "r", **scopes, **more}
    return construct_error(http_status=status, body=body, error_class=TransferAPIError)


@pytest.mark.parametrize(("status", "code", "kind", "hint"), CASES)
def test_each_answer_is_what_the_caller_does_next(
    status: int, code: str, kind: type[RisHybridError], hint: str
) -> None:
    with pytest.raises(kind) as caught, globus_words("submitting move m-7"):
        raise error(status, code)
    assert "submitting move m-7" in caught.value.message
    assert "Smith" not in caught.value.message
    assert hint in caught.value.hint


def test_a_demand_for_another_sign_in_is_told() -> None:
    with pytest.raises(Refused, match="Globus") as caught, globus_words("x"):
        raise error(403, "AuthorizationRequired", authorization_parameters={"session_required_mfa": True})
    assert "second factor" in caught.value.hint


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (NetworkError("no", requests.ConnectionError("http://secret@host")), TryAgain),
        (MissingTokenError("No token", resource_server="transfer.api.globus.org"), Refused),
        (GlobusSDKUsageError("bad use of '/a/b'"), ConfigError),
        (ValueError("not a url"), ConfigError),
        (GlobusError("other"), TryAgain),
    ],
)
def test_the_sdks_own_errors_too(raised: Exception, kind: type[RisHybridError]) -> None:
    with pytest.raises(kind) as caught, globus_words("x"):
        raise raised
    assert "secret" not in caught.value.message
    assert "/a/b" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("plain words", "plain words"),
        ("No such file /a/b/c here", "No such file (a path) here"),
        ("'/a/b c/d' is missing", "'(a path)' is missing"),
        ("path=/x/y, then", "path=(a path), then"),
        ("1/2 of it", "1/2 of it"),
        ("/start of it", "(a path) of it"),
    ],
)
def test_paths_are_taken_out(text: str, left: str) -> None:
    assert without_paths(text).replace("'(a path)'", "(a path)") == left.replace("'(a path)'", "(a path)")
