"""Which entries of a tree may go to the cloud, and by which reason the others stay (one pass, any order).

What is counted is kept by reason; what may go is handed on at once. Kept in memory are the directories, a few examples
by reason, and the names that are not composed (NFC), which are rare.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from ris_hybrid.data.excluded import excluded_path
from ris_hybrid.data.keys import shown, why_not
from ris_hybrid.data.ordering import packed
from ris_hybrid.data.values import LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ris_hybrid.data.values import Dataset, Entry

ON_TAPE = "on tape"
MAYBE_ON_TAPE = "not known whether it is on tape"
SYMLINK = "symbolic link"
SPECIAL = "neither file nor directory"
EXCLUDED = "of the file system itself, not data"
SAME_COMPOSED = "differs from another name in how letters are composed (NFC) alone"

EXAMPLES = 5
_LONGEST_EXAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for one dataset."""

    dataset: Dataset
    excluded: Callable[[str], bool] = excluded_path
    """Whether a relative path is a snapshot or the file system's own."""
    tape: bool = True
    """Whether a file may be on tape alone without the listing saying so: then ``unknown`` residency is left out."""


@dataclass(slots=True)
class Tally:
    """Files and bytes of one reason."""

    files: int = 0
    bytes: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, path: str, size: int) -> None:
        """One more; the first few paths in order are kept, so that examples do not depend on who listed them."""
        self.files += 1
        self.bytes += size
        if len(self.examples) < EXAMPLES or path < self.examples[-1]:
            insort(self.examples, path)
            del self.examples[EXAMPLES:]

    def shown(self) -> tuple[str, ...]:
        """The examples for people."""
        texts = map(shown, self.examples)
        return tuple(text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]}..." for text in texts)


@dataclass(slots=True, kw_only=True)
class Taking:
    """One pass over the entries; its figures hold when ``records`` has ended."""

    rules: Rules
    left: dict[str, Tally] = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    """Directories a file that may go is in."""
    composed: dict[str, int] = field(default_factory=dict)
    """NFC form of names that are not in it, and how many come to it."""
    hard_links: int = 0

    def records(self, entries: Iterable[Entry]) -> Iterator[str]:
        """The files that may go, packed."""
        above = None
        for entry in entries:
            reason = why_left_out(self.rules, entry)
            if reason:
                self.leave(reason, entry.path, entry.size if entry.kind == "file" else 0)
                continue
            path = entry.path
            if entry.kind == "directory":
                self.directories.add(path)
                continue
            parent = path.rpartition("/")[0]
            if parent != above:
                above = parent
                self.filled.add(parent)
            if not path.isascii() and not is_normalized("NFC", path):
                form = normalize("NFC", path)
                self.composed[form] = self.composed.get(form, 0) + 1
            self.hard_links += entry.links > 1
            yield packed(path, entry.size, entry.mtime_ns)

    def twin(self, path: str) -> bool:
        """Whether a file that was to go has a twin that goes in its place; to be asked when ``records`` has ended.

        Of two such names the one that is not composed goes, and none when more than one is not.
        """
        if not self.composed:
            return False
        if path.isascii() or is_normalized("NFC", path):
            return path in self.composed
        return self.composed[normalize("NFC", path)] > 1

    def leave(self, reason: str, path: str, size: int) -> None:
        """Count one that stays: a file, a link, or a directory whose name has no key."""
        tally = self.left.get(reason)
        if tally is None:
            tally = self.left[reason] = Tally()
        tally.add(path, size)

    def left_out(self) -> tuple[LeftOut, ...]:
        """By reason."""
        return tuple(
            LeftOut(reason=reason, files=tally.files, bytes=tally.bytes, examples=tally.shown())
            for reason, tally in sorted(self.left.items())
        )

    def empty(self) -> tuple[str, ...]:
        """Directories the cloud would not show because nothing below them goes; the deepest alone, sorted."""
        shown_anyway = {above for path in self.filled for above in _with_parents(path)}
        bare = self.directories - shown_anyway - {""}
        parents = {path.rpartition("/")[0] for path in bare}  # of a chain, the last makes all of it
        return tuple(sorted(bare - parents))


def why_left_out(rules: Rules, entry: Entry) -> str:
    """Why an entry stays, as far as it can be told from the entry itself; empty when it may go."""
    if rules.excluded(entry.path):
        return EXCLUDED
    prefix = rules.dataset.prefix
    if entry.kind == "file":
        return _tape(rules, entry) or why_not(prefix, entry.path)
    if entry.kind == "directory":
        return why_not(prefix, entry.path) if entry.path else ""
    return SYMLINK if entry.kind == "symlink" else SPECIAL


def _tape(rules: Rules, entry: Entry) -> str:
    if entry.residency in {"resident", "premigrated"} or not entry.size:
        return ""
    if entry.residency == "migrated":
        return ON_TAPE
    return MAYBE_ON_TAPE if rules.tape else ""


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
