"""HTTP of libcloud with every wait bounded, and nothing taken from the environment but proxies.

libcloud waits a minute for an answer by default, and where ``LIBCLOUD_RETRY_FAILED_HTTP_REQUESTS`` is set it sleeps and
tries again by itself, creates included. Its global switches (``libcloud.security``, ``LIBCLOUD_DEBUG``, which logs
passwords) do not reach what is made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from libcloud.http import LibcloudConnection

from burst import deadline
from burst.libcloud.credentials import check_readable

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT_S, READ_S = 2.0, 4.0
_SOONEST_S = 0.5


def http_class(ca_file: str) -> type[LibcloudConnection]:
    """The ``conn_class`` of every connection of one cloud.

    Args:
        ca_file: certificates its API is checked by; empty: the system's.
    """

    class Bounded(LibcloudConnection):
        """One host of the cloud."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]  # libcloud's has no annotations
            session: Any = self.session
            session.auth = _as_it_is  # else requests looks into .netrc
            session.max_redirects = 0  # a token goes to the host that it is for
            if ca_file:
                self.ca_cert = ca_file

        def request(self, *args: Any, **kwargs: Any) -> None:
            """As libcloud's. Raises ``TryAgain`` once the whole call's time is over, ``Refused`` without ca_file."""
            deadline.check()
            check_readable(ca_file)
            left_s = max(deadline.left_s(), _SOONEST_S)
            session: Any = self.session
            session.timeout = (min(CONNECT_S, left_s), min(READ_S, left_s))
            super().request(*args, **kwargs)  # type: ignore[no-untyped-call]  # libcloud's has no annotations

    return Bounded


def _as_it_is(request: Any) -> Any:
    return request


class NoRetry:
    """libcloud's ``retryCls`` of a connection that does not try again by itself."""

    def __init__(self, **_: Any) -> None:
        """Takes what libcloud gives, and needs none of it."""

    def __call__(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call as it is."""
        return call
