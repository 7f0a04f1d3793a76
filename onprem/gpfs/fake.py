"""Spectrum Scale in memory (for tests and the sandbox): filesets, quotas, caches, and changes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.data.scale import CacheState, ScaleFileset, ScaleListing, Snapshot, Written, afm_health
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable
from ris_hybrid.mirror.listing import Missing

if TYPE_CHECKING:
    from ris_hybrid.data.scale import Acl, CosRelation, FilesetWanted

_MODES = {"sw": "single-writer", "iw": "independent-writer", "ro": "read-only", "lu": "local-updates"}


class FakeScale:
    """The ports ``Scale``, ``ScaleWrites`` and ``CacheFlush``.

    ``put`` and ``cached`` say what there is; ``dirty`` lets work wait in a cache, which a ``flush`` drains while it is
    looked at; ``down`` lets nothing answer, ``missing`` one part of the listing.
    """

    def __init__(self, *, now: float = 0.0, file_systems: tuple[str, ...] = ("fs1",)) -> None:
        self.now = now
        self.down = ""
        self.missing: dict[str, str] = {}
        self.snapshots: list[Snapshot] = []
        self.acls: dict[str, Acl] = {}
        self._filesets: dict[tuple[str, str], ScaleFileset] = {}
        self._caches: dict[tuple[str, str], tuple[str, int]] = {}
        self._draining: set[tuple[str, str]] = set()
        for file_system in file_systems:
            self.put(ScaleFileset(file_system=file_system, name="root", path=f"/{file_system}", status="Linked"))

    def put(self, fileset: ScaleFileset) -> None:
        """There is this fileset."""
        self._filesets[fileset.file_system, fileset.name] = fileset

    def cached(self, file_system: str, fileset: str, state: str = "Active", queued: int = 0) -> None:
        """This fileset is an AFM cache in that state."""
        found = self._found(file_system, fileset)
        self.put(replace(found, afm_mode=found.afm_mode or "independent-writer", afm_target="nfs://home/x"))
        self._caches[file_system, fileset] = (state, queued)

    def dirty(self, file_system: str, fileset: str, queued: int = 1) -> None:
        """Batch nodes wrote to the cache, and it is not home yet."""
        self.cached(file_system, fileset, "Dirty", queued)

    def listing(self) -> ScaleListing:
        """See ``Scale``."""
        self._answer()
        if "filesets" in self.missing:
            raise SiteUnavailable(self.missing["filesets"])
        filesets = tuple(self._filesets.values())
        if "quotas" in self.missing:
            filesets = tuple(
                replace(one, quota_bytes=None, used_bytes=None, in_doubt_bytes=None, files_limit=None, files_used=None)
                for one in filesets
            )
        return ScaleListing(
            filesets=filesets,
            snapshots=() if "snapshots" in self.missing else tuple(self.snapshots),
            surface="captured",
            captured_at=self.now,
            missing=tuple(Missing(part=part, reason=reason) for part, reason in self.missing.items()),
        )

    def cache(self, file_system: str, fileset: str) -> CacheState:
        """See ``Scale``. A flush that was asked for is seen at work once, then through."""
        self._answer()
        self._known(file_system, fileset)
        key = (file_system, fileset)
        if key not in self._caches:
            return CacheState(file_system=file_system, fileset=fileset, health="none", state="")
        state, queued = self._caches[key]
        if key in self._draining:
            self._draining.discard(key)
            self._caches[key] = ("Active", 0)
        health, reason = afm_health(state, queued)
        return CacheState(
            file_system=file_system,
            fileset=fileset,
            health=health,
            state=state,
            queued=queued,
            gateway="gateway1",
            reason=reason,
        )

    def acl(self, path: str) -> Acl:
        """See ``Scale``."""
        self._answer()
        if path not in self.acls:
            raise SiteUnavailable(f"{path}: nobody knows its access list")
        return self.acls[path]

    def create_fileset(self, wanted: FilesetWanted) -> Written:
        """See ``ScaleWrites``."""
        self._answer()
        found = self._filesets.get((wanted.file_system, wanted.name))
        if found is not None and found.path != wanted.path:
            raise Refused(f"fileset {wanted.name} exists and is linked at {found.path}, not at {wanted.path}")
        if found is not None:
            return Written(outcome="unchanged", text=f"fileset {wanted.name} exists")
        made = ScaleFileset(
            file_system=wanted.file_system,
            name=wanted.name,
            path=wanted.path,
            status="Linked",
            comment=wanted.comment,
        )
        self.put(made)
        return Written(outcome="created", text=f"fileset {wanted.name} is created")

    def set_quota(self, file_system: str, fileset: str, hard_bytes: int) -> Written:
        """See ``ScaleWrites``."""
        self._answer()
        if hard_bytes <= 0:
            raise ConfigError("a quota of 0 means no limit to GPFS", "give a size above zero")
        found = self._found(file_system, fileset)
        if found.quota_bytes == hard_bytes:
            return Written(outcome="unchanged", text=f"the quota of {fileset} is {hard_bytes} bytes already")
        self.put(replace(found, quota_bytes=hard_bytes))
        return Written(outcome="changed", text=f"the quota of {fileset} is {hard_bytes} bytes now")

    def relate(self, relation: CosRelation) -> Written:
        """See ``ScaleWrites``. The key file is not looked at."""
        self._answer()
        mode = _MODES.get(relation.mode, "manual-updates")
        found = self._filesets.get((relation.file_system, relation.fileset))
        if found is not None and not (found.afm_target.endswith(f"/{relation.bucket}") and found.afm_mode == mode):
            raise Refused(f"fileset {relation.fileset} exists and is not {mode} over {relation.bucket}")
        if found is not None:
            return Written(outcome="unchanged", text=f"fileset {relation.fileset} is over {relation.bucket}")
        made = ScaleFileset(
            file_system=relation.file_system,
            name=relation.fileset,
            path=f"/{relation.file_system}/{relation.fileset}",
            status="Linked",
            afm_mode=mode,
            afm_target=f"{relation.endpoint}/{relation.bucket}",
        )
        self.put(made)
        self._caches[relation.file_system, relation.fileset] = ("Active", 0)
        return Written(outcome="created", text=f"fileset {relation.fileset} is over {relation.bucket}")

    def flush(self, file_system: str, fileset: str) -> Written:
        """See ``CacheFlush``."""
        self._answer()
        key = (file_system, fileset)
        state, queued = self._caches.get(key, ("", 0))
        health, reason = afm_health(state, queued)
        if health in {"clean", "none"}:
            return Written(outcome="unchanged", text=f"nothing waits in {fileset}")
        if health == "broken":
            raise Refused(f"{fileset} cannot be flushed: {reason}")
        self._caches[key] = ("FlushOnly", queued)
        self._draining.add(key)
        return Written(outcome="changed", text=f"{fileset} is being flushed")

    def _found(self, file_system: str, fileset: str) -> ScaleFileset:
        found = self._filesets.get((file_system, fileset))
        if found is None:
            raise Refused(f"{file_system} has no fileset {fileset}")
        return found

    def _known(self, file_system: str, fileset: str) -> None:
        if (file_system, fileset) not in self._filesets:
            raise SiteUnavailable(f"{file_system} has no fileset {fileset}")

    def _answer(self) -> None:
        if self.down:
            raise SiteUnavailable(self.down, "try again later")
