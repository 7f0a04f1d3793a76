"""Which v and which gates to write for a target: what ``burst simulate --budget`` and ``--wait`` replay for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.simulating import policies
from ris_hybrid.simulating.desk import Desk, months_of
from ris_hybrid.simulating.recommendation import NO_WORSE, choose, choose_gate, climb
from ris_hybrid.simulating.result import Recommendation
from ris_hybrid.simulating.spread import spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ris_hybrid.settings import BurstSettings, Gate
    from ris_hybrid.simulating.calibration import Calibration
    from ris_hybrid.simulating.recommendation import Target
    from ris_hybrid.simulating.rows import Row

IDLE_MINUTES = 3.0
"""LSF counts minutes; longer than a boot takes, or than this, an idle node is hardly worth keeping."""
SHORT_MONTHS = 0.25
"""Shorter records say little of a month."""
REPLAYS = 40
"""What it takes at most."""


def advise(desk: Desk, target: Target, none: Row, calibration: Calibration) -> Recommendation:
    """The v, the gates and how long an idle node is kept, each found by replays, and what to expect of them."""
    free = _budgeted(desk, float("inf")) if target.kind == "budget" else desk
    choice = choose(target, none, _by_v(free))
    final = free
    if target.kind == "budget":
        final = _budgeted(desk, target.figure)
        choice = climb(target, choice, _by_v(final))
    settings = final.premises.settings

    def behind(gates: tuple[Gate, ...]) -> Row:
        return final.row(policies.ours(replace(settings, gates=gates), choice.v))

    gate = choose_gate(target, settings.gates if desk.premises.gated else (), behind)
    settings = replace(settings, gates=gate.gates)
    idle = _idle_minutes(final, settings, choice.v)
    if idle is not None:
        settings = replace(settings, life=replace(settings.life, idle_minutes=idle))
    run = final.run(policies.ours(settings, choice.v))
    spread = spans(run.outcome, desk.workload, final.site(run.outcome.policy), desk.premises.seed)
    return Recommendation(
        target=target,
        choice=choice,
        gates=gate.gates,
        gates_why=gate.why,
        idle_minutes=idle,
        expected=run.row,
        usd_per_month=spread[0] if spread else None,
        mean_wait_s=spread[1] if spread else None,
        limits=tuple(_limits(desk, calibration, has_spread=spread is not None)),
    )


def _by_v(desk: Desk) -> Callable[[float], Row]:
    """Ours at a v, behind no gate."""
    settings = replace(desk.premises.settings, gates=policies.OPEN)
    return lambda v: desk.row(policies.ours(settings, v))


def _idle_minutes(desk: Desk, settings: BurstSettings, v: float) -> float | None:
    """Minutes that an idle node should be kept, where the site's own figure costs more than a hundredth of J."""
    if settings.life.idle_minutes <= IDLE_MINUTES:
        return None
    shorter = replace(settings, life=replace(settings.life, idle_minutes=IDLE_MINUTES))
    own, other = desk.row(policies.ours(settings, v)), desk.row(policies.ours(shorter, v))
    return IDLE_MINUTES if other.j * NO_WORSE < own.j else None


def _budgeted(desk: Desk, usd_per_month: float) -> Desk:
    """The same desk with another budget for all labs."""
    settings = desk.premises.settings
    budget = replace(settings.budget, usd_per_month=usd_per_month)
    premises = replace(desk.premises, settings=replace(settings, budget=budget))
    return Desk(workload=desk.workload, premises=premises, engine=desk.engine, tell=desk.tell)


def _limits(desk: Desk, calibration: Calibration, *, has_spread: bool) -> Iterator[str]:
    if calibration.ratio is None:
        yield "the record does not know waits: nothing says how close the replay is"
    elif calibration.far:
        yield f"the replay's mean wait is {calibration.ratio:.2f} of the record's: savings may be as far off"
    yield "one record: the next months may bring other jobs"
    if not has_spread:
        yield "too few weeks to say how far they are apart"
    if months_of(desk.workload) < SHORT_MONTHS:
        yield f"a month's dollars are scaled from {months_of(desk.workload) * 365.25 / 12:.1f} days"
