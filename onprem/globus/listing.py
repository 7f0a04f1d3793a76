"""Transfers of an identity, for people: the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.globus.errors import without_paths
from onprem.globus.seen import move_seen

if TYPE_CHECKING:
    from onprem.globus.service import Service
    from ris_hybrid.data.settings import Globus
    from ris_hybrid.data.values import Direction, MoveSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSeen:
    """One transfer."""

    task_id: str
    label: str
    direction: Direction | None
    """None for one between other collections."""
    requested: str
    """Globus's time of it."""
    seen: MoveSeen


def transfers(service: Service, settings: Globus, most: int) -> tuple[TaskSeen, ...]:
    """The latest, whoever submitted them in this identity's name; skipped files are not listed one by one."""
    answer = service.ask(
        "listing transfers",
        lambda: service.client.task_list(limit=most, filter="type:TRANSFER", orderby="request_time DESC"),
    )
    ways: dict[tuple[str, str], Direction] = {
        (settings.site_collection, settings.cloud_collection): "in",
        (settings.cloud_collection, settings.site_collection): "out",
    }
    return tuple(
        TaskSeen(
            task_id=str(task["task_id"]),
            label=str(task.get("label") or ""),
            direction=ways.get((str(task.get("source_endpoint_id")), str(task.get("destination_endpoint_id")))),
            requested=str(task.get("request_time") or ""),
            seen=move_seen(task, (), without_paths),
        )
        for task in answer["DATA"]
    )
