"""What is wrong with ``mode`` and ``planner`` of burst.yaml, and with how they fit the rest (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.config.figures import below, not_above_zero
from ris_hybrid.config.problems import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.planner_settings import Exclude, Planner, Steering
    from ris_hybrid.settings import BurstSettings

_RESOURCE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # a name of lsf.shared
_QUEUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_JOB = re.compile(r"[0-9]+(\[[0-9]+\])?")
_MOST_HAZARD = 20.0
"""A node that is taken every three minutes is a figure nobody measured."""


def planner_faults(settings: BurstSettings) -> Iterator[Fault]:
    """Every fault. Figures and names are looked at in every mode, what steering needs where jobs are steered."""
    planner = settings.planner
    for loc, text in (*_figures(planner), *_hosts(planner), *_exclude(planner.exclude)):
        yield ("planner", *loc), text
    here = ("planner", "steering")
    for loc, text in (*_steering(planner.steering), *_queues(planner.steering)):
        yield (*here, *loc), text
    if settings.mode == "planned":
        for loc, text in (*_flag(settings), *_fit(settings)):
            yield (*here, *loc), text


def _figures(planner: Planner) -> Iterator[Fault]:
    yield from below(("value",), planner.value, 0)
    for key in ("queues", "labs"):
        for name, value in getattr(planner, key).items():
            if not name:
                yield (key, name), "expected a name, found nothing"
            yield from below((key, name), value, 0)
    for key in ("release_ratio", "spot_ratio"):
        figure = getattr(planner, key)
        if not 0 < figure <= 1:
            yield (key,), f"expected a share above 0 and at most 1, found {found(figure)}"
    if not 0 <= planner.spot_hazard < _MOST_HAZARD:
        yield ("spot_hazard",), f"expected a rate per hour, 0 or more, such as 0.01, found {found(planner.spot_hazard)}"
    yield from below(("depth",), planner.depth, 1)
    if not planner.history.isprintable():
        yield ("history",), f"expected the name of a file, found {found(planner.history)}"


def _hosts(planner: Planner) -> Iterator[Fault]:
    for queue, patterns in planner.hosts.items():
        if not patterns.split() or not patterns.isprintable():
            yield ("hosts", queue), f"expected patterns of hosts such as exec-* big-*, found {found(patterns)}"
        elif queue in planner.steering.queues.values():
            yield ("hosts", queue), f"expected its ordinary queue, to which its jobs are counted, found {found(queue)}"


def _exclude(exclude: Exclude) -> Iterator[Fault]:
    for index, job_id in enumerate(exclude.jobs):
        if not _JOB.fullmatch(job_id):
            yield ("exclude", "jobs", index), f"expected the id of a job such as 219 or 219[3], found {found(job_id)}"
    for key in ("users", "labs", "queues", "projects"):
        for index, name in enumerate(getattr(exclude, key)):
            if not name.strip() or not name.isprintable():
                yield ("exclude", key, index), f"expected a name, found {found(name)}"


def _steering(steering: Steering) -> Iterator[Fault]:
    yield from not_above_zero(("plan_minutes",), steering.plan_minutes)
    yield from below(("moves_per_turn",), steering.moves_per_turn, 1)
    if not _RESOURCE.fullmatch(steering.flag):
        yield ("flag",), f"expected the name of a Boolean of lsf.shared, found {found(steering.flag)}"


def _queues(steering: Steering) -> Iterator[Fault]:
    """One to one, and no queue both: the way back of a job must be plain from where it is."""
    taken: dict[str, str] = {}
    for own, burst in steering.queues.items():
        here = ("queues", own)
        for name in (own, burst):
            if not _QUEUE.fullmatch(name):
                yield here, f"expected the name of a queue, found {found(name)}"
        if burst in steering.queues:
            yield here, f"expected a burst queue that is no ordinary one here, found {found(burst)}"
        if burst in taken:
            yield here, f"expected a burst queue of its own, found {found(burst)}, which is that of {taken[burst]}"
        taken.setdefault(burst, own)


def _flag(settings: BurstSettings) -> Iterator[Fault]:
    steering = settings.planner.steering
    if steering.way != "flag":
        return
    others = {"host_flag": settings.host_flag, "spot_flag": settings.spot_flag}
    for key, name in others.items():
        if steering.flag == name:
            yield ("flag",), f"expected another name than {key}, found {found(name)}"
    if steering.flag in settings.node.resources:
        yield ("flag",), f"expected another name than those of node.resources, found {found(steering.flag)}"


def _fit(settings: BurstSettings) -> Iterator[Fault]:
    steering = settings.planner.steering
    if steering.way == "flag":
        return
    if steering.fallback == "thresholds":
        why = "ordinary queues may not borrow, so nobody could use the nodes"
        yield ("fallback",), f"expected way: flag beside it, found way: queue: {why}"
    if steering.queues:
        yield from _served(settings)
    else:
        yield ("queues",), "expected a burst queue for each queue whose jobs may go, found none: no job could be moved"


def _served(settings: BurstSettings) -> Iterator[Fault]:
    """Pools speak of the queues jobs are submitted to; jobs that may run again must also where they are moved to."""
    steering, again = settings.planner.steering, settings.rerunnable_queues
    for pool in settings.pools:
        for name in pool.queues:
            if name not in steering.queues:
                yield ("queues",), _unsteered(name, pool.name, steering)
    for own, burst in steering.queues.items():
        if own in again and burst not in again:
            text = f"expected {burst} in rerunnable_queues as {own} is, for the jobs run there; found it not"
            yield ("queues", own), text


def _unsteered(name: str, pool: str, steering: Steering) -> str:
    if name in steering.queues.values():
        ordinary = f"the ordinary queue of {name}, in which jobs are submitted"
        return f"expected pool {pool} to name {ordinary}, found {found(name)}"
    return f"expected a burst queue for {name}, which pool {pool} serves, found none"
