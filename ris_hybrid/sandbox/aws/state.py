"""Everything the layer holds, and the steps its corrections share."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws import moto_view
from ris_hybrid.sandbox.aws.direct_connect import DirectConnect
from ris_hybrid.sandbox.aws.faults import RuleBook
from ris_hybrid.sandbox.aws.fleet import Room
from ris_hybrid.sandbox.aws.kept import Kept
from ris_hybrid.sandbox.aws.lifecycle import Book, Clock, Timing
from ris_hybrid.sandbox.aws.placement import Groups
from ris_hybrid.sandbox.aws.shelf import Shelf
from ris_hybrid.sandbox.aws.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.sandbox.aws.lifecycle import Record
    from ris_hybrid.sandbox.aws.moto_app import Moto
    from ris_hybrid.sandbox.aws.moto_view import Place
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_HOLDS_CAPACITY = frozenset({MachineState.PENDING, MachineState.RUNNING})
Capacity = dict[str, dict[str, int]]
"""Machines alive at most, by instance type and zone."""


@dataclass(slots=True, kw_only=True)
class State:
    """One sandbox account set. ``moto`` outlives a reset, all else is new."""

    moto: Moto
    clock: Clock = field(default_factory=lambda: Clock(time.time))
    timing: Timing = field(default_factory=Timing)
    book: Book = field(default_factory=Book)
    groups: Groups = field(default_factory=Groups)
    tokens: Tokens = field(default_factory=Tokens)
    faults: RuleBook = field(default_factory=RuleBook)
    capacity: Capacity = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By access key and ``ec2:CreateFleet``."""
    direct_connect: DirectConnect = field(default_factory=DirectConnect)
    kept: Kept = field(default_factory=Kept)
    built: list[Call] = field(default_factory=list)
    """Every call of the sandbox's apply, to be made again after a reset."""
    impaired: dict[str, str] = field(default_factory=dict)
    """The check that fails of a machine: ``instance`` or ``system``."""
    exports: dict[str, str] = field(default_factory=dict)
    """Folders of this host by NFS host or file system: what DataSync and FSx carry from and to."""

    def sync(self, place: Place) -> None:
        """Take over what moto now says of its instances, and free the addresses of those that are gone."""
        now = self.clock.now()
        self.book.note(place, moto_view.words(place), now)
        for record in self.book.visible(place, now).values():
            if record.taken is not None and record.due(now):
                moto_view.terminate(place, record.machine_id)
                self.book.note(place, [(record.machine_id, "terminated")], record.taken)
        gone = [
            record.machine_id
            for record in self.book.visible(place, now).values()
            if not record.released and record.state(now, self.timing) is MachineState.TERMINATED
        ]
        if gone:
            moto_view.release(place, gone)
        for machine_id in gone:
            self.book.change(machine_id, released=True)

    def forward(self, call: Call) -> Answer:
        """moto's answer to an EC2 call, with the record brought up to date."""
        answer = self.moto.answer(call)
        self.shelf.passed(call)
        self.sync((call.account, call.region))
        return answer

    def plain(self, call: Call) -> Answer:
        """moto's answer to a call that needs no correction."""
        self.shelf.passed(call)
        return self.moto.answer(call)

    def states(self, place: Place) -> dict[str, MachineState]:
        """EC2's word for every machine it would still show."""
        now = self.clock.now()
        return {key: record.state(now, self.timing) for key, record in self.book.visible(place, now).items()}

    def room(self, place: Place, subnets: tuple[str, ...], total: int | None) -> Room:
        """What is free now: limited types and zones, and the addresses of the subnets in question."""
        machines = {(kind, zone): n for kind, zones in self.capacity.items() for zone, n in zones.items()}
        states = self.states(place)
        if machines:
            for machine_id, seen in moto_view.instances(place).items():
                key = (seen.instance_type, seen.zone)
                if key in machines and states.get(machine_id) in _HOLDS_CAPACITY:
                    machines[key] -= 1
        found = {name: moto_view.subnet(place, name) for name in subnets}
        addresses = {name: subnet.free for name, subnet in found.items() if subnet is not None}
        return Room(machines=machines, addresses=addresses, total=total)

    def shown(self, place: Place, records: Iterable[Record]) -> dict[str, str]:
        """The ``<item>`` of each machine by id, as EC2 would show it now."""
        models, tags, now = moto_view.models(place), moto_view.tags(place), self.clock.now()
        return {
            record.machine_id: self.shelf.text(
                models[record.machine_id],
                record,
                record.state(now, self.timing),
                self.groups.id_of(place, record.group),
                tags.get(record.machine_id, {}),
            )
            for record in records
        }


def dry_run(call: Call) -> bool:
    """Whether the caller only asks if the call would be allowed."""
    return call.params.flag("DryRun")
