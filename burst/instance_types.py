"""What EC2's instance types have, and which of them meet a pool's requirements (pure).

Rules of attribute-based selection: EC2 API reference, InstanceRequirementsRequest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ris_hybrid.pool_settings import Requirements

USABLE_MEMORY = 0.925
"""Share of a type's memory that is promised to LSF. The kernel and the hypervisor keep 2 to 5 percent, so that lim
reports less than EC2's figure, and the system's own processes take the rest."""
PRICE_SPREAD = 2.0
"""Nodes chosen by attributes cost at most so many times the price EC2 takes as its base."""
_ACCELERATED = re.compile(r"(inf|trn|f[12]|vt|dl|gr?\d|p\d)")
_GENERAL = re.compile(r"[cmr]\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """One row of the catalogue; ``usd_per_hour`` is None where the catalogue has no price."""

    name: str
    vcpus: int
    cores: int
    memory_mib: int
    arch: str
    """One or more of EC2's words, with ``/`` between them."""
    usd_per_hour: float | None
    gpus: int = 0
    maker: str = ""
    """Of the processor: Intel, AMD, AWS or Apple."""
    efa: bool = False
    current: bool = True
    """Whether EC2 counts it to its current generation."""
    spot: bool = True
    """Whether it is sold as spot at all."""
    metal: bool = False
    burstable: bool = False

    @property
    def x86(self) -> bool:
        """Whether LSF's host type X86_64 is true of it."""
        return "x86_64" in self.arch.split("/")

    @property
    def threads_per_core(self) -> int:
        """1 or 2."""
        return self.vcpus // self.cores

    @property
    def usable_mib(self) -> int:
        """What LSF may count on."""
        return int(self.memory_mib * USABLE_MEMORY)

    def slots(self, ncpus: str) -> int:
        """What lim will count under the cluster's definition of ncpus, ``cores`` or ``threads``."""
        return self.vcpus if ncpus == "threads" else self.cores


def matching(wants: Requirements, kinds: Iterable[InstanceType]) -> tuple[InstanceType, ...]:
    """The types EC2 may choose by these attributes, whatever they cost: the cheapest first, without a price last."""
    found = [kind for kind in kinds if kind.x86 and not kind.metal and not kind.burstable and _meets(kind, wants)]
    return tuple(sorted(found, key=lambda kind: (kind.usd_per_hour is None, kind.usd_per_hour or 0.0, kind.name)))


def affordable(kinds: Sequence[InstanceType]) -> tuple[InstanceType, ...]:
    """Those of the matching types that EC2's price protection leaves, and whose price is known."""
    priced = [(kind, kind.usd_per_hour) for kind in kinds if kind.usd_per_hour is not None]
    most = PRICE_SPREAD * _base_usd(kinds)
    return tuple(kind for kind, usd in priced if usd <= most)


def _base_usd(kinds: Sequence[InstanceType]) -> float:
    """The cheapest current C, M or R type; without one the cheapest current type, then the cheapest of all."""
    current = [kind for kind in kinds if kind.current]
    general = [kind for kind in current if _GENERAL.match(kind.name)]
    for some in (general, current, kinds):
        prices = [kind.usd_per_hour for kind in some if kind.usd_per_hour is not None]
        if prices:
            return min(prices)
    return 0.0


def _meets(kind: InstanceType, wants: Requirements) -> bool:
    return (
        _within(kind.vcpus, wants.vcpus, wants.vcpus_max)
        and _within(kind.memory_mib, wants.memory_mib, wants.memory_mib_max)
        and kind.gpus == wants.gpus
        and (wants.gpus > 0 or not _ACCELERATED.match(kind.name))
        and not any(like(pattern, kind.name) for pattern in wants.exclude)
    )


def _within(figure: int, least: int, most: int | None) -> bool:
    return least <= figure and (most is None or figure <= most)


def like(pattern: str, name: str) -> bool:
    """Whether a type's name fits EC2's own wildcard: ``*`` for any text, ``c5*`` for the families c5, c5a and c5n."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
