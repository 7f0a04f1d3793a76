"""What is known of a second cloud's machines now: its list, and the roll for what is in it no more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst import deadline, tags
from burst.libcloud.faults import has_no_place
from burst.libcloud.machine import is_of
from burst.libcloud.roll import REMEMBERED_S, Row
from burst.libcloud.together import together
from ris_hybrid.errors import CloudError, TryAgain
from ris_hybrid.model import MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from burst.libcloud.ports import Connection
    from burst.libcloud.roll import Roll
    from burst.libcloud.values import Node
    from ris_hybrid.settings import BurstSettings

MOST_WRITTEN = 16
LEFT_S = 4.0
"""What a look must have left, of the half of a verb's time that it may take, before it writes marks kept for later."""
MOST_ASKED = 40
"""Machines asked for by id in one look; those beyond that are as they were until the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The machines of one provider on one cloud."""

    connection: Connection
    settings: BurstSettings
    cloud: str
    """By name."""
    roll: Roll
    now: Callable[[], float]

    def look(self) -> dict[str, Row]:
        """Every machine that lives, and those that ended within the hour, as far as the roll knows. All or an error.

        One that is listed no more is asked for by its id: only its cloud's word that there is none makes it ended. One
        of which nothing is heard, for want of time say, stays as it was: what was heard of the others is kept.
        """
        listed = [node for node in self.connection.nodes.listed() if is_of(node, self.settings)]
        before = self.roll.rows()
        rows = {node.node_id: _kept(node, before.get(node.node_id)) for node in listed}
        missing = {key: row for key, row in before.items() if key not in rows}
        asked = together(self._asked, _unsure(missing.values())[:MOST_ASKED])
        rows |= missing | {row.node.node_id: row for row in (*asked, *self._written(rows))}
        self.roll.note(rows.values())
        return {key: row for key, row in rows.items() if not _was_nothing(row)}

    def _written(self, rows: Mapping[str, Row]) -> list[Row]:
        """Machines that work by now, with the marks that they did not take before; a few, where there is time."""
        due = [row for row in rows.values() if row.unwritten and row.node.state == MachineState.RUNNING]
        return together(self._write, due[:MOST_WRITTEN])

    def _write(self, row: Row) -> Row:
        if deadline.left_s() <= LEFT_S:
            return row
        with suppress(CloudError):  # at the next look, then
            if self.connection.metadata.write(row.node.node_id, row.unwritten):
                return Row(node=replace(row.node, tags=_with(row.node.tags, row.unwritten)))
        return row

    def _asked(self, row: Row) -> Row:
        if _was_never_made(row.node) and self.now() - row.node.launched <= REMEMBERED_S:
            return row
        try:
            found = self.connection.metadata.find(row.node.node_id)
        except TryAgain:
            return row
        old = row.node
        if found is not None and not self._is_over(found, old.launched):
            return replace(row, node=replace(found, tags=found.tags or old.tags, size=found.size or old.size))
        launched = old.launched or self.now()  # never listed: else it would have cost the whole month
        return replace(row, node=replace(old, state=MachineState.TERMINATED, launched=launched), gone=self.now())

    def _is_over(self, found: Node, launched: float) -> bool:
        """Whether it has ended though its cloud still knows it: one that never was is told for an hour first."""
        if has_no_place(found):
            return self.now() - launched > REMEMBERED_S
        return found.state == MachineState.TERMINATED


def _unsure(rows: Iterable[Row]) -> list[Row]:
    """Those whose end nobody has told of; first what lives as far as is known."""
    return sorted((row for row in rows if not row.gone), key=lambda row: row.node.state == MachineState.TERMINATED)


def _kept(node: Node, before: Row | None) -> Row:
    """A listed machine, with the marks that it does not show yet."""
    marks = before.unwritten if before else {}
    return Row(node=node, unwritten={key: value for key, value in marks.items() if node.tags.get(key, "") != value})


def _was_nothing(row: Row) -> bool:
    """Whether it is gone and never had a place: a try that its launch has cleared away itself."""
    return bool(row.gone) and has_no_place(row.node) and not row.node.tags.get(tags.RETURN)


def _was_never_made(node: Node) -> bool:
    """Whether its cloud has said so, Google say: nothing more will be heard of it."""
    return has_no_place(node) and node.state == MachineState.TERMINATED


def _with(before: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in {**before, **marks}.items() if value}
