from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.audit import FakeAudit
from burst.checks import FakeChecks
from burst.fake import FakeCloud, FakeLedger
from burst.journal import FakeJournal
from burst.provider import Provider
from burst.rc import verbs
from burst.spend import FakeSpend
from ris_hybrid.errors import SiteUnavailable
from tests.burst.node_place import Metadata, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Room:
    """The verbs over a cloud in memory, with a clock that a test moves."""

    def __init__(self, make: Any) -> None:
        self.now = make.now
        self.onprem = make.host("onprem-1")
        self.cloud = FakeCloud(lambda: self.now)
        self.ledger = FakeLedger(self.cloud)
        self.journal = FakeJournal()
        self.spend = FakeSpend()
        self.audit = FakeAudit()
        self.checks = FakeChecks()
        self.settings = make.settings()
        self.questions = 0  # to LSF

    def change(self, **fields: Any) -> None:
        self.settings = replace(self.settings, **fields)

    @property
    def provider(self) -> Provider:
        return Provider(
            settings=self.settings,
            cloud=self.cloud,
            ledger=self.ledger,
            spend=self.spend,
            audit=self.audit,
            journal=self.journal,
            now=self.now,
            checks=self.checks,
        )

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.audit.events]

    def ids(self) -> list[str]:
        return [machine.machine_id for machine in self.cloud.machines()]

    def request(self, count: int, *, key: str = "in-1.json", lab: str = "lee", template: str = "cpu") -> Any:
        payload = {"template": {"templateId": template, "machineCount": count}, "rc_account": lab or "default"}
        return verbs.request_machines(payload, key, self.now, self.provider)

    def status(self, *request_ids: str) -> list[Any]:
        payload = {"requests": [{"requestId": request_id} for request_id in request_ids]}
        return list(verbs.get_request_status(payload, self.provider)["requests"])

    def give_back(self, *machine_ids: str) -> Any:
        payload = {"machines": [{"name": f"host of {one}", "machineId": one} for one in machine_ids]}
        return verbs.request_return_machines(payload, self.provider)

    def lost(self, *machine_ids: str, hosts: Any = None, control: Any = None) -> list[Any]:
        """getReturnRequests; ``hosts`` are the rows of bhosts, None when LSF cannot be asked."""
        payload = {"machines": [{"name": f"host of {one}", "machineId": one} for one in machine_ids]}

        def ask() -> Any:
            self.questions += 1
            if hosts is None:
                raise SiteUnavailable("bhosts did not answer in time")
            return [*hosts, self.onprem]  # LSF always lists the site's own hosts too

        return list(verbs.get_return_requests(payload, self.provider, ask, lambda: control)["requests"])


@pytest.fixture
def room(make: Any) -> Room:
    return Room(make)


@pytest.fixture(scope="session")
def new_room(make: Any) -> Callable[[], Room]:
    """For a test that needs a room for each of its examples."""
    return lambda: Room(make)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    metadata = Metadata()
    thread = threading.Thread(target=metadata.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Place(tmp_path, metadata)
    metadata.shutdown()
    thread.join()
    metadata.server_close()
