"""From a call to its answer: which service it is for, whether it may ask, and what shall go wrong with it.

One lock puts all calls in a row. Ordered delays wait outside it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.openstack import auth
from ris_hybrid.sandbox.openstack.control import PREFIX, control
from ris_hybrid.sandbox.openstack.covers import covered, service_of
from ris_hybrid.sandbox.openstack.state import Cloud
from ris_hybrid.sandbox.openstack.wire import Answer, ApiError, error_answer, not_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.openstack.covers import Covered
    from ris_hybrid.sandbox.openstack.wire import Call, Json, Service


class Cut(Exception):
    """The connection is to be broken here, without an answer."""


class OpenStack:
    """The services over one project."""

    def __init__(self, wait: Callable[[float], object] = time.sleep) -> None:
        self._wait = wait
        self._lock = threading.Lock()
        self._cloud = Cloud()

    def control(self, method: str, path: str, posted: object) -> Answer:
        """The sandbox's own routes."""
        with self._lock:
            return control(self._cloud, method, path, posted)

    def answer(self, call: Call) -> Answer:
        """The answer to one call. Raises ``Cut`` where a fault breaks the connection."""
        service, path = service_of(call.path)
        found = covered(service, call.method, path)
        name = found[0].name if found else f"{call.method} {path}"
        with self._lock:
            self._cloud.calls[name] += 1
            deed, servers = self._cloud.faults.deed(name), self._cloud.servers
        if deed.delay_s:
            self._wait(deed.delay_s)
        if deed.reset == "before":
            raise Cut
        if deed.error is not None:
            return error_answer(service, ApiError(deed.error.status, deed.error.message, "Ordered"))
        with self._lock:
            if self._cloud.servers is not servers:  # a reset came first: what was begun before it starts nothing now
                raise Cut
            answer = self._done(service, found, replace(call, path=path), name)
        if deed.hold_s:
            self._wait(deed.hold_s)
        if deed.reset == "after":
            raise Cut
        return answer

    def _done(self, service: Service, found: tuple[Covered, tuple[str, ...]] | None, call: Call, name: str) -> Answer:
        try:
            if found is None or not found[0].open:
                auth.check(self._cloud, call)
            if found is None:
                raise not_in_sandbox(f"{service}'s {name}")
            return found[0].answer(self._cloud, replace(call, ids=found[1]))
        except ApiError as error:
            return error_answer(service, error)


def bad_document(path: str) -> Answer:
    """For a body that is no JSON object."""
    if path.startswith(PREFIX):
        return Answer(status=400, document=_not_json())
    return error_answer(service_of(path)[0], ApiError(400, "Malformed request body", "HTTPBadRequest"))


def _not_json() -> Json:
    return {"error": "not JSON"}
