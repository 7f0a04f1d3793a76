"""Spectrum Scale's REST v2 over HTTPS: one account, several GUI nodes, no secret in any text.

The next node is asked when one cannot be reached or does not answer, never because of what it answered. A change that
was sent and not answered is not sent again: nothing is known of it. A refused password (401) is never tried twice, as
GUI accounts lock; a 403 says which role is wanted.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from onprem.gpfs.rest_words import is_not_there, message_of, redacted, short
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onprem.gpfs.rest_requests import Document, Request

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_BASE = "/scalemgmt/v2/"
_MOST_BYTES = 256 * 1024**2
_MOST_PAGES = 100_000
_MEMBERS_HINT = "is the address of gpfs.guis that of a Spectrum Scale GUI?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A GUI user; its repr does not say the password."""

    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """HTTP Basic."""
        return f"Basic {self.encoded}"

    @property
    def encoded(self) -> str:
        """What Basic makes of it, which is as secret as the password."""
        return b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")

    @property
    def secrets(self) -> frozenset[str]:
        """What must not be shown."""
        return frozenset({self.password, self.encoded})


class RestHttp:
    """See ``onprem.gpfs.rest_requests.Asks``. The password is read anew for each call, so that a new one counts."""

    def __init__(
        self, guis: tuple[str, ...], login: Callable[[], Login], *, ca_file: str = "", timeout_s: float = 60.0
    ) -> None:
        self._guis = [_checked(gui) for gui in guis]
        self._login = login
        self._refused: Login | None = None
        timeout = urllib3.Timeout(connect=min(10.0, timeout_s), read=timeout_s)
        self._pool = urllib3.PoolManager(
            retries=False, timeout=timeout, cert_reqs="CERT_REQUIRED", ca_certs=ca_file or None, maxsize=2
        )

    def ask(self, request: Request) -> Document | None:
        """See ``Asks``."""
        login = self._login()
        if login == self._refused:
            raise _locked(login)
        status, body = self._first_answer(request, login)
        return self._understood(request, login, status, body)

    def pages(self, request: Request) -> Iterator[Document]:
        """See ``Asks``. The next page is asked for by ``lastId``: ``next`` is an address of the GUI's own."""
        last = ""
        for _ in range(_MOST_PAGES):
            asked = _after(request, last) if last else request
            document = self.ask(asked)
            if document is None:
                return
            yield document
            paging = document.get("paging")
            following = str(paging.get("lastId") or "") if isinstance(paging, Mapping) else ""
            if not following or following == last:
                return
            last = following
        raise SiteUnavailable(f"REST's answer to {request.path} has no end", _MEMBERS_HINT)

    def _first_answer(self, request: Request, login: Login) -> tuple[int, bytes]:
        """Of the first node that gives one; it is asked first from then on."""
        failed: list[str] = []
        for gui in tuple(self._guis):
            try:
                answer = self._send(gui, request, login)
            except HTTPError as error:
                failed.append(f"{gui}: {_why(error, login)}")
                if request.method != "GET" and not _never_sent(error):
                    failed.append("it may have been done all the same")
                    break
            else:
                self._guis.remove(gui)
                self._guis.insert(0, gui)
                return answer
        raise SiteUnavailable(
            f"Spectrum Scale's REST did not answer {request.method} {request.path}: {'; '.join(failed)}",
            "check the GUI service on these nodes, and gpfs.ca_file when it is about a certificate",
        )

    def _send(self, gui: str, request: Request, login: Login) -> tuple[int, bytes]:
        headers = {"Authorization": login.header, "Accept": "application/json"}
        body = None
        if request.body is not None:
            body, headers["Content-Type"] = json.dumps(request.body).encode(), "application/json"
        answer = self._pool.request(
            request.method,
            f"{gui.rstrip('/')}{_BASE}{request.target}",
            body=body,
            headers=headers,
            redirect=False,
            preload_content=False,
        )
        try:
            text = answer.read(_MOST_BYTES + 1)
        finally:
            answer.release_conn()
        if len(text) > _MOST_BYTES:
            raise SiteUnavailable(f"REST's answer to {request.path} is longer than {_MOST_BYTES} bytes", _MEMBERS_HINT)
        return answer.status, text

    def _understood(self, request: Request, login: Login, status: int, body: bytes) -> Document | None:
        document = _json(body)
        said = short(redacted(message_of(document), login.secrets | _values(request)))
        asked = f"{request.method} {request.path}"
        if status in {200, 201, 202} and document is not None:
            return document
        if is_not_there(status, said):
            return None
        if status == 401:
            self._refused = login
            raise _locked(login)
        if status == 403:
            raise Refused(
                f"GUI user {login.user} may not {asked}: {said or 'no reason given'}",
                f"it takes the role {request.role}: an administrator gives it with mkuser or chuser",
                "403",
            )
        if 400 <= status < 500:
            raise Refused(f"Spectrum Scale refused {asked} ({status}): {said or 'no reason given'}", "", str(status))
        raise SiteUnavailable(
            f"{asked} was answered with {status}: {said or 'nothing that is JSON of REST v2'}", _MEMBERS_HINT
        )


def _checked(gui: str) -> str:
    """The address; raises ``ConfigError`` for one that would carry the password in the open."""
    parts = urlsplit(gui)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ConfigError(f"gpfs.guis: expected https://HOST, found {gui!r}", "the password goes over TLS alone")
    return gui


def _after(request: Request, last: str) -> Request:
    return replace(request, query={**request.query, "lastId": last})


def _locked(login: Login) -> Refused:
    return Refused(
        f"Spectrum Scale's GUI does not accept the password of user {login.user}",
        "put the right one into gpfs.password_file; it is not tried again, as the account would lock",
        "401",
    )


def _json(body: bytes) -> Document | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _values(request: Request) -> frozenset[str]:
    """Keys that a request carries: an answer may repeat them."""
    body = request.body or {}
    return frozenset(str(body[key]) for key in ("accessKey", "secretKey") if key in body)


def _never_sent(error: HTTPError) -> bool:
    """TLS may also break while an answer is read; a certificate is looked at before anything is said."""
    if isinstance(error, SSLError):
        return any(isinstance(one, SSLCertVerificationError) for one in (error.__cause__, *error.args))
    return isinstance(error, NewConnectionError | ConnectTimeoutError)


def _why(error: HTTPError, login: Login) -> str:
    if isinstance(error, SSLError):
        return f"its certificate is not trusted or TLS failed: {short(redacted(str(error), login.secrets))}"
    if isinstance(error, NewConnectionError | ConnectTimeoutError):
        return "cannot be reached"
    return f"no whole answer ({type(error).__name__})"
