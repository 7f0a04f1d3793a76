"""One sandbox AWS for these tests, emptied before each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.aws.child import SandboxAws

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def sandbox_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxAws]:
    aws = SandboxAws.start(tmp_path_factory.mktemp("aws") / "aws.json", seed=1)
    yield aws
    aws.stop()


@pytest.fixture
def aws(sandbox_aws: SandboxAws) -> SandboxAws:
    sandbox_aws.reset()
    return sandbox_aws


@pytest.fixture
def clients(aws: SandboxAws) -> Iterator[SandboxClients]:
    made = SandboxClients.of(aws)
    yield made
    made.close()
