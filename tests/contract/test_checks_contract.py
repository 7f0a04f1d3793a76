"""The promises of the Checks port, kept by EC2's status checks (the sandbox's) and by the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.checks import Ec2Checks
from burst.aws.fleet import Ec2Cloud
from burst.checks import FakeChecks
from burst.fake import FakeCloud
from ris_hybrid.errors import CloudError, TryAgain

if TYPE_CHECKING:
    from ris_hybrid.ports import Checks, Cloud


class Fake:
    def __init__(self, now: float) -> None:
        self.cloud: Cloud = FakeCloud(lambda: now)
        self.fake = FakeChecks()
        self.checks: Checks = self.fake

    def impair(self, checks: dict[str, str]) -> None:
        self.fake.failed = frozenset(checks)

    def break_next_call(self) -> None:
        self.fake.fail_next = TryAgain("broken")


class Sandbox:
    def __init__(self, aws: Any, client: Any, settings: Any) -> None:
        aws.timing(pending_s=0, shutting_down_s=0)
        self.aws = aws
        self.cloud: Cloud = Ec2Cloud(client, settings)
        self.checks: Checks = Ec2Checks(client)

    def impair(self, checks: dict[str, str]) -> None:
        self.aws.impair(checks)

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "ec2:", "times": 3, "do": {"error": {"code": "Unavailable", "status": 503}}}])


@pytest.fixture(params=["fake", "ec2"])
def world(request: pytest.FixtureRequest, make: Any) -> Any:
    if request.param == "fake":
        return Fake(make.now)
    values = [request.getfixturevalue(name) for name in ("sandbox_aws", "ec2", "ec2_settings")]
    return Sandbox(*values)


def test_machines_that_work_are_not_named(world: Any, make: Any) -> None:
    world.cloud.launch(make.launch(2))
    assert world.checks.impaired() == frozenset()


def test_a_machine_is_impaired_by_either_check_until_it_works_again(world: Any, make: Any) -> None:
    own, hosts, fine = world.cloud.launch(make.launch(3)).machine_ids
    world.impair({own: "instance", hosts: "system"})
    assert world.checks.impaired() == {own, hosts}
    world.impair({hosts: "system"})
    assert world.checks.impaired() == {hosts}
    assert fine not in world.checks.impaired()


def test_what_was_not_answered_raises(world: Any) -> None:
    world.break_next_call()
    with pytest.raises(CloudError):
        world.checks.impaired()
