"""A tree, what the bucket holds and what was verified → what moves, in batches; what is there; what stays, and why.

Every entry ends in exactly one of the three. The tree may come in any order; bucket and record come in order of keys,
and the three are joined in one pass, so that nothing but one run of records and the open batch is held.

A file is **there** when its object has its size, and its checksum was compared when the file had the time it has now,
and the object was not written since. An object that was written since is a result that was not brought back: the file
is left out, for moving it would destroy that. An object nobody verified proves nothing: the file moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ris_hybrid.data.batches import cut
from ris_hybrid.data.ordering import in_memory, ordered, unpacked
from ris_hybrid.data.taking import SAME_COMPOSED, Taking
from ris_hybrid.data.values import ObjectSeen, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ris_hybrid.data.batches import Batch
    from ris_hybrid.data.ordering import FileRecord, Spill
    from ris_hybrid.data.settings import Bounds
    from ris_hybrid.data.taking import Rules
    from ris_hybrid.data.values import Entry, LeftOut

CHANGED_THERE = "changed in the cloud since it was compared: bring it back first"
_SKEW_S = 60.0
"""By so much our clock and S3's may differ; a node cannot have read a file and written it again by then."""


class Verified(NamedTuple):
    """One object whose checksum was compared with the site's, as the journal has it."""

    key: str
    size: int
    mtime_ns: int
    """The file's, when it was read for its checksum."""
    at: float
    """When the comparison was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a manifest is made of; keys rise in ``objects`` and ``verified``."""

    entries: Iterable[Entry]
    objects: Iterable[ObjectSeen] = ()
    verified: Iterable[Verified] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What it comes to. ``totals`` is ``there`` and ``moving`` together."""

    totals: Totals
    there: Totals
    moving: Totals
    left_out: tuple[LeftOut, ...]
    empty: tuple[str, ...]
    """Directories below which nothing goes, the deepest alone: each needs a marker (its key with a slash)."""
    batches: int
    hard_links: int
    """Names that are one of several of their file."""
    notes: tuple[str, ...]
    """What is not wrong and should be known."""


def fold(
    sources: Sources, rules: Rules, bounds: Bounds, sink: Callable[[Batch], None], spill: Spill = in_memory
) -> Manifest:
    """Give each batch to ``sink`` as it fills.

    Raises:
        What the sources raise: a part of a tree is no manifest, and its batches must be dropped.
    """
    taking = Taking(rules=rules)
    alone = _Alone()
    join = _Join(
        taking=taking,
        alone=alone,
        objects=_Rising(sources.objects, alone.passed),
        verified=_Rising(sources.verified, lambda _key: None),
    )
    records = ordered(taking.records(sources.entries), spill)
    batches = 0
    for batch in cut(join.moving_files(records), str(rules.dataset), bounds.batch_files, bounds.batch_bytes):
        sink(batch)
        batches += 1
    join.objects.rest()
    there, moving = join.there.totals(0), join.moving.totals(0)
    return Manifest(
        totals=_sum(there, moving, len(taking.directories - {""})),
        there=there,
        moving=moving,
        left_out=taking.left_out(),
        empty=taking.empty(),
        batches=batches,
        hard_links=taking.hard_links,
        notes=tuple(_notes(taking, alone)),
    )


@dataclass(slots=True)
class _Count:
    """``Totals`` in the making."""

    files: int = 0
    bytes: int = 0
    largest: int = 0
    newest_ns: int = 0

    def add(self, file: FileRecord) -> None:
        self.files += 1
        self.bytes += file.size
        self.largest = max(self.largest, file.size)
        self.newest_ns = max(self.newest_ns, file.mtime_ns)

    def totals(self, directories: int) -> Totals:
        return Totals(
            files=self.files,
            bytes=self.bytes,
            directories=directories,
            largest=self.largest,
            newest_ns=self.newest_ns,
        )


_T = TypeVar("_T", ObjectSeen, Verified)


class _Rising(Generic[_T]):
    """Things in order of their keys, asked for by keys that rise; keys of others are told to ``passing``."""

    def __init__(self, things: Iterable[_T], passing: Callable[[str], None]) -> None:
        self.things: Iterator[_T] = iter(things)
        self.passing = passing
        self.next: _T | None = next(self.things, None)

    def at(self, key: str) -> _T | None:
        """The one of this key, if it is the next; those before it are passed."""
        while self.next is not None and self.next.key < key:
            self._pass(self.next)
        if self.next is None or self.next.key != key:
            return None
        found, self.next = self.next, next(self.things, None)
        return found

    def rest(self) -> None:
        """Pass all that nobody asked for."""
        while self.next is not None:
            self._pass(self.next)

    def _pass(self, thing: _T) -> None:
        self.passing(thing.key)
        self.next = next(self.things, None)


@dataclass(slots=True)
class _Alone:
    """Objects that the bucket has alone, and those of them that stand where the site has a file.

    ``a/b`` in the bucket beside a file ``a``: what mounts the bucket shows a directory, and no file. Keys come in
    order, so that all below a key follow it at once: only keys that begin the one at hand are kept.
    """

    objects: int = 0
    hiding: int = 0
    above: list[str] = field(default_factory=list)

    def file(self, key: str) -> None:
        """The site has this one as a file."""
        self._up_to(key)
        self.above.append(key)

    def passed(self, key: str) -> None:
        """The bucket alone has this one; a directory's marker is no object of its own."""
        self._up_to(key)
        self.objects += not key.endswith("/")
        self.hiding += any(key.startswith(f"{one}/") for one in self.above)

    def _up_to(self, key: str) -> None:
        while self.above and not key.startswith(self.above[-1]):
            self.above.pop()


@dataclass(slots=True, kw_only=True)
class _Join:
    """The three sources side by side."""

    taking: Taking
    alone: _Alone
    objects: _Rising[ObjectSeen]
    verified: _Rising[Verified]
    there: _Count = field(default_factory=_Count)
    moving: _Count = field(default_factory=_Count)

    def moving_files(self, records: Iterator[str]) -> Iterator[FileRecord]:
        prefix = self.taking.rules.dataset.prefix
        for record in records:
            file = unpacked(record)
            key = prefix + file.path
            fate = _fate(file, self.objects.at(key), self.verified.at(key))
            self.alone.file(key)
            if fate == "there":
                self.there.add(file)
            elif reason := SAME_COMPOSED if self.taking.twin(file.path) else fate:
                self.taking.leave(reason, file.path, file.size)
            else:
                self.moving.add(file)
                yield file


def _fate(file: FileRecord, seen: ObjectSeen | None, verified: Verified | None) -> str:
    """``there``, the reason why it stays, or nothing: it moves."""
    if seen is None or verified is None:
        return ""
    if seen.size != verified.size or seen.modified > verified.at + _SKEW_S:
        return CHANGED_THERE
    return "there" if (file.size, file.mtime_ns) == (verified.size, verified.mtime_ns) else ""


def _sum(one: Totals, other: Totals, directories: int) -> Totals:
    return Totals(
        files=one.files + other.files,
        bytes=one.bytes + other.bytes,
        directories=directories,
        largest=max(one.largest, other.largest),
        newest_ns=max(one.newest_ns, other.newest_ns),
    )


def _notes(taking: Taking, alone: _Alone) -> Iterator[str]:
    if taking.hard_links:
        yield f"{taking.hard_links} names are hard links: each becomes a file of its own, and stays one"
    if alone.objects:
        yield f"{alone.objects} objects are in the bucket alone: results not brought back, or gone at the site"
    if alone.hiding:
        yield f"{alone.hiding} of the bucket's keys go on where a file's name ends: a mount shows no such file"
