"""The sandbox's Transfer API: submissions, tasks, and what is told of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.globus import tasks
from ris_hybrid.sandbox.globus.answer import Fault, denied, json_answer, not_found
from ris_hybrid.sandbox.globus.tasks import named
from ris_hybrid.sandbox.globus.work import is_held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request, Response

    from ris_hybrid.sandbox.globus.store import Store

MOST_UNFINISHED = 103
"""Three that run and a hundred that wait, of one identity."""
_UNFINISHED = {"ACTIVE", "INACTIVE"}


class Transfer:
    """Every method takes a request, who asks, and what the address names."""

    def __init__(self, store: Store, wake: Callable[[], None], now: Callable[[], float]) -> None:
        self._store, self._wake, self._now = store, wake, now
        self._submitting = threading.Lock()

    def submission_id(self, _request: Request, _who: Mapping[str, Any]) -> Response:
        """A new one; it is kept only once it is used."""
        with self._submitting:
            counted = self._store.get("submission", "") or {"given": 0}
            self._store.put("submission", "", {"given": counted["given"] + 1})
        return json_answer({"DATA_TYPE": "submission_id", "value": named("submission", str(counted["given"]))})

    def submit(self, request: Request, who: Mapping[str, Any]) -> Response:
        """Accept a transfer, once for each submission id."""
        asked = request.get_json()
        if not asked.get("DATA"):
            raise Fault(400, "ClientError.BadRequest.NoTransferItems", "No transfer items")
        with self._submitting:
            kept = self._store.get("submission", asked["submission_id"])
            if kept is not None:
                return self._accepted("Duplicate", asked, kept["task_id"])
            self._admit(asked, who)
            number = len(self._store.every("task"))
            task = tasks.new_task(asked, who["client"], number, self._now())
            self._store.put("document", task["task_id"], asked)
            self._store.put("task", task["task_id"], task)
            self._store.put("submission", asked["submission_id"], {"task_id": task["task_id"]})
        self._wake()
        return self._accepted("Accepted", asked, task["task_id"])

    def task(self, _request: Request, who: Mapping[str, Any], task_id: str) -> Response:
        """One task."""
        return json_answer(self._shown(self._mine(task_id, who)))

    def task_list(self, request: Request, who: Mapping[str, Any]) -> Response:
        """Tasks of the caller, the newest first; the filter knows ``status``, ``type`` and ``label``."""
        wanted = dict(clause.split(":", 1) for clause in request.args.get("filter", "").split("/") if clause)
        found = [task for task in self._store.every("task") if task["owner_id"] == who["client"]]
        for field, values in wanted.items():
            found = [task for task in found if task[field] in values.split(",")]
        found.sort(key=lambda task: -int(task["sandbox"]["number"]))
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 10))
        page = [self._shown(task) for task in found[offset : offset + limit]]
        counts = {"length": len(page), "limit": limit, "offset": offset, "total": len(found)}
        return json_answer({"DATA_TYPE": "task_list", "DATA": page, **counts})

    def events(self, request: Request, who: Mapping[str, Any], task_id: str) -> Response:
        """What happened in a task; here only errors."""
        events = self._mine(task_id, who)["sandbox"]["events"]
        offset, limit = int(request.args.get("offset", 0)), int(request.args.get("limit", 10))
        page = events[offset : offset + limit]
        counts = {"length": len(page), "limit": limit, "offset": offset, "total": len(events)}
        return json_answer({"DATA_TYPE": "event_list", "DATA": page, **counts})

    def moved(self, request: Request, who: Mapping[str, Any], task_id: str) -> Response:
        """Files that were really moved."""
        return self._rows(request, who, task_id, "moved")

    def skipped(self, request: Request, who: Mapping[str, Any], task_id: str) -> Response:
        """Files that were given up after errors."""
        return self._rows(request, who, task_id, "skipped")

    def cancel(self, _request: Request, who: Mapping[str, Any], task_id: str) -> Response:
        """End a task; what has arrived stays."""
        if self._mine(task_id, who)["status"] not in _UNFINISHED:
            return json_answer({"DATA_TYPE": "result", "code": "TaskComplete", "message": "The task has ended."})
        fatal = ("CANCELED", "Canceled by the owner")
        self._store.change("task", task_id, lambda task: tasks.end(task, "FAILED", self._now(), fatal))
        return json_answer({"DATA_TYPE": "result", "code": "Canceled", "message": "The task has been cancelled."})

    def _rows(self, request: Request, who: Mapping[str, Any], task_id: str, kind: Any) -> Response:
        self._mine(task_id, who)
        most = 1000
        found = self._store.rows(task_id, kind, request.args.get("marker", ""), most)
        marker = found[-1]["source_path"] if len(found) == most else None
        return json_answer({"DATA_TYPE": f"{kind}_list", "DATA": found, "next_marker": marker})

    def _mine(self, task_id: str, who: Mapping[str, Any]) -> dict[str, Any]:
        found = self._store.get("task", task_id)
        if found is None or found["owner_id"] != who["client"]:
            raise not_found("task")
        return found

    def _shown(self, task: dict[str, Any]) -> dict[str, Any]:
        held = task["status"] == "ACTIVE" and is_held(task, self._store.every("pause"))
        nice = {"nice_status": "PAUSED_BY_ADMIN", "nice_status_details": "a pause rule"} if held else {}
        return tasks.told(task) | {"is_paused": held} | nice

    def _admit(self, asked: Mapping[str, Any], who: Mapping[str, Any]) -> None:
        """Raises ``Fault``; the code for too many tasks is a guess, the real one is not documented."""
        for side in ("source_endpoint", "destination_endpoint"):
            endpoint = self._store.get("endpoint", asked[side])
            if endpoint is None:
                raise Fault(404, "EndpointNotFound", "No such endpoint")
            mapped = endpoint["entity_type"] == "GCSv5_mapped_collection" and not endpoint["high_assurance"]
            if mapped and asked[side] not in who["consents"]:
                scope = f"https://auth.globus.org/scopes/{asked[side]}/data_access"
                raise Fault(403, "ConsentRequired", "Missing required data_access consent", required_scopes=[scope])
        unfinished = [one for one in self._store.every("task") if one["status"] in _UNFINISHED]
        if sum(one["owner_id"] == who["client"] for one in unfinished) >= MOST_UNFINISHED:
            raise Fault(409, "Conflict.TaskLimitExceeded", "Too many tasks have not ended")

    @staticmethod
    def _accepted(code: str, asked: Mapping[str, Any], task_id: str) -> Response:
        return json_answer(
            {
                "DATA_TYPE": "transfer_result",
                "code": code,
                "message": "The transfer has been accepted and a task has been created and queued for execution",
                "submission_id": asked["submission_id"],
                "task_id": task_id,
                "request_id": "sandbox",
                "resource": "/transfer",
            },
            202 if code == "Accepted" else 200,
        )


class PauseRules:
    """Pause rules; only activity managers of a collection may have them."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store, self._wake = store, wake

    def listed(self, request: Request, who: Mapping[str, Any]) -> Response:
        """Of one endpoint, or of all the caller manages."""
        endpoint = request.args.get("filter_endpoint", "")
        self._may(endpoint, who)
        found = [rule for rule in self._store.every("pause") if endpoint in {"", rule["endpoint_id"]}]
        return json_answer({"DATA_TYPE": "pause_rule_list", "DATA": found})

    def make(self, request: Request, who: Mapping[str, Any]) -> Response:
        """A new rule."""
        asked = request.get_json()
        self._may(asked["endpoint_id"], who)
        rule = {**asked, "id": named("pause", asked["endpoint_id"], str(len(self._store.every("pause"))))}
        self._store.put("pause", rule["id"], rule)
        return json_answer(rule, 201)

    def update(self, request: Request, who: Mapping[str, Any], rule_id: str) -> Response:
        """Other flags or words."""
        self._store.put("pause", rule_id, {**self._one(rule_id, who), **request.get_json()})
        self._wake()
        return json_answer(self._one(rule_id, who))

    def delete(self, _request: Request, who: Mapping[str, Any], rule_id: str) -> Response:
        """What it held goes on."""
        self._one(rule_id, who)
        self._store.drop("pause", rule_id)
        self._wake()
        return json_answer({"DATA_TYPE": "result", "code": "Deleted", "message": "Pause rule deleted"})

    def _one(self, rule_id: str, who: Mapping[str, Any]) -> dict[str, Any]:
        found = self._store.get("pause", rule_id)
        if found is None:
            raise not_found("pause rule")
        self._may(found["endpoint_id"], who)
        return found

    def _may(self, endpoint_id: str, who: Mapping[str, Any]) -> None:
        endpoint = self._store.get("endpoint", endpoint_id) if endpoint_id else None
        if endpoint is not None and who["client"] not in endpoint["sandbox"]["managers"]:
            raise denied("not an activity manager of this endpoint")
