"""A stack's resources as holdings, and one resource alone as its value (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.from_pulumi import buckets, machines, networks, records, roles
from policies.rules.all_rules import KINDS
from ris_hybrid.holdings.values import Account, Holdings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policies.from_pulumi.registered import Resource, Stack

READERS: Mapping[str, Callable[[Resource, Stack], Any]] = {
    "aws:s3/bucket:Bucket": buckets.bucket,
    "aws:kms/key:Key": buckets.key,
    "aws:ecr/repository:Repository": buckets.repository,
    "aws:iam/role:Role": roles.role,
    "aws:ec2/vpc:Vpc": networks.network,
    "aws:ec2/subnet:Subnet": networks.subnet,
    "aws:ec2/securityGroup:SecurityGroup": networks.group,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": networks.group,
    "aws:ec2/launchTemplate:LaunchTemplate": machines.template,
    "aws:ec2/instance:Instance": machines.machine,
    "aws:fsx/lustreFileSystem:LustreFileSystem": machines.file_system,
    "aws:sqs/queue:Queue": records.queue,
    "aws:sns/topic:Topic": records.topic,
    "aws:cloudwatch/logGroup:LogGroup": records.log_group,
    "aws:cloudtrail/trail:Trail": records.trail,
    "aws:budgets/budget:Budget": records.budget,
}
"""What makes the value of each type of resource the rules look at."""


def value_of(one: Resource, stack: Stack) -> Any:  # one of the values
    """The value of one resource among others; None for a type no rule looks at."""
    reader = READERS.get(one.kind)
    return reader(one, stack) if reader else None


def registered(stack: Stack) -> Holdings:
    """All of a stack. A kind it makes nothing of is not known: another stack may make some."""
    made = [value for one in stack.resources if (value := value_of(one, stack)) is not None]
    account = records.account(stack)
    found = [*made, *([account] if isinstance(account, Account) else [])]
    kinds: dict[str, Any] = {
        name: tuple(one for one in found if isinstance(one, kind)) or None for kind, (_, name) in KINDS.items()
    }
    return Holdings(account=stack.account, region=stack.region, **kinds)
