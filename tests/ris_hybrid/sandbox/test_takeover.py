"""Which pool was empty and which took over, from the audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.model import Event
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.history import History
from ris_hybrid.sandbox.takeover import Follower, Launch, Standing, TakeOver, cloud_words, launch_of, told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ris_hybrid.settings import BurstSettings

EMPTY = "campus (OpenStack research): NoValidHost; it is left alone for 10 min"
OVER = "cpu (EC2) gives 3 nodes to lee, because campus (OpenStack research) is empty: NoValidHost"


@pytest.fixture
def settings(make: Any) -> BurstSettings:
    campus = make.pool("campus", provider="libcloud", cloud="research", labs=("lee", "wu"))
    cloud = SecondCloud(name="research", driver="openstack", project="p")
    found: BurstSettings = make.settings(pools=(make.pool("cpu"), campus), clouds=(cloud,))
    return found


def marked(at: float, pool: str = "campus", until: float = 0.0, code: str = "NoValidHost") -> Event:
    return Event(at=at, kind="pool marked", fields={"pool": pool, "held_until": until, "held_for": code})


def launched(at: float, *ids: str) -> Event:
    return Event(at=at, kind="launched", fields={"request": "add-1", "machines": list(ids)})


def read(settings: BurstSettings, *events: Event, lab: str = "lee", pool: str = "cpu") -> tuple[list[str], Standing]:
    standing = Standing()
    lines, made = [], Launch(pool=pool, lab=lab, nodes=3)
    for event in events:
        lines += [happening.text for happening in told(event, lambda _: made, settings, standing)]
    return lines, standing


def test_who_launches_while_another_is_empty_takes_over(settings: BurstSettings) -> None:
    lines, standing = read(settings, marked(0, until=600), launched(120, "i-1", "i-2", "i-3"))
    assert lines == [EMPTY, OVER]
    assert standing.found == [TakeOver(at=120, pool="cpu", nodes=3, lab="lee", empty="campus", code="NoValidHost")]
    assert standing.found[0].as_json()["code"] == "NoValidHost"


@pytest.mark.parametrize(
    "between",
    [
        (),  # the hold was over at 600
        (marked(300, until=0.0, code=""),),  # it gave all that it was asked for
    ],
)
def test_a_pool_that_may_be_asked_again_is_not_empty(settings: BurstSettings, between: tuple[Event, ...]) -> None:
    lines, standing = read(settings, marked(0, until=600), *between, launched(601 if not between else 301, "i-1"))
    assert (lines, standing.found) == ([EMPTY], [])


def test_the_same_hold_made_longer_is_said_once(settings: BurstSettings) -> None:
    again = (marked(0, until=600), marked(60, until=660), marked(90, until=690, code="QuotaExceeded"))
    lines, _ = read(settings, *again)
    assert lines == [EMPTY, EMPTY.replace("NoValidHost", "QuotaExceeded")]


@pytest.mark.parametrize(("lab", "pool"), [("ng", "cpu"), ("lee", "campus"), ("lee", "unknown")])
def test_a_pool_that_was_not_in_question_is_not_taken_over_from(settings: BurstSettings, lab: str, pool: str) -> None:
    lines, standing = read(settings, marked(0, until=600), launched(60, "i-1"), lab=lab, pool=pool)
    assert (lines, standing.found) == ([EMPTY], [])


def test_what_says_nothing_about_holds_or_machines_is_passed_over(settings: BurstSettings) -> None:
    joined = Event(at=0, kind="pool marked", fields={"pool": "cpu", "boot_s": 240.0})
    other = Event(at=0, kind="decision", fields={"pool": "cpu"})
    assert read(settings, joined, other, launched(0), marked(0, pool="gone", until=600))[0] == []


def test_a_cloud_is_called_by_its_kind(settings: BurstSettings) -> None:
    assert [cloud_words(name, settings) for name in ("", "research", "gone")] == ["EC2", "OpenStack research", "gone"]


def test_machines_tell_their_pool_and_lab() -> None:
    tags = {"ris_pool": "cpu", "ris_lab": "lee"}
    rows = [{"id": "i-1", "tags": tags}, {"id": "i-2", "tags": tags}, {"id": "i-3", "tags": {"ris_pool": "x"}}]
    assert launch_of(rows, ["i-1", "i-2"]) == Launch(pool="cpu", lab="lee", nodes=2)
    assert launch_of(rows, ["i-9"]) is None


def test_the_log_is_followed_as_it_grows(settings: BurstSettings, tmp_path: Path) -> None:
    log, asked = tmp_path / "audit.jsonl", []

    def of(ids: Iterable[str]) -> Launch | None:
        asked.append(tuple(ids))
        return Launch(pool="cpu", lab="lee", nodes=3) if asked[-1] == ("i-1",) else None

    def write(*events: Event) -> None:
        with log.open("a") as file:
            file.writelines(json.dumps({"at": e.at, "kind": e.kind, **e.fields}) + "\n" for e in events)

    history = History(started=0.0)
    follower = Follower(log, of, settings, history)
    follower.look()  # there is no log yet
    write(marked(0, until=600))
    for _ in range(2):
        follower.look()
    write(launched(60, "i-1"), launched(61, "i-of-nobody"))
    for _ in range(2):
        follower.look()
    assert [(one.kind, one.text) for one in history.happenings] == [("empty", EMPTY), ("took over", OVER)]
    assert asked == [("i-1",), ("i-of-nobody",)]
    assert [one.at for one in follower.found] == [60]
