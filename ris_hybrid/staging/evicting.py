"""Taking a dataset out of the cloud: exactly the versions whose content is on the site now, and nothing else.

For each object the site's file is looked at, a thousand objects before they are deleted, and read again unless its size
and date are those of the moment it was compared. What is unknown, unverified, locked, or changed on either side stays
and is told. Where versions lie below that nobody compared (of a job that wrote a file twice, or damaged on the way) the
object is hidden by a delete marker before its own version is deleted: they are not on the site, so they are not
deleted, and must not come to light as the file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.sharing import why_not_evict
from ris_hybrid.data.values import ObjectSum
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.agreement import UNVERIFIABLE, agreement
from ris_hybrid.staging.comparing import at_once, chunks, digest_of, read
from ris_hybrid.staging.leasing import claims
from ris_hybrid.staging.outlook import held_of
from ris_hybrid.staging.values import Change, Which
from ris_hybrid.staging.walking import beside
from ris_hybrid.staging.world import say, step, tellable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.staging.values import FileRow, Staging
    from ris_hybrid.staging.walking import Beside
    from ris_hybrid.staging.world import World

_AT_ONCE = 1_000
"""Versions of one DeleteObjects (AWS, S3 API reference)."""
_GONE = "it is in the cloud no more"
_SHOWS = "older versions of it that nobody compared would come to light, and it cannot be hidden"
_CAME = "it came to be in the cloud while the others were deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evicted:
    """What was taken out, or would be, and what stays and why."""

    files: int = 0
    bytes: int = 0
    hidden: int = 0
    """Of ``files``, those with older versions that nobody compared: a delete marker hides these, none was deleted."""
    stays: tuple[tuple[str, int], ...] = ()
    """Reason and count."""
    refused: str = ""
    """Why nothing was even looked at."""


class _Judged(NamedTuple):
    key: str
    size: int
    rows: tuple[FileRow, ...]
    """Whose versions may go, that of the result last."""
    why_not: str
    below: frozenset[str] = frozenset()
    """Older versions that it has."""

    @property
    def versions(self) -> tuple[str, ...]:
        """Those that were replaced before the current one: deleting that alone would bring an older one to light."""
        older = [version for row in self.rows for version in (*row.older.split(), row.version_id)]
        return tuple(dict.fromkeys(older))

    @property
    def hides(self) -> bool:
        """Whether something nobody compared would come to light."""
        return not self.below <= set(self.versions)


def evict(world: World, staging: Staging, now: float, *, dry_run: bool = False) -> Evicted:
    """Delete what may be deleted; ``returned`` becomes ``evicted`` when nothing of the dataset is left."""
    refused = may_not(staging, [one for one in world.journal.stagings() if one.staging_id != staging.staging_id], now)
    if refused:
        return Evicted(refused=refused)
    if staging.plan.way == "mount":
        return _nothing_was_copied(world, staging, now, dry_run=dry_run)
    stays: Counter[str] = Counter()
    files = size = hidden = 0
    for seen in chunks(beside(world, staging), _AT_ONCE):
        judged = list(at_once(world, partial(_judge, world, staging), seen))
        going = [one for one in judged if not one.why_not]
        stays.update(one.why_not for one in judged if one.why_not)
        locked = {} if dry_run else _take(world, staging, going)
        stays.update(tellable(staging, why) for why in locked.values())
        gone = [one for one in going if one.key not in locked]
        files, size = files + len(gone), size + sum(one.size for one in gone)
        hidden += sum(one.hides for one in gone)
    if not (dry_run or stays):
        stays.update(_CAME for _ in beside(world, staging))
    found = Evicted(files=files, bytes=size, hidden=hidden, stays=tuple(sorted(stays.items())))
    if not dry_run:
        _record_end(world, staging, found, now)
    return found


def _nothing_was_copied(world: World, staging: Staging, now: float, *, dry_run: bool) -> Evicted:
    if not dry_run:
        step(world, staging, StagingEvent.TAKEN, now, "it was mounted: nothing of it is in the cloud")
    return Evicted()


def may_not(staging: Staging, others: Iterable[Staging], now: float) -> str:
    """Why a staging is not to be evicted; empty when it may be."""
    jobs = {one.job_id for one in claims(staging)}
    mine = staging.plan.dataset.allocation
    sharing = (held_of(one, now) for one in others if one.plan.dataset.allocation == mine)
    return why_not_evict(held_of(staging, now), sharing, jobs, ())


def _judge(world: World, staging: Staging, one: Beside) -> _Judged:
    row = one.latest
    if row is None or row.state != "ok":
        return _Judged(one.seen.key, one.seen.size, (), "the journal knows no compared version of it")
    seen = _as_compared(row) if one.compared else world.objects.checksum(staging.plan.bucket, one.seen.key)
    if seen is None:
        return _Judged(one.seen.key, one.seen.size, (), _GONE)
    if not seen.version_id or seen.version_id != row.version_id:
        why = "it was changed in the cloud" if seen.version_id else "the bucket keeps no versions"
        return _Judged(one.seen.key, seen.size, (), why)
    why = _not_on_site(world, staging, row, seen)
    if why:
        return _Judged(one.seen.key, seen.size, (), why)
    staged = one.staged if one.staged is not None and one.staged.state == "ok" else None
    rows = (staged, row) if staged is not None and staged is not row and staged.version_id else (row,)
    return _Judged(one.seen.key, seen.size, rows, "", frozenset(one.seen.older))


def _as_compared(row: FileRow) -> ObjectSum:
    """What S3 said of the version that is still there: it agreed with the file's own sum."""
    return ObjectSum(row.size, row.version_id, row.crc64nvme)


def _not_on_site(world: World, staging: Staging, row: FileRow, seen: ObjectSum) -> str:
    """Why it is not sure that the site has this content now; empty when it is."""
    try:
        stamp = world.contents.stamp(f"{staging.site_path}/{row.path}")
        now = row if stamp == (row.size, row.mtime_ns) else read(world, staging, row)
    except SiteUnavailable:
        return "the site's file cannot be read now"
    said = "differs" if now is None else agreement(digest_of(now), seen)
    words = {"same": "", "unverifiable": UNVERIFIABLE, "differs": "the site's file is another or none"}
    return words[said]


def _take(world: World, staging: Staging, going: list[_Judged]) -> dict[str, str]:
    """Delete and record; what stayed, with S3's reason."""
    failed = _hide(world, staging, going)
    for number in range(max((len(one.versions) for one in going), default=0), 0, -1):
        versions = {one.key: one.versions[-number] for one in going if len(one.versions) >= number}
        wanted = {key: version for key, version in versions.items() if key not in failed}
        failed |= {each.path: each.reason for each in world.objects.delete(staging.plan.bucket, wanted)}
    taken = [row._replace(state="taken") for one in going if one.key not in failed for row in one.rows]
    world.journal.record(Change(staging_id=staging.staging_id, files=taken))
    return failed


def _hide(world: World, staging: Staging, going: list[_Judged]) -> dict[str, str]:
    """Before anything is deleted; what could not be hidden, with S3's reason."""
    wanted = {one.key: one.versions[-1] for one in going if one.hides}
    if not wanted or world.versions is None:
        return {}
    return {each.path: f"{_SHOWS}: {each.reason}" for each in world.versions.hide(staging.plan.bucket, wanted)}


def _record_end(world: World, staging: Staging, found: Evicted, now: float) -> None:
    if found.stays:
        told = "; ".join(f"{count} stay: {reason}" for reason, count in found.stays)
        say(world, staging, f"{found.files} were evicted; {told}")
        return
    left = world.journal.files(staging.staging_id, Which(state="ok"))
    gone = [row._replace(state="taken", reason=_GONE) for row in left]
    world.journal.record(Change(staging_id=staging.staging_id, files=gone))
    reason = f"{found.files} files were deleted, each after it was compared on the site"
    if found.hidden:
        reason += f"; older versions of {found.hidden} that nobody compared are kept and hidden"
    step(world, staging, StagingEvent.TAKEN, now, reason)
