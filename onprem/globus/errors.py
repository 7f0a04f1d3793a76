"""Globus's errors in ours, by what the caller does next.

Shapes and codes: Globus Transfer API, "Error Responses", and ``globus_sdk.exc``. A message may name a path, and paths
may name people: they are taken out of every text that leaves here.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from globus_sdk import GlobusAPIError, GlobusError, GlobusSDKUsageError, NetworkError
from globus_sdk.exc import ValidationError
from globus_sdk.token_storage import TokenValidationError

from ris_hybrid.errors import CloudError, ConfigError, QuotaReached, Refused, RisHybridError, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_FOUND = "NotFound"
"""Code of the ``Refused`` for a task, rule, group or collection that Globus does not know."""
DENIED = "PermissionDenied"
"""Code of the ``Refused`` for what this identity may not do."""

_PATH = re.compile(r"""(?:(?<=[\s'"(=:])|^)/[^\s'"),;]+(?: [^\s'"),;]*/[^\s'"),;]*)*|'/[^']*'|"/[^"]*\"""")
_LOGIN = "run: ris-hybrid globus login"
_THROTTLED = 429
_SERVER = 500


def without_paths(text: str) -> str:
    """A text of Globus without the paths in it; what is quoted goes whole, spaces and all."""
    return _PATH.sub("(a path)", text)


@contextmanager
def globus_words(deed: str) -> Iterator[None]:
    """Within it, errors of the SDK become ours; ``deed`` says what was tried: ``submitting the transfer``."""
    try:
        yield
    except GlobusAPIError as error:
        raise of_api(error, deed) from error
    except NetworkError as error:
        message = f"Globus was not reached while {deed}: {type(error.underlying_exception).__name__}"
        raise TryAgain(message, "check the network, then try again", "NetworkError") from error
    except TokenValidationError as error:
        raise Refused(f"no valid Globus token for {deed}", _LOGIN, "TokenInvalid") from error
    except (GlobusSDKUsageError, ValidationError, ValueError) as error:
        message = f"Globus cannot be asked for {deed}: {without_paths(str(error))}"
        raise ConfigError(message, "check the part globus of data.yaml") from error
    except GlobusError as error:
        raise TryAgain(f"Globus failed while {deed}: {type(error).__name__}", code=type(error).__name__) from error


def of_api(error: GlobusAPIError, deed: str) -> RisHybridError:
    """What an answer that is an error means; never with a token, an address or a path in it."""
    code = error.code or str(error.http_status)
    said = without_paths(error.message or error.http_reason or "no reason given")
    told = f"Globus: {deed}: {said} ({code})"
    if _transient(error, code):
        return TryAgain(told, "it is asked again; Globus allows about 20 calls a second", code)
    consent = _consent(error, told)
    if consent is not None:
        return consent
    return _refusal(error, told, code)


def _transient(error: GlobusAPIError, code: str) -> bool:
    if error.http_status == _THROTTLED or "TooManyRequests" in code or "ServiceUnavailable" in code:
        return True
    return error.http_status >= _SERVER and "ExternalError" not in code and "EndpointError" not in code


def _consent(error: GlobusAPIError, told: str) -> CloudError | None:
    """Somebody must consent, or sign in in another way (Globus Auth Requirements Errors)."""
    if error.info.consent_required:
        hint = f"somebody must allow this use of the collection; for a person {_LOGIN} --force; for the service give "
        return Refused(told, f"{hint}its identity a role on the collection", "ConsentRequired")
    if error.info.authorization_parameters:
        hint = f"the collection asks for another sign-in (institution, second factor); {_LOGIN} --force"
        return Refused(told, hint, "AuthorizationRequired")
    return None


def _refusal(error: GlobusAPIError, told: str, code: str) -> CloudError:
    if "LimitExceeded" in code or "TooMany" in code:
        return QuotaReached(told, "wait until running tasks have ended", code)
    if error.http_status == 401:
        return Refused(told, f"check client_id and secret_file of data.yaml; for a person {_LOGIN}", "Unauthorized")
    if error.http_status == 403:
        return Refused(told, "give the identity that `ris-hybrid globus whoami` names the right it needs", DENIED)
    if error.http_status == 404:
        return Refused(told, "check the UUIDs in data.yaml; Globus keeps ended tasks for about 90 days", NOT_FOUND)
    return Refused(told, "trying again cannot help", code)
