"""The knife for calls that libcloud makes as well: they go through requests, whose session is told of each (sandbox).

A call is named as the sandbox of its cloud counts it, ``POST /servers`` say, tokens too. ``python -m
ris_hybrid.sandbox.knife_http VERB -f FILE`` is ``ris-hybrid-rc`` with this knife in it. A module of its own, because
apache-libcloud, which brings requests, is an extra.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import Session

from ris_hybrid.sandbox import knife
from ris_hybrid.sandbox.gce import covers as gce
from ris_hybrid.sandbox.openstack.covers import covered, service_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest, Response

_GOOGLE = re.compile(r"^/compute/v1/projects/[^/]+")


@contextmanager
def drawn(one: knife.Knife) -> Iterator[knife.Knife]:
    """Every request of botocore and of requests is cut by the knife, while the block lasts."""
    send = Session.send

    def cut(session: Session, request: PreparedRequest, **how: Any) -> Response:
        number = one.sending(name_of(str(request.method), str(request.url)), request)
        try:
            return send(session, request, **how)
        finally:  # an answer that never came ends a call too
            one.received(number)

    Session.send = cut  # type: ignore[method-assign,assignment]  # requests has hooks for answers only, none for what goes out
    try:
        with knife.drawn(one):
            yield one
    finally:
        Session.send = send  # type: ignore[method-assign]  # as it was


def name_of(method: str, url: str) -> str:
    """``GET /servers/{id}`` for a call that a sandbox knows, method and path for any other."""
    path = urlsplit(url).path
    of_google = _GOOGLE.sub("", path)
    if of_google != path:
        known = gce.covered(method, of_google or "/")
        return known[0].name if known else f"{method} {path}"
    service, rest = service_of(path)
    found = covered(service, method, rest)
    return found[0].name if found else f"{method} {rest}"


if __name__ == "__main__":
    knife.main(drawn)
