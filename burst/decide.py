"""Pressure, fleet, settings → how many nodes of which pool for which lab, and why (pure).

    closed gate ──any gate met──▶ open ──below release and no node up──▶ closed

Whether the gate is open needs no memory: while nodes of the pool are up the release figures hold, otherwise the
launch gates do. So another master candidate decides alike from the ledger alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, fsum
from typing import TYPE_CHECKING

from burst.fleet import Fleet, account_of, commit_usd, dearest, planned
from burst.limits import Ask, apply_all
from burst.planner.values import NOTHING
from ris_hybrid.model import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.planner.values import Want
    from burst.pressure import GroupPressure, Pressure
    from ris_hybrid.settings import BurstSettings, Gate, Pool, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Nodes to launch now for one pool and lab; zero is a decision too, with its reasons."""

    pool: str
    lab: str
    nodes: int
    reasons: tuple[Reason, ...]
    pending_jobs: int = 0
    pending_slots: int = 0
    usd_committed: float = 0.0
    data_usd_per_node: float = 0.0
    """Dollars of data of the jobs that one node serves; ``usd_committed`` has them too."""

    @property
    def data_usd(self) -> float:
        """What its nodes' jobs cost in data."""
        return self.nodes * self.data_usd_per_node

    @property
    def why(self) -> str:
        """The reasons in one line, the deciding one last."""
        return "; ".join(f"{reason.stage}: {reason.text}" for reason in self.reasons)


def data_fields(decision: Decision) -> dict[str, float]:
    """Its dollars of data for the audit log, where there are any."""
    return {"data_usd": round(decision.data_usd, 2)} if decision.data_usd else {}


def decide(
    pool: Pool,
    lab: str,
    pressure: Pressure,
    fleet: Fleet,
    settings: BurstSettings,
    *,
    new_demand: int | None = None,
) -> Decision:
    """Decide for one pool and lab.

    Args:
        pool: the pool.
        lab: the lab; empty for jobs without one.
        pressure: what is pending.
        fleet: what is up, spent and when it is.
        settings: gates, caps and budget.
        new_demand: LSF's own figure when LSF asks, None when nobody did.
    """
    groups = served(pool, pressure)
    sight = _look(pool, groups, settings, queues_up(pool, groups, fleet, settings))
    sight = replace(sight, left=pressure.left_for_data)
    return _decide(sight, lab, fleet, settings, new_demand)


def decide_all(
    pressure: Pressure,
    fleet: Fleet,
    settings: BurstSettings,
    wants: Mapping[tuple[str, str], Want] | None = None,
) -> tuple[Decision, ...]:
    """Decide for every pool and lab with pressure, in order of priority; each sees what those before it took.

    With ``wants``, by pool and lab, only what the plan has chosen counts in place of all that is behind an open gate.
    """
    decisions: list[Decision] = []
    for pool in sorted(settings.pools, key=lambda pool: (-pool.priority, pool.name)):
        groups = served(pool, pressure)
        sights: dict[frozenset[str], _Sight] = {}
        for lab in sorted({group.lab for group in groups}):
            up = queues_up(pool, groups, fleet, settings)
            if up not in sights:
                sights[up] = _look(pool, groups, settings, up)
            sight = sights[up]
            if wants is None:
                decision = _decide(sight, lab, fleet, settings, None)
            else:
                want = wants.get((pool.name, lab), NOTHING)
                decision = decide_planned(Ask(pool=pool, lab=lab, nodes=want.nodes), want, fleet, settings)
                decision = replace(decision, reasons=(*sight.reasons, *decision.reasons))
            decisions.append(decision)
            fleet = with_planned(fleet, decision, settings)
    return tuple(decisions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What one pool sees: the pending work of its queues and labs, and which queues' gates are open."""

    pool: Pool
    groups: tuple[GroupPressure, ...]
    opened: frozenset[str]
    reasons: tuple[Reason, ...]
    left: str = ""
    """Jobs of the whole cluster that stay for want of data, in words."""


def _decide(sight: _Sight, lab: str, fleet: Fleet, settings: BurstSettings, new_demand: int | None) -> Decision:
    pool = sight.pool
    mine = [group for group in sight.groups if group.lab == lab and group.queue in sight.opened]
    jobs, slots = sum(group.jobs for group in mine), sum(group.slots for group in mine)
    if slots == 0:
        nothing = Reason(stage="pressure", text=_nothing(sight, lab), nodes=0)
        return Decision(pool=pool.name, lab=lab, nodes=0, reasons=(*sight.reasons, nothing))
    coming = sum(
        fleet.starting(other, lab) * other.slots
        for other in settings.pools
        if any(serves(other, group.queue, lab) and takes(other, group.queue, settings) for group in mine)
    )
    wanted = max(0, ceil((slots - coming) / pool.slots))
    data_usd = fsum(group.data_usd for group in mine)
    each = data_usd / ceil(slots / pool.slots)
    text = f"{jobs} jobs wait for {slots} slots, {coming} slots are starting: {wanted} nodes of {pool.slots}"
    text += f"; sending them all costs ${data_usd:.2f} in data" if data_usd else ""
    pressed = Reason(stage="pressure", text=text, nodes=wanted)
    ask = Ask(pool=pool, lab=lab, nodes=wanted, new_demand=new_demand, data_usd=each)
    nodes, lowered = apply_all(ask, fleet, settings)
    return Decision(
        pool=pool.name,
        lab=lab,
        nodes=nodes,
        reasons=(*sight.reasons, pressed, *lowered),
        pending_jobs=jobs,
        pending_slots=slots,
        usd_committed=nodes * (commit_usd(dearest(pool, settings.prices), settings) + each),
        data_usd_per_node=each,
    )


def decide_planned(ask: Ask, want: Want, fleet: Fleet, settings: BurstSettings, said: str = "") -> Decision:
    """Decide for one pool and lab by what the plan wants, ``ask.nodes`` of it; ``said`` goes before the plan's word."""
    each = want.data_usd / want.nodes if want.nodes else 0.0
    text = f"{said}{want.jobs} chosen jobs with {want.slots} slots: {ask.nodes} new nodes of {ask.pool.slots}"
    text += f"; ${want.data_usd:.2f} of data" if want.data_usd else ""
    ask = replace(ask, data_usd=each)
    nodes, lowered = apply_all(ask, fleet, settings)
    return Decision(
        pool=ask.pool.name,
        lab=ask.lab,
        nodes=nodes,
        reasons=(Reason(stage="plan", text=text, nodes=ask.nodes), *lowered),
        pending_jobs=want.jobs,
        pending_slots=want.slots,
        usd_committed=nodes * (commit_usd(dearest(ask.pool, settings.prices), settings) + each),
        data_usd_per_node=each,
    )


def served(pool: Pool, pressure: Pressure) -> tuple[GroupPressure, ...]:
    """Pending work that the pool serves."""
    return tuple(group for group in pressure.groups if serves(pool, group.queue, group.lab))


def queues_up(pool: Pool, groups: tuple[GroupPressure, ...], fleet: Fleet, settings: BurstSettings) -> frozenset[str]:
    """Queues for which it has nodes that are wanted: there the release figures hold.

    A pool whose cloud has no more for it hands its open gates on to those that serve the same jobs: what it could not
    give may be too little to open a gate anew.
    """
    up = {machine.pool for machine in fleet.machines if machine.wanted}
    if pool.name in up:
        return frozenset(group.queue for group in groups)
    empty = [one for one in settings.pools if one.name in up and fleet.marks_of(one.name).state(fleet.now) == "held"]
    return frozenset(group.queue for group in groups if any(serves(one, group.queue, group.lab) for one in empty))


def serves(pool: Pool, queue: str, lab: str) -> bool:
    """Whether jobs of this queue and lab may use the pool."""
    return (not pool.queues or queue in pool.queues) and (not pool.labs or lab in pool.labs)


def takes(pool: Pool, queue: str, settings: BurstSettings) -> bool:
    """Whether jobs of this queue may run on what the pool buys: a spot node can be taken from under its job."""
    return pool.purchase == "on-demand" or queue in settings.rerunnable_queues


def gate_met(gate: Gate, group: list[GroupPressure]) -> str:
    """What met the gate, in words; empty when it is not met. Every figure the gate gives must be reached."""
    said: list[str] = []
    if gate.pending_jobs is not None:
        waiting = sum(g.waiting(gate.for_minutes * 60) for g in group)
        if waiting < gate.pending_jobs:
            return ""
        said.append(f"{waiting} jobs pending for {gate.for_minutes:g} min (gate {gate.pending_jobs})")
    if gate.pending_slots is not None:
        slots = sum(g.slots for g in group)
        if slots < gate.pending_slots:
            return ""
        said.append(f"{slots} pending slots (gate {gate.pending_slots})")
    if gate.expected_wait_minutes is not None:
        wait = max((g.expected_wait_s for g in group), default=0.0) / 60
        if wait < gate.expected_wait_minutes:
            return ""
        said.append(f"expected wait {wait:.0f} min (gate {gate.expected_wait_minutes:g})")
    return ", ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Which queues' jobs may make a pool grow now, each with its reason."""

    opened: frozenset[str]
    said: Mapping[str, Reason]
    """By queue with pressure."""


def gates_of(pool: Pool, groups: tuple[GroupPressure, ...], settings: BurstSettings, up: frozenset[str]) -> Gates:
    """Which gates are open for what the pool serves, ``up`` being the queues it has nodes for.

    A gate looks at one queue, all its labs together.
    """
    by_queue: dict[str, list[GroupPressure]] = {}
    for group in groups:
        by_queue.setdefault(group.queue, []).append(group)
    met = {queue: _met(pool, queue, members, settings, queue in up) for queue, members in by_queue.items()}
    opened = frozenset(queue for queue, (is_open, _) in met.items() if is_open)
    return Gates(opened=opened, said={queue: reason for queue, (_, reason) in met.items()})


def _met(
    pool: Pool, queue: str, members: list[GroupPressure], settings: BurstSettings, nodes_up: bool
) -> tuple[bool, Reason]:
    if not takes(pool, queue, settings):
        return False, Reason(stage="spot", text=f"{pool.name} takes no jobs of queue {queue}: not rerunnable")
    words = next((words for gate in settings.gates if (words := gate_met(gate, members))), "")
    if not words and nodes_up:
        words = _held_open(settings.release, members)
    if words:
        return True, Reason(stage="gate", text=f"{queue} open: {words}")
    jobs, slots = sum(g.jobs for g in members), sum(g.slots for g in members)
    return False, Reason(stage="gate", text=f"{queue} closed: {jobs} jobs, {slots} slots meet no gate")


def _look(pool: Pool, groups: tuple[GroupPressure, ...], settings: BurstSettings, up: frozenset[str]) -> _Sight:
    gates = gates_of(pool, groups, settings, up)
    return _Sight(pool=pool, groups=groups, opened=gates.opened, reasons=tuple(gates.said.values()))


def _held_open(release: Release, members: list[GroupPressure]) -> str:
    jobs, slots = sum(g.jobs for g in members), sum(g.slots for g in members)
    if jobs < release.pending_jobs and slots < release.pending_slots:
        return ""
    return f"nodes are up and {jobs} jobs, {slots} slots are not below release"


def _nothing(sight: _Sight, lab: str) -> str:
    account = account_of(lab)
    if not any(group.lab == lab for group in sight.groups):
        stay = f"; on the whole cluster {sight.left}" if sight.left else ""
        return f"no eligible pending job of {account} that {sight.pool.name} serves{stay}"
    return f"no open queue for {account}" if not sight.opened else f"{account} has no job in an open queue"


def with_planned(fleet: Fleet, decision: Decision, settings: BurstSettings) -> Fleet:
    """The fleet as it will be when the decision has been carried out."""
    coming = planned(settings.pool(decision.pool), decision.lab, decision.nodes, fleet.now, settings)
    data_usd = {**fleet.data_usd, decision.lab: fleet.data_usd.get(decision.lab, 0.0) + decision.data_usd}
    return replace(fleet, machines=fleet.machines + coming, data_usd=data_usd if decision.data_usd else fleet.data_usd)
