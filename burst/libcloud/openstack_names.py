"""OpenStack's names → ids, kept for a while: an image may be made anew under its name."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, Any

from burst.libcloud.openstack_driver import Services
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from burst.libcloud.calls import Calls

KEPT_S = 300.0


def clear_names(rows: Collection[Mapping[str, Any]]) -> frozenset[str]:
    """What may be written of these: names that are given once, and every id."""
    names = Counter(str(row["name"]) for row in rows)
    ids = (str(row["id"]) for row in rows)
    return frozenset((*(name for name, times in names.items() if times == 1), *ids))


class Names:
    """The names of one project. Where a name is not clear, the id may be written in its place."""

    def __init__(self, calls: Calls[Services], clock: Callable[[], float] = monotonic) -> None:
        self._calls = calls
        self._clock = clock
        self._lists: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    @property
    def cloud(self) -> str:
        """Whose."""
        return self._calls.cloud

    def flavor(self, name: str) -> str:
        """Raises ``Refused`` where there is none of that name, or more than one."""
        return self._id_of("flavor", name, Services.flavors)

    def image(self, name: str) -> str:
        """The same, of images."""
        return self._id_of("image", name, Services.images)

    def network(self, name: str) -> str:
        """The same, of networks."""
        return self._id_of("network", name, Services.networks)

    def flavors(self, flavor_id: str) -> Mapping[str, str]:
        """Names by id; listed anew when the one asked for is not among them."""
        known = {str(row["id"]): str(row["name"]) for row in self._rows("flavor", Services.flavors)}
        if flavor_id not in known:
            self._lists.pop("flavor", None)
            known = {str(row["id"]): str(row["name"]) for row in self._rows("flavor", Services.flavors)}
            known.setdefault(flavor_id, flavor_id)  # one that was taken away: its machines still run
        return known

    def forget(self) -> bool:
        """Whether there was anything that may have been out of date."""
        known = bool(self._lists)
        self._lists.clear()
        return known

    def _id_of(self, kind: str, name: str, ask: Callable[[Services], list[dict[str, Any]]]) -> str:
        rows = self._rows(kind, ask)
        found = [str(row["id"]) for row in rows if row["id"] == name] or [
            str(row["id"]) for row in rows if row["name"] == name
        ]
        if len(found) == 1:
            return found[0]
        about = f"cloud {self.cloud}: {kind} {name}"
        if not found:
            raise Refused(f"{about}: there is none of that name", "check the pool: ris-hybrid doctor", "NoSuchName")
        raise Refused(
            f"{about}: the name is given {len(found)} times: {', '.join(sorted(found))}",
            "write the id in place of the name",
            "NameNotClear",
        )

    def _rows(self, kind: str, ask: Callable[[Services], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        at, rows = self._lists.get(kind, (0.0, []))
        if not rows or self._clock() - at > KEPT_S:
            rows = self._calls.again(ask)
            self._lists[kind] = (self._clock(), rows)
        return rows
