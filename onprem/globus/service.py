"""One identity's way to Globus Transfer: every call paced, every error in our words, collections read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from globus_sdk import ClientApp

from onprem.globus.errors import globus_words
from onprem.globus.standing import needs_consent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from globus_sdk import GlobusApp, TransferClient

    from onprem.globus.pace import Pace

Answer = TypeVar("Answer")


class Service:
    """Asks Globus, for one thread: the SDK's apps are not made for several.

    ``app`` is the one the client belongs to; without it nobody consents to what collections ask for.
    """

    def __init__(self, client: TransferClient, pace: Pace, app: GlobusApp | None = None) -> None:
        self.client = client
        self._pace = pace
        self._app = app
        self._collections: dict[str, Mapping[str, Any]] = {}

    def ask(self, deed: str, call: Callable[[], Answer]) -> Answer:
        """One call; ``deed`` says in an error what was tried."""
        self._pace.take()
        with globus_words(deed):
            return call()

    def all(self, deed: str, pages: Iterable[Any], key: str = "DATA") -> list[dict[str, Any]]:
        """Every entry of a listing; each page is a call."""
        found: list[dict[str, Any]] = []
        following = iter(pages)
        while (page := self.ask(deed, lambda: next(following, None))) is not None:
            found.extend(page[key])
        return found

    def collection(self, collection_id: str) -> Mapping[str, Any]:
        """The document of a collection; one whose data needs a consent gets it into the next tokens."""
        if collection_id not in self._collections:
            deed = f"reading collection {collection_id}"
            document = self.ask(deed, lambda: self.client.get_endpoint(collection_id)).data
            if needs_consent(document):
                self.ask(f"consenting to collection {collection_id}", lambda: self._consent(collection_id))
            self._collections[collection_id] = document
        return self._collections[collection_id]

    def _consent(self, collection_id: str) -> None:
        """The service consents by asking for tokens anew; a person is asked at the next login, never in between."""
        if self._app is None:
            return
        self.client.add_app_data_access_scope(collection_id)
        if isinstance(self._app, ClientApp):
            self._app.login(force=True)
