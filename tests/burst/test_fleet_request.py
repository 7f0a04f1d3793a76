"""The CreateFleet call of each kind of pool, byte for byte, and EC2's words about what did not come."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from burst.aws.fleet_answer import shortfall_of
from burst.aws.fleet_request import fleet_request
from ris_hybrid.pool_settings import Requirements

if TYPE_CHECKING:
    from ris_hybrid.settings import Pool

WANTS = Requirements(vcpus=16, memory_mib=65_536, vcpus_max=32, memory_mib_max=262_144, exclude=("t*", "*.metal"))
GPUS = Requirements(vcpus=4, memory_mib=16_384, gpus=1)
TWO = {"instance_types": ("c7a.4xlarge", "m7a.4xlarge"), "subnets": ("subnet-1", "subnet-2")}
KINDS: dict[str, dict[str, Any]] = {
    "on-demand": {},
    "spot": {"purchase": "spot", "launch_template": "node"},
    "mixed": {"purchase": "mixed", "on_demand_ratio": 0.25, "reservations": True},
    "reservations": {"reservations": True},
    "all-or-none": {"all_or_none": True, "placement_group": "c1-mpi", "efa": True},
    "all-or-none-spot": {"all_or_none": True, "purchase": "spot"},
    "attributes": {"requirements": WANTS},
    "attributes-spot": {"requirements": WANTS, "purchase": "spot"},
    "attributes-mixed-gpu": {"requirements": GPUS, "purchase": "mixed", "on_demand_ratio": 0.5},
}


def request_of(make: Any, fields: dict[str, Any], count: int = 5) -> Any:
    pool: Pool = make.pool(**{**TWO, **fields})
    return fleet_request(make.launch(count), pool, make.settings(prices={"c7a.4xlarge": 0.82, "m7a.4xlarge": 0.93}))


@pytest.mark.parametrize("name", KINDS)
def test_the_call_of_each_kind_of_pool(make: Any, golden: Any, name: str) -> None:
    text = json.dumps(request_of(make, KINDS[name]), indent=1) + "\n"
    golden(f"aws/fleet-{name}.json", text.replace(f'"{version("ris-hybrid")}"', '"VERSION"'))


@pytest.fixture(scope="session")
def valid() -> Any:
    """botocore's own check of a call against EC2's description of it."""
    loaded = botocore.session.Session().get_service_model("ec2")
    shape = loaded.operation_model("CreateFleet").input_shape
    return lambda request: ParamValidator().validate(request, shape).generate_report()


@pytest.mark.parametrize("name", KINDS)
def test_ec2s_description_knows_every_key(make: Any, valid: Any, name: str) -> None:
    assert valid(request_of(make, KINDS[name])) == ""


@given(count=st.integers(1, 1000), name=st.sampled_from(sorted(KINDS)))
def test_the_parts_of_a_call_add_up_and_the_same_launch_is_the_same_call(make: Any, count: int, name: str) -> None:
    request = request_of(make, KINDS[name], count)
    assert request == request_of(make, KINDS[name], count)
    target = request["TargetCapacitySpecification"]
    parts = [target[key] for key in ("OnDemandTargetCapacity", "SpotTargetCapacity") if key in target]
    assert target["TotalTargetCapacity"] == count == sum(parts or [count])
    least = [request.get(key, {}).get("MinTargetCapacity", count) for key in ("OnDemandOptions", "SpotOptions")]
    assert least == [count, count]
    (config,) = request["LaunchTemplateConfigs"]
    for override in config["Overrides"]:
        assert ("InstanceType" in override) != ("InstanceRequirements" in override)
        assert override["SubnetId"] in TWO["subnets"]


def test_overrides_come_best_first_and_no_more_than_ec2_takes(make: Any) -> None:
    kinds = tuple(f"c{number}.large" for number in range(200))
    (config,) = request_of(make, {"instance_types": kinds})["LaunchTemplateConfigs"]
    assert [one["Priority"] for one in config["Overrides"]] == [number // 2 for number in range(300)]


def failed(code: str, kind: str, subnet: str = "subnet-1", message: str = "none left") -> dict[str, Any]:
    override = {"InstanceType": kind, "SubnetId": subnet} if kind else {"AvailabilityZone": "us-east-1a"}
    return {
        "ErrorCode": code,
        "ErrorMessage": message,
        "Lifecycle": "spot",
        "LaunchTemplateAndOverrides": {"Overrides": override},
    }


def test_capacity_is_told_first_and_each_code_names_its_offers() -> None:
    answer: Any = {
        "Errors": [
            failed("Unsupported", "m7a.4xlarge"),
            failed("InsufficientInstanceCapacity", "c7a.4xlarge"),
            failed("InsufficientInstanceCapacity", "c7a.4xlarge", "subnet-2"),
            failed("InsufficientInstanceCapacity", "c7a.4xlarge", "subnet-2"),
            failed("InsufficientInstanceCapacity", ""),
        ]
    }
    assert [(row.code, row.message) for row in shortfall_of(answer)] == [
        (
            "InsufficientInstanceCapacity",
            (
                "none left [c7a.4xlarge in subnet-1 spot, c7a.4xlarge in subnet-2 spot,"
                " types by attributes in us-east-1a spot]"
            ),
        ),
        ("Unsupported", "none left [m7a.4xlarge in subnet-1 spot]"),
    ]


def test_a_long_list_of_offers_is_cut_and_a_secret_left_out() -> None:
    blob = "no. Encoded authorization failure message: abcDEF-123"
    errors = [failed("UnauthorizedOperation", f"c{number}.large", message=blob) for number in range(25)]
    (row,) = shortfall_of({"Errors": errors})  # type: ignore[typeddict-item]  # not all of an answer
    assert row.message.startswith("no. [c0.large in subnet-1 spot, ")
    assert row.message.endswith("c19.large in subnet-1 spot and 5 more]")


@pytest.mark.parametrize("answer", [{}, {"Errors": []}])
def test_machines_missing_without_a_word_are_told_too(answer: Any) -> None:
    assert [row.code for row in shortfall_of(answer)] == ["UnfulfillableCapacity"]


def test_an_error_with_nothing_in_it_is_still_told() -> None:
    (row,) = shortfall_of({"Errors": [{}]})  # type: ignore[typeddict-item]  # not all of an answer
    assert (row.code, row.message) == ("Unknown", " [types by attributes]")


def test_a_pool_written_twice_over_is_asked_for_once(make: Any) -> None:
    once, twice = (request_of(make, {"subnets": subnets}) for subnets in (("s1",), ("s1", "s1")))
    assert once == twice
