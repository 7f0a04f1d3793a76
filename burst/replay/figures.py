"""A policy's figures, with the documented defaults of its kind where it names none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.engine_peers import AQTP, COUNTED, GATES, IMMEDIATE, KARPENTER, LSF, NO_CLOUD, PLANNED
from burst.replay.peers import DEFAULTS

if TYPE_CHECKING:
    from burst.replay.values import Policy

_KINDS = {
    "none": NO_CLOUD,
    "planned": PLANNED,
    "perfect": PLANNED,
    "gates": GATES,
    "lsf": LSF,
    "count": COUNTED,
    "immediate": IMMEDIATE,
    "karpenter": KARPENTER,
    "aqtp": AQTP,
}


class Figures:
    """The figures of one policy by name."""

    def __init__(self, policy: Policy) -> None:
        self.kind = _KINDS[policy.kind]
        self._all = {**DEFAULTS.get(policy.kind, {}), **policy.figures}

    def one(self, name: str, usual: float) -> float:
        """One of them."""
        found = self._all.get(name, usual)
        return found[0] if isinstance(found, tuple) else found

    def many(self, name: str) -> tuple[float, ...]:
        """One that is a row of figures."""
        found = self._all.get(name, ())
        return found if isinstance(found, tuple) else (found,)
