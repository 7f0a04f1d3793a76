"""The promises of the Audit port, kept by the file and by the fake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import AuditFile, FakeAudit
from ris_hybrid.model import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ris_hybrid.ports import Audit

Logged = list[dict[str, Any]]


@pytest.fixture(params=["file", "fake"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Audit, Callable[[], Logged]]:
    """The log, and a way to read it back."""
    if request.param == "file":
        path = tmp_path / "not yet there" / "audit.jsonl"
        return AuditFile(path), lambda: [json.loads(line) for line in path.read_text().splitlines()]
    fake = FakeAudit()
    return fake, lambda: [{"at": event.at, "kind": event.kind, **event.fields} for event in fake.events]


def test_events_are_kept_in_order_with_their_fields(log: tuple[Audit, Callable[[], Logged]]) -> None:
    audit, read = log
    audit.record(Event(at=1.0, kind="launched", fields={"machines": 2}))
    audit.record(Event(at=2.0, kind="odd"))
    assert read() == [{"at": 1.0, "kind": "launched", "machines": 2}, {"at": 2.0, "kind": "odd"}]


def test_any_value_can_be_recorded(log: tuple[Audit, Callable[[], Logged]]) -> None:
    audit, read = log
    audit.record(Event(at=1.0, kind="odd", fields={"what": {1, 2}, "text": "\N{SNOWMAN}\n\udcff"}))
    assert len(read()) == 1
