"""A site, a bucket, a mover and an engine over them, which may be killed at any call of a port."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.data.settings import Bounds, Prices
from ris_hybrid.data.values import Dataset, Estimate, StagingPlan, StagingState, Totals
from ris_hybrid.staging.engine import turn
from ris_hybrid.staging.fake import FakeMover, FakeObjects, FakeTree
from ris_hybrid.staging.fake_journal import FakeJournal
from ris_hybrid.staging.values import Change, FileRow, Staging, Which
from ris_hybrid.staging.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ris_hybrid.staging.leasing import Use

SITE = "/storage1/fs1/wucci/Active/A"
DATASET = Dataset(allocation="wucci", subtree="Active/A")
START = 1_800_000_000.0


class Killed(BaseException):
    """The process died here."""


@dataclass(slots=True)
class Knife:
    """Counts calls of ports, and kills at one of them, before or after it was done."""

    at: int = 0
    after: bool = False
    calls: int = 0

    def over(self, port: Any) -> Any:
        return _Cut(port, self)


class _Cut:
    def __init__(self, port: Any, knife: Knife) -> None:
        self._port, self._knife = port, knife

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method, knife = getattr(self._port, name), self._knife

        def call(*args: Any) -> Any:
            knife.calls += 1
            mine = knife.calls == knife.at
            if mine and not knife.after:
                raise Killed
            answer = method(*args)
            if mine:
                raise Killed
            return answer

        return call


@dataclass(slots=True)
class Rig:
    tree: FakeTree = field(default_factory=FakeTree)
    objects: FakeObjects = field(default_factory=lambda: FakeObjects("b"))
    journal: Any = field(default_factory=FakeJournal)
    mover: FakeMover = field(init=False)
    bounds: Bounds = field(default_factory=lambda: Bounds(batch_files=3))
    now: float = START
    attempts: int = 3
    sums: bool = False
    """Whether S3 is asked to make checksums where it has none."""

    versions: bool = True
    """Whether listings tell versions."""

    def __post_init__(self) -> None:
        self.mover = FakeMover(self.tree, self.objects)
        self.tree.other(SITE, "directory")
        self.objects.now = START

    def world(self, knife: Knife | None = None) -> World:
        cut = knife.over if knife else lambda port: port
        return World(
            journal=cut(self.journal),
            history=cut(self.journal),
            census=cut(self.tree),
            contents=cut(self.tree),
            objects=cut(self.objects),
            movers={"globus": cut(self.mover)},
            controls={"globus": cut(self.mover)},
            bounds=self.bounds,
            prices=Prices(),
            actor="test",
            threads=1,
            versions=cut(self.objects) if self.versions else None,
            summing=cut(self.objects) if self.sums else None,
            attempts=self.attempts,
        )

    def put(self, **files: bytes) -> None:
        for name, content in files.items():
            self.tree.put(f"{SITE}/{name}", content)

    def plan(self, staging_id: str = "s1", **fields: Any) -> None:
        """The manifest of what is there, as planning would have written it."""
        entries = [one for one in self.tree.entries(SITE) if one.kind == "file"]
        plan = StagingPlan(
            staging_id=staging_id,
            dataset=DATASET,
            data_class="internal",
            bucket="b",
            way="globus",
            why=("large",),
            totals=Totals(files=len(entries), bytes=sum(one.size for one in entries)),
            there=Totals(),
            left_out=(),
            estimate=Estimate(seconds_p50=60.0, seconds_p90=120.0, usd={"requests": 1.0, "egress": 2.0}),
            blocked=(),
            created=START,
        )
        files = [FileRow("in", one.path, one.size, one.mtime_ns) for one in entries]
        staging = Staging(plan=replace(plan, **fields), site_path=SITE)
        self.journal.record(Change(staging_id=staging_id, staging=staging, files=files))

    @property
    def staging(self) -> Staging:
        found: Staging = self.journal.stagings()[0]
        return found

    @property
    def state(self) -> StagingState:
        return self.staging.state

    def rows(self, **which: Any) -> dict[str, FileRow]:
        return {row.path: row for row in self.journal.files("s1", Which(**which))}

    def turn(self, uses: Sequence[Use] | None = None, knife: Knife | None = None) -> tuple[Any, ...]:
        self.now += 60.0
        self.objects.now = self.now
        return turn(self.world(knife), self.now, uses)

    def turns(self, count: int = 12, uses: Sequence[Use] | None = None) -> StagingState:
        """So many, with the mover at work between them."""
        for _ in range(count):
            self.turn(uses)
            self.mover.tick()
        return self.state


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def new_rig() -> type[Rig]:
    return Rig


@pytest.fixture
def new_knife() -> type[Knife]:
    return Knife


@pytest.fixture
def killed() -> type[Killed]:
    return Killed
