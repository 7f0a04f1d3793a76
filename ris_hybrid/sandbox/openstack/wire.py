"""Calls and answers as plain values, and how each service words an error.

Nova: ``{"itemNotFound": {"code": 404, "message": "..."}}`` (API reference, Faults). Keystone: ``{"error": {"code",
"message", "title"}}``. Neutron: ``{"NeutronError": {"type", "message", "detail"}}``. Glance answers errors in HTML, and
so does the load balancer that stands before them all when nobody is behind it (503).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
Service = Literal["identity", "compute", "image", "network"]

_NOVA_WORDS: Mapping[int, str] = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    406: "notAcceptable",
    409: "conflictingRequest",
    413: "overLimit",
    429: "overLimit",
    501: "notImplemented",
}
LOOPBACK = "127.0.0.1"
RETRY_AFTER_S = 1
"""What 429 asks a client to wait."""


class ApiError(Exception):
    """An error as a service tells it; ``kind`` is Neutron's type."""

    def __init__(self, status: int, message: str, kind: str = "") -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.kind = kind


def not_in_sandbox(what: str) -> ApiError:
    """The one error for everything the sandbox cannot do; 501, so that no client tries it again."""
    return ApiError(501, f"{what} is not implemented: this is the sandbox, not OpenStack.", "SandboxNotImplemented")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. ``ids`` are the parts of the path that name something; ``document`` is the body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By names in small letters."""
    document: Json
    url: str
    """``http://127.0.0.1:PORT`` of this server."""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int = 200
    document: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    """HTML in place of a document."""

    def body(self) -> tuple[str, bytes]:
        """Content type and bytes."""
        if self.page:
            return "text/html; charset=UTF-8", self.page.encode()
        return "application/json", b"" if self.document is None else json.dumps(self.document).encode()


def error_answer(service: Service, error: ApiError) -> Answer:
    """The error in the service's own form; 401 is in Keystone's, whose filter stands before every service."""
    title = HTTPStatus(error.status).phrase if error.status in HTTPStatus._value2member_map_ else "Unknown"
    headers = {"Retry-After": str(RETRY_AFTER_S)} if error.status in {413, 429} else {}
    if error.status == 503 or (service == "image" and error.status != 401):
        text = f"<html><head><title>{error.status} {title}</title></head><body><h1>{error.status} {title}</h1>"
        return Answer(status=error.status, headers=headers, page=f"{text}\n{escape(error.message)}\n</body></html>\n")
    if error.status == 401:
        headers = {"WWW-Authenticate": "Keystone uri"}
    if service == "identity" or error.status == 401:
        told: Json = {"error": {"code": error.status, "message": error.message, "title": title}}
    elif service == "network":
        told = {"NeutronError": {"type": error.kind or "HTTPError", "message": error.message, "detail": ""}}
    else:
        word = _NOVA_WORDS.get(error.status, "computeFault")
        told = {word: {"code": error.status, "message": error.message}}
    return Answer(status=error.status, document=told, headers=headers)
