"""The single facts a plan states of AWS, and the same facts read from what AWS holds.

A plan also states what it does not spell: data is versioned, encrypted, closed to the public, owned by the account,
reached over TLS only and never expires, whatever the allocation. Facts have the same words on both sides, so that
they can be compared; a fact that could not be read is ``UNKNOWN``, a thing that is not there is ``ABSENT``.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from ris_hybrid.mirror.guards import DENIALS, boundary_name, denied, let_in, outsiders, takers
from ris_hybrid.mirror.statements import allowed, allowed_beside_nodes, denies_writes, requires_tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ris_hybrid.holdings.values import Bucket, Budget, Holdings, Key, Repository, Role
    from ris_hybrid.mirror.values import AllocationPlan, BucketPlan

    Thing = Bucket | Key | Repository | Role | Budget


class Gap(Enum):
    """Why there is no value."""

    ABSENT = "absent"
    UNKNOWN = "unknown"


ABSENT, UNKNOWN = Gap.ABSENT, Gap.UNKNOWN
EXISTS = "there"
OF_LEAVING = ("ris_removed_on", "ris_stage_since", "ris_moved_to")
"""Tags that only what is on its way out has: on anything else one is too many."""
ALLOCATION = "ris_allocation"
ENVIRONMENT = "ris_env"
CLUSTER = "ris_cluster"
MACHINES = "ec2.amazonaws.com"
"""Who takes a role of jobs: the nodes."""
_KINDS = {"bucket": "buckets", "key": "keys", "repository": "repositories", "role": "roles", "budget": "budgets"}


class Place(NamedTuple):
    """A thing of AWS by kind and name, and one field of it."""

    kind: str
    name: str
    field: str


def stated(plan: AllocationPlan) -> dict[Place, Any]:
    """Every fact the plan of an allocation states."""
    facts = {Place("bucket", plan.bucket.name, field): value for field, value in _of_bucket(plan)}
    if plan.bucket.key_alias:
        alias = plan.bucket.key_alias
        facts.update({Place("key", alias, field): True for field in (EXISTS, "enabled", "rotates")})
        facts[Place("key", alias, f"tag {ALLOCATION}")] = plan.tags.get(ALLOCATION, "")
        facts[Place("key", alias, "lets outsiders in")] = ()
    for name in plan.registry.repositories:
        facts.update({Place("repository", name, field): True for field in (EXISTS, "immutable", "scan on push")})
    for role in plan.roles:
        facts[Place("role", role.name, EXISTS)] = True
        facts[Place("role", role.name, "taken by")] = (role.group or MACHINES,)
        facts[Place("role", role.name, "boundary")] = f"{plan.tags.get(CLUSTER, '')}-{plan.environment}-boundary"
        field, read = ("data statements", allowed_beside_nodes) if role.kind == "jobs" else ("statements", allowed)
        facts[Place("role", role.name, field)] = read(role.statements)
    facts[Place("budget", plan.budget.name, EXISTS)] = True
    facts[Place("budget", plan.budget.name, "usd_per_month")] = round(plan.budget.usd_per_month, 2)
    return facts


def _of_bucket(plan: AllocationPlan) -> Iterator[tuple[str, Any]]:
    bucket = plan.bucket
    yield EXISTS, True
    for key, value in {**dict.fromkeys(OF_LEAVING, ""), **plan.tags}.items():
        yield f"tag {key}", value
    yield "encryption", "customer key" if bucket.key_alias else "key of AWS"
    if bucket.key_alias:
        yield "key", bucket.key_alias
    for field in ("versioned", "public access blocked", "owner enforced", "TLS only"):
        yield field, True
    yield "denied", tuple(sorted(DENIALS))
    yield "lets in", ()
    yield "access logged", True
    yield "writes denied", not bucket.writable
    yield "object lock", bucket.object_lock
    yield "transitions", _moves(bucket)
    yield "expires", False


def _moves(bucket: BucketPlan) -> tuple[tuple[str, str, int, bool], ...]:
    moves = {(rule.prefix, rule.storage_class, rule.after_days, rule.noncurrent) for rule in bucket.transitions}
    return tuple(sorted(moves))


class Found:
    """What AWS holds in one account and region, by place."""

    def __init__(self, holdings: Holdings) -> None:
        self._things: dict[str, dict[str, Thing] | None] = {}
        for kind, name in _KINDS.items():
            listed: Iterable[Thing] | None = getattr(holdings, name)
            self._things[kind] = None if listed is None else {thing.name: thing for thing in listed}
        self._aliases = _aliases(holdings.keys)

    def value(self, place: Place) -> Any:
        """The fact at a place; of a thing that is not there every fact is ``ABSENT``."""
        things = self._things[place.kind]
        if things is None:
            return UNKNOWN
        thing = things.get(place.name)
        if thing is None:
            return ABSENT
        if getattr(thing, "account", "ours") == "":
            return UNKNOWN  # a bucket of this name is somewhere, and whose it is could not be asked
        return True if place.field == EXISTS else self._field(thing, place)

    def ours(self, environment: str) -> Iterator[tuple[str, str, str]]:
        """Kind, name and allocation of what carries an allocation's tag and no other environment's; no budgets."""
        for kind, things in self._things.items():
            for name, thing in (things or {}).items():
                tags = getattr(thing, "tags", None) or {}
                if tags.get(ALLOCATION) and tags.get(ENVIRONMENT, environment) == environment:
                    yield kind, name, tags[ALLOCATION]

    def _field(self, thing: Any, place: Place) -> Any:
        if place.field.startswith("tag "):
            return UNKNOWN if thing.tags is None else thing.tags.get(place.field.removeprefix("tag "), "")
        if place.field == "key":
            return self._key(thing.key)
        return _read(thing, place)

    def _key(self, key: str | None) -> Any:
        """The name of the key with this id, arn or alias; unknown while the keys are not."""
        alias = self._aliases.get((key or "").rpartition("/")[2])
        if key is None or (key and alias is None and self._things["key"] is None):
            return UNKNOWN
        return alias or key


def _read(thing: Any, place: Place) -> Any:
    """A field under the name the plan's facts have for it."""
    if (place.kind, place.field) == ("bucket", "encryption"):
        return _encryption(thing)
    if place.field in _OF_ACCOUNT:
        attribute, read_in = _OF_ACCOUNT[place.field]
        value = getattr(thing, attribute)
        return UNKNOWN if value is None else read_in(value, thing.account)
    attribute, read = _READ.get(place.field, (place.field, _as_it_is))
    value = getattr(thing, attribute)
    return UNKNOWN if value is None else read(value)


def _as_it_is(value: Any) -> Any:
    return value


def _encryption(bucket: Bucket) -> Any:
    if bucket.encryption is None or (bucket.encryption.startswith("aws:kms") and bucket.key is None):
        return UNKNOWN
    if not bucket.encryption:
        return "none"
    return "customer key" if bucket.key else "key of AWS"


def _found_moves(transitions: Iterable[Any]) -> tuple[tuple[str, str, int, bool], ...]:
    return tuple(sorted({(one.prefix, one.storage_class, one.after_days, one.noncurrent) for one in transitions}))


_READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "public access blocked": ("public_blocked", _as_it_is),
    "owner enforced": ("owner_enforced", _as_it_is),
    "object lock": ("object_lock", _as_it_is),
    "scan on push": ("scan_on_push", _as_it_is),
    "TLS only": ("policy", requires_tls),
    "writes denied": ("policy", denies_writes),
    "lets in": ("policy", let_in),
    "access logged": ("logs_to", bool),
    "boundary": ("boundary", boundary_name),
    "transitions": ("transitions", _found_moves),
    "statements": ("statements", allowed),
    "data statements": ("statements", allowed_beside_nodes),
    "usd_per_month": ("usd_per_month", lambda usd: round(usd, 2)),
}
"""The attribute of the thing, and what is made of it, where it is not called as the fact is."""
_OF_ACCOUNT: Mapping[str, tuple[str, Callable[[Any, str], Any]]] = {
    "denied": ("policy", denied),
    "lets outsiders in": ("policy", outsiders),
    "taken by": ("trust", takers),
}
"""The same, for what depends on the account the thing is in."""


def _aliases(keys: Iterable[Key] | None) -> dict[str, str]:
    """A key's id, and the last part of its alias, to the name it goes by."""
    known = list(keys or ())
    return {key.key_id: key.name for key in known} | {key.name.rpartition("/")[2]: key.name for key in known}
