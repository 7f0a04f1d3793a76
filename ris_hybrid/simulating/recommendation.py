"""The v for a budget or for a wait, found on our own curve, and the gate that does not stand in its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ris_hybrid.settings import Gate
from ris_hybrid.simulating.policies import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ris_hybrid.simulating.rows import Row

DIGITS = 90
"""Values of v to a decade: two digits, 1.0 to 9.9."""
LEAST, MOST = -3, 1
"""The search goes from 10 to the one to 10 to the other, dollars per core and hour."""
NO_WORSE = 1.01
"""A gate is in nobody's way when J grows by less than this factor."""
CLIMB = 10
"""Steps from one v to the next that is tried under a budget."""
MINUTES = (5.0, 10.0, 20.0, 30.0, 60.0)
"""Gates that are tried: one job pending for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the person asks for."""

    kind: Literal["budget", "wait"]
    figure: float
    """Dollars a month of the record, or seconds."""
    by: Literal["mean", "p95"] = "mean"
    """Of the wait."""

    def met(self, row: Row) -> bool:
        """Whether a replay came out within it."""
        return self.value(row) <= self.figure

    def value(self, row: Row) -> float:
        """The figure of a replay that is compared."""
        if self.kind == "budget":
            return row.usd_per_month
        return row.mean_wait_s if self.by == "mean" else row.p95_wait_s

    def said(self, value: float) -> str:
        """A figure of this kind in words."""
        if self.kind == "budget":
            return f"${value:,.2f} a month"
        return f"{'mean' if self.by == 'mean' else 'p95'} wait of {value / 60:,.1f} min"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The v that was found."""

    v: float
    row: Row
    met: bool
    why: str


def choose(target: Target, none: Row, attempt: Callable[[float], Row]) -> Choice:
    """The largest v within a budget, or the smallest that reaches a wait; each step is a replay.

    ``none`` is the row without cloud. Cost rises and waits fall with v, but for small steps back: what is given was
    replayed itself, so its figures are its own.
    """
    if target.kind == "wait" and target.met(none):
        return Choice(v=0.0, row=none, met=True, why=f"without cloud it is a {target.said(target.value(none))} already")
    ends = (0, (MOST - LEAST) * DIGITS)
    safe, far = ends if target.kind == "budget" else ends[::-1]
    row = attempt(value_at(safe))
    if not target.met(row):
        text = f"no v reaches it: at v {value_at(safe):g} it is a {target.said(target.value(row))}"
        return Choice(v=value_at(safe), row=row, met=False, why=text)
    last = attempt(value_at(far))
    if target.met(last):
        return Choice(v=value_at(far), row=last, met=True, why="no v that is tried misses it")
    while abs(far - safe) > 1:
        middle = (far + safe) // 2
        tried = attempt(value_at(middle))
        if target.met(tried):
            safe, row = middle, tried
        else:
            far = middle
    which = "largest v that keeps to it" if target.kind == "budget" else "smallest v that reaches it"
    return Choice(v=value_at(safe), row=row, met=True, why=f"the {which}")


def value_at(step: int) -> float:
    """The v of a step: two digits, so that it can be written down."""
    decade, digit = divmod(step, DIGITS)
    return round((10 + digit) / 10 * 10.0 ** (LEAST + decade), 1 - (LEAST + decade))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateChoice:
    """The gates to write, and what comes of them."""

    gates: tuple[Gate, ...]
    row: Row
    why: str


def climb(target: Target, choice: Choice, attempt: Callable[[float], Row]) -> Choice:
    """The choice, or a larger v that waits less, where the budget stops launches and paces v by itself.

    Months are not alike: a v that keeps to the budget on average is stopped in the dear ones and leaves money in the
    others. So larger ones are tried under the stop, until one does not wait less than the one before,
    or has spent more: what runs when the money is gone is not killed.
    """
    best = replace(choice, row=attempt(choice.v))
    step = _step_of(best.v)
    while step + CLIMB <= (MOST - LEAST) * DIGITS:
        step += CLIMB
        row = attempt(value_at(step))
        if not target.met(row) or row.core_hours_waited >= best.row.core_hours_waited / NO_WORSE:
            break
        best = replace(best, v=value_at(step), row=row, why="the budget stops and paces it; a larger v waits no less")
    return best


def _step_of(v: float) -> int:
    """The step of a v that ``value_at`` gave."""
    return next(step for step in range((MOST - LEAST) * DIGITS + 1) if value_at(step) >= v)


def choose_gate(target: Target, own: Sequence[Gate], attempt: Callable[[tuple[Gate, ...]], Row]) -> GateChoice:
    """The site's own gates where they do no harm, else the longest wait for one pending job that does none.

    A gate keeps nodes away where only few jobs wait for short: it is for people to see why nothing is launched. The
    rule itself decides by what waiting is worth, so one that costs more than a hundredth of J is not worth it.
    """
    free = attempt(OPEN)
    most = free.j * NO_WORSE

    def fits(row: Row) -> bool:
        if free.jobs_burst and not row.jobs_burst:
            return False  # it would cost next to nothing where next to nothing is sent, and send nothing
        return row.j <= most and (target.met(row) or not target.met(free))

    if own:
        mine = attempt(tuple(own))
        if fits(mine):
            return GateChoice(gates=tuple(own), row=mine, why="the gates as they are cost less than 1 % of J")
    chosen = GateChoice(gates=OPEN, row=free, why="any other gate costs more than 1 % of J, or misses the target")
    for minutes in MINUTES:
        gates = (Gate(pending_jobs=1, for_minutes=minutes),)
        row = attempt(gates)
        if not fits(row):
            break
        why = f"a job that has waited {minutes:g} min opens it at less than 1 % of J"
        chosen = GateChoice(gates=gates, row=row, why=why)
    return chosen
