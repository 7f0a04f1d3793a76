"""The whole of a simulation: calibration first, then table, what-if, recommendation and what pictures need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.replay.values import Policy
from ris_hybrid.simulating import policies
from ris_hybrid.simulating.advising import REPLAYS, advise
from ris_hybrid.simulating.calibration import TRIES, calibrate, compare, cut_to
from ris_hybrid.simulating.desk import Desk
from ris_hybrid.simulating.levels import timeline
from ris_hybrid.simulating.result import Result, WhatIf
from ris_hybrid.simulating.rows import standing
from ris_hybrid.simulating.sites import not_modelled, served
from ris_hybrid.simulating.what_if import supposed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from burst.replay.values import Outcome, Workload
    from ris_hybrid.settings import BurstSettings
    from ris_hybrid.simulating.calibration import Calibration
    from ris_hybrid.simulating.desk import Engine, Tell
    from ris_hybrid.simulating.levels import Timeline
    from ris_hybrid.simulating.premises import Premises
    from ris_hybrid.simulating.recommendation import Target
    from ris_hybrid.simulating.result import Facts
    from ris_hybrid.simulating.rows import Row

NONE = Policy(kind="none", label="no cloud")
_WAITS_S = 1.0
"""A mean wait below this is as good as none."""
NOT_MODELLED = (
    "not modelled: which hosts are fragmented (the cluster is one pool of slots), memory and GPUs, fair-share and "
    "priorities (first come, first served, with backfilling), dependencies between jobs, data staging and egress, "
    "clouds that are out of machines, disks; and jobs that still waited when the record ended are not in it"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """What is asked for."""

    workload: Workload
    premises: Premises
    written: BurstSettings
    """The settings as burst.yaml has them, for what-ifs."""
    peers: Sequence[Policy]
    values: Sequence[float] = policies.VALUES
    scaled: bool = False
    """Whether the capacity is to be scaled until mean waits agree."""
    what_if: Sequence[str] = ()
    target: Target | None = None
    curves: Mapping[str, Sequence[Policy]] | None = None
    """Settings of peers for the picture, by kind; None when there is no picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who is told of a simulation as it goes."""

    tell: Tell
    calibrated: Callable[[Calibration, Facts], None]
    """Called before anything that a calibration could make doubtful."""


def steps(order: Order) -> int:
    """How many replays it takes at most."""
    rows = len(_policies(order, order.premises))
    count = 1 + (TRIES + 1 if order.scaled else 0) + rows
    count += rows if order.what_if else 0
    count += REPLAYS if order.target else 0
    return count + sum(map(len, (order.curves or {}).values())) + (2 if order.curves is not None else 0)


def simulate(order: Order, engine: Engine, facts: Callable[[Premises], Facts], listener: Listener) -> Result:
    """Replay everything that was asked for.

    Raises:
        ConfigError: a what-if that cannot be.
    """
    # Wrong ones are said before the first replay; and both tables have the v of both.
    after, _ = supposed(order.premises, order.written, order.what_if)
    order = replace(order, values=(*order.values, order.premises.v, after.v))
    desk = Desk(workload=order.workload, premises=order.premises, engine=engine, tell=listener.tell)
    calibration = _calibrated(order, desk)
    if calibration.scaled:
        premises = replace(order.premises, capacity=calibration.capacity, capacity_from="calibration")
        load = cut_to(order.workload, calibration.capacity)
        desk = Desk(workload=load, premises=premises, engine=engine, tell=listener.tell)
    head = facts(desk.premises)
    listener.calibrated(calibration, head)
    rows = _table(desk, order)
    what_if = _what_if(desk, order)
    recommendation = None if order.target is None else advise(desk, order.target, rows[0], calibration)
    return Result(
        facts=head,
        calibration=calibration,
        rows=rows,
        standing=standing(rows, desk.premises.v),
        notes=(*_warnings(desk), *_notes(desk)),
        warnings=tuple(_warnings(desk)),
        recommendation=recommendation,
        what_if=what_if,
        curves=_curves(desk, order),
        timelines=_timelines(desk, order),
    )


def _calibrated(order: Order, desk: Desk) -> Calibration:
    site = desk.site(NONE)

    def without(capacity: int) -> Outcome:
        policy = replace(NONE, label=f"no cloud, {capacity} slots")
        return desk.replay(replace(site, capacity=capacity), policy, cut_to(order.workload, capacity))

    first = compare(order.workload, without(site.capacity), site.capacity)
    return calibrate(order.workload, first, without) if order.scaled else first


def _table(desk: Desk, order: Order) -> tuple[Row, ...]:
    return tuple(desk.row(policy) for policy in _policies(order, desk.premises))


def _policies(order: Order, premises: Premises) -> tuple[Policy, ...]:
    return policies.table(premises.settings, order.peers, order.values, gated=premises.gated)


def _what_if(desk: Desk, order: Order) -> WhatIf | None:
    if not order.what_if:
        return None
    premises, changes = supposed(desk.premises, order.written, order.what_if)
    other = Desk(workload=desk.workload, premises=premises, engine=desk.engine, tell=desk.tell)
    return WhatIf(changes=changes, rows=_table(other, order))


def _warnings(desk: Desk) -> Iterator[str]:
    if not served(desk.site(NONE), desk.workload).jobs:
        yield "no pool takes jobs of any queue and lab of the record, so none is sent: --any-name lets pools take all"
    if desk.row(NONE).mean_wait_s < _WAITS_S:
        yield "next to no job waits in the replay, so no cloud can save anything: try fewer --slots, or --calibrate"


def _notes(desk: Desk) -> Iterator[str]:
    yield from desk.workload.notes
    of = served(desk.site(NONE), desk.workload)
    if 0 < of.jobs < of.of:
        yield f"pools take {of.jobs} of {of.of} jobs by their queue and lab; the others stay in every replay"
    yield from not_modelled(desk.premises.settings)
    yield NOT_MODELLED


def _curves(desk: Desk, order: Order) -> Mapping[str, tuple[Row, ...]]:
    if order.curves is None:
        return {}
    return {kind: tuple(desk.row(policy) for policy in some) for kind, some in order.curves.items()}


def _timelines(desk: Desk, order: Order) -> Mapping[str, Timeline]:
    if order.curves is None:
        return {}
    until = float(desk.workload.submitted[-1] + 86400.0)
    mine = policies.ours(desk.premises.settings, desk.premises.v)
    return {policy.name: timeline(desk.workload, desk.run(policy).outcome, until) for policy in (NONE, mine)}
