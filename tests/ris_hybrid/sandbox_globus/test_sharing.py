from __future__ import annotations

from dataclasses import replace
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from onprem.globus import permissions
from onprem.globus.app import person_app, token_file
from onprem.globus.listing import transfers
from ris_hybrid.errors import PolicyViolation, Refused
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, ProjectPlan, RegistryPlan
from ris_hybrid.sandbox.globus.people import PERSON
from ris_hybrid.sandbox.globus.service import CLIENT, PEOPLE_CLIENT, guest_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onprem.globus.sharing import SharingPlan

LISTING: dict[str, tuple[str, ...]] = {
    "storage-wucci": ("fitzp", "m.scope"),
    "storage-wucci-cryo-em-rw": ("k.cold", "svc-stranger"),
    "storage-wucci-cryo-em-ro": (),
}


def allocation(**fields: Any) -> AllocationPlan:
    project = ProjectPlan(
        name="Cryo-EM",
        slug="cryo-em",
        prefix="Active/Cryo-EM/",
        archive=False,
        rw_group="storage-wucci-cryo-em-rw",
        ro_group="storage-wucci-cryo-em-ro",
        rw=("k.cold",),
        ro=("m.scope",),
    )
    bucket = BucketPlan(
        name="ris-wucci", prefixes=("Active/",), key_alias="", transitions=(), object_lock=False, writable=True
    )
    plain = AllocationPlan(
        name="wucci",
        lab="wucci",
        owner="fitzp",
        platform="storage1",
        path="/storage1/fs1/wucci",
        group="storage-wucci",
        environment="prod",
        account="123456789012",
        network="n",
        data_class="internal",
        stage="active",
        removed_on="",
        quota_bytes=None,
        projects=(project,),
        bucket=bucket,
        registry=RegistryPlan(namespace="wucci", repositories=()),
        roles=(),
        budget=BudgetPlan(name="b", usd_per_month=1.0, alerts_percent=(50,)),
        pools=(),
        tags={},
    )
    return replace(plain, **fields)


class Shared:
    """The allocation's permissions, as a person would work on them."""

    def __init__(self, place: Any) -> None:
        self.place = place
        place.globus.auth.strangers.add("svc-stranger@wustl.edu")

    def plan(self, listing: Mapping[str, tuple[str, ...]] = LISTING, **fields: Any) -> SharingPlan:
        plan: SharingPlan = self.place.identity.sharing().plan(allocation(**fields), listing)
        return plan

    def apply(self, plan: SharingPlan) -> list[str]:
        said: list[str] = []
        self.place.identity.sharing().apply(plan, said.append)
        return said

    def rules(self) -> set[tuple[str, str]]:
        names = {one["id"]: one["name"] for one in self.place.globus.store.every("group")}
        found = self.place.globus.store.every("rule")
        return {(names.get(one["principal"], one["principal"]), f"{one['permissions']} {one['path']}") for one in found}

    def members(self, name: str) -> int:
        (group,) = (one for one in self.place.globus.store.every("group") if one["name"] == name)
        return sum(one["role"] == "member" for one in group["memberships"])


@pytest.fixture
def shared(place: Any) -> Shared:
    return Shared(place)


def test_groups_and_rules_become_the_plans_and_a_second_run_does_nothing(shared: Shared) -> None:
    plan = shared.plan()
    assert plan.changes == 3 + 3 + 3
    assert plan.groups[1].unknown == ("svc-stranger",)
    shared.apply(plan)
    assert shared.rules() == {
        ("storage-wucci", "rw /Active/"),
        ("storage-wucci-cryo-em-rw", "rw /Active/Cryo-EM/"),
        ("storage-wucci-cryo-em-ro", "r /Active/Cryo-EM/"),
    }
    assert shared.members("storage-wucci") == 2
    assert shared.members("storage-wucci-cryo-em-rw") == 1
    assert shared.plan().changes == 0
    assert shared.apply(shared.plan()) == []


def test_who_leaves_the_group_leaves_it_there_and_an_allocation_on_its_way_out_reads_only(shared: Shared) -> None:
    shared.apply(shared.plan())
    fewer = LISTING | {"storage-wucci": ("fitzp",)}
    shared.apply(shared.plan(fewer))
    assert shared.members("storage-wucci") == 1
    shared.apply(shared.plan(fewer, bucket=replace(allocation().bucket, writable=False), stage="read-only"))
    assert {permission.split()[0] for _, permission in shared.rules()} == {"r"}


def test_nothing_goes_when_the_listing_does_not_know_the_group(shared: Shared) -> None:
    shared.apply(shared.plan())
    plan = shared.plan({"storage-wucci-cryo-em-rw": LISTING["storage-wucci-cryo-em-rw"]})
    assert plan.changes == 0
    assert "no such group" in plan.groups[0].held
    assert plan.groups[0].unknown == ("storage-wucci",)


def test_a_project_that_is_gone_loses_its_rules_and_what_others_gave_stays(shared: Shared) -> None:
    shared.apply(shared.plan())
    client, guest = shared.place.identity.service.client, guest_id("wucci")
    theirs = {"DATA_TYPE": "access", "principal_type": "identity", "principal": "p-1", "permissions": "rw"}
    client.add_endpoint_acl_rule(guest, {**theirs, "path": "/Active/"})
    renamed = replace(allocation().projects[0], prefix="Active/New/")
    plan = shared.plan(projects=(renamed,))
    shared.apply(plan)
    assert ("p-1", "rw /Active/") in shared.rules()
    assert {permission for _, permission in shared.rules()} == {"rw /Active/", "rw /Active/New/", "r /Active/New/"}
    assert any(one.deed == "keep" and "somebody else" in one.reason for one in plan.rules)


def test_limits_stop_an_apply(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = replace(shared.plan(), findings=("1001 access rules; a collection has room for 1000",))
    with pytest.raises(PolicyViolation, match="1001"):
        shared.apply(plan)
    assert shared.rules() == set()
    assert permissions.MOST_RULES == 1000
    del monkeypatch


def test_phi_asks_for_a_high_assurance_collection_and_shows_no_name(shared: Shared) -> None:
    with pytest.raises(Refused) as caught:
        shared.plan(data_class="phi")
    assert caught.value.code == "NotHighAssurance"
    shared.place.again(high_assurance=True)
    shared.apply(shared.plan(data_class="phi"))
    groups = shared.place.globus.store.every("group")
    assert not any("wucci" in one["name"] for one in groups)
    assert all(one["policies"]["is_high_assurance"] for one in groups)


def test_who_this_is_and_what_it_transfers(place: Any) -> None:
    assert place.identity.directory.whoami()["preferred_username"] == f"{CLIENT}@clients.auth.globus.org"
    place.put("a")
    place.submit("a")
    place.submit("a", direction="out", move_id="m-2")
    found = transfers(place.identity.service, place.identity.settings, 10)
    assert [one.direction for one in found] == ["out", "in"]
    assert found[0].seen.state == "queued"
    tokens = place.identity.app.token_storage.token_storage
    known = len(place.globus.store.every("token"))
    place.identity.logout()
    assert tokens.get_token_data_by_resource_server() == {}
    assert len(place.globus.store.every("token")) < known
    place.identity.login()
    assert tokens.get_token_data_by_resource_server()


def test_a_person_logs_in_by_a_code_once_and_is_somebody_else(place: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(address: str) -> str:
        parts = urlsplit(address)
        connection = HTTPConnection(parts.netloc)
        connection.request("GET", f"{parts.path}?{parts.query}")
        with connection.getresponse() as page:
            asked.append(page.read().decode().split()[-1])
        connection.close()
        return f" {asked[-1]}\n"

    settings = replace(place.identity.settings, people_client_id=PEOPLE_CLIENT)
    store = token_file(tmp_path / "tokens.db")
    person = replace(place.identity, settings=settings, app=person_app(settings, store, ask))
    with pytest.raises(Refused) as caught:
        person.directory.whoami()
    assert "ris-hybrid globus login" in caught.value.hint
    assert asked == []
    person.login()
    assert person.directory.whoami()["preferred_username"] == PERSON
    assert transfers(person.service, settings, 10) == ()
    wrong = replace(person, app=person_app(settings, store, lambda _: asked[0]))
    with pytest.raises(Refused):
        wrong.login()
    person.logout()
    with pytest.raises(Refused):
        person.directory.whoami()
    store.close()
