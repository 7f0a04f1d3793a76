"""The text of each machine, kept until something of it changes: a large fleet is described again at no cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.aws.machine_xml import Shown, item

if TYPE_CHECKING:
    from ris_hybrid.model import MachineState
    from ris_hybrid.sandbox.aws.lifecycle import Record
    from ris_hybrid.sandbox.aws.wire import Call

_SERVICES = frozenset({"ec2", "autoscaling", "cloudformation", "iam"})
"""The services whose calls may change what moto says of a machine."""
_READING = ("Describe", "Get", "List")
_SEEN = frozenset(
    {
        "CreateTags",
        "DeleteTags",
        "CreateFleet",
        "RunInstances",
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "ModifyLaunchTemplate",
    }
)
"""Changing calls whose effect the key of a text shows, or that change no machine that is there."""


class Shelf:
    """Texts by machine id."""

    def __init__(self) -> None:
        self._edition = 0
        self._texts: dict[str, tuple[object, str]] = {}

    def passed(self, call: Call) -> None:
        """Note a call that moto answered: after one that may have changed machines, no text counts any more."""
        reads = call.action.startswith(_READING) or call.action in _SEEN
        if call.service in _SERVICES and not reads:
            self._edition += 1

    def text(self, instance: Any, record: Record, state: MachineState, group_id: str, tags: dict[str, str]) -> str:
        """The machine's ``<item>``."""
        key = (self._edition, record, state, group_id, instance.state_transition_reason, tuple(tags.items()))
        kept = self._texts.get(record.machine_id)
        if kept is not None and kept[0] == key:
            return kept[1]
        shown = Shown(
            state=state,
            launched=record.launched,
            group=record.group,
            group_id=group_id,
            tags=tags,
            interrupted=record.interrupted,
        )
        made = item(instance, shown)
        self._texts[record.machine_id] = (key, made)
        return made
