"""How many machines the sandbox's clouds have: by scenario, by option, by time."""

from __future__ import annotations

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.capacity import Step, check, given, in_first, limits, of_cloud

STEPS = (
    Step(from_minute=48, machines={"research/m1.large": 0, "c7a.xlarge": 3}),
    Step(machines={"research/m1.large": 5}),
    Step(from_minute=60, machines={"research/m1.large": 8}),
)


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (0, {"research/m1.large": 5}),
        (47.9, {"research/m1.large": 5}),
        (48, {"research/m1.large": 0, "c7a.xlarge": 3}),
        (1000, {"research/m1.large": 8, "c7a.xlarge": 3}),
    ],
)
def test_a_step_holds_from_its_minute_on(minute: float, expected: dict[str, int]) -> None:
    assert limits(STEPS, minute) == expected
    assert limits((), minute) == {}


def test_each_cloud_is_told_its_own_types() -> None:
    found = limits(STEPS, 48)
    assert of_cloud(found, "") == {"c7a.xlarge": 3}
    assert of_cloud(found, "research") == {"m1.large": 0}
    assert of_cloud(found, "another") == {}


@every(st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 9)), st.integers(1, 3))
def test_all_zones_together_have_that_many(found: dict[str, int], zones: int) -> None:
    spread = in_first(found, [f"z{number}" for number in range(zones)])
    assert {kind: sum(counts.values()) for kind, counts in spread.items()} == found
    assert all(len(counts) == zones for counts in spread.values())


def test_the_option_is_one_step_from_the_start() -> None:
    assert given([]) == ()
    assert given(["c7a.xlarge=2", "research/m1.large=0"]) == (Step(machines={"c7a.xlarge": 2, "research/m1.large": 0}),)


@pytest.mark.parametrize("text", ["c7a.xlarge", "c7a.xlarge=-1", "=2", "c7a.xlarge=two", "a b=2", "c7a.xlarge="])
def test_an_option_that_says_no_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected TYPE=MACHINES"):
        given([text])


def test_a_cloud_that_burst_yaml_does_not_name_is_refused() -> None:
    types = {kind for step in STEPS for kind in step.machines}
    check(STEPS, ["research"], types)
    with pytest.raises(ConfigError, match=r"capacity of research/m1\.large: burst\.yaml names no cloud research"):
        check(STEPS, ["another"], types)
    with pytest.raises(ConfigError, match=r"capacity of m1\.large: expected a type of burst\.yaml's pools \("):
        check([Step(machines={"m1.large": 2})], ["research"], types)
