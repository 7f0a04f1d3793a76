"""Better packings from what packings showed: how one node is filled is a pattern, and patterns are combined anew.

Capacity summed by type promises more than nodes can hold. A pattern holds by construction, so that any combination of
patterns that covers the demand is a packing. More patterns are made by column generation (Gilmore, Gomory, Operations
Research 9(6), 1961).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from burst.mix.fit import caps_on, piece_of
from burst.mix.packing import Rack
from burst.mix.pricing import Held, worth_most
from burst.mix.program import options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.mix.fit import Cap, Piece
    from burst.mix.values import JobClass, NodeType

_DEPTHS = (200, 1000, 5000)
"""Steps of the search for one type's best filling: a quick look does while it finds something."""
_STEPS_A_SECOND = 400_000
"""Of all searches together, for a second that the solver may take: a count and no clock, so that answers repeat."""
_ROUNDS, _ROUNDS_A_SECOND = 5, 40
"""Of linear programs, in the same way."""
_CHEAPER = 1e-6
"""Dollars an hour by which a new pattern must be worth more than its node costs."""

Pattern = tuple["NodeType", Held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """Classes that share nodes, and what may be used for them."""

    classes: Sequence[JobClass]
    kinds: Sequence[NodeType]
    fixed: Rack
    """Whole nodes that are taken already; it counts what caps leave."""
    seconds: float
    gap: float

    @property
    def pieces(self) -> list[Piece]:
        """One of each class."""
        return [piece_of(one) for one in self.classes]

    @property
    def demand(self) -> list[int]:
        """Pieces by class."""
        return [one.jobs * piece_of(one).per_job for one in self.classes]


def recombined(cutting: Cutting, seeds: Sequence[Pattern]) -> dict[Pattern, int] | None:
    """Nodes by pattern that hold all pieces within the caps, for less where there is less; None when none was found.

    ``seeds`` are patterns of a packing that holds them all.
    """
    from scipy.optimize import linprog, milp

    patterns = list(dict.fromkeys(seeds))
    known = set(patterns)
    depths, left = list(_DEPTHS), int(_STEPS_A_SECOND * cutting.seconds)
    rounds = _ROUNDS + int(_ROUNDS_A_SECOND * cutting.seconds)
    while depths and left > 0 and rounds > 0:
        rounds -= 1
        rows = _Rows(cutting, patterns)
        found = linprog(rows.usd, A_ub=rows.matrix, b_ub=rows.most, method="highs")
        if found.x is None:
            return None
        priced, taken = _priced(cutting, rows, found.ineqlin.marginals, min(depths[0], left))
        left -= taken
        new = [one for one in priced if one not in known]
        patterns.extend(new)
        known.update(new)
        if not new:
            depths.pop(0)
    asked = _Rows(cutting, patterns).asked()
    best = milp(**asked)
    if best.x is None:
        return None
    return {pattern: n for pattern, x in zip(patterns, best.x, strict=True) if (n := round(x))}


def racked(cutting: Cutting, counts: Mapping[Pattern, int]) -> Rack:
    """The nodes with no more pieces on them than there are."""
    pieces = {piece.name: piece for piece in cutting.pieces}
    left = dict(zip(pieces, cutting.demand, strict=True))
    rack = Rack(bounds=cutting.fixed.bounds, groups=[], blocks=list(cutting.fixed.blocks))
    for (kind, held), count in counts.items():
        rest = count
        while rest:
            alike = min(rest, max(1, min(left[name] // each for name, each in held)))
            shares = [(pieces[name], min(each, left[name])) for name, each in held if left[name]]
            if not shares:
                break
            rack.add(kind, alike, shares)
            for piece, each in shares:
                left[piece.name] -= alike * each
            rest -= alike
    return rack


class _Rows:
    """Cover the demand; keep the caps. One column a pattern."""

    def __init__(self, cutting: Cutting, patterns: Sequence[Pattern]) -> None:
        import numpy as np

        self.usd = np.array([kind.usd_per_hour for kind, _ in patterns])
        self.gap, self.seconds = cutting.gap, cutting.seconds
        caps = caps_on(cutting.kinds, cutting.fixed.bounds)
        taken = [_taken(cutting, cap) for cap in caps]
        self.first = len(cutting.classes)
        self.on = [{cutting.kinds[at] for at in cap.kinds} for cap in caps]
        demand = [-float(pieces) for pieces in cutting.demand]
        self.most = np.array(demand + [float(cap.nodes - up) for cap, up in zip(caps, taken, strict=True)])
        self.matrix = np.zeros((len(self.most), len(patterns)))
        places = {one.name: index for index, one in enumerate(cutting.classes)}
        for column, (kind, held) in enumerate(patterns):
            for name, each in held:
                self.matrix[places[name], column] = -float(each)
            for row in self.rows_of(kind):
                self.matrix[row, column] = 1.0

    def rows_of(self, kind: NodeType) -> list[int]:
        """The rows of the caps that a node of this type counts in."""
        return [self.first + at for at, kinds in enumerate(self.on) if kind in kinds]

    def asked(self) -> dict[str, Any]:
        """The arguments of ``milp``."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint

        return {
            "c": self.usd,
            "integrality": np.ones(len(self.usd)),
            "bounds": Bounds(0, np.inf),
            "constraints": LinearConstraint(self.matrix, -np.inf, self.most),
            "options": options(self.seconds, self.gap, presolve=True),
        }


def _taken(cutting: Cutting, cap: Cap) -> int:
    """Nodes of the cap that jobs have whole."""
    kinds = {cutting.kinds[at] for at in cap.kinds}
    return sum(block.nodes for block in cutting.fixed.blocks if block.type in kinds)


def _priced(cutting: Cutting, rows: _Rows, marginals: Sequence[float], steps: int) -> tuple[list[Pattern], int]:
    """By type, the filling worth most at the demand's prices, where it is worth more than the node; the steps taken."""
    pieces = cutting.pieces
    worth = [-float(marginals[index]) for index in range(len(pieces))]
    found, taken = [], 0
    for kind in cutting.kinds:
        usd = kind.usd_per_hour - sum(float(marginals[row]) for row in rows.rows_of(kind))
        filling, some = worth_most(kind, pieces, worth, usd + _CHEAPER, steps)
        taken += some
        if filling is not None:
            found.append((kind, filling.held))
    return found, taken
