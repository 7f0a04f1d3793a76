"""The promises of the BuiltPools port, kept by Systems Manager (the sandbox's) and by the fake."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.parameters import SsmPools
from burst.built import FakeBuiltPools
from ris_hybrid.errors import CloudError, TryAgain
from ris_hybrid.pool_outputs import PoolOutputs

if TYPE_CHECKING:
    from ris_hybrid.ports import BuiltPools
    from ris_hybrid.sandbox.aws.child import SandboxAws

BUILT = {
    f"cpu{number}": PoolOutputs(launch_template=f"lt-{number}", subnets=("subnet-1",), notices="https://q")
    for number in range(12)
}


class Fake:
    def __init__(self) -> None:
        self.fake = FakeBuiltPools({"prod": BUILT})
        self.built: BuiltPools = self.fake

    def break_next_call(self) -> None:
        self.fake.fail_next = TryAgain("broken")


class Sandbox:
    def __init__(self, aws: SandboxAws, settings: Any) -> None:
        self.aws = aws
        reader = SsmPools.of(settings)
        self.built: BuiltPools = reader
        for name, pool in BUILT.items():
            path = f"/ris-hybrid/{settings.cluster}-prod/pools/{name}"
            reader._client.put_parameter(Name=path, Value=json.dumps(asdict(pool)), Type="String")

    def break_next_call(self) -> None:
        self.aws.faults([{"match": "ssm:", "do": {"error": {"code": "InternalServerError", "status": 500}}}])


@pytest.fixture(params=["fake", "ssm"])
def world(request: pytest.FixtureRequest, make: Any) -> Any:
    if request.param == "fake":
        return Fake()
    aws = request.getfixturevalue("sandbox_aws")
    return Sandbox(aws, make.settings(endpoint_url=aws.url))


def test_every_pool_that_was_built_is_there(world: Any) -> None:
    assert world.built.pools("prod") == BUILT


def test_an_environment_without_pools_has_none(world: Any) -> None:
    assert world.built.pools("test") == {}


def test_what_was_not_answered_raises(world: Any) -> None:
    world.break_next_call()
    with pytest.raises(CloudError):
        world.built.pools("prod")
