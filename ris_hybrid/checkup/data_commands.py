"""Spectrum Scale by its commands, where data.yaml lets them run on this host: nodes, components, settings, room."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid.checkup.data_bounded import Question
from ris_hybrid.checkup.data_scale import caches
from ris_hybrid.checkup.finding import Finding, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from onprem.gpfs.capacity import Capacity, Room
    from onprem.gpfs.condition import Health, NodeState
    from onprem.gpfs.state import GpfsState
    from ris_hybrid.data.settings import DataSettings

_WELL = frozenset({"HEALTHY", "TIPS", "CHECKING", "DISABLED"})
"""Words of mmhealth that call nobody; ``TIPS`` is advice."""
_FULL = 0.95
"""GPFS slows down, and writes of jobs begin to fail, as the last few per cent go."""
_MOST = 5
_TIB = 1024**4


def questions(settings: DataSettings, state: GpfsState, *, caches_too: bool, space: bool) -> Iterator[Question]:
    """Each command by itself, for all may take a while: one that is not allowed keeps no other from being asked.

    Args:
        settings: data.yaml.
        state: what runs the commands.
        caches_too: ask how AFM caches are; REST has not.
        space: ask for room, which reads from every disk.
    """
    gpfs = settings.gpfs
    name, cache = gpfs.file_system, gpfs.cache
    looks: dict[str, Callable[[], Iterable[Finding]]] = {
        "mmgetstate": lambda: [_nodes(state.nodes())],
        "mmhealth": lambda: [_health(state.health())],
        "mmlsfs": lambda: _settings(name, state.settings(name)),
    }
    if caches_too and cache:
        looks["mmafmctl"] = lambda: [caches(cache, state.caches(cache))]
    if space:
        looks["mmdf"] = lambda: _room(name, state.capacity(name))
    # Where others tell of filesets, a command that is not allowed is a pity, no more.
    alone = not (gpfs.guis or gpfs.listing)
    for command, look in looks.items():
        yield Question(name=f"the command {command}", ask=partial(_by_itself, command, look, alone=alone))


def _by_itself(command: str, look: Callable[[], Iterable[Finding]], *, alone: bool) -> Iterator[Finding]:
    for one in tuple(asked(command, look)):
        yield replace(one, needed=one.needed and alone) if one.name == command else one


def _nodes(nodes: tuple[NodeState, ...]) -> Finding:
    lost = [one for one in nodes if one.state != "active"]
    quorum = [one for one in nodes if "quorum" in one.remarks]
    up = [one for one in quorum if one.state == "active"]
    shown = ", ".join(f"{one.name} {one.state}" for one in lost[:_MOST])
    more = f" and {len(lost) - _MOST} more" if lost[_MOST:] else ""
    return Finding(
        name="GPFS nodes",
        ok=not lost,
        text=f"{len(lost)} of {len(nodes)} are not active: {shown}{more}" if lost else f"{len(nodes)}, all active",
        hint="see mmgetstate -a -L, and mmfs.log on these nodes",
        # Nodes of a cluster come and go; without half of the quorum nodes nobody can write.
        needed=bool(quorum) and 2 * len(up) <= len(quorum),
    )


def _health(health: Health) -> Finding:
    ill = [one for one in health.states if one.status not in _WELL]
    why = {(one.component, one.entity): one.message or one.event for one in health.events}
    told = [f"{one.component} {one.entity} {one.status}: {_why(why, one.component, one.entity)}" for one in ill]
    shown = "; ".join(told[:_MOST])
    return Finding(
        name="GPFS health of this node",
        ok=not ill,
        text=f"{len(ill)} of {len(health.states)} components: {shown}" if ill else f"{len(health.states)} components",
        hint="see mmhealth event show EVENT for what to do",
        needed=any(one.status == "FAILED" for one in ill),
    )


def _why(events: Mapping[tuple[str, str], str], component: str, entity: str) -> str:
    return events.get((component, entity), "no event tells why")


def _settings(name: str, told: Mapping[str, str]) -> Iterator[Finding]:
    acls = told.get("ACLSemantics", "")
    yield Finding(
        name=f"access lists of {name}",
        ok=acls in {"nfs4", "all"},
        text=f"ACLSemantics {acls or 'not told'}",
        hint="lists of allocations are NFSv4's: mmchfs DEVICE -k nfs4; or gpfs.file_system names another device",
        needed=False,
    )
    quotas = told.get("quotasEnforced", "")
    yield Finding(
        name=f"quotas of {name}",
        ok="fileset" in quotas,
        text=f"enforced: {quotas or 'none'}",
        hint="without quotas of filesets results may fill the file system: mmchfs DEVICE -Q yes",
        needed=False,
    )


def _room(name: str, told: Capacity) -> Iterator[Finding]:
    for room in (told.total, *told.pools):
        if room.size:
            yield _full(f"room of {name}{f' pool {room.name}' if room.name else ''}", room)
    if told.inodes_most and told.inodes_used is not None:
        share = told.inodes_used / told.inodes_most
        yield Finding(
            name=f"inodes of {name}",
            ok=share < _FULL,
            text=f"{share:.0%} of {told.inodes_most:,} used",
            hint="raise it with mmchfs DEVICE --inode-limit before results come back",
        )


def _full(name: str, room: Room) -> Finding:
    free, most = room.free or 0, room.size or 1
    text = f"{free / _TIB:,.1f} of {most / _TIB:,.1f} TiB free" if room.free is not None else "free room is not told"
    hint = "make room before results come back: what does not fit fails"
    return Finding(name=name, ok=room.free is not None and free / most > 1 - _FULL, text=text, hint=hint)
