"""What is mirrored already: by the tags of AWS's buckets, and by the plan that was applied last.

Tags win: they are the ledger, and the bucket they are on is kept whatever name would be made today.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, get_args

from ris_hybrid.mirror.tagging import MANAGED
from ris_hybrid.mirror.values import DataClass, Stage, Unmapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.holdings.values import Bucket, Holdings
    from ris_hybrid.mirror.settings import Environment, MirrorSettings
    from ris_hybrid.mirror.sources import Sources
    from ris_hybrid.mirror.values import AllocationPlan

STAGES: tuple[Stage, ...] = get_args(Stage)
CLASSES: tuple[DataClass, ...] = get_args(DataClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One allocation that is mirrored; of ``tags`` and ``record`` there is at least one."""

    name: str
    environment: str
    bucket: str
    tags: Mapping[str, str] | None
    """The bucket's; None where what AWS holds is not known."""
    record: AllocationPlan | None
    object_lock: bool | None
    """What AWS holds; None where that is not known."""

    @property
    def stage(self) -> Stage:
        """The ledger's, else the recorded one."""
        recorded: Stage = self.record.stage if self.record else "active"
        if self.tags is None:
            return recorded
        return next((stage for stage in STAGES if stage == (self.tags or {}).get("ris_stage")), recorded)

    @property
    def removed_on(self) -> str:
        """The ledger's, else the recorded one; empty when neither is a date."""
        given = ((self.tags or {}).get("ris_removed_on", ""), self.record.removed_on if self.record else "")
        return next(filter(_is_date, given), "")

    @property
    def owner(self) -> str:
        """Whose it is; empty where nothing says so."""
        return (self.tags or {}).get("ris_owner", "") or (self.record.owner if self.record else "")


def held_in(environment: Environment, holdings: Mapping[str, Holdings | None]) -> Holdings | None:
    """What AWS holds there; None when it is not known, or is of another account or region."""
    held = holdings.get(environment.name)
    if held is None or held.buckets is None:
        return None
    return held if (held.account, held.region) == (environment.account, environment.region) else None


def known_in(sources: Sources, settings: MirrorSettings) -> tuple[dict[str, Known], tuple[Unmapped, ...]]:
    """Every allocation that is mirrored, by key, and what is strange about their buckets."""
    recorded = {plan.name.casefold(): plan for plan in (sources.recorded.allocations if sources.recorded else ())}
    claims: dict[str, list[tuple[str, Bucket]]] = {}
    for environment in settings.environments:
        held = held_in(environment, sources.holdings)
        for bucket in (held.buckets or ()) if held else ():
            if name := ours(bucket, environment, settings.cluster):
                claims.setdefault(name.casefold(), []).append((environment.name, bucket))
    taken = {bucket.name for each in claims.values() for _, bucket in each}
    known = {key: _tagged(each, recorded.get(key)) for key, each in claims.items()}
    for key, plan in recorded.items():
        if key not in known and plan.bucket.name not in taken:
            known[key] = _recorded(plan)
    return known, tuple(_several(claims, known))


def ours(bucket: Bucket, environment: Environment, cluster: str) -> str:
    """The allocation a bucket of data belongs to; empty for a bucket that is not ours."""
    tags = bucket.tags or {}
    mine = (tags.get("ris_managed"), tags.get("ris_cluster"), tags.get("ris_env")) == (
        MANAGED,
        cluster,
        environment.name,
    )
    return tags.get("ris_allocation", "") if mine and not bucket.purpose else ""


def _tagged(claims: list[tuple[str, Bucket]], record: AllocationPlan | None) -> Known:
    """The recorded bucket where it is among them, else the first by name."""
    ordered = sorted(claims, key=lambda claim: (claim[0], claim[1].name))
    same = (claim for claim in ordered if record and claim[1].name == record.bucket.name)
    environment, bucket = next(same, ordered[0])
    tags = bucket.tags or {}
    return Known(
        name=tags["ris_allocation"],
        environment=environment,
        bucket=bucket.name,
        tags=tags,
        record=record,
        object_lock=bucket.object_lock,
    )


def _recorded(plan: AllocationPlan) -> Known:
    return Known(
        name=plan.name,
        environment=plan.environment,
        bucket=plan.bucket.name,
        tags=None,
        record=plan,
        object_lock=None,
    )


def _several(claims: Mapping[str, Iterable[tuple[str, Bucket]]], known: Mapping[str, Known]) -> Iterator[Unmapped]:
    for key, each in sorted(claims.items()):
        others = sorted(bucket.name for _, bucket in each if bucket.name != known[key].bucket)
        if others:
            text = f"{known[key].bucket} is used; AWS holds {', '.join(others)} under the same name: retag them"
            yield Unmapped(allocation=known[key].name, field="bucket", reason=text)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
