"""A file system of the site in memory: the ports ``Census`` and ``Contents``, and files that can fail on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.excluded import excluded_path
from ris_hybrid.data.values import Entry, Stamp
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.fake_blobs import blob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.values import Digest, EntryKind, Residency
    from ris_hybrid.staging.fake_blobs import Blob


class FakeTree:
    """Absolute paths to what is there; a parent directory is there when something below it is."""

    def __init__(self) -> None:
        self.entries_by_path: dict[str, Entry] = {}
        self.blobs: dict[str, Blob] = {}
        self.unreadable: set[str] = set()
        """Directories that cannot be listed and files that cannot be read."""
        self.reads: list[str] = []
        """Every file read, in order."""

    def put(
        self,
        path: str,
        content: bytes | tuple[int, str] | Blob = b"",
        *,
        mtime_ns: int = 1_700_000_000_000_000_000,
        residency: Residency = "resident",
        links: int = 1,
        mode: int = 0o640,
    ) -> None:
        """A file: bytes, or ``(size, seed)`` for one too large to hold. In place of what was there."""
        held = content if not isinstance(content, bytes | tuple) else blob(content)
        self._add_parents(path)
        self.blobs[path] = held
        self.entries_by_path[path] = Entry(
            path, "file", held.size, mtime_ns, mode=mode, links=links, residency=residency
        )

    def other(self, path: str, kind: EntryKind) -> None:
        """A directory, a symbolic link or a pipe."""
        self._add_parents(path)
        self.entries_by_path[path] = Entry(path, kind, 0, 1_700_000_000_000_000_000, mode=0o750)

    def remove(self, path: str) -> None:
        """Take one thing away."""
        del self.entries_by_path[path]
        self.blobs.pop(path, None)

    def entries(self, root: str) -> Iterator[Entry]:
        """Everything below, in order of paths; raises where a directory cannot be listed, when it comes to it."""
        if root not in self.entries_by_path:
            raise SiteUnavailable(f"{root}: cannot be listed: no such directory")
        start = f"{root}/"
        for path in sorted(self.entries_by_path):
            if path == root or path.startswith(start):
                if path in self.unreadable and self.entries_by_path[path].kind == "directory":
                    raise SiteUnavailable(f"{path}: cannot be listed: permission denied")
                if path != root and not excluded_path(path[len(start) :]):
                    yield self.entries_by_path[path]._replace(path=path[len(start) :])

    def digest(self, path: str) -> Digest | None:
        """Of a file; refuses what is on tape alone or unreadable."""
        if path in self.unreadable:
            raise SiteUnavailable(f"{path}: cannot be read: permission denied")
        entry = self.entries_by_path.get(path)
        if entry is None or entry.kind != "file":
            return None
        if entry.residency == "migrated":
            raise SiteUnavailable(f"{path}: is on tape alone; reading would recall it")
        self.reads.append(path)
        return self.blobs[path].digest()

    def stamp(self, path: str) -> Stamp | None:
        """Of a file."""
        entry = self.entries_by_path.get(path)
        return Stamp(entry.size, entry.mtime_ns) if entry is not None and entry.kind == "file" else None

    def _add_parents(self, path: str) -> None:
        parent = path.rpartition("/")[0]
        while parent and parent not in self.entries_by_path:
            self.entries_by_path[parent] = Entry(parent, "directory", 0, 1_700_000_000_000_000_000, mode=0o750)
            parent = parent.rpartition("/")[0]
