"""Answers of the sandbox's Globus: JSON, and errors in the shape the real services give them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping


def json_answer(document: object, status: int = 200) -> Response:
    """A document."""
    return Response(json.dumps(document), status=status, content_type="application/json")


class Fault(Exception):
    """An answer that is an error; ``code`` is Globus's word."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.document: Mapping[str, Any] = {"code": code, "message": message, "request_id": "sandbox", **more}

    def answer(self) -> Response:
        """As the client gets it."""
        return json_answer(self.document, self.status)


def not_found(what: str) -> Fault:
    """Globus Transfer's answer for an id it does not know."""
    return Fault(404, "ClientError.NotFound", f"No such {what}")


def denied(message: str) -> Fault:
    """It is known, and not for this identity."""
    return Fault(403, "PermissionDenied", message)
