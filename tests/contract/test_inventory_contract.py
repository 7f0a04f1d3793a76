"""The promises of the Inventory port, kept by AWS (the sandbox's) and by the fake."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import Refused, TryAgain
from ris_hybrid.holdings.fake import FakeInventory
from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.holdings.values import Account, Bucket, Holdings, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.ports import Inventory

ACCOUNT, REGION = "123456789012", "us-east-1"
TAGS = {"ris_managed": "ris-hybrid", "ris_allocation": "lee"}


class Fake:
    def __init__(self) -> None:
        account = Account(account=ACCOUNT, region=REGION)
        self.inventory = FakeInventory(Holdings(account=ACCOUNT, region=REGION, accounts=(account,)))

    def make_bucket(self, name: str) -> None:
        made = Bucket(name=name, account=ACCOUNT, tags=TAGS, versioned=False)
        self.inventory.found = replace(self.inventory.found, buckets=(made,))

    def refuse_versioning(self) -> None:
        found = self.inventory.found
        unknown = tuple(replace(bucket, versioned=None) for bucket in found.buckets or ())
        words = Unread(what=f"bucket {unknown[0].name}: versioning", why="AccessDenied")
        self.inventory.found = replace(found, buckets=unknown, unread=(*found.unread, words))

    def refuse_buckets(self) -> None:
        found = self.inventory.found
        words = Unread(what="buckets", why="AccessDenied")
        self.inventory.found = replace(found, buckets=None, unread=(*found.unread, words))

    def break_down(self, error: type[Refused | TryAgain]) -> None:
        self.inventory.fail_next = error("broken")


class Sandbox:
    def __init__(self, aws: Any, s3: Any, inventory: AwsInventory) -> None:
        self.aws, self._s3, self.inventory = aws, s3, inventory

    def make_bucket(self, name: str) -> None:
        self._s3.create_bucket(Bucket=name)
        pairs = [{"Key": key, "Value": value} for key, value in TAGS.items()]
        self._s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})

    def refuse_versioning(self) -> None:
        self._refuse("s3:GetBucketVersioning")

    def refuse_buckets(self) -> None:
        self._refuse("s3:ListBuckets")

    def break_down(self, error: type[Refused | TryAgain]) -> None:
        self._refuse("", "AccessDenied" if error is Refused else "Unavailable")

    def _refuse(self, match: str, code: str = "AccessDenied") -> None:
        self.aws.faults([{"match": match, "do": {"error": {"code": code, "status": 400}}}])


@pytest.fixture(scope="module")
def kept() -> Iterator[list[AwsInventory]]:
    """The inventory, whose clients are made once: making them takes longer than their calls."""
    made: list[AwsInventory] = []
    yield made
    for inventory in made:
        inventory.close()


@pytest.fixture(params=["fake", "aws"])
def world(request: pytest.FixtureRequest, kept: list[AwsInventory]) -> Any:
    if request.param == "fake":
        return Fake()
    aws = request.getfixturevalue("sandbox_aws")
    if not kept:
        kept.append(AwsInventory(ACCOUNT, REGION, Scope(cluster="c1"), endpoint_url=aws.url))
    return Sandbox(aws, kept[0]._clients.get("s3"), kept[0])


@pytest.fixture
def inventory(world: Any) -> Inventory:
    port: Inventory = world.inventory
    return port


def kinds(found: Holdings) -> dict[str, Any]:
    return {
        one.name: getattr(found, one.name) for one in fields(found) if one.name not in {"account", "region", "unread"}
    }


def test_an_account_without_anything_of_ours_is_empty_not_unknown(inventory: Inventory) -> None:
    found = inventory.holdings()
    assert (found.account, found.region) == (ACCOUNT, REGION)
    [account] = found.accounts or ()
    assert (account.account, account.region) == (ACCOUNT, REGION)
    assert set(kinds(replace(found, accounts=())).values()) == {()}


def test_what_is_there_is_found_each_time(world: Any, inventory: Inventory) -> None:
    world.make_bucket("org-lee-1a2b3c")
    found = inventory.holdings()
    [bucket] = found.buckets or ()
    assert (bucket.name, bucket.account, bucket.tags, bucket.versioned) == ("org-lee-1a2b3c", ACCOUNT, TAGS, False)
    assert inventory.holdings() == found


def test_what_was_not_answered_is_none_and_named(world: Any, inventory: Inventory) -> None:
    world.make_bucket("org-lee-1a2b3c")
    world.refuse_versioning()
    found = inventory.holdings()
    assert [bucket.versioned for bucket in found.buckets or ()] == [None]
    assert "AccessDenied" in {one.what: one.why for one in found.unread}["bucket org-lee-1a2b3c: versioning"]
    world.refuse_buckets()
    found = inventory.holdings()
    assert found.buckets is None
    assert "buckets" in {one.what for one in found.unread}


@pytest.mark.parametrize("error", [Refused, TryAgain])
def test_no_answer_at_all_is_an_error(world: Any, inventory: Inventory, error: type[Refused | TryAgain]) -> None:
    world.break_down(error)
    with pytest.raises(error):
        inventory.holdings()
