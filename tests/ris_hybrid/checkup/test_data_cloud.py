"""What the data plane needs of AWS, by a table and on the sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.aws.standing import AwsStanding
from ris_hybrid.checkup import data_cloud
from ris_hybrid.errors import TryAgain
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, BudgetPlan, EnvironmentPlan, MirrorPlan, RegistryPlan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ris_hybrid.checkup.finding import Finding
    from ris_hybrid.holdings.clients import Clients

AGENT = "arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0"


class Region:
    """Answers from tables; ``down`` answers nothing."""

    def __init__(self, versions: dict[str, str], repositories: set[str], *, down: bool = False) -> None:
        self._versions, self._repositories, self._down = versions, repositories, down

    def buckets(self, names: Collection[str]) -> Mapping[str, str]:
        if self._down:
            raise TryAgain("AWS was not reached", "check the network")
        return {name: self._versions[name] for name in names if name in self._versions}

    def repositories(self) -> Collection[str]:
        return self._repositories

    def status(self, kind: str, ids: Sequence[str]) -> Mapping[str, str]:
        return {one: {"agent": "ONLINE", "file system": "AVAILABLE"}[kind] for one in ids if "gone" not in one}


def allocation(name: str, **fields: Any) -> AllocationPlan:
    bucket = BucketPlan(name=f"b-{name}", prefixes=(), key_alias="", transitions=(), object_lock=False, writable=True)
    plain = AllocationPlan(
        name=name,
        lab=name,
        owner="",
        platform="storage1",
        path=f"/storage1/fs1/{name}",
        group="",
        environment="prod",
        account="123456789012",
        network="",
        data_class="internal",
        stage="active",
        removed_on="",
        quota_bytes=None,
        projects=(),
        bucket=bucket,
        registry=RegistryPlan(namespace=f"prod/{name}", repositories=(f"prod/{name}/images",)),
        roles=(),
        budget=BudgetPlan(name="", usd_per_month=1.0, alerts_percent=()),
        pools=(),
        tags={},
    )
    return replace(plain, **fields)


def mirror(*names: str) -> MirrorPlan:
    environments = tuple(
        EnvironmentPlan(name=name, account="123456789012", region="us-east-1", partition="aws", data_classes=())
        for name in ("prod", "empty")
    )
    gone = allocation("moved", moved_to="empty")
    return MirrorPlan(
        organization="o", cluster="c", environments=environments, allocations=(gone, *map(allocation, names))
    )


def found(region: Region, *names: str) -> dict[str, Finding]:
    plan = mirror(*names)
    images = {f"prod/{name}/images" for name in names[:2]}
    return {one.name: one for one in data_cloud.look(plan, lambda _: region, images)}


def test_all_there_is_said_in_few_words() -> None:
    region = Region({"b-lee": "Enabled", "b-wu": "Enabled"}, {"prod/lee/images", "prod/wu/images"})
    told = found(region, "lee", "wu")
    assert {name: (one.ok, one.text) for name, one in told.items()} == {
        "buckets of prod": (True, "2, all keep versions"),
        "repositories of prod": (True, "2 for images of labs"),
    }


def test_what_lacks_is_named() -> None:
    names = [f"lab{number}" for number in range(7)]
    told = found(Region({"b-lab6": "Suspended"}, set()), *names)
    assert told["buckets of prod"].text == (
        "not there: b-lab0, b-lab1, b-lab2, b-lab3, b-lab4 and 1 more; without versions: b-lab6"
    )
    assert told["repositories of prod"].text == "not there: prod/lab0/images, prod/lab1/images"
    assert not any(one.ok for one in told.values())


def test_one_question_without_answer_keeps_no_other_from_being_asked() -> None:
    told = found(Region({}, {"prod/lee/images"}, down=True), "lee")
    assert told["buckets of prod"].text == "AWS was not reached"
    assert told["repositories of prod"].ok


@pytest.mark.parametrize("look", [data_cloud.agents, data_cloud.file_systems])
def test_agents_and_file_systems_are_told_by_awss_word(look: Any) -> None:
    there, gone = look(["one/there", "one/gone"], Region({}, set()))
    assert (there.ok, gone.ok) == (True, False)
    assert gone.text.startswith("not known to ")


def test_the_sandbox_is_read(data_clients: Clients) -> None:
    s3, fsx = data_clients.get("s3"), data_clients.get("fsx")
    for name in ("b-lee", "b-wu", "b-other"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="b-lee", VersioningConfiguration={"Status": "Enabled"})
    data_clients.get("ecr").create_repository(repositoryName="prod/lee/images")
    lustre = fsx.create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"]
    )
    file_system = lustre["FileSystem"]["FileSystemId"]
    region = AwsStanding(data_clients)
    assert region.buckets(["b-lee", "b-wu", "b-gone"]) == {"b-lee": "Enabled", "b-wu": ""}
    assert region.repositories() == {"prod/lee/images"}
    other = AGENT.replace("us-east-1", "us-west-2")
    assert region.status("agent", [AGENT, other]) == {AGENT: "ONLINE"}
    assert set(region.status("file system", [file_system, "fs-0123456789abcdef0"])) == {file_system}
