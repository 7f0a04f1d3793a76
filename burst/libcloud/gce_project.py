"""What belongs to a whole project of Google's: the marks of pools, and what it has to offer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from burst.libcloud import gce_errors
from burst.libcloud.errors import translated
from burst.libcloud.gce_calls import GOOGLE
from burst.libcloud.gce_instance import items, last, merged, names
from burst.libcloud.gce_metadata import RACES, set_items
from burst.libcloud.values import Offered, Size
from ris_hybrid.errors import CloudError, Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from burst.libcloud.gce_calls import Calls
    from burst.libcloud.gce_operations import Operations

_PREFIX = "ris-pool-"
_SHOWN = 8
_GONE = frozenset({"OBSOLETE", "DELETED"})


class GceShelf:
    """``Shelf``: items of the project's common metadata, one for each pool: ``ris-pool-<pool>``, a JSON object.

    Every instance of the project can read them; there is nothing secret in a mark.
    """

    def __init__(self, calls: Calls, operations: Operations) -> None:
        self._calls = calls
        self._operations = operations

    @translated(GOOGLE)
    def read(self) -> Mapping[str, Mapping[str, str]]:
        """Tags by pool; what is no JSON object reads as not there."""
        return _shelf(items(self._metadata()))

    @translated(GOOGLE)
    def write(self, pool: str, marks: Mapping[str, str]) -> None:
        """Merge into what is there now, whoever wrote it."""
        for _ in range(RACES):
            metadata = self._metadata()
            tags = merged(_shelf(items(metadata)).get(pool, {}), marks)
            value = {_PREFIX + pool: json.dumps(tags, sort_keys=True) if tags else ""}
            try:
                set_items(self._calls, self._operations, "/setCommonInstanceMetadata", metadata, value)
            except CloudError as error:
                if error.code not in gce_errors.STALE:
                    raise
            else:
                return
        raise TryAgain("the project's metadata changed at each try", "it is tried again", "conditionNotMet")

    def _metadata(self) -> Mapping[str, Any]:
        return self._calls.get("").get("commonInstanceMetadata") or {}


class GceCatalogue:
    """``Catalogue``: of one region, or of the whole world where none is named, which takes many pages."""

    def __init__(self, calls: Calls, region: str) -> None:
        self._calls = calls
        self._region = region

    @translated(GOOGLE)
    def offered(self) -> Offered:
        """Zones that are up, and what the project's own lists name; an image's family counts as a name."""
        images = [one for one in self._listed("/global/images") if _current(one)]
        everywhere = [one for one in self._listed("/zones") if one.get("status") == "UP"]
        zones = [one for one in everywhere if self._here(one)]
        if not zones:
            raise self._nowhere(everywhere)
        families = frozenset(str(one["family"]) for one in images if one.get("family"))
        return Offered(
            sizes=tuple(sorted(self._sizes(names(zones)), key=lambda size: size.name)),
            images=names(images) | families,
            networks=names(self._subnetworks()),
            zones=names(zones),
        )

    def _here(self, zone: Mapping[str, Any]) -> bool:
        return not self._region or last(str(zone.get("region", ""))) == self._region

    def _nowhere(self, zones: list[Mapping[str, Any]]) -> Refused:
        shown = ", ".join(sorted(names(zones))[:_SHOWN]) or "none"
        text = f"Google has no zone that is up in {self._region or 'any region'}"
        return Refused(text, f"mend zones of the pools; there are {shown} and others", "notFound")

    def _sizes(self, zones: frozenset[str]) -> set[Size]:
        types = (
            (one for zone in sorted(zones) for one in self._listed(f"/zones/{zone}/machineTypes"))
            if self._region
            else self._everywhere("machineTypes")
        )
        return {
            Size(name=str(one["name"]), vcpus=int(one["guestCpus"]), memory_mib=int(one["memoryMb"])) for one in types
        }

    def _subnetworks(self) -> Iterator[Mapping[str, Any]]:
        if self._region:
            return self._listed(f"/regions/{self._region}/subnetworks")
        return self._everywhere("subnetworks")

    def _listed(self, path: str) -> Iterator[Mapping[str, Any]]:
        for page in self._calls.pages(path):
            yield from page.get("items") or ()

    def _everywhere(self, kind: str) -> Iterator[Mapping[str, Any]]:
        for page in self._calls.pages(f"/aggregated/{kind}"):
            for scope in (page.get("items") or {}).values():
                yield from scope.get(kind) or ()


def _shelf(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, value in values.items():
        if key.startswith(_PREFIX):
            try:
                tags = json.loads(value)
            except ValueError:
                continue
            if isinstance(tags, dict):
                found[key.removeprefix(_PREFIX)] = {str(name): str(text) for name, text in tags.items()}
    return found


def _current(image: Mapping[str, Any]) -> bool:
    return (image.get("deprecated") or {}).get("state") not in _GONE
