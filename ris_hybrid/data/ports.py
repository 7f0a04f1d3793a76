"""The data plane's ports: at most three methods each, every docstring a promise.

As in ``ris_hybrid.ports``: one real implementation or more, one shipped fake, one contract suite in ``tests/contract``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.data.readiness import JobData
    from ris_hybrid.data.scale import Acl, CacheState, CosRelation, FilesetWanted, ScaleListing, Written
    from ris_hybrid.data.values import Digest, Direction, Entry, Move, MoveFailure, MoveSeen, ObjectSeen, ObjectSum
    from ris_hybrid.model import Job, JobAsk


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


class Objects(Protocol):
    """Objects of S3. Errors are ``CloudError``'s children; unknown is never absent."""

    def listed(self, bucket: str, prefix: str) -> Iterator[ObjectSeen]:
        """Every current object below a prefix, in order of keys; all or an error, possibly in the middle."""
        ...

    def checksum(self, bucket: str, key: str) -> ObjectSum | None:
        """What S3 knows of the current object's content; None where there is no such object."""
        ...

    def delete(self, bucket: str, versions: Mapping[str, str]) -> tuple[MoveFailure, ...]:
        """Delete exactly these versions (key to version id); the failures, each with S3's reason. Safe to repeat."""
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


class JobAsks(Protocol):
    """What jobs say they need: paths and images. Raises ``SiteUnavailable``."""

    def asks(self, job_ids: Sequence[str] = ()) -> tuple[JobAsk, ...]:
        """Of these jobs, or of every pending one."""
        ...


class Outlook(Protocol):
    """Whether pending jobs find data and image in the cloud."""

    def outlook(self, jobs: Sequence[Job], now: float) -> Mapping[str, JobData]:
        """By job id; every job given is in it, with its reason. Never raises: what cannot be known is ``unknown``."""
        ...
