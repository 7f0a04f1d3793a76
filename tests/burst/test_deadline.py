from __future__ import annotations

from math import inf
from typing import Any

import pytest

from burst import deadline
from burst.aws.fleet import Ec2Cloud
from ris_hybrid.errors import TryAgain


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_is_left_until_it_is_over() -> None:
    watch = Watch()
    assert deadline.left_s() == inf
    with deadline.within(18.0, watch):
        watch.now = 17.5
        assert deadline.left_s() == 0.5
        deadline.check()
        watch.now = 18.0
        with pytest.raises(TryAgain, match="the cloud was too slow"):
            deadline.check()
    deadline.check()


def test_nothing_is_sent_to_ec2_when_the_time_is_over(sandbox_aws: Any, ec2: Any, ec2_settings: Any, make: Any) -> None:
    cloud, watch = Ec2Cloud(ec2, ec2_settings), Watch()
    before = sandbox_aws.calls()
    with deadline.within(18.0, watch):
        assert cloud.machines() == ()
        watch.now = 18.0
        for call in (cloud.machines, lambda: cloud.launch(make.launch(1))):
            with pytest.raises(TryAgain) as caught:
                call()
            assert caught.value.code == "DeadlinePassed"
    after = sandbox_aws.calls()
    assert sum(after.values()) - sum(before.values()) == 1


def test_a_call_is_not_repeated_when_its_first_try_used_up_the_time(
    sandbox_aws: Any, ec2: Any, ec2_settings: Any
) -> None:
    cloud = Ec2Cloud(ec2, ec2_settings)
    sandbox_aws.faults([{"match": "DescribeInstances", "do": {"error": {"code": "Unavailable", "status": 503}}}])
    before = sum(sandbox_aws.calls().values())
    looks = iter([0.0, 1.0, *[18.0] * 9])  # the clock: at the start, before the first try, before the second
    with deadline.within(18.0, lambda: next(looks)), pytest.raises(TryAgain, match="the cloud was too slow"):
        cloud.machines()
    assert sum(sandbox_aws.calls().values()) - before == 1
