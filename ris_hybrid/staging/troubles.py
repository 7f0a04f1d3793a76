"""The files of a staging that did not go where they should, each with its reason and what a person does about it.

What failed or is held stands in the journal. What was left out does not: a plan has its number and a few examples, so
the site's tree is listed once more, by the rules the plan was made by. It may have changed since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from ris_hybrid.data import keys, taking
from ris_hybrid.data.planning import MISSING
from ris_hybrid.staging.agreement import CONFLICT, UNVERIFIABLE
from ris_hybrid.staging.values import Which
from ris_hybrid.staging.walking import NO_PATH

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from ris_hybrid.data.taking import Rules
    from ris_hybrid.data.values import Direction, Entry
    from ris_hybrid.staging.ports import StagingJournal
    from ris_hybrid.staging.values import FileRow, FileState, Staging

What = Literal["failed", "held", "gone", "again", "left out"]
"""``again``: it failed or differed, and is tried once more. The others: see ``FileState``; of what was left out nothing
is in the cloud."""

_STATES: tuple[tuple[FileState, What], ...] = (
    ("failed", "failed"),
    ("held", "held"),
    ("gone", "gone"),
    ("planned", "again"),
)
_NEW_NAME = "rename it at the site, or do without it in the cloud"
_STAYS = {
    **MISSING,
    taking.EXCLUDED: "nothing: snapshots and the file system's own files are not data",
    taking.SYMLINK: "nothing where its target is in the dataset: jobs name the target; else copy the target into it",
    taking.SPECIAL: "nothing: a socket, pipe or device has no content to copy",
    taking.SAME_COMPOSED: "rename one of the two at the site",
    keys.NOT_UTF8: _NEW_NAME,
    keys.CONTROL: _NEW_NAME,
    keys.EMPTY_SEGMENT: _NEW_NAME,
    keys.DOTS: _NEW_NAME,
    keys.TOO_LONG: "shorten its name or a directory's above it, or do without it in the cloud",
}
_HELD = {
    CONFLICT: "rename or delete the site's file or the object, then `data return`",
    NO_PATH: "copy the object to a key that is a path of the site, then `data return`",
    UNVERIFIABLE: "write it again with a checksum of the full object (CRC64NVME), then `data return`",
}
_HELD_ELSE = "put right what the reason says, then `data return`; the result is safe in the bucket"


class Trouble(NamedTuple):
    """One file. A tuple: there may be millions."""

    what: What
    direction: Direction
    path: str
    """Relative to the dataset; bytes that are not UTF-8 as lone surrogates."""
    size: int | None
    """None where it is not known."""
    reason: str
    advice: str


def recorded(journal: StagingJournal, staging: Staging) -> Iterator[Trouble]:
    """What the journal knows: failed, held, gone, then what is tried again; each in order of direction and path."""
    for state, what in _STATES:
        for row in journal.files(staging.staging_id, Which(state=state)):
            if row.reason or what != "again":
                yield Trouble(what, row.direction, row.path, row.size, row.reason, _advice(what, row))


def left_out(entries: Iterable[Entry], rules: Rules) -> Iterator[Trouble]:
    """What the site's tree has that no plan takes, as far as each entry tells by itself. Raises what listing raised."""
    for entry in entries:
        reason = taking.why_left_out(rules, entry)
        if reason:
            size = entry.size if entry.kind == "file" else 0
            yield Trouble("left out", "in", entry.path, size, reason, _STAYS.get(reason, _NEW_NAME))


def examples(staging: Staging, named: Container[str]) -> Iterator[Trouble]:
    """What the plan remembers of files left out for reasons of which none was named; as the plan escaped them."""
    for one in staging.plan.left_out:
        for path in () if one.reason in named else one.examples:
            yield Trouble("left out", "in", path, None, one.reason, _STAYS.get(one.reason, _NEW_NAME))


def _advice(what: What, row: FileRow) -> str:
    command = "stage" if row.direction == "in" else "return"
    if what == "again":
        return f"nothing: the next turn of `data {command}` or `data run` tries it again"
    if what == "gone":
        where = "the site" if row.direction == "in" else "the bucket"
        return f"nothing, where it was deleted in {where} on purpose; else put it back, then `data {command}`"
    if what == "held":
        return _HELD.get(row.reason, _HELD_ELSE)
    if row.reason == UNVERIFIABLE:
        return _HELD[UNVERIFIABLE].replace("return", command)
    return f"put right what the reason says, then `data {command}`, which tries it as often again"
