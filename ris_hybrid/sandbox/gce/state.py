"""What the sandbox's Google holds, in memory, and where an instance stands by its times and the clock."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.faults import RuleBook
from ris_hybrid.sandbox.aws.lifecycle import Clock
from ris_hybrid.sandbox.gce.wire import url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.gce.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds: an instance's to be placed, from then to run, to be gone; and metadata's to be written."""

    placing_s: float = 0.0
    building_s: float = 0.0
    deleting_s: float = 0.0
    writing_s: float = 0.0


@dataclass(slots=True)
class Metadata:
    """Items, and the fingerprint that changes with each write."""

    items: dict[str, str] = field(default_factory=dict)
    writes: int = 0

    def document(self) -> Json:
        """As Google shows it."""
        items = [{"key": key, "value": value} for key, value in self.items.items()]
        return {"kind": "compute#metadata", "fingerprint": f"fp-{self.writes}=", "items": items}


@dataclass(slots=True, kw_only=True)
class Instance:
    """One instance, from its order on."""

    number: int
    name: str
    zone: str
    body: Json
    """As it was ordered."""
    metadata: Metadata
    created: float
    fault: str = ""
    """Code of why there is none: it vanishes when Google finds that out."""
    stopped: bool = False
    protected: bool = False
    word: str = ""
    """Its status, where a test says it."""
    deleted: float | None = None

    @property
    def machine_type(self) -> str:
        """By name."""
        return str(self.body["machineType"]).rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An order, and how it ends."""

    name: str
    kind: str
    path: str
    zone: str
    """Empty for the project's own."""
    begun: float
    done: float
    error: tuple[str, str] = ("", "")


@dataclass(slots=True, kw_only=True)
class Place:
    """Everything of the project; a reset makes a new one."""

    clock: Clock = field(default_factory=lambda: Clock(time.time))
    timing: Timing = field(default_factory=Timing)
    instances: list[Instance] = field(default_factory=list)
    """Every one there ever was, in order of creation."""
    operations: dict[str, Operation] = field(default_factory=dict)
    common: Metadata = field(default_factory=Metadata)
    capacity: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Instances at most by zone and machine type; what is absent is unlimited."""
    most: int | None = None
    """The quota of instances."""
    races: int = 0
    """So many writes of metadata find that somebody wrote just before."""
    told_late: bool = False
    """Whether those are told so by the operation, and not at once: Google does both."""
    down: str = ""
    """A zone that cannot be read."""
    page: int = 3
    """Items of one page, at most, whatever is asked."""
    tokens: set[str] = field(default_factory=set)
    book: RuleBook = field(default_factory=RuleBook)
    calls: Counter[str] = field(default_factory=Counter)

    def there(self) -> list[Instance]:
        """Instances that Google lists now."""
        return [one for one in self.instances if self.status(one)]

    def status(self, one: Instance) -> str:
        """Google's word; empty for one that is not there any more."""
        now, timing = self.clock.now(), self.timing
        if one.deleted is not None:
            return "STOPPING" if now < one.deleted + timing.deleting_s else ""
        if now < one.created + timing.placing_s:
            return "PROVISIONING"
        if one.fault:
            return ""
        if one.word or one.stopped:
            return one.word or "TERMINATED"
        return "STAGING" if now < one.created + timing.placing_s + timing.building_s else "RUNNING"

    def ordered(self, kind: str, path: str, zone: str, lasts_s: float, error: tuple[str, str] = ("", "")) -> Json:
        """A new operation, as it is answered; an insert is never done at once."""
        name = f"operation-{len(self.operations) + 1}"
        now = self.clock.now()
        self.operations[name] = Operation(
            name=name, kind=kind, path=path, zone=zone, begun=now, done=now + lasts_s, error=error
        )
        return self.shown(self.operations[name], over=kind != "insert" and not lasts_s)

    def shown(self, operation: Operation, *, over: bool | None = None) -> Json:
        """An operation as it stands."""
        over = self.clock.now() >= operation.done if over is None else over
        shown: Json = {
            "kind": "compute#operation",
            "name": operation.name,
            "operationType": operation.kind,
            "targetLink": url(operation.path),
            "insertTime": timestamp(operation.begun),
            "status": "DONE" if over else "RUNNING",
            "progress": 100 if over else 0,
        }
        if operation.zone:
            shown["zone"] = url(f"zones/{operation.zone}")
        if over and operation.error[0]:
            code, message = operation.error
            shown |= {"error": {"errors": [{"code": code, "message": message}]}, "httpErrorStatusCode": 503}
        return shown


def timestamp(at: float) -> str:
    """RFC 3339 with milliseconds, as Google writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
