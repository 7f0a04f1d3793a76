"""The promises of the Checks port, kept by EC2's status checks, by what OpenStack says of servers, and by the fake.

Each test is a promise of ``tests/contract/promises.py``.
"""

from __future__ import annotations

from typing import Any

import pytest

from burst.aws.checks import Ec2Checks
from burst.aws.fleet import Ec2Cloud
from ris_hybrid.errors import CloudError
from tests.contract.promises import over_worlds as pytest_generate_tests

__all__ = ["pytest_generate_tests"]


def test_machines_that_work_are_not_named(world: Any, make: Any) -> None:
    world.cloud.launch(make.launch(2))
    assert world.checks.impaired() == frozenset()


def test_a_machine_whose_checks_fail_is_named(world: Any, make: Any) -> None:
    broken, _fine = world.cloud.launch(make.launch(2)).machine_ids
    world.impair(broken)
    assert world.checks.impaired() == {broken}


def test_what_was_not_answered_raises(world: Any) -> None:
    world.break_next_call()
    with pytest.raises(CloudError):
        world.checks.impaired()


def test_either_of_ec2s_checks_counts_until_it_passes_again(
    ec2: Any, sandbox_aws: Any, ec2_settings: Any, make: Any
) -> None:
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    own, hosts, fine = Ec2Cloud(ec2, ec2_settings).launch(make.launch(3)).machine_ids
    checks = Ec2Checks(ec2)
    sandbox_aws.impair({own: "instance", hosts: "system"})
    assert checks.impaired() == {own, hosts}
    sandbox_aws.impair({hosts: "system"})
    assert checks.impaired() == {hosts}
    assert fine not in checks.impaired()
