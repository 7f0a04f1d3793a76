"""What leaves AWS at the end of a run, or with ``destroy``, and what stays with its reason (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.ending import held, in_order, unwanted
from ris_hybrid.sandbox.apply.providers import is_provider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.sandbox.apply.goal import Means
    from ris_hybrid.sandbox.apply.making import Making
    from ris_hybrid.sandbox.apply.state import Record, StackState
    from ris_hybrid.sandbox.apply.tally import Tally


class Cleanup:
    """Deletes in the reverse order of dependency; each step is in the state when it is done."""

    def __init__(self, state: StackState, means: Means, making: Making, tally: Tally, *, dry_run: bool) -> None:
        self._state, self._means, self._making, self._tally, self._dry_run = state, means, making, tally, dry_run

    def unwanted(self, wanted: Iterable[str]) -> None:
        """Take away everything whose urn is not wanted, and old copies of what was replaced."""
        self._mention_pending(wanted)
        leaving = unwanted(self._state.records, wanted)
        staying = held(leaving)
        for record in in_order(leaving):
            self._leave(record, staying.get(record.urn, ""))

    def take_away(self, record: Record) -> None:
        """One record; what was only looked up, or is to be left in AWS, goes from the state alone."""
        if self._dry_run:
            self._state.drop(record)
            return
        ours = record.custom and not is_provider(record.kind) and not record.looked_up
        stays = record.retain and not record.unfinished
        handler = self._means.handlers[record.kind] if ours and not stays else None
        self._making.delete(record, handler)

    def _leave(self, record: Record, reason: str) -> None:
        seen = record.custom and not is_provider(record.kind) and not record.looked_up
        if reason and not record.replaced:
            if seen:
                self._tally.note("keep", record.urn, record, reason=reason)
            return
        if seen and record.retain:
            self._tally.note("keep", record.urn, record, reason="left in AWS, no longer in the state")
        elif seen and record.replaced:
            self._tally.mention("delete the old copy of", record)
        elif seen:
            self._tally.note("delete", record.urn, record)
        self.take_away(record)

    def _mention_pending(self, wanted: Iterable[str]) -> None:
        known = set(wanted)
        for urn, pending in self._state.pending.items():
            if urn not in known:
                self._tally.say(
                    f"an earlier run ended while it made {pending.kind} {pending.name}; "
                    "what it may have made stays in the sandbox"
                )
        self._state.pending.clear()
