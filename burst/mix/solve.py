"""Classes and types → the mix: ask the solver, pack its answer, mend it, and never take it over a cheaper first fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from burst.mix.first_fit import best_single, first_fits
from burst.mix.fit import undominated, why_none
from burst.mix.laying import Task, improved, laid, settled
from burst.mix.program import Problem, Solved, Unsolved, highs
from burst.mix.values import Bounds, Mix, Packed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.mix.packing import Rack
    from burst.mix.values import JobClass, NodeType

Solver = Callable[[Problem], Solved | Unsolved]
_MOST, _COUNTS, _PATTERNS = 0.2, 0.5, 0.3
"""Of the solver's time: how much can be served at all, where caps bind; nodes by type; patterns."""
_CAPPED = "the caps leave no node for it"


def choose(
    classes: Sequence[JobClass],
    kinds: Sequence[NodeType],
    bounds: Bounds | None = None,
    solver: Solver = highs,
) -> Mix:
    """The cheapest nodes that serve the classes, as far as the caps go.

    The same input gives the same answer, unless the solver runs out of its time: what it has by then is packed and used
    all the same, where it beats first fit.
    """
    never = {one.name: (one.jobs, why) for one in classes if one.jobs and (why := why_none(one, kinds))}
    wanted = [one for one in classes if one.jobs > 0 and one.name not in never]
    if not wanted:
        return Mix(unserved=never)
    task = Task(classes=wanted, kinds=undominated(wanted, kinds), bounds=bounds or Bounds())
    single = best_single(wanted, kinds, task.bounds)
    plains = [settled(task, way) for way in first_fits(task.kinds, wanted, task.bounds, single)]
    plain = task.best(plains)
    answer = _ask(task, plain, plains, solver)
    chosen = task.best([*answer.racks, plain])
    served = task.served(chosen)
    capped = {one.name: (one.jobs - served[one.name], _CAPPED) for one in wanted if served[one.name] < one.jobs}
    known = answer.served == served
    return Mix(
        nodes=_merged(chosen),
        blocks=tuple(chosen.blocks),
        unserved=never | capped,
        way="first fit" if chosen is plain else "HiGHS",
        lp_usd=answer.lp if known else None,
        bound_usd=answer.bound if known else None,
        single=single if not capped else best_single(task.counts(served).classes, kinds, task.bounds),
        first_fit_usd=plain.usd_per_hour if task.slots(task.served(plain)) == task.slots(served) else None,
        added=answer.added,
        reasons=(*answer.reasons, *_first_fit_said(chosen is plain, plain, answer)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came of asking the solver."""

    reasons: tuple[str, ...]
    racks: tuple[Rack, ...] = ()
    served: Mapping[str, int] | None = None
    """What its bounds are about."""
    lp: float | None = None
    bound: float | None = None
    added: int = 0


def _ask(task: Task, plain: Rack, plains: Sequence[Rack], solver: Solver) -> _Answer:
    seconds = task.bounds.seconds
    if seconds <= 0:
        return _Answer(reasons=("the solver was given no time",))
    served = task.served(plain)
    if any(served[one.name] < one.jobs for one in task.classes):
        most = solver(_problem(task, _MOST * seconds, most_jobs=True))
        if isinstance(most, Unsolved):
            return _Answer(reasons=(most.why,))
        served = max(served, dict(most.served), key=task.slots)
    asked = task.counts(served)
    if not asked.classes:
        return _Answer(reasons=("the caps leave no node at all",))
    found = solver(_problem(asked, _COUNTS * seconds))
    if isinstance(found, Unsolved):
        return _Answer(reasons=(found.why,), served=served, lp=found.lp)
    return _packed(task, asked, plains, found)


def _packed(task: Task, asked: Task, plains: Sequence[Rack], found: Solved) -> _Answer:
    added: list[int] = []

    def way(some: Task) -> Rack:
        rack, more = laid(asked, some, found)
        added.append(more)
        return rack

    mended = settled(asked, way)
    best = task.best([mended, *plains])
    better = improved(task, best, [mended, *plains], _PATTERNS * task.bounds.seconds)
    ended = "ended" if found.finished else "stopped early,"
    said = [f"HiGHS {ended} within {found.gap:.2%} of its bound"]
    if added[-1]:
        said.append(f"its counts did not pack: {added[-1]} nodes were added, ${mended.usd_per_hour:.2f} an hour")
    racks = (mended,) if better is None else (mended, better)
    if better is not None and task.best([best, better]) is better is not best:
        said.append(f"patterns of full nodes, combined anew, came to ${better.usd_per_hour:.2f}")
    return _Answer(
        reasons=tuple(said),
        racks=racks,
        served={one.name: 0 for one in task.classes} | {one.name: one.jobs for one in asked.classes},
        lp=found.lp,
        bound=found.bound,
        added=added[-1],
    )


def _problem(task: Task, seconds: float, *, most_jobs: bool = False) -> Problem:
    bounds = replace(task.bounds, seconds=seconds)
    return Problem(classes=task.classes, kinds=task.kinds, bounds=bounds, most_jobs=most_jobs)


def _merged(rack: Rack) -> tuple[Packed, ...]:
    """Nodes that are alike as one entry, by type, the fullest first."""
    counts: dict[Packed, int] = {}
    for group in rack.groups:
        key = replace(group, nodes=0)
        counts[key] = counts.get(key, 0) + group.nodes
    merged = [replace(key, nodes=nodes) for key, nodes in counts.items()]
    return tuple(sorted(merged, key=lambda one: (one.type.name, one.type.lab or "", -one.slots, one.holds)))


def _first_fit_said(taken: bool, plain: Rack, answer: _Answer) -> tuple[str, ...]:
    if not taken:
        return ()
    why = ", which the solver's answer, packed, does not beat" if answer.racks else ""
    return (f"first fit is taken: ${plain.usd_per_hour:.2f} an hour{why}",)
