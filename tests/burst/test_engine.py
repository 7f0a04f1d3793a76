from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from burst.engine import allow, observe, plan, widest
from burst.ledger import month_of, month_start, observe_fleet
from ris_hybrid.errors import SiteUnavailable, TryAgain
from ris_hybrid.model import PoolMarks
from ris_hybrid.settings import Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A scheduler that says what it was given, or nothing."""

    told: tuple[Any, ...] = ()
    answers: bool = True

    def jobs(self) -> tuple[Any, ...]:
        if not self.answers:
            raise SiteUnavailable("LSF is down")
        return self.told

    def hosts(self) -> tuple[Any, ...]:
        return ()

    def queues(self) -> tuple[Any, ...]:
        return ()


@pytest.mark.parametrize(
    ("moment", "month", "start"),
    [
        ("2026-11-30T23:59:59.999+00:00", "2026-11", "2026-11-01T00:00:00+00:00"),
        ("2026-12-01T00:00:00+00:00", "2026-12", "2026-12-01T00:00:00+00:00"),
        ("2026-12-31T22:00:00-06:00", "2027-01", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_months_are_utc(moment: str, month: str, start: str) -> None:
    at = datetime.fromisoformat(moment).timestamp()
    assert month_of(at) == month
    assert datetime.fromtimestamp(month_start(at), UTC).isoformat() == start


def test_the_fleet_is_this_months(room: Any, make: Any) -> None:
    room.cloud.launch(make.launch(2))
    room.spend.add(month_of(room.now), "i-1", "lee", 3.0)
    room.spend.add("2020-01", "i-0", "lee", 99.0)
    room.ledger.mark_pool("cpu", PoolMarks(off="broken"), PoolMarks())
    fleet = observe_fleet(room.provider)
    assert (fleet.count(), fleet.spent, fleet.now) == (2, {"lee": 3.0}, room.now)
    assert fleet.month_start == month_start(room.now)
    assert (fleet.marks_of("cpu").off, fleet.marks_of("gpu").off) == ("broken", "")


def test_what_is_unknown_raises_and_is_never_empty(room: Any) -> None:
    with pytest.raises(SiteUnavailable, match="LSF is down"):
        observe(Site(answers=False), room.provider)
    room.cloud.fail_next = TryAgain("EC2 is down")
    with pytest.raises(TryAgain, match="EC2 is down"):
        observe(Site(), room.provider)


def test_plan_and_allow_decide_on_what_was_observed(room: Any, make: Any) -> None:
    class Open(Site):
        def queues(self) -> tuple[Any, ...]:
            return (make.queue(),)

        def hosts(self) -> tuple[Any, ...]:
            return (make.host(),)

    settings = make.settings()
    jobs = tuple(make.job(str(number), slots=4) for number in range(10))
    observed = observe(Open(told=jobs), room.provider)
    assert observed.hosts == (make.host(),)
    assert [(decision.lab, decision.nodes) for decision in plan(observed, settings)] == [("lee", 5)]
    assert allow(observed, settings, settings.pools[0], "lee", 2).nodes == 2


@pytest.mark.parametrize(
    ("caps", "slots"),
    [
        (Caps(nodes=100), 160),
        (Caps(nodes=5), 40),
        (Caps(nodes=100, per_lab=3), 24),
        (Caps(nodes=100, per_lab=3, labs={"lee": 7}), 56),
    ],
)
def test_the_widest_job_a_pool_could_hold(make: Any, caps: Caps, slots: int) -> None:
    assert widest(make.settings(pools=(make.pool(slots=8, max_nodes=20),), caps=caps)) == slots
