"""What Spectrum Scale's REST v2 says: the port ``Scale``. Reads alone; a GUI user with role Monitor is enough.

The GUI keeps what it shows and renews it every few minutes: a state may be that old.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from onprem.gpfs import rest_documents as documents
from onprem.gpfs import rest_requests as requests
from onprem.gpfs.filesets import whole
from ris_hybrid.data.scale import CacheState, ScaleListing
from ris_hybrid.errors import Refused, SiteUnavailable
from ris_hybrid.mirror.listing import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from onprem.gpfs.rest_requests import Asks, Document, Request
    from ris_hybrid.data.scale import Acl, ScaleFileset, Snapshot

Part = TypeVar("Part")

_MOST_FILESETS = 200
"""REST tells snapshots of one fileset at a time: beyond so many filesets they are left to other surfaces."""


class GpfsRest:
    """See ``ris_hybrid.data.ports.Scale``."""

    def __init__(self, http: Asks, file_systems: tuple[str, ...], *, now: Callable[[], float]) -> None:
        self._http = http
        self._file_systems = file_systems
        self._now = now
        self._mounts: dict[str, str] = {}

    def release(self) -> tuple[str, tuple[str, ...]]:
        """The GUI's version, and the paths that it says it offers. Raises ``SiteUnavailable``."""
        answer = self._one(requests.reading(requests.INFO), "info")
        return documents.server_version(answer), documents.paths(answer)

    def listing(self) -> ScaleListing:
        """See ``Scale``. Raises ``SiteUnavailable`` when filesets of no file system could be had."""
        missing: list[Missing] = []
        known: list[str] = []
        found: tuple[ScaleFileset, ...] = ()
        snapshots: tuple[Snapshot, ...] = ()
        for name in self._file_systems:
            filesets = _part("filesets", missing, partial(self._filesets, name))
            if filesets is None:
                continue
            known.append(name)
            limited = _part("quotas", missing, partial(self._with_quotas, name, filesets))
            found += filesets if limited is None else limited
            snapshots += _part("snapshots", missing, partial(self._snapshots, name, filesets)) or ()
        if not known:
            raise SiteUnavailable("; ".join(dict.fromkeys(one.reason for one in missing)) or "no file system is named")
        return ScaleListing(
            filesets=found, snapshots=snapshots, surface="rest", captured_at=self._now(), missing=tuple(missing)
        )

    def cache(self, file_system: str, fileset: str) -> CacheState:
        """See ``Scale``. Raises ``SiteUnavailable`` for a fileset that does not exist, too."""
        found = self.fileset(file_system, fileset)
        if found is None:
            raise SiteUnavailable(f"{file_system} has no fileset {fileset}", "see `ris-hybrid gpfs show`")
        if not (found.afm_mode or found.afm_target):
            return CacheState(file_system=file_system, fileset=fileset, health="none", state="")
        states = documents.cache_states(self._all(requests.afm_states(file_system), file_system), file_system)
        unknown = CacheState(
            file_system=file_system,
            fileset=fileset,
            health="unknown",
            state="",
            reason="REST gives the state of other caches of this file system, but not of this one",
        )
        return states.get(fileset, unknown)

    def acl(self, path: str) -> Acl:
        """See ``Scale``."""
        file_system, mount = self._mounted_above(path)
        request = requests.acl(file_system, path[len(mount) :].strip("/") or "/")
        try:
            return documents.acl(self._one(request, path), path)
        except SiteUnavailable as error:
            raise SiteUnavailable(f"{path}: {error.message}", error.hint) from error

    def fileset(self, file_system: str, name: str) -> ScaleFileset | None:
        """One fileset without quota; None where REST says there is none. Raises ``SiteUnavailable``."""
        answer = self._asked(requests.fileset(file_system, name))
        if answer is None:
            return None
        found = [one for one in documents.filesets([answer], file_system) if one.name == name]
        return found[0] if found else None

    def with_quota(self, fileset: ScaleFileset) -> ScaleFileset:
        """The fileset with its limit and use. Raises ``SiteUnavailable``."""
        pages = self._all(requests.fileset_quotas(fileset.file_system, fileset.name), fileset.name)
        return documents.with_quotas([fileset], pages, fileset.file_system)[0]

    def gateways(self) -> tuple[str, ...]:
        """Nodes that AFM goes through. Raises ``SiteUnavailable``."""
        return documents.gateways(self._all(requests.reading("nodes"), "nodes"))

    def mappings(self) -> dict[str, tuple[str, ...]]:
        """AFM's mappings, by name. Raises ``SiteUnavailable``."""
        return documents.mappings(self._all(requests.mappings(), "mappings"))

    def _filesets(self, file_system: str) -> tuple[ScaleFileset, ...]:
        return whole(documents.filesets(self._all(requests.filesets(file_system), file_system), file_system))

    def _with_quotas(self, file_system: str, filesets: tuple[ScaleFileset, ...]) -> tuple[ScaleFileset, ...]:
        return documents.with_quotas(filesets, self._all(requests.quotas(file_system), file_system), file_system)

    def _snapshots(self, file_system: str, filesets: tuple[ScaleFileset, ...]) -> tuple[Snapshot, ...]:
        if len(filesets) > _MOST_FILESETS:
            raise SiteUnavailable(
                f"{file_system} has {len(filesets)} filesets, and REST tells snapshots of one at a time: capture them"
            )
        found = documents.snapshots(self._all(requests.snapshots(file_system), file_system), file_system)
        for one in filesets:
            pages = self._all(requests.snapshots(file_system, one.name), one.name)
            found += documents.snapshots(pages, file_system, one.name)
        return found

    def _mounted_above(self, path: str) -> tuple[str, str]:
        for name in self._file_systems:
            if name not in self._mounts:
                request = requests.reading("filesystems", requests.encoded(name))
                self._mounts[name] = documents.mount_point(self._one(request, name))
            mount = self._mounts[name]
            if mount and (path == mount or path.startswith(f"{mount}/")):
                return name, mount
        known = ", ".join(f"{name} at {mount or 'an unknown place'}" for name, mount in self._mounts.items())
        raise SiteUnavailable(f"{path} is below the mount point of no file system that is asked: {known}")

    def _one(self, request: Request, what: str) -> Document:
        answer = self._asked(request)
        if answer is None:
            raise SiteUnavailable(f"Spectrum Scale does not know {what}")
        return answer

    def _all(self, request: Request, what: str) -> list[Document]:
        try:
            pages = list(self._http.pages(request))
        except Refused as error:
            raise _unread(error) from error
        if not pages:
            raise SiteUnavailable(f"Spectrum Scale does not know {what}")
        return pages

    def _asked(self, request: Request) -> Document | None:
        try:
            return self._http.ask(request)
        except Refused as error:
            raise _unread(error) from error


def _unread(error: Refused) -> SiteUnavailable:
    """A question that is refused leaves its answer unknown."""
    return SiteUnavailable(error.message, error.hint)


def _part(part: str, missing: list[Missing], read: Callable[[], Part]) -> Part | None:
    try:
        return read()
    except SiteUnavailable as error:
        missing.append(Missing(part=part, reason=error.message))
    return None
