from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import botocore.session
import pytest
from botocore.config import Config

TYPE = "c7a.4xlarge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    url: str

    def client(self, service: str, *, region: str = "us-east-1", attempts: int = 1, key: str = "sandbox") -> Any:
        return botocore.session.Session().create_client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key="sandbox",
            config=Config(retries={"total_max_attempts": attempts}, s3={"addressing_style": "path"}),
        )

    def opened(self, path: str, data: bytes | None = None) -> Any:
        return urlopen(f"{self.url}{path}", data=data)  # noqa: S310 - loopback

    def get(self, route: str) -> Any:
        with self.opened(f"/_sandbox/{route}") as answer:
            return json.load(answer)

    def post(self, route: str, value: object) -> Any:
        with self.opened(f"/_sandbox/{route}", json.dumps(value).encode()) as answer:
            return json.load(answer)

    def refused(self, route: str, value: object) -> str:
        with pytest.raises(HTTPError) as caught:
            self.post(route, value)
        with caught.value as error:
            return str(json.load(error)["error"])


@pytest.fixture(scope="session")
def running(sandbox_server: str) -> Sandbox:
    return Sandbox(url=sandbox_server)


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.post("reset", {})
    running.post("clock", {"now": 1_800_000_000})
    return running


@pytest.fixture(scope="session")
def shared_ec2(running: Sandbox) -> Any:
    return running.client("ec2")


@pytest.fixture
def ec2(sandbox: Sandbox, shared_ec2: Any) -> Any:
    assert shared_ec2.meta.endpoint_url == sandbox.url
    return shared_ec2


@pytest.fixture
def subnets(ec2: Any) -> list[str]:
    """The default subnets of us-east-1a to us-east-1f, in that order."""
    found = ec2.describe_subnets()["Subnets"]
    return [one["SubnetId"] for one in sorted(found, key=lambda one: one["AvailabilityZone"])]


@pytest.fixture
def template(ec2: Any) -> str:
    data = {
        "ImageId": "ami-12c6146b",
        "InstanceType": TYPE,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"}]}],
    }
    made = ec2.create_launch_template(LaunchTemplateName="pool", LaunchTemplateData=data)
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


@pytest.fixture
def small_subnet(ec2: Any) -> str:
    """A /28 in us-east-1b: eleven addresses."""
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/28", AvailabilityZone="us-east-1b")
    return str(made["Subnet"]["SubnetId"])
