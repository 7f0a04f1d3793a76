"""Which pool was empty, by which code of its cloud, and which pool took over: read from the audit log (pure, but one).

A pool is empty while our own ledger holds it: from the mark that says what its cloud lacks up to and with the moment
when the mark's time is up, or until it gave all that it was asked for. Another pool that launches then takes over.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from burst import history as past
from burst.fleet import account_of
from ris_hybrid.sandbox.history import Happening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from ris_hybrid.model import Event
    from ris_hybrid.sandbox.history import History
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """A pool whose cloud had nothing for it; ``until`` is epoch seconds."""

    pool: str
    code: str
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Machines that one request made."""

    pool: str
    lab: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """One pool launched while another was empty."""

    at: float
    pool: str
    nodes: int
    lab: str
    empty: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """``at`` in epoch seconds, as in the audit log; ``empty`` is the pool that had nothing, by that code."""
        return asdict(self)


@dataclass(slots=True)
class Standing:
    """Which pools are empty, as far as the log has been read."""

    empty: dict[str, Empty] = field(default_factory=dict)
    found: list[TakeOver] = field(default_factory=list)


def where(pool: Pool, settings: BurstSettings) -> str:
    """A pool with its cloud, as a reader meets them: ``cpu16 (EC2)``, ``campus8 (OpenStack research)``."""
    return f"{pool.name} ({cloud_words(pool.cloud, settings)})"


def cloud_words(name: str, settings: BurstSettings) -> str:
    """``EC2`` for the empty name, else the cloud's kind and its name."""
    cloud = settings.cloud(name)
    return {"openstack": "OpenStack", "gce": "GCE"}[cloud.driver] + f" {name}" if cloud else name or "EC2"


def told(
    event: Event, launch_of: Callable[[Iterable[str]], Launch | None], settings: BurstSettings, standing: Standing
) -> list[Happening]:
    """What an event of the log means for the pools, in words; ``standing`` is brought up to date.

    Args:
        event: the next one of the log.
        launch_of: whose machines these ids are; None for ids the clouds do not know.
        settings: of the pools.
        standing: what was read before.
    """
    if event.kind == "pool marked" and "held_until" in event.fields:
        return _marked(event, settings, standing)
    if event.kind == "launched" and event.fields.get("machines"):
        launch = launch_of(map(str, _list(event.fields["machines"])))
        return _launched(event.at, launch, settings, standing) if launch else []
    return []


def _marked(event: Event, settings: BurstSettings, standing: Standing) -> list[Happening]:
    pool = settings.pool(str(event.fields.get("pool", "")))
    until, code = float(str(event.fields["held_until"] or 0)), str(event.fields.get("held_for", ""))
    if pool is None:
        return []
    before = standing.empty.pop(pool.name, None)
    if until <= event.at:
        return []
    standing.empty[pool.name] = Empty(pool=pool.name, code=code, until=until)
    if before is not None and before.code == code and before.until > event.at:
        return []
    text = f"{where(pool, settings)}: {code}; it is left alone for {(until - event.at) / 60:.0f} min"
    return [Happening(at=event.at, kind="empty", text=text)]


def _launched(at: float, launch: Launch, settings: BurstSettings, standing: Standing) -> list[Happening]:
    pool = settings.pool(launch.pool)
    lines = []
    for one in standing.empty.values():
        other = settings.pool(one.pool)
        if pool is None or other is None or one.until < at or not _could_serve(other, pool, launch.lab):
            continue
        made = {"pool": pool.name, "nodes": launch.nodes, "lab": launch.lab, "empty": one.pool, "code": one.code}
        standing.found.append(TakeOver(at=at, **made))  # type: ignore[arg-type]  # the fields above, by their names
        lines.append(f"{where(pool, settings)} gives {launch.nodes} nodes to {account_of(launch.lab)}")
        lines[-1] += f", because {where(other, settings)} is empty: {one.code}"
    return [Happening(at=at, kind="took over", text=text, nodes=launch.nodes) for text in lines]


def _could_serve(other: Pool, pool: Pool, lab: str) -> bool:
    """Whether the empty pool would have been asked for the same jobs."""
    shared = not (other.queues and pool.queues) or bool(set(other.queues) & set(pool.queues))
    return other.name != pool.name and shared and (not other.labs or lab in other.labs)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


class Follower:
    """Reads the audit log as it grows and tells it in the history; ``look`` whenever it may have grown."""

    def __init__(
        self,
        audit: Path,
        launch_of: Callable[[Iterable[str]], Launch | None],
        settings: BurstSettings,
        history: History,
    ) -> None:
        self._audit, self._launch_of, self._settings, self._history = audit, launch_of, settings, history
        self._standing = Standing()
        self._read = self._size = 0

    @property
    def found(self) -> tuple[TakeOver, ...]:
        """Every time one pool took over so far, in order."""
        return tuple(self._standing.found)

    def look(self) -> None:
        """Tell what is new."""
        size = self._audit.stat().st_size if self._audit.is_file() else 0
        if size == self._size:
            return
        self._size = size
        for number, event in enumerate(past.events(self._audit)):
            if number >= self._read:
                self._read = number + 1
                self._history.happenings += told(event, self._launch_of, self._settings, self._standing)


def launch_of(rows: Iterable[Mapping[str, object]], ids: Iterable[str]) -> Launch | None:
    """Of the machines that a cloud lists, whose pool and lab these are; they are of one request."""
    wanted = frozenset(ids)
    tags = [row["tags"] for row in rows if row["id"] in wanted]
    first = next((one for one in tags if isinstance(one, dict)), None)
    if first is None:
        return None
    return Launch(pool=str(first.get("ris_pool", "")), lab=str(first.get("ris_lab", "")), nodes=len(tags))
