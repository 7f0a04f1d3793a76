"""Everything of a staging read once more and held against the bucket; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.staging.agreement import UNVERIFIABLE, agreement
from ris_hybrid.staging.comparing import at_once
from ris_hybrid.staging.names import without_names
from ris_hybrid.staging.values import Which
from ris_hybrid.staging.walking import no_path
from ris_hybrid.staging.world import tellable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.staging.values import FileRow, Staging
    from ris_hybrid.staging.world import World

_HELD_AGAINST = frozenset({"ok", "planned", "failed", "held"})
"""States of files that both sides should have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One file; ``wrong`` is empty where both sides have the same content."""

    path: str
    size: int
    wrong: str


def verify(world: World, staging: Staging) -> Iterator[Looked]:
    """Each file of the manifest, and each result that came back, in order. Raises what the cloud raised.

    All of it is read at the site, which takes as long as it took when it was staged.
    """
    out = world.journal.files(staging.staging_id, Which(direction="out"))
    back = {row.path for row in out if row.state in _HELD_AGAINST}
    rows = world.journal.files(staging.staging_id, Which())
    mine = (row for row in rows if row.state in _HELD_AGAINST and (row.direction == "out" or row.path not in back))
    yield from at_once(world, partial(_look, world, staging), mine)


def _look(world: World, staging: Staging, row: FileRow) -> Looked:
    plan = staging.plan
    if no_path(row.path):
        return Looked(path=row.path, size=row.size, wrong=row.reason)  # the site is not asked for what it cannot have
    seen = world.objects.checksum(plan.bucket, f"{plan.dataset.prefix}{row.path}")
    try:
        site = world.contents.digest(f"{staging.site_path}/{row.path}")
    except SiteUnavailable as error:
        told = without_names(error.message, plan.data_class, staging.site_path)
        return Looked(path=row.path, size=row.size, wrong=f"it cannot be read: {told}")
    if seen is None or site is None:
        where = " and ".join(name for name, it in (("in the cloud", seen), ("on the site", site)) if it is None)
        return Looked(path=row.path, size=row.size, wrong=f"it is not {where}")
    words = {"same": "", "differs": "its content is not the same", "unverifiable": UNVERIFIABLE}
    wrong = words[agreement(site, seen)]
    if wrong and row.state in {"failed", "held"} and row.reason != wrong:
        wrong = f"{wrong} ({row.state}: {tellable(staging, row.reason)})"
    return Looked(path=row.path, size=site.size, wrong=wrong)
