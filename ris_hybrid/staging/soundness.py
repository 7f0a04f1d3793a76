"""What a consistent journal is, and where one is not.

* Its log is whole: each line begins in the state the one before it ended in, every change is one the lifecycle has, and
  the last is the state the staging is in.
* Every file is in one state for each way it goes. One that is ``ok`` has a sum and the version it was compared with;
  one that is in a move is in one that is there and goes the same way.
* A token was stored before there was a task, no two moves share one, and a move that is closed leaves no file behind.
* What is staged or later waits for no file to come in; what is returned or evicted waits for none to go out; of what is
  evicted nothing is ``ok``, for nothing of it is in the cloud.
* The money of each move out was reserved.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, get_args

from ris_hybrid.data.lifecycle import IN_CLOUD, NEXT
from ris_hybrid.data.values import StagingState
from ris_hybrid.staging.values import FileState, Which

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.values import FileRow, MoveRow, Staging, Transition

_STATES = frozenset(get_args(FileState))
_BACK = frozenset({StagingState.RETURNED, StagingState.EVICTED})
_UNSETTLED = frozenset({"planned", "failed"})


def faults(journal: SqliteJournal) -> tuple[str, ...]:
    """Every fault, in words; none for a consistent journal. No file is named."""
    return tuple(_faults(journal))


def _faults(journal: SqliteJournal) -> Iterator[str]:
    stagings = journal.stagings()
    tokens = Counter(move.token for one in stagings for move in one.moves if move.token)
    yield from (f"{count} moves share a token" for count in tokens.values() if count > 1)
    for staging in stagings:
        said = [
            *_log(staging, journal.history(staging.staging_id)),
            *(fault for move in staging.moves for fault in _move(move)),
            *_files(staging, journal),
            *_money(staging, journal.spent_on(staging.staging_id)),
        ]
        yield from (f"{staging.staging_id}: {fault}" for fault in said)


def _log(staging: Staging, lines: Sequence[Transition]) -> Iterator[str]:
    if not lines:
        yield "it has no log"
        return
    if lines[-1].after is not staging.state:
        yield f"it is {staging.state}, and its log ends with {lines[-1].after}"
    for before, after in pairwise(lines):
        if before.after is not after.before:
            yield f"its log goes from {before.after} on with {after.before}"
    for line in lines:
        if NEXT[line.before][line.event] is not line.after:
            yield f"{line.event} made {line.after} of {line.before}"


def _move(move: MoveRow) -> Iterator[str]:
    if move.task_id and not move.token:
        yield f"{move.move_id} has a task and no token"
    if move.stage == "sent" and not move.task_id:
        yield f"{move.move_id} was sent and has no task"


def _files(staging: Staging, journal: SqliteJournal) -> Iterator[str]:
    moves = {move.move_id: move for move in staging.moves}
    found: Counter[str] = Counter()
    for row in journal.files(staging.staging_id, Which()):
        found.update(_file(row, moves))
        found.update(_in_its_state(row, staging.state))
    yield from (f"{count} files: {fault}" for fault, count in sorted(found.items()))


def _file(row: FileRow, moves: dict[str, MoveRow]) -> Iterator[str]:
    if row.state not in _STATES:
        yield f"{row.state} is no state"
    if row.state == "ok" and not ((row.crc64nvme or row.sha256) and row.version_id):
        yield "compared, and without sum or version"
    if row.state != "planned" or not row.move_id:
        return
    move = moves.get(row.move_id)
    if move is None or move.direction != row.direction:
        yield f"in a move of its way ({row.direction}) that is not there"
    elif move.stage == "closed":
        yield "left behind in a move that is closed"


def _in_its_state(row: FileRow, state: StagingState) -> Iterator[str]:
    if row.direction == "in" and state in IN_CLOUD and row.state in _UNSETTLED:
        yield f"{row.state} on the way in, and the staging is {state}"
    if row.direction == "out" and state in _BACK and row.state in _UNSETTLED:
        yield f"{row.state} on the way out, and the staging is {state}"
    if state is StagingState.EVICTED and row.state == "ok":
        yield "in the cloud, and the staging is evicted"


def _money(staging: Staging, keys: Collection[str]) -> Iterator[str]:
    for move in staging.moves:
        if move.direction == "out" and f"{move.move_id}:egress" not in keys:
            yield f"{move.move_id} was not reserved"
