"""Answers that are not as Google gives them: never an empty cloud, and never a traceback."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from burst.libcloud.connection import connect
from burst.libcloud.credentials import google_key
from burst.libcloud.gce import over
from burst.libcloud.gce_calls import Calls
from burst.libcloud.gce_instance import as_items, items, merged, node_id, place_of, seconds
from burst.libcloud.values import Wanted
from ris_hybrid.errors import CloudError, TryAgain
from ris_hybrid.pool_settings import SecondCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from burst.libcloud.ports import Connection
    from ris_hybrid.sandbox.gce.handle import SandboxGce

NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
TOKEN = {"access_token": "ya29.x", "expires_in": 3599}
PAGE = "<html>please sign in to this network</html>"
ID = "ris-1.us-central1-a"
CALLS: tuple[Callable[[Connection], object], ...] = (
    lambda google: google.nodes.listed(),
    lambda google: google.nodes.create(WANTED),
    lambda google: google.nodes.delete(ID),
    lambda google: google.metadata.find(ID),
    lambda google: google.metadata.write(ID, {"a": "b"}),
    lambda google: google.shelf.read(),
    lambda google: google.shelf.write("p", {"a": "b"}),
    lambda google: google.catalogue.offered(),
)
WANTED = Wanted(
    name="ris-1",
    size="n2-standard-4",
    image="i",
    networks=(),
    security_groups=(),
    zone="us-central1-a",
    tags={},
    user_data="",
)


@pytest.fixture(scope="module")
def cloud(gce_server: SandboxGce, tmp_path_factory: pytest.TempPathFactory) -> SecondCloud:
    key = gce_server.key_file(tmp_path_factory.mktemp("gce") / "key.json")
    return SecondCloud(
        name="research", driver="gce", project="p", endpoint_url="http://google.test", credentials=str(key)
    )


@pytest.fixture(scope="module")
def calls(cloud: SecondCloud) -> Calls:
    """One token for all."""
    made = Calls(cloud, lambda: google_key(cloud, {}), lambda _: None)
    with responses.RequestsMock() as mocked:
        mocked.post(f"{cloud.endpoint_url}/o/oauth2/token", json=TOKEN)
        mocked.get(f"{cloud.endpoint_url}/compute/v1/projects/p", json={})
        made.get("")
    return made


@pytest.fixture
def google(calls: Calls) -> Connection:
    return over(calls, "")


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


def answers(wire: responses.RequestsMock, **answer: Any) -> None:
    """This for everything."""
    for method in ("GET", "POST", "DELETE"):
        wire.add(method, re.compile(r"http://google\.test/compute/.*"), **answer)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        {"body": PAGE},
        {"json": ["a list"]},
        {"json": {"items": ["odd"], "name": 7, "commonInstanceMetadata": 7, "metadata": 7}},
        {"body": "", "status": 302, "headers": {"Location": "http://elsewhere.test/"}},
    ],
    ids=["page", "list", "odd", "redirect"],
)
def test_an_answer_that_cannot_be_read(
    call: Callable[[Connection], object], answer: dict[str, Any], google: Connection, wire: responses.RequestsMock
) -> None:
    answers(wire, **answer)
    if call is CALLS[2] and "json" in answer and isinstance(answer["json"], dict):
        assert call(google)  # of an end only the status counts
    else:
        with pytest.raises(TryAgain):
            call(google)


@pytest.mark.parametrize(
    "answer",
    [
        {"body": PAGE},
        {"json": {}},
        {"json": []},
        {"json": {"access_token": "x", "expires_in": "soon"}},
        {"status": 503},
    ],
)
def test_a_token_that_is_none(answer: dict[str, Any], cloud: SecondCloud, wire: responses.RequestsMock) -> None:
    wire.post("http://google.test/o/oauth2/token", **answer)
    with pytest.raises(TryAgain):
        connect(cloud, wait=lambda _: None).nodes.listed()


def test_a_list_that_does_not_end(google: Connection, wire: responses.RequestsMock) -> None:
    answers(wire, json={"items": {}, "nextPageToken": "again"})
    with pytest.raises(TryAgain, match="does not end"):
        google.nodes.listed()


def test_zones_that_were_left_out(google: Connection, wire: responses.RequestsMock) -> None:
    answers(wire, json={"items": {}, "unreachables": ["zones/us-central1-a"]})
    with pytest.raises(TryAgain) as caught:
        google.nodes.listed()
    assert caught.value.code == "UNREACHABLE"


def test_no_error_tells_the_token_or_the_key(google: Connection, wire: responses.RequestsMock) -> None:
    answers(wire, status=403, json={"error": {"code": 403, "message": "no", "status": "PERMISSION_DENIED"}})
    with pytest.raises(CloudError) as caught:
        google.nodes.listed()
    assert wire.calls[-1].request.headers["Authorization"] == "Bearer ya29.x"
    assert "ya29" not in f"{caught.value}{caught.value.hint}{caught.value.code}"


def test_times_as_google_writes_them() -> None:
    assert seconds("2027-01-15T00:00:00.500-08:00") == 1_800_000_000.5
    assert seconds("yesterday") == seconds("") == 0.0


@given(NAME, NAME)
def test_an_id_is_a_name_in_a_zone(name: str, zone: str) -> None:
    assert place_of(node_id(name, zone)) == (name, zone)


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_marks_are_merged(before: dict[str, str], marks: dict[str, str]) -> None:
    after = merged(before, marks)
    assert all(after.get(key, "") == value for key, value in marks.items())
    assert {key: value for key, value in after.items() if key not in marks} == {
        key: value for key, value in before.items() if key not in marks
    }  # somebody else's empty value stays
    assert items({"items": as_items(after)}) == after
    assert merged(after, marks) == after
