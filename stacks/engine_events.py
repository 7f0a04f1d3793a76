"""What Pulumi's engine tells while it runs, gathered into what a run did and why it stopped.

The events are those of ``pulumi.automation``; their messages carry colour marks (``<{%reset%}>``), which are cut.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pulumi.automation.events import OpType

from ris_hybrid.errors import CloudError, ConfigError, PolicyViolation, RisHybridError
from ris_hybrid.mirror.deployed import Change, Deed, Deployed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.automation import EngineEvent, StepEventMetadata

_DEEDS: Mapping[OpType, Deed] = {
    OpType.CREATE: "create",
    OpType.IMPORT: "create",
    OpType.UPDATE: "update",
    OpType.REPLACE: "replace",
    OpType.DELETE: "delete",
}
"""A replacement is told in three steps (create, replace, delete); the middle one counts."""
_COLOUR = re.compile(r"<\{%.*?%\}>")
_OWN = ("pulumi:pulumi:", "pulumi:providers:")
"""Types of Pulumi's own book-keeping: the stack itself and its providers."""


class Seen:
    """The events of one run, as they come; called from a thread of Pulumi's."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self._changes: list[Change] = []
        self._same = 0
        self._broken: list[str] = []
        self._said: list[str] = []
        self._refused = False

    def note(self, event: EngineEvent) -> None:
        """Take one event in."""
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata)
        if event.res_op_failed_event:
            self._refused = True
        if event.policy_event and event.policy_event.enforcement_level == "mandatory":
            policy = event.policy_event
            where = f"{_name(policy.resource_urn)}: " if policy.resource_urn else ""
            self._broken.append(f"{policy.policy_name}: {where}{_plain(policy.message)}")
        if event.diagnostic_event and event.diagnostic_event.severity == "error":
            said = event.diagnostic_event
            where = f"{_name(said.urn)}: " if said.urn and "pulumi:pulumi:Stack" not in said.urn else ""
            self._said.append(f"{where}{_plain(said.message)}")

    def deployed(self) -> Deployed:
        """What the run did, or would do."""
        return Deployed(stack=self._stack, changes=tuple(self._changes), same=self._same, sandbox=False)

    def failure(self, otherwise: str) -> RisHybridError:
        """Why the run failed: a rule, the cloud, or the program; ``otherwise`` where the engine told nothing."""
        if self._broken:
            return PolicyViolation(_lines(self._stack, self._broken), "mend what the rule names, or waive it")
        text = _lines(self._stack, self._said or [otherwise])
        if self._refused:
            return CloudError(text, "what was finished is kept: run it again when this is mended")
        return ConfigError(text, f"mend stacks/config, or look closer: pulumi preview --stack {self._stack}")

    def _step(self, step: StepEventMetadata) -> None:
        if step.type.startswith(_OWN):
            return
        if step.op is OpType.SAME:
            self._same += 1
        deed = _DEEDS.get(step.op)
        if deed is None:
            return
        if deed == "delete" and step.old and step.old.retain_on_delete:
            deed = "keep"
        fields = {
            path.partition(".")[0].partition("[")[0] for path in (*(step.diffs or ()), *(step.detailed_diff or ()))
        }
        self._changes.append(
            Change(deed=deed, urn=step.urn, kind=step.type, name=_name(step.urn), fields=tuple(sorted(fields)))
        )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _plain(text: str) -> str:
    return " ".join(_COLOUR.sub("", text).split())


def _lines(stack: str, texts: list[str]) -> str:
    return "\n".join(f"{stack}: {text}" for text in dict.fromkeys(texts))
