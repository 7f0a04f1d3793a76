"""A resource as a program registers it, and looking things up among all of a stack (pure).

Property names are Pulumi's (``versioningConfiguration``). A property nobody can know before the resource it comes from
is there is ``UNKNOWN``; one that was not given is missing, and then the provider's default holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

T = TypeVar("T")

UNKNOWN: Final = object()
"""The value of a property that is not known yet."""
_IDS = ("id", "arn", "keyId", "url")
"""Properties by which others name a resource once it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One registered resource."""

    type: str
    """Pulumi's token: ``aws:s3/bucket:Bucket``."""
    name: str
    urn: str
    props: Mapping[str, Any]
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The urns each property's value comes from."""

    @property
    def kind(self) -> str:
        """The type without a version at its end."""
        return kind_of(self.type)

    def get(self, key: str, default: Any = None) -> Any:  # a property may be anything
        """A property; None when it is not known, the default when it was not given."""
        value = self.props.get(key)
        if value is UNKNOWN:
            return None
        return default if value is None else value

    def tags(self) -> Mapping[str, str] | None:
        """Its tags; None when not all of them are known."""
        given = self.get("tags", {})
        if given is None or any(value is UNKNOWN for value in given.values()):
            return None
        return {str(key): str(value) for key, value in given.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """All resources that are looked at together."""

    resources: Sequence[Resource]
    whole: bool
    """Whether this is everything of the stack: what is not among it is not there, else it is not known."""
    account: str = ""
    region: str = ""

    def of(self, kind: str) -> list[Resource]:
        """The resources of one type."""
        return [one for one in self.resources if one.kind == kind]

    def parts(self, kind: str, key: str, owner: Resource, names: Sequence[object]) -> list[Resource]:
        """The resources of one type whose property ``key`` is about ``owner``: it comes from it, or names it."""
        its = {str(word) for word in (*names, *map(owner.get, _IDS)) if word}
        return [
            one for one in self.of(kind) if owner.urn in one.property_dependencies.get(key, ()) or one.get(key) in its
        ]

    def part(self, kind: str, key: str, owner: Resource, names: Sequence[object]) -> Resource | None:
        """The first of them."""
        return next(iter(self.parts(kind, key, owner, names)), None)

    def absent(self, value: T) -> T | None:
        """What holds where a part is missing: the value when the whole stack was looked at, else not known."""
        return value if self.whole else None


def kind_of(token: str) -> str:
    """A type's token without a version at its end: ``BucketVersioningV2`` is ``BucketVersioning`` by its old name."""
    return token.removesuffix("V2").replace("V2:", ":")


def document(value: object) -> tuple[Mapping[str, Any], ...] | None:
    """The statements of a policy given as JSON text or as it is; None when not known or no policy."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    if not isinstance(value, Mapping):
        return None
    given = value.get("Statement", ())
    found = (given,) if isinstance(given, Mapping) else tuple(given)
    return found if all(_known(one) for one in found) else None


def both(parts: Sequence[tuple[Mapping[str, Any], ...] | None]) -> tuple[Mapping[str, Any], ...] | None:
    """The statements of several documents together; None when one of them is not known."""
    known = [one for one in parts if one is not None]
    return tuple(statement for one in known for statement in one) if len(known) == len(parts) else None


def nested(value: Any, *path: str | int) -> Any:  # JSON
    """A value inside others; ``UNKNOWN`` where a step is not known, None where one was not given."""
    for step in path:
        if value is UNKNOWN or value is None:
            return value
        present = step < len(value) if isinstance(step, int) else step in value
        value = value[step] if present else None
    return value


def known(value: Any, default: Any) -> Any:  # a property may be anything
    """None for ``UNKNOWN``, the default for None, else the value."""
    if value is UNKNOWN:
        return None
    return default if value is None else value


def _known(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_known, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_known, value))
    return value is not UNKNOWN
