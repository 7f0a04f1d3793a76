"""What is to come, earliest first: a binary heap over two arrays, for numba and as plain Python alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from burst.replay.engine_state import World

END, BOOT, TAKE, LOOK, STEERED = range(5)
"""A job ends; a node joins; a spot node is taken; a node may have been idle for long enough; a choice has come through.
In that order at once."""
_SHIFT = 40


def push(world: World, at: float, kind: int, index: int) -> None:
    """Note what happens at this time to the job or node of this index."""
    heap, state = world.heap, world.state
    code = (kind << _SHIFT) | index
    hole = state.events
    state.events = hole + 1
    while hole > 0:
        parent = (hole - 1) >> 1
        if not _before(at, code, heap[parent].at, heap[parent].what):
            break
        heap[hole].at, heap[hole].what = heap[parent].at, heap[parent].what
        hole = parent
    heap[hole].at, heap[hole].what = at, code


def pop(world: World) -> int:
    """Take the earliest off; its code, for ``kind_of`` and ``index_of``. Its time was ``world.heap[0].at``."""
    heap, state = world.heap, world.state
    first = heap[0].what
    size = state.events - 1
    state.events = size
    at, code = heap[size].at, heap[size].what
    hole = 0
    while 2 * hole + 1 < size:
        child = 2 * hole + 1
        if child + 1 < size and _before(heap[child + 1].at, heap[child + 1].what, heap[child].at, heap[child].what):
            child += 1
        if not _before(heap[child].at, heap[child].what, at, code):
            break
        heap[hole].at, heap[hole].what = heap[child].at, heap[child].what
        hole = child
    heap[hole].at, heap[hole].what = at, code
    return first


def _before(at: float, code: int, other_at: float, other_code: int) -> bool:
    """Whether the first of two events comes first: at one time by kind, then by index."""
    return at < other_at or (at == other_at and code < other_code)


def kind_of(code: int) -> int:
    """What happens."""
    return code >> _SHIFT


def index_of(code: int) -> int:
    """To which job or node."""
    return code & ((1 << _SHIFT) - 1)
