"""Looks at the clouds and at LSF's book while a soak runs, and remembers what must never be seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.soak.premises import Site

_UP = frozenset({"pending", "running", "stopping", "stopped"})


class Watch:
    """What was seen so far. A machine may be unknown to LSF for ``patience_s`` seconds, until the reaper has it."""

    def __init__(self, site: Site, patience_s: float) -> None:
        self._site = site
        self._patience_s = patience_s
        self._unknown_since: dict[str, float] = {}
        self.most_alive = 0
        self.leaked: dict[str, None] = {}
        self.doubled: dict[str, None] = {}

    def look(self) -> int:
        """Take note of this moment; how many machines are up."""
        up = alive(self._site.world.instances())
        self.most_alive = max(self.most_alive, len(up))
        now, known = self._site.cluster.now, self.known()
        unknown = {row["id"] for row in up if row["id"] not in known}
        self._unknown_since = {one: self._unknown_since.get(one, now) for one in sorted(unknown)}
        late = [one for one, since in self._unknown_since.items() if now - since > self._patience_s]
        self.leaked.update(dict.fromkeys(late))
        self.doubled.update(dict.fromkeys(_doubled(up)))
        return len(up)

    def known(self) -> set[str]:
        """Ids of the machines LSF holds or is waiting to see ended."""
        return {holding.machine_id for holding in self._site.ebrokerd.holdings()}


def alive(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Machines that cost money or might again."""
    return [row for row in rows if row["state"] in _UP]


def running(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Machines that run, in the order they came."""
    return [row for row in rows if row["state"] == "running"]


def _doubled(up: Sequence[dict[str, Any]]) -> list[str]:
    requests = Counter(str(row["tags"].get("ris_request", "")) for row in up)
    asked = {str(row["tags"].get("ris_request", "")): int(row["tags"].get("ris_asked", 0)) for row in up}
    return sorted(request for request, machines in requests.items() if machines > asked[request])
