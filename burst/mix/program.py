"""The choice as a mixed-integer program for HiGHS (``scipy.optimize.milp``), and its linear relaxation.

Capacity is summed by type, and pieces may be parted, so that its answer may not pack; it never costs more than one that
does, and whole pieces would take four times as long for a bound that is hardly better. scipy is imported
when it is called: neither the hook nor a site without it needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from burst.mix.fit import caps_on, nodes_each, per_node, piece_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.mix.values import Bounds, JobClass, NodeType

_MIB_PER_GIB = 1024.0  # rows of one size are kinder to the solver
_SETTLED, _STOPPED = 0, 1
"""Words of ``scipy.optimize.milp``: solved within the gap; time or nodes ran out."""
_NODES = 2000
"""Of the search tree; what is not found by then is not worth the wait."""


class Cell(NamedTuple):
    """Jobs of one class on nodes of one type, by their places in the lists."""

    of: int
    on: int
    each: int
    """Pieces that one node holds, or nodes that one job takes whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Classes to serve on types; every class has one that takes it."""

    classes: Sequence[JobClass]
    kinds: Sequence[NodeType]
    bounds: Bounds
    most_jobs: bool = False
    """Serve as many slots as the caps allow, whatever it costs, instead of all of them for the least money."""

    def cells(self, *, whole: bool) -> list[Cell]:
        """Where jobs may go: those that share nodes, or those that have whole ones."""
        pieces = [piece_of(one) for one in self.classes]
        return [
            Cell(of, on, each)
            for of, one in enumerate(self.classes)
            for on, kind in enumerate(self.kinds)
            if (each := nodes_each(one, kind) if whole else per_node(pieces[of], kind))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What the solver says. Nodes that jobs have whole are in ``blocks`` alone."""

    nodes: Mapping[int, int]
    """By place of the type: nodes that jobs share."""
    blocks: Mapping[tuple[int, int], int]
    """By place of class and type: jobs."""
    served: Mapping[str, int]
    """Jobs by class."""
    lp: float | None = None
    bound: float | None = None
    gap: float = 0.0
    finished: bool = True
    """Whether the gap was reached before time or nodes ran out."""


class Unsolved(NamedTuple):
    """Why there is no answer, in words, and what is known all the same."""

    why: str
    lp: float | None = None


def highs(problem: Problem) -> Solved | Unsolved:
    """Ask HiGHS; the linear relaxation first, because its bound holds even when time runs out."""
    try:
        from scipy.optimize import milp
    except ImportError:
        return Unsolved("scipy is not installed (pip install 'ris-hybrid[planner]')")
    rows = _Rows(problem)
    asked = rows.asked()
    lp = _usd(milp(**(asked | {"integrality": None})))
    found = milp(**asked)
    if found.x is None:
        stopped = f"stopped after {problem.bounds.seconds:g} s without an answer"
        return Unsolved(f"HiGHS {stopped if found.status == _STOPPED else f'found none: {found.message}'}", lp)
    return rows.read(found, lp)


def options(seconds: float, gap: float, *, presolve: bool) -> dict[str, float | bool]:
    """What HiGHS is told: it stops by a count of nodes before it does by the clock, so that answers repeat.

    Now and then HiGHS 1.12 prints lines of its own on stdout (ERGO-Code/HiGHS, issue 2783): who prints data keeps them
    away from it. Without presolve there are fewer of them, and counts by type are found sooner.
    """
    return {"time_limit": seconds, "mip_rel_gap": gap, "node_limit": _NODES, "presolve": presolve}


def _usd(found: Any) -> float | None:
    return None if found.status != _SETTLED else float(found.fun)


class _Rows:
    """Columns and rows of one problem: pieces by cell, jobs by block, nodes by type, jobs left by class."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.shared, self.whole = problem.cells(whole=False), problem.cells(whole=True)
        self.at_block = len(self.shared)
        self.at_node = self.at_block + len(self.whole)
        self.at_left = self.at_node + len(problem.kinds)
        self.columns = self.at_left + len(problem.classes)
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self._demand()
        self._capacity()
        self._caps()

    def asked(self) -> dict[str, Any]:
        """The arguments of ``milp``."""
        import numpy as np
        from scipy.optimize import Bounds as Limits
        from scipy.optimize import LinearConstraint
        from scipy.sparse import coo_array

        row, column, value = zip(*self.entries, strict=True)
        matrix = coo_array((value, (row, column)), shape=(len(self.low), self.columns)).tocsr()
        upper = np.full(self.columns, np.inf)
        upper[self.at_left :] = [one.jobs if self.problem.most_jobs else 0 for one in self.problem.classes]
        bounds = self.problem.bounds
        return {
            "c": np.array(self._costs()),
            "integrality": np.array([0] * self.at_block + [1] * (self.columns - self.at_block)),
            "bounds": Limits(0, upper),
            "constraints": LinearConstraint(matrix, self.low, self.high),
            "options": options(bounds.seconds, bounds.gap, presolve=False),
        }

    def read(self, found: Any, lp: float | None) -> Solved:
        """The answer in our words."""
        classes, x = self.problem.classes, found.x
        dollars = not self.problem.most_jobs
        return Solved(
            nodes={on: n for on in range(len(self.problem.kinds)) if (n := round(x[self.at_node + on]))},
            blocks={(cell.of, cell.on): round(x[self.at_block + i]) for i, cell in enumerate(self.whole)},
            served={one.name: one.jobs - round(x[self.at_left + i]) for i, one in enumerate(classes)},
            lp=lp if dollars else None,
            bound=float(found.mip_dual_bound) if dollars else None,
            gap=float(found.mip_gap),
            finished=found.status == _SETTLED,
        )

    def _costs(self) -> list[float]:
        kinds, classes = self.problem.kinds, self.problem.classes
        costs = [0.0] * self.columns
        if self.problem.most_jobs:
            costs[self.at_left :] = [float(one.slots) for one in classes]
            return costs
        for index, cell in enumerate(self.whole):
            costs[self.at_block + index] = cell.each * kinds[cell.on].usd_per_hour
        costs[self.at_node : self.at_left] = [kind.usd_per_hour for kind in kinds]
        return costs

    def _row(self, entries: Sequence[tuple[int, float]], low: float, high: float) -> None:
        self.entries.extend((len(self.low), column, value) for column, value in entries)
        self.low.append(low)
        self.high.append(high)

    def _demand(self) -> None:
        """Every job of a class is somewhere, or left."""
        for of, one in enumerate(self.problem.classes):
            per_job = float(piece_of(one).per_job)
            here = [(index, 1.0) for index, cell in enumerate(self.shared) if cell.of == of]
            here += [(self.at_block + index, 1.0) for index, cell in enumerate(self.whole) if cell.of == of]
            self._row([*here, (self.at_left + of, per_job)], one.jobs * per_job, one.jobs * per_job)

    def _capacity(self) -> None:
        """By type: slots, memory and GPUs of its nodes; and no class has more pieces on it than its nodes hold."""
        for on, kind in enumerate(self.problem.kinds):
            cells = [(index, cell) for index, cell in enumerate(self.shared) if cell.on == on]
            pieces = [(index, piece_of(self.problem.classes[cell.of])) for index, cell in cells]
            uses = (
                (float(kind.slots), [(index, float(piece.slots)) for index, piece in pieces]),
                (kind.memory_mib / _MIB_PER_GIB, [(i, piece.memory_mib / _MIB_PER_GIB) for i, piece in pieces]),
                (float(kind.gpus), [(index, float(piece.gpus)) for index, piece in pieces]),
            )
            for has, needs in uses:
                if any(need for _, need in needs):
                    self._row([*needs, (self.at_node + on, -has)], -float("inf"), 0.0)
            for index, cell in cells:
                self._row([(index, 1.0), (self.at_node + on, -float(cell.each))], -float("inf"), 0.0)

    def _caps(self) -> None:
        """Nodes of a type, of a lab, and in all; whole ones count too."""
        for cap in caps_on(self.problem.kinds, self.problem.bounds):
            nodes = [(self.at_node + on, 1.0) for on in cap.kinds]
            whole = [(self.at_block + i, float(one.each)) for i, one in enumerate(self.whole) if one.on in cap.kinds]
            self._row(nodes + whole, 0.0, float(cap.nodes))
