"""Files in order of keys → batches, cut where the files themselves say so.

A batch ends behind a file whose name's checksum says so, for about every ``batch_files / 2``-th file, or before it
would pass a bound. So the same tree gives the same batches, and a file that comes or goes changes the one it falls
in and at most a few behind it: the next name that ends a batch ends it again (content-defined chunking, as backup
programs cut files). Cutting by count alone would move every file behind a new one to another batch; dealing files out
by hash would keep all batches open to the end and spread a directory over all of them.

A file of an eighth of ``batch_bytes`` or more goes alone: sending it again must not send others again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from ris_hybrid.data.values import MoveItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.data.ordering import FileRecord

_ALONE = 8
_LEAST = 16
"""No name ends a batch that has less than this part of ``batch_files``: a task has a cost of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Files that go in one move."""

    batch_id: str
    """Derived from dataset, names, sizes and times: a file that changed makes it another batch."""
    files: tuple[FileRecord, ...]

    @property
    def items(self) -> tuple[MoveItem, ...]:
        """As a mover takes them."""
        return tuple(MoveItem(one.path, one.size) for one in self.files)

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(one.size for one in self.files)


def cut(files: Iterable[FileRecord], dataset: str, batch_files: int, batch_bytes: int) -> Iterator[Batch]:
    """Batches of at most so many files and bytes, each as it fills; a file above ``batch_bytes`` is one by itself."""
    held: list[FileRecord] = []
    size = 0
    for file in files:
        if file.size * _ALONE >= batch_bytes:
            yield _batch((file,), dataset)
            continue
        if held and size + file.size > batch_bytes:
            yield _batch(held, dataset)
            held, size = [], 0
        held.append(file)
        size += file.size
        if len(held) >= batch_files or (len(held) * _LEAST >= batch_files and _ends(file.path, batch_files)):
            yield _batch(held, dataset)
            held, size = [], 0
    if held:
        yield _batch(held, dataset)


def _ends(path: str, batch_files: int) -> bool:
    return crc32(path.encode()) % max(1, batch_files // 2) == 0


def _batch(held: Iterable[FileRecord], dataset: str) -> Batch:
    files = tuple(held)
    named = "\n".join([dataset, *(f"{path}\0{size}\0{mtime}" for path, size, mtime in files)])
    return Batch(batch_id=f"b-{hashlib.sha256(named.encode()).hexdigest()[:20]}", files=files)
