"""Placement groups, which moto does not have: create, describe, delete, and who may be put into one.

Source: EC2 API reference, CreatePlacementGroup, DescribePlacementGroups, DeletePlacementGroup, and its error codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.filters import Wanted, like
from ris_hybrid.sandbox.aws.wire import ApiError, not_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STRATEGIES = frozenset({"cluster", "spread", "partition"})
Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A placement group."""

    name: str
    group_id: str
    strategy: str
    partitions: int = 0
    spread_level: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def fields(self, place: Place) -> dict[str, str | list[dict[str, str]]]:
        """As EC2's XML has it."""
        account, region = place
        shown: dict[str, str | list[dict[str, str]]] = {
            "groupName": self.name,
            "groupId": self.group_id,
            "groupArn": f"arn:aws:ec2:{region}:{account}:placement-group/{self.name}",
            "state": "available",
            "strategy": self.strategy,
        }
        if self.partitions:
            shown["partitionCount"] = str(self.partitions)
        if self.spread_level:
            shown["spreadLevel"] = self.spread_level
        if self.tags:
            shown["tagSet"] = [{"key": key, "value": value} for key, value in self.tags.items()]
        return shown


class Groups:
    """The placement groups of every account and region, by name."""

    def __init__(self) -> None:
        self._groups: dict[tuple[Place, str], Group] = {}

    def create(self, place: Place, group: Group) -> None:
        """Add one. Raises ``ApiError`` for a name that is taken or a strategy EC2 does not have."""
        if group.strategy not in _STRATEGIES:
            raise ApiError("InvalidParameterValue", f"Invalid value '{group.strategy}' for placement strategy.")
        if not group.name:
            raise ApiError("MissingParameter", "The request must contain the parameter groupName")
        if (place, group.name) in self._groups:
            message = f"The placement group '{group.name}' already exists."
            raise ApiError("InvalidPlacementGroup.Duplicate", message)
        self._groups[place, group.name] = group

    def require(self, place: Place, name: str) -> None:
        """Raise ``ApiError`` InvalidPlacementGroup.Unknown unless the name is empty or a group's."""
        if name and (place, name) not in self._groups:
            raise ApiError("InvalidPlacementGroup.Unknown", f"The placement group '{name}' is unknown.")

    def id_of(self, place: Place, name: str) -> str:
        """The id of a group, empty once it is deleted."""
        group = self._groups.get((place, name))
        return "" if group is None else group.group_id

    def delete(self, place: Place, name: str, used: frozenset[str]) -> None:
        """Remove one. Raises ``ApiError`` for an unknown name, or one in ``used``."""
        self.require(place, name or "(none)")
        if name in used:
            message = f"The placement group '{name}' is in use and may not be deleted."
            raise ApiError("InvalidPlacementGroup.InUse", message)
        del self._groups[place, name]

    def retag(self, place: Place, group_id: str, tags: Mapping[str, str], *, drop: bool) -> None:
        """Write tags on a group, or take those keys away. Raises ``ApiError`` for an id there is not."""
        key = next((key for key, group in self._groups.items() if key[0] == place and group.group_id == group_id), None)
        if key is None:
            raise ApiError("InvalidPlacementGroupId.Unknown", f"The placement group id '{group_id}' is unknown.")
        before = self._groups[key].tags
        after = {name: value for name, value in before.items() if name not in tags} if drop else {**before, **tags}
        self._groups[key] = replace(self._groups[key], tags=after)

    def find(self, place: Place, names: Sequence[str], ids: Sequence[str], wanted: Wanted) -> list[Group]:
        """Groups by name, id and filter. Raises ``ApiError`` for a name or id there is not."""
        here = {group.name: group for (at, _), group in self._groups.items() if at == place}
        for name in names:
            self.require(place, name)
        for unknown in set(ids) - {group.group_id for group in here.values()}:
            raise ApiError("InvalidPlacementGroupId.Unknown", f"The placement group id '{unknown}' is unknown.")
        return [
            group
            for group in here.values()
            if (not names or group.name in names)
            and (not ids or group.group_id in ids)
            and all(_passes(group, name, values) for name, values in wanted.items())
        ]


def _passes(group: Group, name: str, values: Sequence[str]) -> bool:
    facts = {
        "group-name": [group.name],
        "state": ["available"],
        "strategy": [group.strategy],
        "spread-level": [group.spread_level],
        "tag-key": list(group.tags),
    }
    if name.startswith("tag:"):
        facts[name] = [value for key, value in group.tags.items() if key == name.removeprefix("tag:")]
    if name not in facts:
        raise not_in_sandbox(f"filter {name} of ec2:DescribePlacementGroups")
    return any(like(pattern, fact) for fact in facts[name] for pattern in values)
