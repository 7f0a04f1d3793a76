"""What a trail records, as data: all management events, and the data events of buckets with PHI.

CloudTrail takes 500 values in the advanced event selectors of one trail (CloudTrail user guide, "Quotas").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One condition of a selector; of its three lists one has values, or the last two."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Events that meet all its conditions."""

    name: str
    fields: tuple[Field, ...]


_CALLS = Selector(name="calls", fields=(Field(field="eventCategory", equals=("Management",)),))


def calls_only() -> tuple[Selector, ...]:
    """Where no PHI may come."""
    return (_CALLS,)


def calls_and_objects(phi: Sequence[str], *, ours: str, logs: Sequence[str]) -> tuple[Selector, ...]:
    """For buckets with PHI by arn. ``ours`` begins the arns of all our buckets; ``logs`` are those that take logs.

    As long as there is no such bucket, and where there are more than can be named, all of ours are recorded. The
    buckets that take logs are then left out: each file the trail writes would be an event that the trail writes.
    """
    named = Field(field="resources.ARN", starts_with=tuple(f"{arn}/" for arn in sorted(phi)))
    if not 0 < len(phi) <= _NAMED_MAX:
        named = Field(field="resources.ARN", starts_with=(ours,), not_starts_with=tuple(f"{arn}/" for arn in logs))
    objects = (
        Field(field="eventCategory", equals=("Data",)),
        Field(field="resources.type", equals=("AWS::S3::Object",)),
        named,
    )
    return (_CALLS, Selector(name="objects-of-phi", fields=objects))
