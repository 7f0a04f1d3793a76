"""The controller's policy against the AWS calls our code makes: none is missing, and none is there that nobody makes.

A burst goes through all that it ever asks AWS, on the sandbox, which counts the calls by access key: those of the
scene are made with another. That the journey leaves nothing out is checked too, against the code. What the inventory
reads was counted the same way by its own test, in tests/golden/holdings/operations.txt.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore import xform_name

from burst import tags
from burst.aws.account import AwsAccount
from burst.aws.checks import Ec2Checks
from burst.aws.client import ec2_client, sqs_client
from burst.aws.fleet import Ec2Cloud
from burst.aws.marks import Ec2Ledger
from burst.aws.notices import SqsNotices
from burst.aws.parameters import SsmPools
from ris_hybrid.holdings.actions import actions_for
from ris_hybrid.model import PoolMarks
from ris_hybrid.pool_settings import Requirements
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.aws.child import SandboxAws
from stacks.environment import Environment
from stacks.identity.controller_policy import burst_statements
from stacks.identity.reading_policy import reading_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.model import Event
    from ris_hybrid.settings import BurstSettings

ROOT = Path(__file__).parents[2]
PLACE = Environment(
    cluster="c1", provider="aws", organization="wustl-ris", env="prod", account="123456789012", region="us-east-1"
)
SERVICES = ("ec2", "sqs", "ssm")


class Silent:
    def record(self, event: Event) -> None:
        raise AssertionError(f"a notice was not understood: {event}")


@pytest.fixture
def aws(sandbox_server: str) -> SandboxAws:
    found = SandboxAws.attach(sandbox_server)
    found.reset()
    return found


@pytest.fixture
def settings(aws: SandboxAws, make: Any, monkeypatch: pytest.MonkeyPatch) -> BurstSettings:
    """Three pools: by types, by spot and the template's name, by attributes. Built with the sandbox's own key."""
    scene = SandboxClients.of(aws)
    ec2 = scene.get("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    data = {"ImageId": "ami-12c6146b", "InstanceType": "c6i.4xlarge"}
    ids = {
        name: ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]
        for name in ("cpu", "by-name", "wide")
    }
    built = {"launch_template": "lt-1", "subnets": [subnet], "notices": "q"}
    scene.get("ssm").put_parameter(Name="/ris-hybrid/c1-prod/pools/cpu", Value=json.dumps(built), Type="String")
    scene.close()
    for name, value in aws.env().items():
        monkeypatch.setenv(name, value)
    place = {"instance_types": ("c6i.4xlarge",), "subnets": (subnet,)}
    wide = {**place, "instance_types": (), "requirements": Requirements(vcpus=16, memory_mib=30000)}
    pools = (
        make.pool(launch_template=ids["cpu"]["LaunchTemplateId"], **place),
        make.pool("spot", purchase="spot", launch_template="by-name", **place),
        make.pool("wide", launch_template=ids["wide"]["LaunchTemplateId"], **wide),
    )
    return make.settings(endpoint_url=aws.url, pools=pools)


def burst(aws: SandboxAws, settings: BurstSettings, make: Any) -> None:
    """Everything a burst ever asks AWS, from the launch to the return, and the check-up."""
    client = ec2_client(settings)
    cloud, ledger, checks = Ec2Cloud(client, settings), Ec2Ledger(client, settings), Ec2Checks(client)
    aws.timing(pending_s=0, shutting_down_s=0)
    launched = [
        cloud.launch(make.launch(1, token=f"t-{pool.name}", pool=pool.name)).machine_ids[0] for pool in settings.pools
    ]
    ledger.mark(launched, {tags.JOINED: "1800000000", tags.UNLISTED: ""})
    ledger.mark_pool("spot", PoolMarks(off="why"), ledger.pools()["spot"])
    url = aws.interrupt([launched[1]], queue="c1-prod-notices")
    notices = SqsNotices(sqs_client(url, settings.region), url, Silent(), make.now)
    notices.acknowledge([one.receipt for one in notices.receive()])
    assert checks.impaired() == frozenset()
    cloud.end([machine.machine_id for machine in cloud.machines()], "r-1")
    account = AwsAccount(make.settings(endpoint_url=aws.url, notices=url))
    account.template("by-name")
    account.clock()
    account.waiting_notices()
    SsmPools.of(settings).pools("prod")


def actions(statements: Iterable[Mapping[str, Any]]) -> set[str]:
    return {action for one in statements for action in one["Action"]}


def test_a_burst_may_do_what_it_does_and_nothing_else(aws: SandboxAws, settings: BurstSettings, make: Any) -> None:
    burst(aws, settings, make)
    made = set(aws.calls_by_key()["sandbox"])
    needed = {action for operation in made for action in actions_for(operation)}
    assert actions(burst_statements(PLACE, ["c1-prod-node"])) == needed
    assert {xform_name(operation.partition(":")[2]) for operation in made} == named_in_code()


def test_what_is_read_may_be_read_and_nothing_else() -> None:
    read = (ROOT / "tests" / "golden" / "holdings" / "operations.txt").read_text().split()
    assert actions(reading_statements()) == {action for operation in read for action in actions_for(operation)}


def named_in_code() -> set[str]:
    """Every operation of AWS that ``burst`` names, as a method of a client or as what a paginator goes through."""
    session = botocore.session.Session()
    operations = {xform_name(one) for name in SERVICES for one in session.get_service_model(name).operation_names}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "burst").rglob("*.py")]
    shapes = (r"client\.(\w+)\(", r"get_paginator\(\"(\w+)\"\)")
    words = {word for text in texts for shape in shapes for word in re.findall(shape, text)}
    return words & operations
