"""The data plane's ports: at most three methods each, every docstring a promise.

As in ``ris_hybrid.ports``: one real implementation or more, one shipped fake, one contract suite in ``tests/contract``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.data.scale import Acl, CacheState, CosRelation, FilesetWanted, ScaleListing, Written
    from ris_hybrid.data.values import (
        Digest,
        Direction,
        Entry,
        Move,
        MoveFailure,
        MoveSeen,
        ObjectSeen,
        ObjectSum,
        RepositoryTask,
        Stamp,
    )
    from ris_hybrid.job_ask import JobAsk


class Scale(Protocol):
    """What Spectrum Scale says, by one of its surfaces. Raises ``SiteUnavailable`` when it did not answer."""

    def listing(self) -> ScaleListing:
        """Filesets with quotas and AFM relation, and snapshots; a part that could not be had is in ``missing``."""
        ...

    def cache(self, file_system: str, fileset: str) -> CacheState:
        """How the AFM cache fileset stands to its home. One that has no AFM relation says so."""
        ...

    def acl(self, path: str) -> Acl:
        """The NFSv4 access list of a path, absolute as the site names it."""
        ...


class ScaleWrites(Protocol):
    """Changes of Spectrum Scale, by REST alone. Each is safe to repeat: what is as wanted is ``unchanged``.

    Raises ``SiteUnavailable`` when nothing is known of the outcome, ``Refused`` when it says no.
    """

    def create_fileset(self, wanted: FilesetWanted) -> Written:
        """A new independent fileset, linked; waits for the job's end."""
        ...

    def set_quota(self, file_system: str, fileset: str, hard_bytes: int) -> Written:
        """The block limit, hard and soft."""
        ...

    def relate(self, relation: CosRelation) -> Written:
        """An AFM fileset over a bucket. Keys come from the key file it names; they are in no argument and no log."""
        ...


class CacheFlush(Protocol):
    """Brings what batch nodes wrote to the cache home."""

    def flush(self, file_system: str, fileset: str) -> Written:
        """Ask for it; whether it is through is what ``Scale.cache`` says. Raises as ``ScaleWrites``."""
        ...


class Census(Protocol):
    """Lists a directory tree of the site. Reads no file's content, so nothing on tape is recalled."""

    def entries(self, root: str) -> Iterator[Entry]:
        """Everything below an absolute path, as the site names it; snapshots and GPFS's own directories left out.

        Raises ``SiteUnavailable`` where a directory cannot be read, possibly in the middle: a part is not the whole.
        """
        ...


class Contents(Protocol):
    """Reads files of the site."""

    def digest(self, path: str) -> Digest | None:
        """Of the file at an absolute path; None where there is none. Raises ``SiteUnavailable`` when it cannot tell.

        A file whose blocks are on tape alone is not read: ``SiteUnavailable`` says so.
        """
        ...

    def stamp(self, path: str) -> Stamp | None:
        """Size and date of the file at an absolute path, without reading it; else as ``digest``."""
        ...


class Objects(Protocol):
    """Objects of S3. Errors are ``CloudError``'s children; unknown is never absent."""

    def listed(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """Every current object below a prefix, in order of keys; all or an error, possibly in the middle.

        What we wrote for ourselves (``ris_hybrid.data.excluded.OWN``) is nobody's data, and left out.
        """
        ...

    def checksum(self, bucket: str, key: str) -> ObjectSum | None:
        """What S3 knows of the current object's content; None where there is no such object."""
        ...

    def delete(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """Delete exactly these versions (key to version id); the failures, each with S3's reason. Safe to repeat."""
        ...


class Versions(Protocol):
    """Lists a bucket with its versions. Errors are ``CloudError``'s children."""

    def latest(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """As ``Objects.listed``, each with the id of its current version and those of the older ones it has."""
        ...

    def hide(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """Put a delete marker over each key of which this is the current version; nothing is deleted.

        The failures, each with its reason: one that has another current version is among them.
        """
        ...


class Summing(Protocol):
    """Has S3 find out the checksum of an object it keeps none of. Errors are ``CloudError``'s children."""

    def have_sum(self, bucket: str, key: str, version_id: str) -> None:
        """Copy that version onto its own key so that the new one has a CRC64NVME; all else of it stays as it is.

        Safe to repeat: another version has the same content. Raises ``TryAgain`` where another version is current: a
        copy of an older one would hide it.
        """
        ...


class Mover(Protocol):
    """Moves batches one way. Errors are ``CloudError``'s children, or ``SiteUnavailable``."""

    def token(self, move: Move) -> str:
        """What makes a repeated ``submit`` the same task; the caller stores it before it submits."""
        ...

    def submit(self, move: Move, token: str) -> str:
        """Start the move; its task's id. The same token gives the same task, however often it is called.

        Raises ``QuotaReached`` while the mover takes no more: try again later.
        """
        ...

    def look(self, task_id: str) -> MoveSeen:
        """How it goes. A task nobody knows (any more) is ``unknown``, which is neither done nor failed."""
        ...


class MoverControl(Protocol):
    """Stops and goes on. Errors are ``Mover``'s."""

    def cancel(self, task_id: str) -> None:
        """End it; what has arrived stays. One that has ended is left alone."""
        ...

    def pause(self, direction: Direction | None, message: str) -> None:
        """Hold every task of ours in that direction, or both; safe to repeat."""
        ...

    def resume(self) -> None:
        """Let them go on."""
        ...


class RepositoryTasks(Protocol):
    """Moves between a file system of FSx for Lustre and the buckets it is linked to. Errors are ``CloudError``'s."""

    def start(self, task: RepositoryTask, token: str) -> str:
        """Start it; its id. The same token gives the same task. Raises ``QuotaReached`` while another one runs."""
        ...

    def look(self, task_id: str) -> MoveSeen:
        """How it goes; ``failed`` too when only some files failed. One nobody knows (any more) is ``unknown``."""
        ...

    def cancel(self, task_id: str) -> None:
        """End it; what was written stays. One that has ended is left alone."""
        ...


class JobAsks(Protocol):
    """What jobs say they need: paths and images. Raises ``SiteUnavailable``."""

    def asks(self, job_ids: Sequence[str] = ()) -> tuple[JobAsk, ...]:
        """Of these jobs, or of every pending one."""
        ...
