"""Laws of the sandbox's OpenStack: where servers go, and how lists are cut into pages."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.sandbox.openstack.accounts import FLAVORS, ZONES, Flavor
from ris_hybrid.sandbox.openstack.lifecycle import gone, standing, zone_for
from ris_hybrid.sandbox.openstack.paging import page_of
from ris_hybrid.sandbox.openstack.state import Server, Timing

LIMITS = st.dictionaries(
    st.sampled_from(ZONES), st.dictionaries(st.sampled_from([one.name for one in FLAVORS]), st.integers(0, 3))
)
SECONDS = st.integers(0, 100)
ASKED = st.lists(st.tuples(st.sampled_from(FLAVORS), st.sampled_from(("", *ZONES))), max_size=12)
PLAIN = Server(
    server_id="s",
    number=0,
    name="n",
    flavor=FLAVORS[0],
    image_id="i",
    networks=(),
    asked_zone="",
    zone="nova-1",
    metadata={},
    user_data="",
    groups=(),
    created=100.0,
    updated=100.0,
)


@given(limits=LIMITS, asked=ASKED)
def test_no_zone_holds_more_than_it_can_and_none_is_refused_where_there_is_room(
    limits: dict[str, dict[str, int]], asked: list[tuple[Flavor, str]]
) -> None:
    alive: list[Server] = []
    for flavor, wanted in asked:
        zone = zone_for(flavor.name, wanted, alive, limits)
        left = {
            name: limits.get(name, {}).get(flavor.name, 99)
            - sum((one.zone, one.flavor) == (name, flavor) for one in alive)
            for name in ([wanted] if wanted else ZONES)
        }
        assert (zone == "") == all(room == 0 for room in left.values())
        if zone:
            assert left[zone] > 0
        alive.append(replace(PLAIN, flavor=flavor, zone=zone))


@given(count=st.integers(0, 12), most=st.integers(1, 14), limit=st.none() | st.integers(1, 20))
def test_the_pages_of_a_list_are_the_list(count: int, most: int, limit: int | None) -> None:
    items = [(f"id-{number}", number) for number in range(count)]
    query = {} if limit is None else {"limit": str(limit)}
    page, following = page_of(items, query, most)
    seen = list(page)
    while following:
        assert len(page) == min(most, limit or most)
        page, following = page_of(items, dict(parse_qsl(following)), most)
        seen += page
    assert seen == list(range(count))


@given(placing=SECONDS, building=SECONDS, deleting=SECONDS, zone=st.sampled_from(("", "nova-1")))
def test_a_server_only_ever_goes_forward(placing: int, building: int, deleting: int, zone: str) -> None:
    timing = Timing(placing_s=placing, building_s=building, deleting_s=deleting)
    one = replace(PLAIN, zone=zone)
    seen = [standing(one, 100.0 + second, timing) for second in range(0, 220, 10)]
    ranks = [("scheduling", "spawning", None).index(at.task) for at in seen]
    assert ranks == sorted(ranks)
    assert seen[-1].status == ("ACTIVE" if zone else "ERROR")
    assert all(bool(at.fault) == (at.status == "ERROR") for at in seen)
    one.deleted = 300.0
    assert gone(one, 300.0, timing) == (not zone or deleting == 0)
    assert gone(one, 300.0 + deleting, timing)
