"""A second cloud over the sandbox's OpenStack: what no fake can show."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from burst import deadline, tags
from burst.clients import Clients
from burst.ledger import observe_fleet
from burst.libcloud.connection import connect
from burst.libcloud.openstack_driver import IMAGES, SERVERS, Services, every_page
from burst.libcloud.openstack_names import KEPT_S, Names, clear_names
from burst.libcloud.values import Wanted
from burst.provider import Provider
from burst.reaping import reap
from ris_hybrid.clocks import FixedClock
from ris_hybrid.clouds_wiring import cloud_ports
from ris_hybrid.errors import ConfigError, NoCapacity, Refused, TryAgain
from ris_hybrid.model import EndReason, MachineState, PoolMarks
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.leaks import Search, Word
from ris_hybrid.sandbox.openstack import accounts
from tests.burst.libcloud.second import NAME, Second

if TYPE_CHECKING:
    from pathlib import Path

    from burst.libcloud.ports import Connection

FULL = {"nova-1": dict.fromkeys(("m1.large", "m1.xlarge"), 0), "nova-2": dict.fromkeys(("m1.large", "m1.xlarge"), 0)}


def research(server: Any, **fields: Any) -> SecondCloud:
    return SecondCloud(
        **{"name": NAME, "driver": "openstack", "project": "ris-sandbox", "auth_url": server.url, **fields}
    )


def connection(server: Any, **fields: Any) -> Connection:
    return connect(research(server, **fields), server.env(), lambda _: None)


@pytest.fixture
def second(sandbox_openstack: Any, make: Any) -> Second:
    """Its clock is the sandbox's: waiting moves it."""
    found = Second(make)
    found.use(connection(sandbox_openstack))
    advance = found.wait

    def wait(seconds: float) -> None:
        advance(seconds)
        sandbox_openstack.set_clock(found.now)

    found.wait = wait  # type: ignore[method-assign]  # the fake's clock alone is not enough here
    found.use(connection(sandbox_openstack))
    return found


def test_a_lack_of_room_that_is_told_late_turns_to_the_next_zone(
    second: Second, sandbox_openstack: Any, make: Any
) -> None:
    sandbox_openstack.timing(placing_s=2)
    sandbox_openstack.capacity({"nova-1": {"m1.large": 1, "m1.xlarge": 0}})
    launched = second.cloud.launch(make.launch(3))
    assert (len(launched.machine_ids), launched.shortfall) == (3, ())
    assert sorted((m.instance_type, m.zone) for m in second.cloud.machines()) == [
        ("m1.large", "nova-1"),
        ("m1.large", "nova-2"),
        ("m1.large", "nova-2"),
    ]
    assert len(sandbox_openstack.servers()) == 3


def test_what_is_told_later_than_a_launch_waits_holds_the_pool_and_is_reaped_as_broken(
    second: Second, sandbox_openstack: Any, room: Any, make: Any
) -> None:
    sandbox_openstack.timing(placing_s=60)
    sandbox_openstack.capacity(FULL)
    launched = second.cloud.launch(make.launch(2))
    assert (len(launched.machine_ids), launched.shortfall) == (2, ())
    second.wait(60)
    provider = Provider(
        settings=second.settings,
        cloud=second.cloud,
        ledger=second.ledger,
        spend=room.spend,
        audit=room.audit,
        journal=room.journal,
        now=second.now,
    )
    seen = second.cloud.machines()
    assert {(m.state, m.shortfall, m.impaired) for m in seen} == {(MachineState.STOPPED, "NoValidHost", True)}
    marks = observe_fleet(provider).marks_of("cpu")
    assert (marks.held_for, marks.held_until) == ("NoValidHost", make.now + 600)
    reaped = reap(provider, [make.host("onprem-1")])
    assert {verdict.reason for verdict in reaped.verdicts} == {EndReason.BROKEN}
    assert sandbox_openstack.servers() == []
    after = second.ledger.pools()["cpu"]
    assert (after.held_until, after.join_failures) == (marks.held_until, 0)  # the pool is not to blame
    assert not any(machine.alive for machine in second.cloud.machines())
    second.ledger.mark_pool("cpu", replace(after, held_until=0.0, held_for=""), after)  # burst clear
    assert second.ledger.pools()["cpu"].held_until == 0


def test_a_clear_of_a_hold_and_other_marks_leave_each_other_alone(second: Second) -> None:
    held = PoolMarks(held_until=1_800_000_600.0, held_for="NoValidHost")
    second.ledger.mark_pool("cpu", held, PoolMarks())
    second.ledger.mark_pool("cpu", replace(held, boot_s=90.0), held)
    second.ledger.mark_pool("cpu", PoolMarks(boot_s=90.0), replace(held, boot_s=90.0))
    assert second.ledger.pools() == {"cpu": PoolMarks(boot_s=90.0), "whole": PoolMarks()}


def test_one_that_is_not_listed_and_not_gone_is_unknown_not_ended(
    second: Second, sandbox_openstack: Any, make: Any
) -> None:
    (machine_id,) = second.cloud.launch(make.launch()).machine_ids
    second.cloud.machines()
    hidden = second.sight.connection
    second.sight = replace(second.sight, connection=replace(hidden, nodes=_Hiding(hidden.nodes)))
    assert second.sight.look()[machine_id].node.state == MachineState.RUNNING
    sandbox_openstack.faults([{"match": r"GET /servers/\{id\}", "do": {"error": {"status": 503}}}])
    assert second.sight.look()[machine_id].node.state == MachineState.RUNNING
    sandbox_openstack.faults([])
    sandbox_openstack.remove(machine_id)
    assert second.sight.look()[machine_id].node.state == MachineState.TERMINATED


class _Hiding:
    """A list that leaves machines out."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def listed(self) -> Any:
        return self._real.listed()[:0]


def test_many_machines_come_and_go_over_several_pages(second: Second, sandbox_openstack: Any, make: Any) -> None:
    machine_ids = second.cloud.launch(make.launch(11)).machine_ids
    assert len(second.cloud.machines()) == 11
    assert second.cloud.end(machine_ids, "ret-1") == machine_ids
    assert {(m.state, m.return_id) for m in second.cloud.machines()} == {(MachineState.TERMINATED, "ret-1")}
    assert sandbox_openstack.servers() == []


def test_other_machines_of_the_project_are_neither_seen_nor_ended(second: Second) -> None:
    stranger = Wanted(
        name="s", size="m1.large", image="lsf-node", networks=(), security_groups=(), zone="", tags={}, user_data=""
    )
    other = second.sight.connection.nodes.create(stranger).node_id
    assert second.cloud.machines() == ()
    assert second.cloud.end([other], "ret-1") == ()
    assert [node.node_id for node in second.sight.connection.nodes.listed()] == [other]


def test_nothing_is_sent_once_the_time_of_the_call_is_over(second: Second, sandbox_openstack: Any) -> None:
    second.cloud.machines()
    before = sandbox_openstack.calls()
    with deadline.within(-1.0), pytest.raises(TryAgain):
        second.cloud.machines()
    assert sandbox_openstack.calls() == before


def test_a_create_is_never_sent_twice_and_a_read_three_times_at_most(
    second: Second, sandbox_openstack: Any, make: Any
) -> None:
    sandbox_openstack.faults([{"match": "POST /servers", "do": {"error": {"status": 503}}}])
    with pytest.raises(TryAgain):
        second.cloud.launch(make.launch(3))
    assert sandbox_openstack.calls()["POST /servers"] == 1
    before = sandbox_openstack.calls()["GET /servers/detail"]
    sandbox_openstack.faults([{"match": "GET /servers/detail", "do": {"error": {"status": 503}}}])
    with pytest.raises(TryAgain):
        second.cloud.machines()
    assert sandbox_openstack.calls()["GET /servers/detail"] == before + 3


def test_one_login_serves_all_services_and_is_renewed_when_it_is_over(
    second: Second, sandbox_openstack: Any, make: Any
) -> None:
    second.cloud.launch(make.launch())
    second.ledger.pools()
    assert sandbox_openstack.calls()["POST /v3/auth/tokens"] == 1
    sandbox_openstack.expire_tokens()
    second.cloud.launch(make.launch(token="t-2"))
    assert sandbox_openstack.calls()["POST /v3/auth/tokens"] == 2
    assert len(sandbox_openstack.servers()) == 2


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"region": "Elsewhere"}, "regions that have one: RegionOne"),
        ({"project": "another"}, "does not take the credentials"),
        ({"domain": "another"}, "does not take the credentials"),
    ],
)
def test_what_the_cloud_does_not_know_is_said(sandbox_openstack: Any, fields: dict[str, str], told: str) -> None:
    with pytest.raises(Refused) as caught:
        connection(sandbox_openstack, **fields).nodes.listed()
    assert told in caught.value.message
    assert accounts.PASSWORD not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("fields", [{"image": "none"}, {"networks": ("none",)}, {"instance_types": (f"{NAME}/none",)}])
def test_a_name_that_the_project_has_not_is_refused_before_anything_is_made(
    sandbox_openstack: Any, make: Any, fields: dict[str, Any]
) -> None:
    second = Second(make, **fields)
    second.use(connection(sandbox_openstack))
    with pytest.raises(Refused, match="there is none of that name"):
        second.cloud.launch(make.launch())
    assert sandbox_openstack.servers() == []


class _Lists:
    """Calls whose lists are given."""

    cloud = NAME

    def __init__(self) -> None:
        self.asked = 0
        self.rows = [{"id": "a", "name": "lsf-node"}, {"id": "b", "name": "lsf-node"}, {"id": "c", "name": "other"}]

    def again(self, _: Any) -> Any:
        self.asked += 1
        return self.rows


def test_a_name_given_twice_is_refused_with_both_ids_and_an_id_is_clear() -> None:
    lists: Any = _Lists()
    names = Names(lists, lambda: 0.0)
    with pytest.raises(Refused, match="given 2 times: a, b"):
        names.image("lsf-node")
    assert (names.image("b"), names.image("other")) == ("b", "c")
    assert clear_names(lists.rows) == {"other", "a", "b", "c"}


def test_names_are_looked_up_once_in_a_while() -> None:
    lists: Any = _Lists()
    now = [0.0]
    names = Names(lists, lambda: now[0])
    for at in (0.0, KEPT_S, KEPT_S + 1):
        now[0] = at
        names.image("other")
    assert lists.asked == 2
    assert names.forget()
    assert not names.forget()
    assert names.flavors("a")["a"] == "lsf-node"
    assert names.flavors("gone")["gone"] == "gone"


def test_the_wiring_makes_one_port_of_it_with_ids_that_tell_the_cloud(
    sandbox_openstack: Any, make: Any, tmp_path: Any
) -> None:
    second = Second(make)
    settings = replace(second.settings, clouds=(research(sandbox_openstack),))
    ports = cloud_ports(settings, tmp_path, None, Clients(), FixedClock(make.now))
    (machine_id,) = ports.cloud.launch(make.launch()).machine_ids
    assert machine_id.startswith(f"{NAME}/")
    ports.ledger.mark([machine_id], {tags.JOINED: "1800000100"})
    ports.ledger.mark_pool("cpu", PoolMarks(boot_s=90.0), PoolMarks())
    assert ports.checks.impaired() == frozenset()
    assert ports.cloud.end([machine_id], "ret-1") == (machine_id,)
    again = cloud_ports(settings, tmp_path, None, Clients(), FixedClock(make.now))
    (machine,) = again.cloud.machines()
    assert (machine.state, machine.return_id, machine.joined) == (MachineState.TERMINATED, "ret-1", 1_800_000_100.0)
    assert again.ledger.pools()["cpu"] == PoolMarks(boot_s=90.0)
    (roll,) = tmp_path.glob("*-roll.json")
    assert accounts.PASSWORD not in roll.read_text(encoding="utf-8")


def test_the_cloud_speaks_to_an_https_address_with_its_own_certificates(sandbox_openstack: Any, tmp_path: Any) -> None:
    cloud = research(sandbox_openstack, auth_url="https://127.0.0.1:1", ca_file=str(tmp_path / "some.pem"))
    with pytest.raises(Refused, match=r"some\.pem: cannot be read"):
        connect(cloud, sandbox_openstack.env(), lambda _: None).nodes.listed()
    (tmp_path / "some.pem").touch()
    with pytest.raises(TryAgain):
        connect(cloud, sandbox_openstack.env(), lambda _: None).nodes.listed()


def test_an_error_says_of_which_call_it_is(sandbox_openstack: Any) -> None:
    connection = connect(research(sandbox_openstack), sandbox_openstack.env(), lambda _: None)
    no = {"error": {"status": 403, "message": "not yours"}}
    for call, ask in (
        ("GET /servers/detail", connection.nodes.listed),
        ("GET /os-availability-zone", connection.catalogue.offered),
    ):
        sandbox_openstack.faults([{"match": call, "times": 9, "do": no}])
        with pytest.raises(Refused, match=rf"^cloud research: {call}: 403 .*not yours"):
            ask()


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch, sandbox_openstack: Any) -> None:
    for name in [one for one in sys.modules if one.startswith(("libcloud", "burst.libcloud.openstack"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "libcloud", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        connect(research(sandbox_openstack))
    assert "ris-hybrid[libcloud]" in caught.value.hint


def test_no_room_anywhere_is_an_error_that_names_where(second: Second, sandbox_openstack: Any, make: Any) -> None:
    sandbox_openstack.capacity(FULL)
    with pytest.raises(NoCapacity, match=r"\[m1.large in nova-1\]"):
        second.cloud.launch(make.launch(2))
    assert sandbox_openstack.servers() == []
    assert sandbox_openstack.calls()["POST /servers"] == 8


def test_keystones_words_are_not_repeated(sandbox_openstack: Any) -> None:
    said = f"cannot parse password {accounts.PASSWORD}"
    sandbox_openstack.faults([{"match": "POST /v3/auth/tokens", "do": {"error": {"status": 400, "message": said}}}])
    with pytest.raises(Refused, match="Keystone answered with status 400") as caught:
        connection(sandbox_openstack).nodes.listed()
    assert accounts.PASSWORD not in repr(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None


def test_a_mark_is_taken_away_from_none_that_is_gone(second: Second, sandbox_openstack: Any, make: Any) -> None:
    (machine_id,) = second.cloud.launch(make.launch()).machine_ids
    metadata, shelf = second.sight.connection.metadata, second.sight.connection.shelf
    sandbox_openstack.remove(machine_id)
    assert not metadata.write(machine_id, {tags.JOINED: ""})
    shelf.write("c1_aws_cpu", {})
    assert shelf.read() == {}
    shelf.write("c1_aws_cpu", {tags.BOOT: "90"})
    before = sandbox_openstack.calls()
    shelf.write("c1_aws_cpu", {tags.BOOT: "90"})
    assert sandbox_openstack.calls().get("PUT /v2.0/security-groups/{id}") == before.get(
        "PUT /v2.0/security-groups/{id}"
    )


def test_a_page_is_bounded_by_us_not_by_what_the_service_likes() -> None:
    """Nova works seconds on a page of its own size, Glance gives 25 images for a call."""
    asked: dict[str, Any] = {}

    class Service:
        def request(self, path: str, params: Any) -> Any:
            asked[path] = params
            return SimpleNamespace(object={"servers": [], "images": []})

    project: Any = SimpleNamespace(_compute=Service(), _image=Service())
    assert Services.servers(project) == Services.images(project) == []
    assert asked == {"/servers/detail": {"limit": str(SERVERS)}, "/v2/images": {"limit": str(IMAGES)}}


def test_pages_that_have_no_end_are_no_answer() -> None:
    class Turning:
        def request(self, path: str, params: Any) -> Any:
            return SimpleNamespace(
                object={"servers": [], "servers_links": [{"rel": "next", "href": f"{path}?marker={len(params)}"}]}
            )

    with pytest.raises(TryAgain, match="pages"):
        every_page(Turning(), "/servers/detail", "servers")


def test_secrets_are_in_no_log_tag_or_local_file(
    sandbox_openstack: Any, make: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = replace(Second(make).settings, clouds=(research(sandbox_openstack),))
    ports = cloud_ports(settings, tmp_path, None, Clients(), FixedClock(make.now))
    ports.cloud.launch(make.launch(2))
    sandbox_openstack.faults([{"match": "GET /servers/detail", "do": {"error": {"status": 500}}}])
    with pytest.raises(TryAgain) as caught:
        ports.cloud.machines()
    search = Search([Word(text=accounts.PASSWORD, what="password")])
    wrote = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    told = {"logs": caplog.text.encode(), "error": repr(caught.value).encode(), "repr": repr(ports).encode()}
    tagged = {"tags": json.dumps(sandbox_openstack.servers()).encode()}
    assert caplog.text
    assert [leak for where, text in {**wrote, **told, **tagged}.items() for leak in search.text(where, text)] == []
