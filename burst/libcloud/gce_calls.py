"""Single calls of Google's Compute Engine over libcloud's connection, with every wait bounded.

libcloud's connection brings the service account's signature, HTTP and TLS. Its driver's own methods are not used, for
they cannot keep what our ports promise: they drop the warning that a zone could not be read, read only the first page
of many lists, wait for operations up to three minutes, and keep tokens in the home directory.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.client import HTTPException
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from libcloud.common.base import ConnectionUserAndKey
from libcloud.common.google import GoogleServiceAcctAuthConnection
from libcloud.common.types import LibcloudError
from libcloud.compute.drivers.gce import API_VERSION, GCEConnection, GCEResponse

from burst import deadline
from burst.libcloud import gce_errors
from burst.libcloud.bounded import NoRetry, http_class
from ris_hybrid.errors import CloudError, ConfigError, Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from libcloud.http import LibcloudConnection

    from ris_hybrid.pool_settings import SecondCloud

    _Body = Mapping[str, Any] | None

GOOGLE = "Google"
"""What an answer is of that cannot be read."""
_PAUSES = (0.3, 1.0)  # between the attempts of one call
_PAGES = 200  # of 500; a list that is longer does not end
_TOKENS, _API = "https://accounts.google.com", f"https://{GCEConnection.host}"
_SCOPES = ["https://www.googleapis.com/auth/compute"]
_EARLY_S = 60.0
_HTTP_ERROR = 400


class _Answer(GCEResponse):
    """An answer's JSON, or our error for it: libcloud's reading of errors fails on those without a reason."""

    def parse_body(self) -> Any:
        if self.status >= _HTTP_ERROR:
            raise gce_errors.of_answer(self.status, str(self.body))
        try:
            return json.loads(str(self.body) or "{}")
        except ValueError as error:
            raise TryAgain("Google's answer is no JSON", "try again", "BadAnswer") from error


class _TokenLink(GoogleServiceAcctAuthConnection):
    responseCls = _Answer  # noqa: N815 - libcloud's name

    retryCls: Any = NoRetry  # noqa: N815 - the same

    def __init__(self, url: str, key: Mapping[str, Any], http: type[LibcloudConnection]) -> None:
        self.conn_class = http
        email, pem = str(key["client_email"]), str(key["private_key"])
        super().__init__(email, pem, _SCOPES, **_place(url))  # type: ignore[no-untyped-call]  # libcloud's has no annotations


class Token:
    """The service account's access token, kept in memory alone and renewed a minute before it ends."""

    def __init__(self, url: str, key: Callable[[], Mapping[str, Any]], http: type[LibcloudConnection]) -> None:
        self._url, self._key, self._http = url, key, http
        self._lock = Lock()
        self._token = ""
        self._ends = 0.0

    @property
    def access_token(self) -> str:
        """The token, asked for when there is none that lasts. Raises as ``Calls`` does."""
        with self._lock:
            if not self._token or monotonic() >= self._ends:
                self._renew()
            return self._token

    def forget(self) -> None:
        """The cloud takes it no more."""
        with self._lock:
            self._token = ""

    def _renew(self) -> None:
        key = self._key()
        try:
            link: Any = _TokenLink(self._url, key, self._http)
        except LibcloudError:
            hint = "see docs/clouds.md, Credentials"
            raise Refused("the service account's private_key is no PEM key", hint, "Credentials") from None
        told = link.get_new_token()
        if not isinstance(told, dict) or not told.get("access_token"):
            raise TryAgain("Google gave no token", "try again", "BadAnswer")
        self._token = str(told["access_token"])
        self._ends = monotonic() + float(told.get("expires_in", 0.0)) - _EARLY_S


class _Link(GCEConnection):
    responseCls = _Answer  # noqa: N815 - libcloud's name

    retryCls: Any = NoRetry  # noqa: N815 - the same

    def __init__(self, url: str, project: str, token: Token, http: type[LibcloudConnection]) -> None:
        self.conn_class = http
        # Not the parent's: that one asks for a token at once and writes it into the home directory.
        ConnectionUserAndKey.__init__(self, "", "", **_place(url))  # type: ignore[no-untyped-call]  # the same
        self.request_path = f"/compute/{API_VERSION}/projects/{project}"
        self.gce_params = None
        self._token = token

    def pre_connect_hook(self, params: Any, headers: Any) -> tuple[Any, Any]:
        """Called by libcloud for every request."""
        headers["Authorization"] = f"Bearer {self._token.access_token}"
        return params, headers


class Calls:
    """Calls of one project; safe to share between threads, each of which has an HTTP connection for its call.

    Paths begin after the project. Raises ``Refused``, ``TryAgain``, ``NoCapacity``, ``QuotaReached``.
    """

    def __init__(
        self,
        cloud: SecondCloud,
        key: Callable[[], Mapping[str, Any]],
        wait: Callable[[float], object],
    ) -> None:
        self._url = _checked(cloud)
        self._cloud = cloud
        self.wait = wait
        self._http = http_class(cloud.ca_file)
        self._token = Token(cloud.endpoint_url or _TOKENS, key, self._http)
        self._lock = Lock()
        self._idle: list[_Link] = []

    def url(self, path: str) -> str:
        """A resource's own address, whatever address is asked."""
        return f"{_API}/compute/{API_VERSION}/projects/{self._cloud.project}{path}"

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """One document."""
        return self._sent("GET", path, params, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Order something; the answer is an operation."""
        return self._sent("POST", path, {}, body)

    def delete(self, path: str) -> dict[str, Any]:
        """Order an end; the answer is an operation."""
        return self._sent("DELETE", path, {}, None)

    def pages(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """Every page of a list. Raises ``TryAgain`` when a part of the cloud could not be read."""
        asked = {"maxResults": "500", **params}
        for _ in range(_PAGES):
            page = self.get(path, **asked)
            _all_read(page)
            yield page
            if not page.get("nextPageToken"):
                return
            asked["pageToken"] = str(page["nextPageToken"])
        raise TryAgain(f"the list {path} does not end", "try again", "BadAnswer")

    def _sent(
        self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        for pause in _PAUSES:
            try:
                return self._once(method, path, params, body)
            except CloudError as error:
                if error.code in gce_errors.SIGNED_OUT:
                    self._token.forget()
                elif not gce_errors.once_more(error):
                    raise
            self.wait(min(pause, max(0.0, deadline.left_s())))
        return self._once(method, path, params, body)

    def _once(
        self, method: str, path: str, params: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        deadline.check()
        with self._link() as link:
            try:
                answer = link.request(path, params=params, data=body, method=method).object
            except (OSError, HTTPException, LibcloudError) as error:
                name = type(error).__name__
                hint = "check the network, the endpoint and ca_file, then try again"
                raise TryAgain(f"Google did not answer: {name}", hint, name) from error
        if not isinstance(answer, dict):
            raise TryAgain("Google's answer is no object", "try again", "BadAnswer")
        return answer

    @contextmanager
    def _link(self) -> Iterator[Any]:
        with self._lock:
            link = self._idle.pop() if self._idle else None
        if link is None:
            link = _Link(self._url, self._cloud.project, self._token, self._http)
        try:
            yield link
        finally:
            with self._lock:
                self._idle.append(link)


def _checked(cloud: SecondCloud) -> str:
    url = cloud.endpoint_url or _API
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"cloud {cloud.name}: endpoint_url: expected an http(s) URL, found {url!r}", "see burst.yaml")
    return url


def _place(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return {"secure": secure, "host": parts.hostname, "port": parts.port or (443 if secure else 80)}


def _all_read(page: Mapping[str, Any]) -> None:
    """A zone that is down is told by a warning, in the list or in its part of it, and its machines are left out."""
    parts = page.get("items")
    scopes = parts.values() if isinstance(parts, dict) else ()
    warnings = [page.get("warning"), *(part.get("warning") for part in scopes)]
    odd = [one for one in warnings if one and one.get("code") != "NO_RESULTS_ON_PAGE"]
    if odd or page.get("unreachables"):
        told = odd[0].get("code", "") if odd else "UNREACHABLE"
        raise TryAgain(f"Google could not read every zone: {told}", "it is tried again", "UNREACHABLE")
