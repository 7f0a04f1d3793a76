"""The cloud port over a second cloud: one machine at a time, found and marked by its metadata."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

from burst import ids, tags
from burst.clouds.naming import plain
from burst.libcloud.launching import Launching, Order
from burst.libcloud.machine import machine_of
from burst.libcloud.marks import write_or_keep
from burst.libcloud.together import together
from burst.offers import ranked
from ris_hybrid.errors import CloudError, QuotaReached, Refused, TryAgain
from ris_hybrid.model import EndReason, MachineState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from burst.libcloud.roll import Row
    from burst.libcloud.sight import Sight
    from ris_hybrid.model import Launch, Launched, Machine
    from ris_hybrid.settings import Pool
STUCK_S = 300.0
"""So long a cloud may take to end a machine before it is told again; a minute or two is usual."""


class LibcloudCloud:
    """Machines of one provider on one second cloud. Ids and types are the cloud's own here."""

    def __init__(
        self, sight: Sight, user_data: Callable[[Pool], str], wait: Callable[[float], object] | None = None
    ) -> None:
        self._sight = sight
        self._connection = sight.connection
        self._settings = sight.settings
        self._roll = sight.roll
        self._user_data = user_data
        self._wait = wait or Event().wait
        self._seen: dict[str, Row] = {}  # ours, as looked at last

    def launch(self, launch: Launch) -> Launched:
        """Machine by machine over the pool's offers; see ``burst.offers`` for their order."""
        pool = self._pool(launch.pool)
        offers = ranked(pool, self._settings.prices).offers
        order = Order(
            launch=launch,
            pool=pool,
            places=tuple((plain(offer.instance_type), offer.subnet) for offer in offers),
            values=tags.launch_values(launch, self._settings),
            user_data=self._user_data(pool),
        )
        return Launching(
            order=order, connection=self._connection, roll=self._roll, look=self._sight.look, wait=self._wait
        ).run()

    def machines(self) -> tuple[Machine, ...]:
        """What is listed, and what ended within the hour as far as the roll knows."""
        self._seen = self._sight.look()
        found = (machine_of(row.node, row.unwritten) for row in self._seen.values())
        return tuple(sorted(found, key=lambda machine: (machine.launched, machine.machine_id)))

    def end(
        self, machine_ids: Sequence[str], return_id: str, reason: EndReason = EndReason.RETURNED
    ) -> tuple[str, ...]:
        """Mark each by metadata and delete it; ids that are not ours or not known are passed over.

        A slow cloud may leave no time for all: those that were reached are ended then, and the error says that others
        were not. Where some are refused, a locked one say, that is raised only when none was ended.
        """
        if not self._seen.keys() >= set(machine_ids):
            self.machines()
        rows = [self._seen[one] for one in machine_ids if one in self._seen]
        marks = {tags.RETURN: return_id, tags.END: str(reason)}
        self._roll.note(replace(row, unwritten={**row.unwritten, **marks}) for row in rows if row.gone)
        living = [row for row in rows if not row.gone]
        told = together(lambda row: self._end(row, marks), living)
        why = {row.node.node_id: error for row, error in zip(living, told, strict=True)}
        ended = [row.node.node_id for row in rows if why.get(row.node.node_id) is None]
        errors = [error for error in why.values() if error is not None]
        unknown = next((error for error in errors if isinstance(error, TryAgain)), None)
        if unknown is not None:
            raise unknown
        if errors and not ended:
            raise errors[0]
        return tuple(ended)

    def _end(self, row: Row, marks: Mapping[str, str]) -> CloudError | None:
        """Mark one and delete it; why that cannot be, or None."""
        try:
            if not marks.items() <= {**row.node.tags, **row.unwritten}.items():
                self._mark(row, marks)
            if row.node.state != MachineState.SHUTTING_DOWN or self._is_stuck(row):
                self._connection.nodes.delete(row.node.node_id)
        except CloudError as error:
            return error
        return None

    def _is_stuck(self, row: Row) -> bool:
        """Whether it is on its way down for too long: what was lost inside its cloud only a new order sends."""
        asked = ids.made_at({**row.node.tags, **row.unwritten}.get(tags.RETURN, ""))
        return 0 < asked < self._sight.now() - STUCK_S

    def _mark(self, row: Row, marks: Mapping[str, str]) -> None:
        """What its cloud will never write on it, for want of a right or of room, must not keep it running."""
        try:
            write_or_keep(row, marks, self._connection.metadata, self._roll)
        except (Refused, QuotaReached):
            self._roll.note([replace(row, unwritten={**row.unwritten, **marks})])

    def _pool(self, name: str) -> Pool:
        pool = self._settings.pool(name)
        if pool is None or pool.cloud != self._sight.cloud:
            raise Refused(f"pool {name} is none of cloud {self._sight.cloud}", "see burst.yaml: pools, clouds")
        return pool
