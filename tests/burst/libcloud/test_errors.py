"""What a cloud's answers mean, and what is never repeated of them."""

from __future__ import annotations

from socket import gaierror
from ssl import SSLCertVerificationError

import pytest
import requests
from libcloud.common.exceptions import BaseHTTPError, RateLimitReachedError
from libcloud.common.types import InvalidCredsError, MalformedResponseError

from burst.libcloud.errors import of_login, translated, without_secrets
from burst.libcloud.faults import error_of
from burst.libcloud.values import Node
from ris_hybrid.errors import CloudError, ConfigError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState

CASES = [
    (400, "Invalid imageRef provided.", Refused, "BadRequest"),
    (400, "marker [x] not found", TryAgain, "Http400"),
    (400, "No valid host was found. ", NoCapacity, "NoValidHost"),
    (401, "The request you have made requires authentication.", Refused, "Unauthorized"),
    (403, "Policy doesn't allow os_compute_api:servers:create to be performed.", Refused, "Forbidden"),
    (403, "Quota exceeded for cores: Requested 8, but already used 96 of 100 cores", QuotaReached, "QuotaExceeded"),
    (413, "Quota exceeded for instances", QuotaReached, "QuotaExceeded"),
    (409, "Quota exceeded for resources: ['security_group'].", QuotaReached, "QuotaExceeded"),
    (409, "Instance 5c3f is locked", Refused, "Conflict"),
    (409, "Cannot 'update metadata' instance while it is in vm_state building", Refused, "Conflict"),
    (409, "There was a conflict when trying to complete your request. Please try again.", TryAgain, "Http409"),
    (404, "Flavor m1.huge could not be found.", Refused, "NotFound"),
    (406, "Version 2.69 is not supported by the API.", Refused, "NotAcceptable"),
    (412, "Constrained to 3, but current revision is 4", TryAgain, "Http412"),
    (429, "This request was rate-limited.", TryAgain, "Http429"),
    (500, "Unexpected API Error.", TryAgain, "Http500"),
    (501, "not implemented", Refused, "Http501"),
    (503, "<html>Service Unavailable</html>", TryAgain, "Http503"),
    (302, "", Refused, "Http302"),
]


@pytest.mark.parametrize(("status", "words", "kind", "code"), CASES)
def test_a_status_and_its_words_are_one_of_our_errors(status: int, words: str, kind: type, code: str) -> None:
    with pytest.raises(CloudError) as caught, translated("research"):
        raise BaseHTTPError(status, f"{status} Reason {words}")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert caught.value.message.startswith("cloud research: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (RateLimitReachedError(), TryAgain),
        (InvalidCredsError(), Refused),
        (requests.exceptions.ReadTimeout("x"), TryAgain),
        (requests.exceptions.SSLError("x"), TryAgain),
        (requests.exceptions.TooManyRedirects("x"), TryAgain),
        (MalformedResponseError("x", body="<html>"), TryAgain),
        (KeyError("servers"), TryAgain),
        (TypeError("x"), TryAgain),
        (ConnectionResetError("x"), TryAgain),
        (NoCapacity("ours"), NoCapacity),
        (ConfigError("ours"), ConfigError),
    ],
)
def test_what_is_raised_besides_is_translated_and_ours_passes(raised: Exception, kind: type) -> None:
    with pytest.raises(kind), translated("research"):
        raise raised


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (gaierror(-2, "Name or service not known"), "Name or service not known"),
        (SSLCertVerificationError(1, "certificate verify failed: self-signed"), "certificate verify failed"),
    ],
)
def test_where_nobody_answers_and_why_is_said_but_no_path(cause: OSError, said: str) -> None:
    wrapped = OSError("x")
    wrapped.__cause__ = cause
    kind = requests.exceptions.SSLError if isinstance(cause, SSLCertVerificationError) else requests.ConnectionError
    asked = requests.Request("GET", "https://u:hunter2@keystone.example.org:5000/v3?token=abcdef").prepare()
    with pytest.raises(TryAgain) as caught, translated("research"):
        raise kind(wrapped, request=asked)
    begin = f"cloud research did not answer at https://keystone.example.org:5000: {kind.__name__} ({said}"
    assert caught.value.message.startswith(begin)
    assert ("ca_file" in caught.value.hint) == (kind is requests.exceptions.SSLError)


@pytest.mark.parametrize(("status", "kind", "hint"), [(404, Refused, "check auth_url"), (503, TryAgain, "try again")])
def test_what_keystone_answers_is_no_fault_of_the_pool(status: int, kind: type, hint: str) -> None:
    error = of_login("research", status)
    assert type(error) is kind
    assert error.hint.startswith(hint)


def test_what_looks_like_a_secret_is_not_repeated() -> None:
    token = "gAAAAABm" + "x" * 90
    words = f'could not validate {token}, "password": "hunter2", secret=s3cr3t; X-Auth-Token: abcdef'
    said = without_secrets(words)
    assert not any(word in said for word in (token, "hunter2", "s3cr3t", "abcdef"))
    assert said.startswith("could not validate")
    assert without_secrets("<html><body class='x'><h1>Bad Gateway</h1>\n1 < 2</body>") == "Bad Gateway 1 < 2"
    assert len(without_secrets("word " * 500)) <= 300


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("NoValidHost: Nova gives no reason", NoCapacity, "NoValidHost"),
        ("No valid host was found.", NoCapacity, "NoValidHost"),
        ("ZONE_RESOURCE_POOL_EXHAUSTED: no room", NoCapacity, "ZONE_RESOURCE_POOL_EXHAUSTED"),
        ("QUOTA_EXCEEDED: CPUS", QuotaReached, "QUOTA_EXCEEDED"),
        ("RESOURCE_NOT_FOUND: image", Refused, "RESOURCE_NOT_FOUND"),
        ("RATE_LIMIT_EXCEEDED: slow down", Refused, "RATE_LIMIT_EXCEEDED"),
    ],
)
def test_why_a_machine_got_no_place(fault: str, kind: type, code: str) -> None:
    node = Node(
        node_id="n",
        name="n",
        state=MachineState.STOPPED,
        size="",
        zone="",
        private_ip="",
        launched=0.0,
        fault=fault,
        placed=False,
    )
    error = error_of(node)
    assert (type(error), error.code) == (kind, code)
