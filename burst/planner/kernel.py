"""The arithmetic of the plan, over plain arrays: when jobs would start on-premises, and which are worth the cloud.

Production and the replay run these same functions, so they hold to what numba compiles: loops over arrays, no objects,
no imports. Without numba the same lines run as they stand, over lists. Times are seconds from now (now is 0), slots
whole numbers, money dollars. Nothing is allocated here: the caller gives every array, and its length is its size.

The profile is the step function of free slots: ``free[i]`` from ``times[i]`` until ``times[i + 1]``, the last one for
ever. Reservations are conservative: every job that stays gets the earliest start that no job before it loses
(Mu'alem, Feitelson, IEEE TPDS 12(6), 2001).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    Jobs = tuple[
        Sequence[int],
        Sequence[float],
        Sequence[int],
        Sequence[float],
        Sequence[float],
        Sequence[float],
        Sequence[float],
    ]
    Room = tuple[MutableSequence[int], Sequence[int], Sequence[int], Sequence[float]]
    Found = tuple[MutableSequence[float], MutableSequence[int], MutableSequence[int]]

NEVER = 1e18
"""Seconds: the planned wait of a job that is wider than the cluster."""


def open_profile(
    capacity: int,
    ends: Sequence[float],
    slots: Sequence[int],
    times: MutableSequence[float],
    free: MutableSequence[int],
) -> int:
    """Write the profile of what runs into ``times`` and ``free``, both longer than ``ends`` by one; its size.

    ``ends`` ascend; an end that is past frees its slots now. More slots may run than ``capacity`` has (hosts were
    closed since): then there is room only once enough has ended.
    """
    times[0], free[0] = 0.0, capacity
    size = 1
    for index in range(len(ends)):
        free[0] -= slots[index]
    level = free[0]
    for index in range(len(ends)):
        level += slots[index]
        if ends[index] > times[size - 1]:
            times[size] = ends[index]
            size += 1
        free[size - 1] = level
    return size


def position(times: Sequence[float], size: int, at: float) -> int:
    """The index of the step that holds at this time: the last one that does not begin later."""
    low, high = 0, size
    while high - low > 1:
        middle = (low + high) // 2
        if times[middle] <= at:
            low = middle
        else:
            high = middle
    return low


def first_fit(times: Sequence[float], free: Sequence[int], size: int, begin: int, slots: int, length: float) -> int:
    """The first step from ``begin`` on at which ``slots`` are free for ``length`` seconds; ``size`` for none."""
    start = begin
    step = begin
    while step < size:
        if free[step] < slots:
            start = step + 1
        elif step + 1 == size or times[step + 1] >= times[start] + length:
            return start
        step += 1
    return size


def reserve(
    times: MutableSequence[float],
    free: MutableSequence[int],
    size: int,
    start: int,
    slots: int,
    length: float,
) -> int:
    """Take ``slots`` for ``length`` seconds from the step ``start`` on; the profile's new size, one more at most."""
    end = times[start] + length
    last = position(times, size, end)
    if times[last] < end:  # the step that the reservation ends in is cut in two
        for index in range(size, last + 1, -1):
            times[index] = times[index - 1]
            free[index] = free[index - 1]
        times[last + 1], free[last + 1] = end, free[last]
        size += 1
        last += 1
    for index in range(start, last):
        free[index] -= slots
    return size


def worth_it(value: float, wait: float, boot: float, cost: float, release: float) -> bool:
    """Whether a job's waiting is worth its price in the cloud: v n (W - b) >= p n' (r + b), all in dollars.

    ``value`` is v n in dollars a second, ``cost`` the right side with what its data costs; ``release`` lowers it for a
    job that is chosen already (0.8, say, and 1 for the others), so that the choice does not flap; below 0 it stays.
    What waits for nothing, or whose waiting is worth nothing, stays too, were the cloud for nothing.
    """
    return release >= 0.0 and value > 0.0 and wait > boot and value * (wait - boot) >= release * cost


def plan_queue(
    profile: tuple[MutableSequence[float], MutableSequence[int], int],
    capacity: int,
    jobs: Jobs,
    room: Room,
    cursor: MutableSequence[float],
    found: Found,
) -> int:
    """Plan the pending jobs in the order in which the scheduler will take them; the profile's size after it.

    Args:
        profile: times and free, with room for one more step per job, and the size.
        capacity: slots of the cluster; a wider job waits for ``NEVER``.
        jobs: one array each, in that order: slots; length in seconds; shape, the index of its pair of slots and
            length; value, dollars a second that its waiting costs; boot, seconds that a new node would let it wait;
            cost, dollars of its run on new nodes; release, the factor of ``worth_it``, below 0 for one that may not go.
        room: slots of nodes that are there or on their way, by group (a pool and a lab, say), used up as jobs take
            them; by job its group, -1 for none; by job the slots that it takes there, more than its own where it needs
            a greater share of a node's memory; by job the dollars of its run there, where no boot is paid.
        cursor: by shape, the earliest start that is still possible; 0 at first. Kept here, because a job cannot start
            before an equal one that was planned before it.
        found: filled: waits, seconds until each would start on-premises; chosen, 1 for a job that is worth the cloud,
            else 0, which takes no room on-premises; there, 1 for one that was weighed against the room of its group.
    """
    times, free, size = profile
    slots, lengths, shapes, values, boots, costs, releases = jobs
    left, groups, sizes, costs_there = room
    waits, chosen, there = found
    for job in range(len(slots)):
        step = size
        waits[job] = NEVER
        if slots[job] <= capacity:
            begin = position(times, size, cursor[shapes[job]])
            step = first_fit(times, free, size, begin, slots[job], lengths[job])
        if step < size:
            waits[job] = cursor[shapes[job]] = times[step]
        there[job] = 1 if groups[job] >= 0 and left[groups[job]] >= sizes[job] else 0
        boot, cost = (0.0, costs_there[job]) if there[job] else (boots[job], costs[job])
        chosen[job] = 1 if worth_it(values[job], waits[job], boot, cost, releases[job]) else 0
        if chosen[job] == 0 and step < size:
            size = reserve(times, free, size, step, slots[job], lengths[job])
        if chosen[job] and there[job]:
            left[groups[job]] -= sizes[job]
    return size
