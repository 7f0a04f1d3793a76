"""Classes of jobs, types of nodes, and the mix that was chosen. Memory in MiB, money in dollars an hour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRICT = {"extra": "forbid"}  # read by pydantic when a file of classes is validated


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClass:
    """Equal jobs. Slots, memory and GPUs are those of one whole job."""

    __pydantic_config__ = _STRICT

    name: str
    jobs: int
    slots: int
    memory_mib: int = 0
    gpus: int = 0
    span: Literal["one-host", "hosts", "nodes", "any"] = "one-host"
    """``one-host``: all on one node. ``hosts``: its slots may lie on any nodes. ``nodes``: whole nodes of one type with
    EFA, in one placement group and zone, all of them or none, which no other job shares. ``any``: on one node of a type
    that holds it, else as ``nodes``."""
    lab: str = ""
    """Whose nodes it runs on: a node is one lab's."""
    types: tuple[str, ...] = ()
    """The types that may take it; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """What one node gives to jobs, as LSF will count it, and costs. Also a pool, whose nodes are alike."""

    name: str
    slots: int
    memory_mib: int
    usd_per_hour: float
    gpus: int = 0
    together: bool = True
    """Whether its nodes may work together on one job: EFA and a placement group, or what a second cloud's pool says."""
    most: int | None = None
    """Nodes of it at most, of all labs; None for no cap."""
    lab: str | None = None
    """Whose its nodes are; None where nodes are not told apart by lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the choice may take."""

    nodes: int | None = None
    """Nodes in all at most."""
    labs: Mapping[str, int] = field(default_factory=dict)
    """Nodes of a lab at most; a lab that is missing has no cap of its own."""
    seconds: float = 2.0
    """Of the solver at most."""
    gap: float = 0.002
    """The solver stops when it knows that nothing can be cheaper by more than this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """Nodes of one type that hold the same: by class, pieces of jobs on each (whole jobs, unless ``span`` is hosts)."""

    type: NodeType
    nodes: int
    holds: tuple[tuple[str, int], ...] = ()
    slots: int = 0
    """Used on each."""
    memory_mib: int = 0
    gpus: int = 0

    @property
    def usd_per_hour(self) -> float:
        """Of all of them."""
        return self.nodes * self.type.usd_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Jobs that each have whole nodes of one type to themselves, launched together or not at all."""

    type: NodeType
    job_class: str
    jobs: int
    nodes_each: int

    @property
    def nodes(self) -> int:
        """Of all its jobs."""
        return self.jobs * self.nodes_each

    @property
    def usd_per_hour(self) -> float:
        """Of all of them."""
        return self.nodes * self.type.usd_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """The cheapest way with one type alone that serves as many slots as the mix."""

    type: str
    nodes: int
    usd_per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Nodes by type, how jobs lie on them, and how good that is known to be."""

    nodes: tuple[Packed, ...] = ()
    blocks: tuple[Block, ...] = ()
    unserved: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Class to its jobs that have no node, and why."""
    way: str = "none"
    """``HiGHS``, ``first fit``, or ``none`` where there was nothing to choose."""
    lp_usd: float | None = None
    """Nothing that serves these jobs costs less: the linear relaxation. None where no solver was there."""
    bound_usd: float | None = None
    """The solver's own bound, where it is the better one."""
    single: Single | None = None
    first_fit_usd: float | None = None
    """What first fit alone came to, where it served as much; None where it did not."""
    added: int = 0
    """Nodes added because the packing could not hold what the solver's sum could."""
    reasons: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Packed | Block, ...]:
        """Nodes that are shared, then those that jobs have whole."""
        return (*self.nodes, *self.blocks)

    @property
    def usd_per_hour(self) -> float:
        """Of all nodes."""
        return sum(part.usd_per_hour for part in self.parts)

    @property
    def gap(self) -> float | None:
        """By which share of its price it may be too dear, at most; None where no bound is known."""
        bounds = [bound for bound in (self.lp_usd, self.bound_usd) if bound is not None]
        usd = self.usd_per_hour
        if not bounds or not usd:
            return None
        return max(0.0, 1.0 - max(bounds) / usd)

    @property
    def counts(self) -> Mapping[tuple[str, str | None], int]:
        """Nodes by type and lab, in the order of their names."""
        found: dict[tuple[str, str | None], int] = {}
        for part in self.parts:
            key = (part.type.name, part.type.lab)
            found[key] = found.get(key, 0) + part.nodes
        return dict(sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or "")))
