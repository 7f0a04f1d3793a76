"""The port ``Scale`` over a folder of what somebody captured: no cluster is asked. The first surface in order of trust.

In the folder, each as text of the command or as JSON of REST v2 (one document, or a list of its pages); text is read
where both are there:

- ``filesets.txt``: ``mmlsfileset FS -L --afm -Y``, of several file systems one after the other; ``filesets.json``
- ``quotas.txt``: ``mmrepquota -j -Y FS``; ``quotas.json``
- ``snapshots.txt``: ``mmlssnapshot FS -s all -Y``; ``snapshots.json``
- ``afm-FS.txt``: ``mmafmctl FS getstate``; ``afm-FS.json``
- ``acls.txt``: for each path a line ``#path:/...`` and below it ``mmgetacl -k nfs4``; ``acls.json``: path to document

The time of a capture is the file's own; the oldest counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from onprem.gpfs import rest_documents
from onprem.gpfs.acl_text import parse_acl
from onprem.gpfs.afm import parse_getstate, without_relation
from onprem.gpfs.filesets import parse_filesets, whole, with_quotas
from onprem.gpfs.snapshots import parse_snapshots
from ris_hybrid.data.scale import ScaleListing
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.mirror.listing import Missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    from onprem.gpfs.rest_requests import Document
    from ris_hybrid.data.scale import Acl, CacheState, ScaleFileset, Snapshot

    Part = TypeVar("Part")

_PATH = "#path:"
_FRESH_S = 900.0
"""How long a cache that was clean is taken to be: jobs write to it all the time."""


class CapturedScale:
    """See ``ris_hybrid.data.ports.Scale``."""

    def __init__(self, folder: Path, *, now: Callable[[], float]) -> None:
        self._folder = folder
        self._now = now

    def listing(self) -> ScaleListing:
        """See ``ris_hybrid.data.ports.Scale``. A file that is not there, or cannot be understood, is missing."""
        missing: list[Missing] = []
        times: list[float] = []
        filesets = self._part("filesets", _filesets, _filesets_of, (missing, times)) or ()
        limited = self._part(
            "quotas",
            lambda text: with_quotas(filesets, text),
            lambda pages: rest_documents.with_quotas(filesets, pages),
            (missing, times),
        )
        snapshots = self._part("snapshots", parse_snapshots, _snapshots_of, (missing, times)) or ()
        return ScaleListing(
            filesets=filesets if limited is None else limited,
            snapshots=snapshots,
            surface="captured",
            captured_at=min(times, default=None),
            missing=tuple(missing),
        )

    def cache(self, file_system: str, fileset: str) -> CacheState:
        """See ``ris_hybrid.data.ports.Scale``. What was clean a while ago is ``unknown`` now."""
        states, at = self._read(
            f"afm-{file_system.replace('/', '_')}",
            lambda text: parse_getstate(file_system, text),
            lambda pages: rest_documents.cache_states(pages, file_system),
        )
        if fileset in states:
            return _aged(states[fileset], self._now() - at)
        return without_relation(self._read("filesets", _filesets, _filesets_of)[0], file_system, fileset)

    def acl(self, path: str) -> Acl:
        """See ``ris_hybrid.data.ports.Scale``."""
        found = self._read("acls", lambda text: _acl_of(text, path), lambda pages: _acl_document(pages, path))[0]
        if found is None:
            raise SiteUnavailable(f"{self._folder}: no access list of {path} was captured", f"capture {_PATH}{path}")
        return found

    def _part(
        self,
        part: str,
        text: Callable[[str], Part],
        pages: Callable[[tuple[Document, ...]], Part],
        notes: tuple[list[Missing], list[float]],
    ) -> Part | None:
        missing, times = notes
        try:
            parsed, at = self._read(part, text, pages)
        except SiteUnavailable as error:
            missing.append(Missing(part=part, reason=error.message))
            return None
        times.append(at)
        return parsed

    def _read(
        self, name: str, text: Callable[[str], Part], pages: Callable[[tuple[Document, ...]], Part]
    ) -> tuple[Part, float]:
        """What the file says, and its time."""
        path = self._folder / f"{name}.txt"
        is_text = path.exists()
        path = path if is_text else self._folder / f"{name}.json"
        try:
            # Bytes that are no UTF-8 may be in names.
            read = path.read_text(encoding="utf-8", errors="surrogateescape")
            at = path.stat().st_mtime
        except OSError as error:
            names = f"{self._folder / name}.txt" if not path.exists() else str(path)
            raise SiteUnavailable(
                f"{names}: cannot be read: {error.strerror or error}", "capture it, or see data.yaml's gpfs.listing"
            ) from error
        try:
            return text(read) if is_text else pages(_pages(read)), at
        except SiteUnavailable as error:
            raise SiteUnavailable(f"{path}: {error.message}", error.hint) from error


def _aged(cache: CacheState, age_s: float) -> CacheState:
    if cache.health != "clean" or age_s <= _FRESH_S:
        return cache
    return replace(cache, health="unknown", reason=f"{cache.reason}, {age_s / 60:.0f} minutes ago: capture it again")


def _pages(text: str) -> tuple[Document, ...]:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise SiteUnavailable(f"not JSON: {error}") from error
    pages = tuple(read) if isinstance(read, list) else (read,)
    if not all(isinstance(page, Mapping) for page in pages):
        raise SiteUnavailable("expected a JSON object, or a list of them")
    return pages


def _filesets(text: str) -> tuple[ScaleFileset, ...]:
    return whole(parse_filesets(text))


def _filesets_of(pages: tuple[Document, ...]) -> tuple[ScaleFileset, ...]:
    return whole(rest_documents.filesets(pages))


def _snapshots_of(pages: tuple[Document, ...]) -> tuple[Snapshot, ...]:
    return rest_documents.snapshots(pages, "")


def _acl_of(text: str, path: str) -> Acl | None:
    for block in f"\n{text}".split(f"\n{_PATH}")[1:]:
        name, _, listed = block.partition("\n")
        if name.strip() == path:
            return parse_acl(listed, path)
    return None


def _acl_document(pages: tuple[Document, ...], path: str) -> Acl | None:
    for page in pages:
        document = page.get(path)
        if isinstance(document, Mapping):
            return rest_documents.acl(document, path)
    return None
