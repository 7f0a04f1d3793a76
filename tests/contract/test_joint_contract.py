"""The promises of the Cloud, Ledger and Checks ports, kept by a second cloud and EC2 behind one port each (two fakes).

The tests are those of the three suites. What the fake alone does not keep, or cannot be asked, is left out here too.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest

from burst.checks import FakeChecks
from burst.clouds.joint import JointChecks, JointCloud, JointLedger
from burst.clouds.naming import plain
from burst.fake import FakeCloud, FakeLedger
from ris_hybrid.errors import Refused
from ris_hybrid.model import MachineState
from tests.contract import test_checks_contract, test_cloud_contract, test_ledger_contract
from tests.contract.cloud_worlds import FakeWorld
from tests.contract.promises import LACKS, PROMISES, UNTRIED
from tests.two_clouds import RESEARCH, research_pool, two_settings

if TYPE_CHECKING:
    from ris_hybrid.ports import Checks, Cloud, Ledger


class JointWorld(FakeWorld):
    """The suites' pools are the second cloud's; EC2 stands beside it."""

    def __init__(self, make: Any) -> None:
        pools = tuple(research_pool(make, name) for name in ("cpu", "spot"))
        super().__init__(two_settings(make, pools=(*pools, make.pool("of-ec2"))), make.now)
        beside = FakeCloud(lambda: self.now)
        self._named = JointCloud({"": beside, RESEARCH: self._fake}, self.settings)
        self.cloud: Cloud = self._named
        ledgers = {"": FakeLedger(beside), RESEARCH: FakeLedger(self._fake)}
        self.ledger: Ledger = JointLedger(ledgers, self.settings)
        self.checks: Checks = JointChecks({"": FakeChecks(), RESEARCH: self._checks})

    def restarted(self) -> Cloud:
        return self._named

    def protect(self, machine_id: str) -> None:
        self._fake.fail_next = Refused(f"{machine_id} is protected")

    def stop(self, machine_id: str) -> None:
        self._fake.set_state(plain(machine_id), MachineState.STOPPED)

    def remove(self, machine_id: str) -> None:
        self._fake.set_state(plain(machine_id), MachineState.TERMINATED)

    def impair(self, machine_id: str) -> None:
        self._checks.failed = frozenset({plain(machine_id)})


@pytest.fixture
def world(make: Any) -> JointWorld:
    return JointWorld(make)


_LEFT = {*LACKS["fake"], *UNTRIED["fake"]}
_TESTS = {
    name: test
    for suite in (test_cloud_contract, test_ledger_contract, test_checks_contract)
    for name, test in vars(suite).items()
    if name.removeprefix("test_") in PROMISES and name.removeprefix("test_") not in _LEFT
}
globals().update(_TESTS)


def test_each_promise_is_asked_of_the_joint_ports_too() -> None:
    assert {name.removeprefix("test_") for name in _TESTS} == set(PROMISES) - _LEFT
    assert all("world" in signature(test).parameters for test in _TESTS.values())
