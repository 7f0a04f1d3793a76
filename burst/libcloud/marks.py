"""The ledger port over a second cloud: tags on its machines, and on its shelf for the pools.

    marks of a machine ──▶ its cloud; what that does not take now ──▶ the roll, until it does
    marks of a pool    ──▶ the shelf

A cloud may find out minutes after a launch that there is no room. Nobody marks the pool then: its hold is read off the
machines that got no place, as long as the roll knows them, for the time a hold lasts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst import tags
from burst.libcloud.faults import code_of, is_scarce
from burst.libcloud.machine import is_of
from burst.libcloud.together import together
from burst.libcloud.values import CONFLICT
from ris_hybrid.errors import Refused

_CLEARED = "cleared"
"""On a machine that got no place, in the roll alone: its pool is held for it no more."""

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.libcloud.ports import Metadata
    from burst.libcloud.roll import Roll, Row
    from burst.libcloud.sight import Sight
    from ris_hybrid.model import PoolMarks


class LibcloudLedger:
    """Marks of one provider's machines and pools on one cloud."""

    def __init__(self, sight: Sight) -> None:
        self._connection = sight.connection
        self._settings = sight.settings
        self._roll = sight.roll
        mine = (pool.name for pool in sight.settings.pools if pool.cloud == sight.cloud)
        self._pools = {self._key(name): name for name in mine}

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """One call a machine, or one more for each mark that is taken away. One that is gone is passed over."""
        if not (machine_ids and marks):
            return
        rows = self._roll.rows()

        def write(machine_id: str) -> None:
            row = rows.get(machine_id)
            if row is None:
                self._connection.metadata.write(machine_id, marks)
            else:
                write_or_keep(row, marks, self._connection.metadata, self._roll)

        together(write, machine_ids)

    def pools(self) -> Mapping[str, PoolMarks]:
        """What the shelf has of our pools, and the holds that late failures stand for that nobody has cleared since."""
        found = self._connection.shelf.read()
        marks = {name: tags.pool_marks(found.get(key, {})) for key, name in self._pools.items()}
        for row in self._late():
            pool = row.node.tags[tags.POOL]
            until = row.node.launched + self._settings.life.capacity_hold_minutes * 60
            if pool in marks and until > marks[pool].held_until:
                marks[pool] = replace(marks[pool], held_until=until, held_for=code_of(row.node))
        return marks

    def mark_pool(self, pool: str, marks: PoolMarks, before: PoolMarks) -> None:
        """Write on the shelf what differs; a pool that is not of this cloud cannot be marked, which is no error."""
        changes = tags.pool_changes(marks, before)
        key = self._key(pool)
        if changes and key in self._pools:
            self._connection.shelf.write(key, changes)
        if before.held_until and not marks.held_until:
            late = [row for row in self._late() if row.node.tags[tags.POOL] == pool]
            self._roll.note(replace(row, unwritten={**row.unwritten, tags.HELD: _CLEARED}) for row in late)

    def _late(self) -> list[Row]:
        """Machines of ours that got no place, whose pool was not cleared since."""
        rows = self._roll.rows().values()
        ours = [row for row in rows if is_of(row.node, self._settings) and tags.POOL in row.node.tags]
        return [row for row in ours if is_scarce(row.node) and tags.HELD not in row.unwritten]

    def _key(self, pool: str) -> str:
        return f"{self._settings.cluster}_{self._settings.provider}_{pool}"


def write_or_keep(row: Row, marks: Mapping[str, str], metadata: Metadata, roll: Roll) -> bool:
    """Write marks on a machine, or keep them until it takes them; whether there is such a machine.

    What is written is kept too, until a list shows it: another process may note what it listed before.
    """
    try:
        there = metadata.write(row.node.node_id, marks)
    except Refused as error:
        if error.code != CONFLICT:
            raise
        there = True
    roll.note([replace(row, unwritten={**row.unwritten, **marks})])
    return there
