"""The port ``MoverControl`` over Globus: the data centre's switch for transfers.

A pause holds twice. Our own hold stops what is not yet submitted, always. A pause rule on the site's collection stops
what runs, where this identity is an activity manager of that collection; where it is not, running tasks go on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from onprem.globus.errors import DENIED, NOT_FOUND
from onprem.globus.hold import DIRECTIONS
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from onprem.globus.hold import Holds
    from onprem.globus.service import Service
    from ris_hybrid.data.settings import Globus
    from ris_hybrid.data.values import Direction

_OURS = "ris-hybrid: "
"""What the message of a pause rule of ours begins with."""
_FLAG: dict[Direction, str] = {"in": "pause_task_transfer_read", "out": "pause_task_transfer_write"}
"""What of the site's collection a direction uses."""


class GlobusControl:
    """Cancels, holds and lets go on, for the tasks of the service's identity."""

    def __init__(
        self, service: Service, settings: Globus, holds: Holds, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self._service = service
        self._settings = settings
        self._holds = holds
        self._tell = tell

    def cancel(self, task_id: str) -> None:
        """End a task; one that has ended, or is no longer known, is left alone."""
        try:
            self._service.ask(f"cancelling task {task_id}", lambda: self._service.client.cancel_task(task_id))
        except Refused as refusal:
            if not refusal.code.endswith(NOT_FOUND):
                raise

    def pause(self, direction: Direction | None, message: str) -> None:
        """Hold what is not submitted, and what runs where we may."""
        self._holds.hold(direction, message)
        held = self._holds.read()
        try:
            rule = self._rule()
            self._write(rule, held, message)
        except Refused as refusal:
            if not refusal.code.endswith(DENIED):
                raise
            self._tell("running transfers go on: this identity is no activity manager of the site's collection")

    def resume(self) -> None:
        """Take our pause rules away, and then our hold."""
        client = self._service.client
        try:
            for rule in self._rules():
                drop = partial(client.endpoint_manager_delete_pause_rule, rule["id"])
                self._service.ask("deleting a pause rule", drop)
        except Refused as refusal:
            if not refusal.code.endswith(DENIED):
                raise
        self._holds.release()

    def _write(self, rule: dict[str, Any] | None, held: dict[Direction, str], message: str) -> None:
        client = self._service.client
        document = {
            "DATA_TYPE": "pause_rule",
            "message": f"{_OURS}{message}",
            **{_FLAG[one]: one in held for one in DIRECTIONS},
        }
        if rule is None:
            document |= {"endpoint_id": self._settings.site_collection, "identity_id": self._settings.client_id}
            self._service.ask("making a pause rule", lambda: client.endpoint_manager_create_pause_rule(document))
        elif any(rule.get(key) != value for key, value in document.items()):
            rule_id = rule["id"]
            self._service.ask(
                "changing a pause rule", lambda: client.endpoint_manager_update_pause_rule(rule_id, document)
            )

    def _rule(self) -> dict[str, Any] | None:
        return next(iter(self._rules()), None)

    def _rules(self) -> list[dict[str, Any]]:
        """Pause rules of ours on the site's collection; those of its admins are left alone."""
        client, endpoint = self._service.client, self._settings.site_collection
        answer = self._service.ask(
            "listing pause rules", lambda: client.endpoint_manager_pause_rule_list(filter_endpoint=endpoint)
        )
        return [
            rule
            for rule in answer["DATA"]
            if rule.get("identity_id") == self._settings.client_id and str(rule.get("message", "")).startswith(_OURS)
        ]
