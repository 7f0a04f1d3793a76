"""How a driver is called: in turn, in bounded time, and never twice where that would do harm."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from burst import deadline
from burst.libcloud.bounded import CONNECT_S, READ_S, http_class
from burst.libcloud.calls import Calls
from burst.libcloud.connection import connect
from burst.libcloud.errors import UNAUTHORIZED
from burst.libcloud.openstack import Servers
from burst.libcloud.together import AT_ONCE, together
from burst.libcloud.values import Wanted
from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.pool_settings import SecondCloud

if TYPE_CHECKING:
    from pathlib import Path

WANTED = Wanted(
    name="ris-cpu-0",
    size="m1.large",
    image="lsf-node",
    networks=(),
    security_groups=(),
    zone="",
    tags={},
    user_data="",
)


def nodes_of(server: Any) -> Any:
    cloud = SecondCloud(name="research", driver="openstack", project="ris-sandbox", auth_url=server.url)
    return connect(cloud, server.env(), lambda _: None).nodes


class Driver:
    """Fails as it is told, and knows how often it was asked, and by how many at once."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked = 0
        self.inside = self.most_inside = 0

    def ask(self) -> str:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.asked += 1
        try:
            if self.errors:
                raise self.errors.pop(0)
            return "told"
        finally:
            self.inside -= 1


def test_what_may_be_repeated_is_tried_three_times_with_pauses() -> None:
    driver, pauses = Driver(*[TryAgain("x")] * 2), list[float]()
    assert Calls("research", lambda: driver, pauses.append).again(Driver.ask) == "told"
    assert (driver.asked, len(pauses), sum(pauses) < 2.0) == (3, 2, True)
    driver = Driver(*[TryAgain("x")] * 9)
    with pytest.raises(TryAgain):
        Calls("research", lambda: driver, pauses.append).again(Driver.ask)
    assert driver.asked == 3


def test_what_must_not_be_is_tried_once_and_a_refusal_is_never_repeated() -> None:
    driver = Driver(TryAgain("x"), Refused("no"))
    calls = Calls("research", lambda: driver, lambda _: None)
    with pytest.raises(TryAgain):
        calls.once(Driver.ask)
    with pytest.raises(Refused):
        calls.again(Driver.ask)
    assert driver.asked == 2


def test_a_driver_whose_token_is_over_is_made_anew_once() -> None:
    over = Refused("expired", code=UNAUTHORIZED)
    drivers = [Driver(), Driver()]
    drivers[0].errors = []
    made = iter(drivers)
    calls = Calls("research", lambda: next(made), lambda _: None)
    assert calls.once(Driver.ask) == "told"
    drivers[0].errors = [over]
    assert calls.once(Driver.ask) == "told"
    assert [driver.asked for driver in drivers] == [2, 1]


def test_threads_take_turns() -> None:
    driver = Driver()
    calls = Calls("research", lambda: driver, lambda _: None)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: calls.again(Driver.ask), range(64)))
    assert (driver.asked, driver.most_inside) == (64, 1)


def test_a_turn_that_does_not_come_in_time_is_told() -> None:
    calls = Calls("research", Driver, lambda _: None)
    inside, leave = threading.Event(), threading.Event()

    def stay(_: Driver) -> None:
        inside.set()
        leave.wait(30)

    thread = threading.Thread(target=calls.once, args=(stay,))
    thread.start()
    inside.wait(30)
    with deadline.within(0.0), pytest.raises(TryAgain, match="busy with other calls"):
        calls.again(Driver.ask)
    leave.set()
    thread.join()


def test_many_calls_go_out_together_in_order_and_within_the_callers_time() -> None:
    seen: ContextVar[str] = ContextVar("seen", default="")
    seen.set("the caller's")
    assert together(lambda item: (item, seen.get()), range(40)) == [(item, "the caller's") for item in range(40)]
    done: list[int] = []

    def do(item: int) -> None:
        done.append(item)
        if item in {3, 7}:
            raise TryAgain(str(item))

    with pytest.raises(TryAgain, match="3"):
        together(do, range(AT_ONCE * 2))
    assert len(done) == AT_ONCE * 2


def test_every_request_waits_in_bounded_time_and_follows_nobody(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    connection = http_class(str(tmp_path / "ca.pem"))("127.0.0.1", 5000, secure=True)
    session: Any = connection.session
    assert connection.ca_cert == str(tmp_path / "ca.pem")
    assert session.max_redirects == 0
    assert session.auth is not None  # so nothing of .netrc is sent
    assert CONNECT_S + READ_S <= 6.0


def test_libclouds_own_repetition_sends_no_create_twice(
    sandbox_openstack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBCLOUD_RETRY_FAILED_HTTP_REQUESTS", "1")
    sandbox_openstack.faults([{"match": "POST /servers", "do": {"error": {"status": 429}}}])
    with pytest.raises(TryAgain):
        nodes_of(sandbox_openstack).create(WANTED)
    assert sandbox_openstack.calls()["POST /servers"] == 1


def test_names_are_looked_up_again_where_their_ids_are_no_more(sandbox_openstack: Any) -> None:
    nodes = nodes_of(sandbox_openstack)
    nodes.create(WANTED)
    fault = {"match": "POST /servers", "at": 1, "do": {"error": {"status": 400, "message": "Invalid imageRef"}}}
    sandbox_openstack.faults([fault])
    before = sandbox_openstack.calls()
    nodes.create(WANTED)
    after = sandbox_openstack.calls()
    assert after["POST /servers"] - before["POST /servers"] == 2
    assert after["GET /v2/images"] > before["GET /v2/images"]
    assert len(sandbox_openstack.servers()) == 2


@pytest.mark.parametrize(
    "row",
    [
        {"id": "5c3f", "status": "UNKNOWN", "created": "2027-01-15T08:00:00Z", "links": []},
        {
            "id": "5c3f",
            "status": "ACTIVE",
            "name": "x",
            "metadata": {},
            "flavor": {"original_name": "m1"},
            "created": "?",
        },
    ],
    ids=["of a cell that is down", "not as Nova tells it"],
)
def test_a_server_that_is_not_told_in_full_is_unknown(row: dict[str, Any]) -> None:
    class Names:
        cloud = "research"

    class Rows:
        def servers(self) -> list[dict[str, Any]]:
            return [row]

    names: Any = Names()
    calls: Any = Calls("research", Rows, lambda _: None)
    ask: Any = Servers(_Rows(calls), names)
    with pytest.raises(TryAgain):
        ask.listed()


class _Rows:
    """Calls that hand on what the driver has, whatever is asked."""

    def __init__(self, calls: Any) -> None:
        self._calls = calls

    def again(self, _: Any) -> Any:
        return self._calls.again(lambda driver: driver.servers())
