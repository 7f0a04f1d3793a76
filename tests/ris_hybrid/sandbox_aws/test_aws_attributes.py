"""Fleets whose overrides say what a machine must have instead of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from burst.aws.prices import catalog
from ris_hybrid.sandbox.aws.attributes import chosen
from ris_hybrid.sandbox.aws.wire import ApiError, Params

if TYPE_CHECKING:
    from conftest import Sandbox

NEEDS: dict[str, Any] = {
    "VCpuCount": {"Min": 16, "Max": 16},
    "MemoryMiB": {"Min": 30_000, "Max": 40_000},
    "CpuManufacturers": ["amd", "intel"],
    "AcceleratorCount": {"Max": 0},
    "ExcludedInstanceTypes": ["c7i-flex.*", "c6a.4xlarge"],
}


def launched(ec2: Any, template: str, total: int, overrides: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    config = {"LaunchTemplateSpecification": {"LaunchTemplateId": template}, "Overrides": overrides}
    answer: dict[str, Any] = ec2.create_fleet(
        Type="instant",
        TargetCapacitySpecification={"TotalTargetCapacity": total, "DefaultTargetCapacityType": "on-demand"},
        LaunchTemplateConfigs=[config],
        **more,
    )
    return answer


def types_of(answer: dict[str, Any]) -> dict[str, int]:
    return {one["InstanceType"]: len(one["InstanceIds"]) for one in answer["Instances"]}


def refused(ec2: Any, template: str, needs: dict[str, Any], **more: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        launched(ec2, template, 1, [{"InstanceRequirements": needs}], **more)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_cheapest_type_that_has_the_attributes_comes_first(ec2: Any, sandbox: Sandbox, template: str) -> None:
    sandbox.post("capacity", {"c5a.4xlarge": {"us-east-1a": 1}})
    answer = launched(ec2, template, 3, [{"InstanceRequirements": NEEDS}])
    given = types_of(answer)
    assert next(iter(given)) == "c5a.4xlarge"
    assert sum(given.values()) == 3
    prices = [catalog()[kind].usd_per_hour for kind in given]
    assert prices == sorted(prices, key=float)  # type: ignore[arg-type]  # all of them have one
    assert [one["ErrorCode"] for one in answer["Errors"]] == ["InsufficientInstanceCapacity"]
    assert answer["Errors"][0]["LaunchTemplateAndOverrides"]["Overrides"]["InstanceType"] == "c5a.4xlarge"


def test_price_decides_over_all_subnets(ec2: Any, sandbox: Sandbox, template: str, subnets: list[str]) -> None:
    sandbox.post("capacity", {"c5a.4xlarge": {"us-east-1a": 1, "us-east-1b": 1}})
    asked = [{"InstanceRequirements": NEEDS, "SubnetId": subnet} for subnet in subnets[:2]]
    answer = launched(ec2, template, 2, asked, OnDemandOptions={"AllocationStrategy": "lowest-price"})
    assert [one["InstanceType"] for one in answer["Instances"]] == ["c5a.4xlarge", "c5a.4xlarge"]


def test_gpus_are_asked_for_by_number(ec2: Any, template: str) -> None:
    needs = {
        "VCpuCount": {"Min": 4},
        "MemoryMiB": {"Min": 16_000},
        "CpuManufacturers": ["intel", "amd"],
        "AcceleratorCount": {"Min": 1, "Max": 1},
        "AcceleratorTypes": ["gpu"],
        "AcceleratorManufacturers": ["nvidia"],
    }
    (kind,) = types_of(launched(ec2, template, 1, [{"InstanceRequirements": needs}]))
    assert catalog()[kind].gpus == 1


def test_attributes_that_no_type_has_are_refused(ec2: Any, template: str) -> None:
    assert refused(ec2, template, {**NEEDS, "VCpuCount": {"Min": 9999}})[0] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"LocalStorage": "required"}, "LocalStorage"),
        ({"AllowedInstanceTypes": ["c7a.*"]}, "AllowedInstanceType"),
        ({"CpuManufacturers": ["amazon-web-services"]}, "CpuManufacturer amazon-web-services"),
        ({"CpuManufacturers": []}, "any processor"),
        ({"AcceleratorTypes": ["fpga"]}, "AcceleratorType fpga"),
        ({"AcceleratorCount": {"Min": 1, "Max": 2}}, "AcceleratorCount"),
        ({"AcceleratorCount": {"Min": 1}}, "AcceleratorCount"),
        ({"BareMetal": "included"}, "BareMetal included"),
        ({"OnDemandMaxPricePercentageOverLowestPrice": 20}, "OnDemandMaxPricePercentageOverLowestPrice 20"),
    ],
)
def test_attributes_the_sandbox_does_not_know_are_refused_and_named(
    ec2: Any, template: str, changes: dict[str, Any], named: str
) -> None:
    code, message = refused(ec2, template, {**NEEDS, **changes})
    assert code == "SandboxNotImplemented"
    assert named in message


@pytest.mark.parametrize("missing", ["VCpuCount.Min", "MemoryMiB.Min"])
def test_a_call_without_what_ec2_demands_is_refused(missing: str) -> None:
    """botocore would not send it; other clients may."""
    asked = {"VCpuCount.Min": "1", "MemoryMiB.Min": "1", "CpuManufacturer.1": "intel", "CpuManufacturer.2": "amd"}
    del asked[missing]
    with pytest.raises(ApiError, match="MissingParameter"):
        chosen(Params(asked))


def test_what_does_not_go_with_attributes(ec2: Any, template: str) -> None:
    prioritized = {"AllocationStrategy": "prioritized"}
    assert refused(ec2, template, NEEDS, OnDemandOptions=prioritized)[0] == "SandboxNotImplemented"
    both = [{"InstanceRequirements": NEEDS, "InstanceType": "c7a.4xlarge"}]
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        launched(ec2, template, 1, both)
    data = {"ImageId": "ami-0b", "InstanceRequirements": {"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1}}}
    made = ec2.create_launch_template(LaunchTemplateName="attributes", LaunchTemplateData=data)
    with pytest.raises(ClientError, match="SandboxNotImplemented"):
        launched(ec2, made["LaunchTemplate"]["LaunchTemplateId"], 1, [{"InstanceType": "c7a.4xlarge"}])
