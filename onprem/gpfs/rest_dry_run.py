"""A rehearsal of changes: what would be sent is told, with secrets as ``***``, and nothing is sent but reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onprem.gpfs.rest_requests import Asks, Document, Request

_DONE: Document = {"jobs": [{"jobId": 0, "status": "COMPLETED"}]}


class DryRun:
    """See ``onprem.gpfs.rest_requests.Asks``: a change is answered as if its job had been done at once."""

    def __init__(self, http: Asks, tell: Callable[[str], None]) -> None:
        self._http = http
        self._tell = tell

    def ask(self, request: Request) -> Document | None:
        """See ``Asks``."""
        if request.method == "GET":
            return self._http.ask(request)
        self._tell(request.shown())
        return _DONE

    def pages(self, request: Request) -> Iterator[Document]:
        """See ``Asks``."""
        return self._http.pages(request)
