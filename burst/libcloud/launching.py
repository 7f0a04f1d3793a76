"""One launch on a cloud without client tokens: what an earlier try made is found by its tags, only the rest is made.

    what is there of the token ─▶ each offer in turn: make what is missing ─▶ wait for its place ─▶ clear failures

OpenStack says that there is no room only after it has taken the order, so that is waited for, for a few seconds.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst import deadline, tags
from burst.libcloud.faults import NOT_BUILT, error_of, has_no_place
from burst.libcloud.machine import index_of, wanted
from burst.libcloud.marks import write_or_keep
from burst.libcloud.roll import Row
from burst.libcloud.together import together
from burst.libcloud.values import CONFLICT
from burst.rc.wire import OUT_OF_TIME
from ris_hybrid.errors import AskedBefore, CloudError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import Launched, MachineState, Shortfall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from burst.libcloud.ports import Connection
    from burst.libcloud.roll import Roll
    from burst.libcloud.values import Node, Wanted
    from ris_hybrid.model import Launch
    from ris_hybrid.settings import Pool

LOOKS_S = (0.3, 0.7, 1.0, 1.5, 2.0, 2.5)
"""Pauses between the looks at machines that have no place yet, 8 s in all for one launch."""
LEFT_S = 5.0
"""No machine is begun with less than this left of the call's time: what was made must still be seen and told."""
_LASTING = frozenset({OUT_OF_TIME, NOT_BUILT, "BadRequest", "NotFound", "Forbidden", CONFLICT})
"""Codes of a shortfall that is no lack of capacity."""
_LEAVING = frozenset({MachineState.STOPPING, MachineState.SHUTTING_DOWN, MachineState.TERMINATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a launch comes to on its cloud."""

    launch: Launch
    pool: Pool
    places: tuple[tuple[str, str], ...]
    """Size and zone, best first, by the cloud's names."""
    values: dict[str, str]
    """The ledger's, for every machine."""
    user_data: str


@dataclass(slots=True, kw_only=True)
class Launching:
    """One launch at work. ``look`` gives all that is known of the provider's machines now."""

    order: Order
    connection: Connection
    roll: Roll
    look: Callable[[], Mapping[str, Row]]
    wait: Callable[[float], object]
    _made: dict[int, Node] = field(default_factory=dict)
    _errors: list[CloudError] = field(default_factory=list)
    _lost: TryAgain | None = None
    _over: bool = False
    _looks: list[float] = field(default_factory=lambda: list(LOOKS_S))

    def run(self) -> Launched:
        """Raises as ``Cloud.launch``."""
        earlier = self._earlier()
        answered = self._answered(earlier)
        if answered is not None:
            return answered
        self._settle(_staying(earlier))
        for place in self._places():
            if self._over or not self._missing():
                break
            self._try(place)
        if self._lost is not None:
            self._made.update(_staying(self._earlier()))  # what the lost call asked for may be there
            if self._missing():
                raise self._lost
        return self._told()

    def _missing(self) -> list[int]:
        return [index for index in range(self.order.launch.count) if index not in self._made]

    def _earlier(self) -> dict[int, Node]:
        """What is there of this token, by index. Of two with one index the younger is ended.

        One that is on its way down gives way: of a place that had no room for all, where all must be together.
        """
        found: dict[int, list[Node]] = {}
        for row in self.look().values():
            index = index_of(row.node, self.order.launch.token)
            if index is not None:
                found.setdefault(index, []).append(row.node)
        if any(nodes[0].tags.get(tags.POOL) != self.order.launch.pool for nodes in found.values()):
            raise AskedBefore("this request was made before, of another pool", "what it launched carries its id")
        kept = {}
        for index, nodes in found.items():
            first, *others = sorted(nodes, key=_rank)
            kept[index] = first
            for other in others:
                if not _is_leaving(other):
                    self._end(other)
        return kept

    def _answered(self, earlier: Mapping[int, Node]) -> Launched | None:
        """The answer of an earlier call that came to its end; None where there was none."""
        if any(has_no_place(node) for node in earlier.values()):
            return None
        ids = tuple(earlier[index].node_id for index in sorted(earlier))
        if all(index in earlier for index in range(self.order.launch.count)):
            return Launched(machine_ids=ids)
        rows = self.roll.rows()
        marks = (
            rows[node.node_id].unwritten.get(tags.SHORTFALL) if node.node_id in rows else None
            for node in earlier.values()
        )
        codes = [*marks, *(node.tags.get(tags.SHORTFALL) for node in earlier.values())]
        code = next((code for code in codes if code and code != self.order.launch.shortfall), "")
        if not code:
            return None
        text = "fewer machines came than were asked for, as told before"
        return Launched(machine_ids=ids, shortfall=(Shortfall(code=code, message=text, scarce=code not in _LASTING),))

    def _places(self) -> Sequence[tuple[str, str]]:
        """For nodes that must be together, first the place where some are."""
        if not self.order.pool.all_or_none or not self._made:
            return self.order.places
        first = next(iter(self._made.values()))
        there = [place for place in self.order.places if place[0] == first.size and place[1] in {first.zone, ""}]
        return [*there, *(place for place in self.order.places if place not in there)]

    def _try(self, place: tuple[str, str]) -> None:
        """One offer, for all that is still missing."""
        self._settle(self._begun(place))
        if self.order.pool.all_or_none and self._lost is None and (self._missing() or self._apart()):
            if not self._missing():
                self._fail(NoCapacity("no one zone has room for all of them", code="InsufficientCapacity"), place)
            together(self._end, list(self._made.values()))
            self._made.clear()

    def _apart(self) -> bool:
        return len({(node.size, node.zone) for node in self._made.values()}) > 1

    def _begun(self, place: tuple[str, str]) -> list[tuple[int, Node]]:
        begun: list[tuple[int, Node]] = []
        for index in self._missing():
            if deadline.left_s() < LEFT_S:
                self._fail(Refused("no time was left for more machines", "LSF asks again", OUT_OF_TIME), place)
                self._over = True
                break
            try:
                begun.append((index, self.connection.nodes.create(self._wanted(index, place))))
            except TryAgain as error:
                self._lost, self._over = error, True
                break
            except (NoCapacity, QuotaReached, Refused) as error:
                self._fail(error, place)
                self._over = isinstance(error, QuotaReached)
                break
        return begun

    def _wanted(self, index: int, place: tuple[str, str]) -> Wanted:
        order = self.order
        return wanted(order.launch, index, place, order.pool, (order.values, order.user_data))

    def _settle(self, begun: Iterable[tuple[int, Node]]) -> None:
        """Wait until each has a place or has failed; when the time for that is over, those that wait count as made."""
        waiting = dict(begun)
        while waiting:
            seen = self._seen()
            for index, node in list(waiting.items()):
                now = seen.get(node.node_id, node)
                if has_no_place(now):
                    del waiting[index]
                    self._failed(now)
                elif now.placed:
                    self._made[index] = now
                    del waiting[index]
            if not (waiting and self._looks) or deadline.left_s() < LEFT_S:
                break
            self.wait(self._looks.pop(0))
        self._over = self._over or bool(waiting)
        self._made.update(waiting)

    def _seen(self) -> dict[str, Node]:
        try:
            return {node.node_id: node for node in self.connection.nodes.listed()}
        except CloudError:  # they were taken: a look that fails takes nothing back
            return {}

    def _failed(self, node: Node) -> None:
        self._end(node)
        error = error_of(node)
        self._over = self._over or isinstance(error, QuotaReached)
        self._fail(error, (node.size, node.zone))

    def _fail(self, error: CloudError, place: tuple[str, str]) -> None:
        size, zone = place
        told = f"{error.message} [{size} in {zone or 'any zone'}]"
        self._errors.append(type(error)(told, error.hint, error.code))

    def _end(self, node: Node) -> None:
        with suppress(CloudError):  # it is in the ledger: the reaper ends it
            self.connection.nodes.delete(node.node_id)

    def _told(self) -> Launched:
        ids = tuple(self._made[index].node_id for index in sorted(self._made))
        if not self._missing():
            return Launched(machine_ids=ids)
        errors = sorted(self._errors, key=lambda error: not isinstance(error, NoCapacity | QuotaReached))
        if not ids:
            raise errors[0] if errors else NoCapacity("the cloud gave no machine", code="InsufficientCapacity")
        short = {error.code: error for error in reversed(errors)}
        rows = tuple(
            Shortfall(code=code, message=error.message, scarce=isinstance(error, NoCapacity | QuotaReached))
            for code, error in reversed(short.items())
        )
        self._carry(rows[0].code)
        return Launched(machine_ids=ids, shortfall=rows)

    def _carry(self, code: str) -> None:
        """Write on the machines why there are no more. They run: what cannot be written must not lose them."""

        def write(node: Node) -> None:
            write_or_keep(Row(node=node), {tags.SHORTFALL: code}, self.connection.metadata, self.roll)

        with suppress(CloudError):
            together(write, list(self._made.values()))


def _is_leaving(node: Node) -> bool:
    """Whether it had a place and is being ended, or has ended."""
    return node.placed and node.state in _LEAVING


def _staying(nodes: Mapping[int, Node]) -> list[tuple[int, Node]]:
    return [(index, node) for index, node in nodes.items() if not _is_leaving(node)]


def _rank(node: Node) -> tuple[bool, bool, float, str]:
    return (_is_leaving(node), bool(node.fault), node.launched, node.node_id)
