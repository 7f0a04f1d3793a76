"""The resources an apply changes, for people: one line each, those that take something away always."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ris_hybrid.mirror.deployed import Change, Deployed

LINES = 40
"""So many changes are named; ``--json`` has them all."""
_GRAVE = ("replace", "delete", "keep")
"""Named whatever their number: nobody may overlook one."""


def show_changes(runs: Iterable[Deployed], lines: int = LINES) -> None:
    """After the table of stacks: each change by stack, the type's last word, name and the properties that differ."""
    every = [(run.stack, change) for run in runs for change in run.changes]
    named = _named([change for _, change in every], lines)
    if not every:
        return
    rows = [_row(stack, change) for at, (stack, change) in enumerate(every) if at in named]
    show.line()
    show.table(("CHANGE", "STACK", "TYPE", "NAME", "FIELDS"), rows)
    if len(rows) < len(every):
        show.line(f"and {len(every) - len(rows)} more (--json has all)")


def _named(changes: Sequence[Change], lines: int) -> set[int]:
    """Which to name: all that are grave, and the first of the others as far as there is room."""
    grave = {at for at, change in enumerate(changes) if change.deed in _GRAVE}
    others = (at for at in range(len(changes)) if at not in grave)
    return {*grave, *islice(others, max(lines - len(grave), 0))}


def _row(stack: str, change: Change) -> tuple[object, ...]:
    return (change.deed, stack, change.kind.rpartition(":")[2], change.name, change.fields)
