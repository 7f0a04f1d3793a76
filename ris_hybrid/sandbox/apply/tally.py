"""What a run did, or would do, as it is told and reported (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.deployed import Change, Deployed

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.mirror.deployed import Deed
    from ris_hybrid.sandbox.apply.goal import Goal
    from ris_hybrid.sandbox.apply.state import Record


class Tally:
    """Counts what AWS holds; components and providers are nothing in AWS."""

    def __init__(self, stack: str, say: Callable[[str], None], *, dry_run: bool) -> None:
        self._stack, self._tell, self._dry_run = stack, say, dry_run
        self._changes: list[Change] = []
        self.same = 0

    def note(self, deed: Deed, urn: str, what: Goal | Record, *fields: str, reason: str = "") -> None:
        """Count one change and say it."""
        self._changes.append(Change(deed=deed, urn=urn, kind=what.kind, name=what.name, fields=fields))
        self.mention(deed, what, reason or ", ".join(fields))

    def mention(self, deed: str, what: Goal | Record, reason: str = "") -> None:
        """Say one step that is no change of its own."""
        would = "would " if self._dry_run else ""
        because = f" ({reason})" if reason else ""
        self.say(f"{would}{deed} {what.kind} {what.name}{because}")

    def say(self, text: str) -> None:
        """One line about this stack."""
        self._tell(f"sandbox {self._stack}: {text}")

    def report(self) -> Deployed:
        """Everything counted so far."""
        return Deployed(stack=self._stack, changes=tuple(self._changes), same=self.same, sandbox=True)
