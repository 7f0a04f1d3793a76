"""The port ``Mover`` over Globus Transfer.

The caller stores the submission id (``token``) and then submits: whatever dies in between, the same id is the same
task. Globus answers a repeated id with ``Duplicate``, which is as good as ``Accepted``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onprem.globus.document import transfer_document
from onprem.globus.errors import NOT_FOUND, without_paths
from onprem.globus.room import room
from onprem.globus.seen import GONE, failure, has_errors, lists_skipped, move_seen, named_in
from onprem.globus.standing import objections
from ris_hybrid.errors import QuotaReached, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onprem.globus.hold import Holds
    from onprem.globus.service import Service
    from ris_hybrid.data.settings import Globus
    from ris_hybrid.data.values import Move, MoveFailure, MoveSeen
    from ris_hybrid.mirror.values import DataClass

UNFINISHED = "status:ACTIVE,INACTIVE/type:TRANSFER"
_MOST_TASKS = 1000  # of one listing, Globus
MOST_FAILURES = 1000
"""So many skipped files are named; how many there are is in the reason."""


class GlobusMover:
    """Transfers between the site's collection and the one over S3."""

    def __init__(self, service: Service, settings: Globus, holds: Holds) -> None:
        self._service = service
        self._settings = settings
        self._holds = holds

    def token(self, move: Move) -> str:
        """A submission id of Globus; it is good until it is used."""
        del move  # an id is of no transfer until one is submitted with it
        return str(self._service.ask("fetching a submission id", self._service.client.get_submission_id)["value"])

    def submit(self, move: Move, token: str) -> str:
        """Start the transfer, if its class may move between these collections and there is room."""
        self._check(move.data_class)
        document = transfer_document(move, token, self._settings)
        unfinished = self._unfinished()
        on_its_way = next((task for task in unfinished if task.get("label") == document["label"]), None)
        if on_its_way is not None:
            return str(on_its_way["task_id"])
        found = room(len(unfinished), move.direction, self._holds.read(), self._settings)
        if not found.free:
            raise QuotaReached(found.reason, "it is submitted once there is room", found.code)
        deed = f"submitting move {move.move_id}"
        return str(self._service.ask(deed, lambda: self._service.client.submit_transfer(document))["task_id"])

    def look(self, task_id: str) -> MoveSeen:
        """How the task goes; the files it skipped after errors are named."""
        deed = f"looking at task {task_id}"
        try:
            task = self._service.ask(deed, lambda: self._service.client.get_task(task_id)).data
        except Refused as refusal:
            if refusal.code.endswith(NOT_FOUND):
                return GONE
            raise
        return move_seen(task, self._failures(task), without_paths)

    def _failures(self, task: Mapping[str, Any]) -> list[MoveFailure]:
        found: list[MoveFailure] = []
        if lists_skipped(task):
            pages = self._service.client.paginated.task_skipped_errors(task["task_id"])
            skipped = self._service.all(f"listing what task {task['task_id']} skipped", pages)
            found += [failure(one, task, self._settings) for one in skipped]
        if has_errors(task):
            told = self._service.client.paginated.task_event_list(
                task["task_id"], query_params={"filter": "is_error:1"}
            )
            events = self._service.all(f"listing the errors of task {task['task_id']}", told)
            found += named_in(events, self._settings)
        return found[:MOST_FAILURES]

    def _unfinished(self) -> list[dict[str, Any]]:
        """Every transfer of this identity that has not ended: the limits count them all, whoever submitted them."""
        client = self._service.client
        answer = self._service.ask("listing transfers", lambda: client.task_list(limit=_MOST_TASKS, filter=UNFINISHED))
        return list(answer["DATA"])

    def _check(self, data_class: DataClass) -> None:
        named = (self._settings.site_collection, self._settings.cloud_collection)
        documents = [self._service.collection(one) for one in named]
        against = list(objections(data_class, self._settings, documents))
        if against:
            hint = "PHI moves between high-assurance collections only; see globus.high_assurance in data.yaml"
            raise Refused("; ".join(against), hint, "NotHighAssurance")
