"""Making way for a successor: the old copy goes at the end of the run, or before its successor is made (sandbox)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.ending import dependents
from ris_hybrid.sandbox.apply.handler import Exclusive
from ris_hybrid.sandbox.apply.values import bare, opened

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.cleanup import Cleanup
    from ris_hybrid.sandbox.apply.goal import Goal, Means
    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.state import Record, StackState

_HINT = "take the change back, or take the protection away first"


class Replacing:
    """Decides which copy goes first, and keeps what had to go with it."""

    def __init__(self, state: StackState, means: Means, cleanup: Cleanup) -> None:
        self._state, self._means, self._cleanup = state, means, cleanup
        self._gone: dict[str, int] = {}

    def times_made(self, urn: str) -> int:
        """How often a resource was made that had to go because another one did; 0 for any other."""
        return self._gone.pop(urn, 0)

    def make_way(self, goal: Goal, handler: Handler, old: Record, fields: tuple[str, ...]) -> None:
        """Delete the old copy and what cannot be without it, or mark it for the end.

        Raises:
            ConfigError: it is protected, or something that must go with it is.
        """
        if old.protect and not old.unfinished:
            raise ConfigError(
                f"sandbox stack {self._state.stack}: {goal.kind} {goal.name} is protected and would be replaced "
                f"because of {', '.join(fields)}",
                _HINT,
            )
        if old.unfinished or _deletes_first(goal, handler, old):
            self._delete_first(old)
        else:
            self._state.put(replace(old, replaced=True), old)

    def _delete_first(self, old: Record) -> None:
        fixed = {kind: handler.replace_on for kind, handler in self._means.handlers.items()}
        for record in (*dependents(old, self._state.records, fixed), old):
            if record.protect and not record.unfinished:
                raise ConfigError(
                    f"sandbox stack {self._state.stack}: {record.kind} {record.name} is protected and needs "
                    f"{old.name}, which must be deleted first",
                    _HINT,
                )
            if record is not old:
                self._gone[record.urn] = record.times_made
            self._cleanup.take_away(record)


def _deletes_first(goal: Goal, handler: Handler, old: Record) -> bool:
    if goal.delete_first is not None:
        return goal.delete_first
    return isinstance(handler, Exclusive) and handler.deletes_first(opened(old.inputs), bare(goal.inputs))
