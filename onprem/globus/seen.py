"""What a task's document says → how the move goes (pure).

Globus's ``status`` is ACTIVE, INACTIVE, SUCCEEDED or FAILED. INACTIVE is no end: credentials ran out and the task
waits for new ones. SUCCEEDED says that the task is through, even where it skipped files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.data.values import MoveFailure, MoveSeen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ris_hybrid.data.settings import Globus
    from ris_hybrid.data.values import MoveState

QUEUED = "Queued"
_FINE = {None, "", "OK", QUEUED}
_CANCELED = "CANCELED"
_SUBTASKS = ("failed", "expired", "canceled")
GONE = MoveSeen(state="unknown", reason="Globus knows no such task (any more); it keeps ended ones for about 90 days")


def move_seen(
    task: Mapping[str, Any], failures: Iterable[MoveFailure], without_paths: Callable[[str], str]
) -> MoveSeen:
    """One task; ``failures`` are the files it skipped after errors."""
    if task.get("history_deleted"):
        return GONE
    state, reason = _state(task)
    return MoveSeen(
        state=state,
        files=_count(task, "files_transferred"),
        skipped=_count(task, "files_skipped"),
        bytes=_count(task, "bytes_transferred"),
        bytes_per_s=float(_count(task, "effective_bytes_per_second")),
        faults=_count(task, "faults"),
        failures=tuple(failures),
        reason=without_paths(reason),
    )


def lists_skipped(task: Mapping[str, Any]) -> bool:
    """Whether it is worth asking which files were skipped after errors."""
    return _count(task, "subtasks_skipped_errors") > 0


def failure(skipped: Mapping[str, Any], task: Mapping[str, Any], settings: Globus) -> MoveFailure:
    """One entry of ``task_skipped_errors``; its path is the site's, absolute, whichever way the task goes."""
    inwards = task.get("source_endpoint_id") == settings.site_collection
    path = str(skipped.get("source_path" if inwards else "destination_path") or "")
    reason = str(skipped.get("error_code") or "skipped for an error that is not named")
    return MoveFailure(path=f"{settings.site_base.rstrip('/')}{path}", reason=reason)


def has_errors(task: Mapping[str, Any]) -> bool:
    """Whether it is worth asking which files it failed over."""
    return task.get("status") == "FAILED" and _count(task, "subtasks_failed") > 0


def named_in(events: Iterable[Mapping[str, Any]], settings: Globus) -> list[MoveFailure]:
    """Files of the site that error events name, each once, with the code of its latest error.

    The details of an event are lines for people (``Endpoint: NAME (UUID)``, ``File: PATH``). Their form is not
    promised by Globus: what does not look like this names no file.
    """
    found: dict[str, str] = {}
    for event in events:
        lines = dict(line.partition(": ")[::2] for line in str(event.get("details") or "").splitlines())
        path = lines.get("File", "")
        if event.get("is_error") and path.startswith("/") and settings.site_collection in lines.get("Endpoint", ""):
            found.setdefault(f"{settings.site_base.rstrip('/')}{path}", str(event.get("code") or "ERROR"))
    return [MoveFailure(path=path, reason=code) for path, code in found.items()]


def _state(task: Mapping[str, Any]) -> tuple[MoveState, str]:
    match task.get("status"):
        case "ACTIVE":
            return _active(task)
        case "INACTIVE":
            return "paused", f"credentials have expired: {_nice(task) or 'log in again'}"
        case "SUCCEEDED":
            return "done", _leftovers(task)
        case "FAILED":
            return _ended(task)
        case word:
            return "unknown", f"Globus calls it {word!r}"


def _active(task: Mapping[str, Any]) -> tuple[MoveState, str]:
    if task.get("is_paused"):
        return "paused", _nice(task) or "a pause rule of a collection holds it"
    if task.get("nice_status") == QUEUED:
        return "queued", "Globus runs other tasks of this identity first"
    return "moving", _nice(task)


def _ended(task: Mapping[str, Any]) -> tuple[MoveState, str]:
    fatal = task.get("fatal_error") or {}
    code, said = str(fatal.get("code") or ""), str(fatal.get("description") or "")
    told = ": ".join(word for word in (code, said) if word) or _nice(task) or "no reason given"
    if task.get("canceled_by_admin"):
        return "cancelled", f"by an admin of the {task['canceled_by_admin']} collection: {_admin_words(task)}"
    return ("cancelled" if code == _CANCELED else "failed"), told


def _admin_words(task: Mapping[str, Any]) -> str:
    return str(task.get("canceled_by_admin_message") or "no reason given")


def _leftovers(task: Mapping[str, Any]) -> str:
    """What a task that is through has left undone."""
    counts = [(kind, _count(task, f"subtasks_{kind}")) for kind in _SUBTASKS]
    counts.append(("skipped after errors", _count(task, "subtasks_skipped_errors")))
    return ", ".join(f"{count} {kind}" for kind, count in counts if count)


def _nice(task: Mapping[str, Any]) -> str:
    """Globus's short word for what holds a task up, and its details."""
    if task.get("nice_status") in _FINE:
        return ""
    details = task.get("nice_status_details") or task.get("nice_status_short_description") or ""
    return f"{task['nice_status']}: {details}".rstrip(": ")


def _count(task: Mapping[str, Any], field: str) -> int:
    return int(task.get(field) or 0)
