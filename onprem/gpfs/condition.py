"""``mmgetstate -a -Y`` and ``mmhealth node show -Y`` → how nodes and their components are."""

from __future__ import annotations

from dataclasses import dataclass

from onprem.gpfs.rows import Row, count, rows, sections, word
from ris_hybrid.errors import SiteUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """What GPFS's daemon on one node is doing."""

    name: str
    state: str
    """GPFS's word: ``active``, ``down``, ``arbitrating``, ``unknown``, ..."""
    quorum: int | None
    nodes_up: int | None
    nodes: int | None
    remarks: str
    """``quorum node``, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentState:
    """How one component of a node is."""

    node: str
    component: str
    """``GPFS``, ``AFM``, ``FILESYSTEM``, ..."""
    entity: str
    """What of it: a file system, a fileset, an adapter; the node itself where it is one."""
    status: str
    """GPFS's word: ``HEALTHY``, ``TIPS``, ``DEGRADED``, ``FAILED``, ``CHECKING``, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvent:
    """One event that explains a state."""

    node: str
    component: str
    entity: str
    event: str
    message: str
    """Empty where a release does not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Of one node, or of several."""

    states: tuple[ComponentState, ...]
    events: tuple[HealthEvent, ...]


def parse_nodes(text: str) -> tuple[NodeState, ...]:
    """Every node. Raises ``SiteUnavailable`` as ``rows``, and where a row has no nodeName."""
    found = []
    for row in rows(text):
        name = word(row, "nodeName")
        if not name:
            raise SiteUnavailable("a row without nodeName: is it the output of mmgetstate?")
        found.append(
            NodeState(
                name=name,
                state=row.get("state", ""),
                quorum=count(row, "quorum"),
                nodes_up=count(row, "nodesUp"),
                nodes=count(row, "totalNodes"),
                remarks=word(row, "remarks"),
            )
        )
    return tuple(found)


def parse_health(text: str) -> Health:
    """States and events. A row may be longer than its header: some releases leave the colons of times as they are.

    Raises:
        SiteUnavailable: as ``rows``; or the text has no section ``State``.
    """
    states, events = [], []
    for row in sections(text):
        if row.section == "State":
            states.append(_state(row))
        elif row.section == "Event":
            events.append(_event(row))
    if not states:
        raise SiteUnavailable("no row of section State: is it the output of mmhealth node show?")
    return Health(states=tuple(states), events=tuple(events))


def _state(row: Row) -> ComponentState:
    values = row.values
    return ComponentState(
        node=word(values, "node"),
        component=word(values, "component"),
        entity=word(values, "entityname"),
        status=values.get("status", ""),
    )


def _event(row: Row) -> HealthEvent:
    values = row.values
    return HealthEvent(
        node=word(values, "node"),
        component=word(values, "component"),
        entity=word(values, "entityname"),
        event=word(values, "event"),
        message=word(values, "message"),
    )
