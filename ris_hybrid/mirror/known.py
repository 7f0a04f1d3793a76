"""What is mirrored already: by the tags of AWS's buckets, and by the plan that was applied last.

Tags win: they are the ledger, and the bucket they are on is kept whatever name would be made today. An allocation
has one bucket in an environment; one that moved has another in the environment it left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, get_args

from ris_hybrid.mirror.facts import OWN_KEY
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
Where = tuple[str, str]
"""An allocation's key and an environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A bucket of an allocation; of ``tags`` and ``record`` there is at least one."""

    name: str
    environment: str
    bucket: str
    tags: Mapping[str, str] | None
    """The bucket's; None where what AWS holds is not known."""
    record: AllocationPlan | None
    object_lock: bool | None
    """What AWS holds; None where that is not known."""
    has_key: bool
    """Whether something says that it has a customer key of its own."""
    deleted: bool = False
    """Recorded, and AWS says that it has no such bucket."""

    @property
    def key(self) -> str:
        """By which names are compared."""
        return self.name.casefold()

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
    def stage_since(self) -> str:
        """The ledger's, else the recorded one; empty when neither is a date, as with an older release."""
        given = ((self.tags or {}).get("ris_stage_since", ""), self.record.stage_since if self.record else "")
        return next(filter(_is_date, given), "")

    @property
    def moved_to(self) -> str:
        """The environment its allocation has moved to; empty where this is its home."""
        if self.tags is not None:
            return self.tags.get("ris_moved_to", "")
        return self.record.moved_to if self.record else ""

    @property
    def holds_phi(self) -> bool:
        """Whether the ledger or the record says so: who changes one of them lowers nothing."""
        recorded = self.record is not None and self.record.data_class == "phi"
        return recorded or (self.tags or {}).get("ris_data_class") == "phi"

    @property
    def owner(self) -> str:
        """Whose it is; empty where nothing says so."""
        return (self.tags or {}).get("ris_owner", "") or (self.record.owner if self.record else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """Everything that is mirrored."""

    homes: Mapping[str, Known]
    """By key the one bucket an allocation has, or had last."""
    everywhere: Mapping[Where, Known]
    """These, and what allocations that moved have left behind."""
    unmapped: tuple[Unmapped, ...]
    """What is strange about their buckets."""


def held_in(environment: Environment, holdings: Mapping[str, Holdings | None]) -> Holdings | None:
    """What AWS holds there; None when it is not known, or is of another account or region."""
    held = holdings.get(environment.name)
    if held is None or held.buckets is None:
        return None
    return held if (held.account, held.region) == (environment.account, environment.region) else None


def known_in(sources: Sources, settings: MirrorSettings) -> Mirrored:
    """Every allocation that is mirrored, and where."""
    plans = sources.recorded.allocations if sources.recorded else ()
    recorded = {(plan.name.casefold(), plan.environment): plan for plan in plans}
    held = {one.name: found for one in settings.environments if (found := held_in(one, sources.holdings))}
    claims = _claims(held, settings)
    taken = {bucket.name for each in claims.values() for bucket in each}
    aliases = {key.name for each in held.values() for key in each.keys or ()}
    known = {where: _tagged(where, each, recorded.get(where), aliases) for where, each in claims.items()}
    there = {name: frozenset(bucket.name for bucket in each.buckets or ()) for name, each in held.items()}
    for where, plan in recorded.items():
        if where not in known and plan.bucket.name not in taken:
            known[where] = _recorded(plan, there.get(plan.environment))
    return Mirrored(homes=_homes(known.values()), everywhere=known, unmapped=tuple(_several(claims, known)))


def _claims(held: Mapping[str, Holdings], settings: MirrorSettings) -> dict[Where, list[Bucket]]:
    """Our buckets by whose they are."""
    claims: dict[Where, list[Bucket]] = {}
    for environment in settings.environments:
        found = held.get(environment.name)
        for bucket in (found.buckets or ()) if found else ():
            if name := ours(bucket, environment, settings.cluster):
                claims.setdefault((name.casefold(), environment.name), []).append(bucket)
    return claims


def ours(bucket: Bucket, environment: Environment, cluster: str) -> str:
    """The allocation a bucket of data belongs to; empty for a bucket that is not ours."""
    tags = bucket.tags or {}
    mine = (tags.get("ris_managed"), tags.get("ris_cluster"), tags.get("ris_env")) == (
        MANAGED,
        cluster,
        environment.name,
    )
    return tags.get("ris_allocation", "") if mine and not bucket.purpose else ""


def _homes(known: Iterable[Known]) -> dict[str, Known]:
    """The bucket nothing says was left; of several the recorded one, else the first by environment."""
    found: dict[str, Known] = {}
    ordered = sorted(known, key=lambda one: (one.deleted, one.record is None or bool(one.record.moved_to)))
    for one in sorted(ordered, key=lambda one: one.key):
        if not one.moved_to:
            found.setdefault(one.key, one)
    return found


def _tagged(where: Where, claims: list[Bucket], record: AllocationPlan | None, aliases: set[str]) -> Known:
    """The recorded bucket where it is among them, else the first by name."""
    ordered = sorted(claims, key=lambda bucket: bucket.name)
    same = (bucket for bucket in ordered if record and bucket.name == record.bucket.name)
    bucket = next(same, ordered[0])
    tags = bucket.tags or {}
    said = bool(record and record.bucket.key_alias) or tags.get("ris_data_class") in OWN_KEY
    return Known(
        name=tags["ris_allocation"],
        environment=where[1],
        bucket=bucket.name,
        tags=tags,
        record=record,
        object_lock=bucket.object_lock,
        has_key=said or f"alias/{bucket.name}" in aliases,
    )


def _recorded(plan: AllocationPlan, there: frozenset[str] | None) -> Known:
    return Known(
        name=plan.name,
        environment=plan.environment,
        bucket=plan.bucket.name,
        tags=None,
        record=plan,
        object_lock=None,
        has_key=bool(plan.bucket.key_alias),
        deleted=there is not None and plan.bucket.name not in there,
    )


def _several(claims: Mapping[Where, Iterable[Bucket]], known: Mapping[Where, Known]) -> Iterator[Unmapped]:
    for where, each in sorted(claims.items(), key=lambda claim: claim[0]):
        others = sorted(bucket.name for bucket in each if bucket.name != known[where].bucket)
        if others:
            text = f"{known[where].bucket} is used; AWS holds {', '.join(others)} under the same name: retag them"
            yield Unmapped(allocation=known[where].name, field="bucket", reason=text)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
