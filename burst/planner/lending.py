"""Room kept for those whom nodes were launched for (pure).

A job that is chosen already has the first claim on what is free or booting. Otherwise a job before it in the queue,
worth no node of its own, would be worth that room, as no boot is paid there; and then the first one's nodes would have
to be launched once more, or it would be sent back while they boot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.planner.room import Free, room_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.planner.prices import Quote
    from burst.planner.ranking import Place
    from burst.planner.room import Room
    from burst.planner.values import Candidate
    from burst.planner.weigh import Offered


def lend(offered: Sequence[Offered], rooms: Mapping[Place, Room]) -> tuple[list[Offered], dict[Place, Room]]:
    """Chosen jobs with their place on nodes that are there, largest first; and what room is left for the others.

    Largest first, each where least is left over, is how they were placed when their nodes were asked for.
    """
    left = {place: list(room.nodes) for place, room in rooms.items()}
    found = list(offered)
    mine = [index for index, one in enumerate(offered) if one.job.chosen]
    for index in sorted(mine, key=lambda index: -offered[index].job.slots):
        one = offered[index]
        near = next((near for near in one.nears if _take(left[near.offer.pool, one.job.lab], one.job, near)), None)
        if near is not None:
            found[index] = replace(one, nears=(near,), lent=True)
    return found, {place: room_on(nodes) for place, nodes in left.items()}


def _take(nodes: list[Free], job: Candidate, near: Quote) -> bool:
    """Take the job's room from these nodes if they have it: on one of them, whole ones, or what many have left."""
    if near.nodes == 1 and _on_one(nodes, job, near):
        return True
    if job.one_host:
        return False
    return (near.nodes > 1 and _whole(nodes, near)) or _spread(nodes, near.own_slots)


def _on_one(nodes: list[Free], job: Candidate, near: Quote) -> bool:
    """On the node that it fills most."""
    offer = near.offer
    need = job.slots, job.memory_mib if offer.memory_mib else 0, job.gpus if offer.gpus else 0
    fitting = [at for at, free in enumerate(nodes) if all(a >= b for a, b in zip(free, need, strict=True))]
    if not fitting:
        return False
    best = min(fitting, key=lambda at: nodes[at])
    slots, memory, gpus = nodes[best]
    nodes[best] = slots - need[0], memory - need[1], gpus - need[2]
    return True


def _whole(nodes: list[Free], near: Quote) -> bool:
    """On as many nodes without jobs as it needs."""
    empty = [at for at, free in enumerate(nodes) if free[0] >= near.offer.cores][: near.nodes]
    if len(empty) < near.nodes:
        return False
    for at in empty:
        nodes[at] = 0, 0, 0
    return True


def _spread(nodes: list[Free], slots: int) -> bool:
    """On what many nodes have left, the emptiest first."""
    if sum(free[0] for free in nodes) < slots:
        return False
    for at in sorted(range(len(nodes)), key=lambda at: -nodes[at][0]):
        taken = min(slots, nodes[at][0])
        nodes[at] = nodes[at][0] - taken, *nodes[at][1:]
        slots -= taken
    return True
