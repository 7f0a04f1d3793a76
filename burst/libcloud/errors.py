"""What libcloud and requests raise → our few errors, by the answer's status and words.

Sources: Nova, Neutron and Glance API references (status codes; Neutron says 409 where a quota is reached), Keystone's
401, and libcloud's own exceptions. Words of Keystone are never repeated, nor anything that looks like a secret.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, LibcloudError, MalformedResponseError

from burst.libcloud.faults import NO_HOST
from burst.libcloud.values import CONFLICT
from ris_hybrid.errors import NoCapacity, QuotaReached, Refused, RisHybridError, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.errors import CloudError

QUOTA = "QuotaExceeded"
UNAUTHORIZED, CREDENTIALS = "Unauthorized", "InvalidCredentials"
NOT_FOUND = "NotFound"
EXPIRED = frozenset({UNAUTHORIZED, CREDENTIALS})
"""Codes after which the connection is made anew: a token that is over, or credentials that were changed."""
_NO_PLACE = re.compile(
    r"no valid host|not enough hosts|exceeded max(imum)? (number of retries|scheduling)", re.IGNORECASE
)
_QUOTA = re.compile(r"quota|exceeded for .*(cores|instances|ram)|maximum number of", re.IGNORECASE)
_QUOTA_STATUS = frozenset({403, 409, 413})
_LATER = re.compile(r"try again|retry|concurrent|marker", re.IGNORECASE)
_LATER_STATUS = frozenset({408, 412, 425, 429})
_SERVER_FAULT, _NOT_THERE = 500, 501
_MOST = 300
_WRAPPED = 8
_CODES = {400: "BadRequest", 401: UNAUTHORIZED, 403: "Forbidden", 404: NOT_FOUND, 406: "NotAcceptable", 409: CONFLICT}
_HINTS = {
    400: "check the pool's image, instance_types, networks, zones and security_groups: ris-hybrid doctor",
    401: "check user, password, project and domain of the cloud, and the clock of this host",
    403: "its policy does not let these credentials do that: ask for the role",
    404: "check the pool's image, instance_types, networks, zones and security_groups: ris-hybrid doctor",
    406: "it must know Nova's microversion 2.69 (release Stein, 2019)",
    409: "the machine is locked, or busy with something else",
}
_TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,200}>")
_SECRETS = re.compile(r"gAAAA[\w=-]+|(?i:(pass\w*|secret|token|private_key)\W{1,4})[^\s,;}]+")


@contextmanager
def translated(cloud: str) -> Iterator[None]:
    """Raise ``CloudError`` in place of what a driver raises, and of what reading an answer that is none raises."""
    try:
        yield
    except RisHybridError:
        raise
    except BaseHTTPError as error:
        raise of_status(cloud, error.code, str(error.message)) from error
    except InvalidCredsError as error:
        raise Refused(f"cloud {cloud} does not take the credentials", _HINTS[401], CREDENTIALS) from error
    except requests.exceptions.RequestException as error:
        raise _unanswered(cloud, error) from error
    except MalformedResponseError as error:
        text = f"the answer of cloud {cloud} cannot be read: {type(error).__name__}"
        raise TryAgain(text, "another service may answer at its address, or its own is broken", "Unreadable") from error
    except (LibcloudError, LookupError, TypeError, AttributeError, ValueError, OSError) as error:
        text = f"the answer of cloud {cloud} cannot be read: {type(error).__name__}"
        raise TryAgain(text, "check its address, then try again", "Unreadable") from error


def _unanswered(cloud: str, error: requests.exceptions.RequestException) -> TryAgain:
    """Where we asked, and what the system says; never a path or a query."""
    kind = type(error).__name__
    asked = urlsplit(str(error.request.url or "")) if error.request is not None else None
    where = f" at {asked.scheme}://{asked.netloc.rpartition('@')[2]}" if asked and asked.netloc else ""
    reason = _reason(error)
    text = f"cloud {cloud} did not answer{where}: {kind}{f' ({without_secrets(reason)})' if reason else ''}"
    if isinstance(error, requests.exceptions.SSLError):
        return TryAgain(text, "check ca_file of the cloud, and that its address is one of https", kind)
    return TryAgain(text, "check its address and the network, then try again", kind)


def _reason(error: BaseException | None) -> str:
    """The system's own word, which requests and urllib3 wrap several times over."""
    said = ""
    for _ in range(_WRAPPED):
        if error is None:
            break
        said = str(getattr(error, "strerror", None) or said)
        within = [getattr(error, "reason", None), *error.args[:1], error.__cause__, error.__context__]
        error = next((one for one in within if isinstance(one, BaseException)), None)
    return said


def of_login(cloud: str, status: int) -> CloudError:
    """The error for Keystone's status. Its words are not repeated: they may be those that it was sent."""
    error = of_status(cloud, status, f"Keystone answered with status {status}")
    if error.code == NOT_FOUND:
        error.hint = "check auth_url: some are at a path, such as https://HOST/identity"
    return error


def of_status(cloud: str, status: int, words: str) -> CloudError:
    """The error for an HTTP status, which its words may change."""
    said = f"cloud {cloud}: {without_secrets(words)}"
    if _NO_PLACE.search(words):
        return NoCapacity(said, "other sizes, zones or a later try may have a place", NO_HOST)
    if status in _QUOTA_STATUS and _QUOTA.search(words):
        return QuotaReached(said, "raise the project's quota or lower caps.nodes", QUOTA)
    if (
        (status >= _SERVER_FAULT and status != _NOT_THERE)
        or status in _LATER_STATUS
        or (status in {400, 409} and _LATER.search(words))
    ):
        return TryAgain(said, "try again", f"Http{status}")
    return Refused(
        said, _HINTS.get(status, "check auth_url and the pool's settings"), _CODES.get(status, f"Http{status}")
    )


def without_secrets(words: str) -> str:
    """On one line, cut, without a page's tags and what looks like a token, a password or a key."""
    return _SECRETS.sub("***", " ".join(_TAG.sub(" ", words).split()))[:_MOST]
