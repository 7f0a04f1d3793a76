"""Somebody at the console: one change, or one deletion, of everything our stacks hold that can be changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ris_hybrid.sandbox.apply.clients import SandboxClients
    from ris_hybrid.sandbox.apply.state import Record

_ALL = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [_ALL]})
DELETES = {"Rules": [{"ID": "gone", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
NOT_BLOCKED = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False
)
EVERYWHERE = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
AES = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]}
Deed = tuple[str, str, str]
"""What mends it (``update``, ``create``), the type's last word, the resource's name."""


class Tampering:
    """Does it, and says what must mend it; the resources are those in the stacks' states."""

    def __init__(self, aws: SandboxClients, records: Mapping[tuple[str, str], Record]) -> None:
        self._aws, self._records = aws, records

    def everything(self, bucket: str, key: str, repository: str, role: str) -> Iterator[Deed]:
        """All of it, around one allocation's bucket, another's key, a repository and a role."""
        yield from self._bucket(bucket)
        yield from self._identity(key, role)
        yield from self._registry(repository)
        yield from self._network()
        yield from self._serving()
        yield from self._guards()

    def _one(self, kind: str, name: str = "") -> tuple[Record, str]:
        found = [one for (its, called), one in self._records.items() if its == kind and name in {"", called}]
        return found[0], found[0].id

    def _bucket(self, bucket: str) -> Iterator[Deed]:
        s3 = self._aws.get("s3")
        done: dict[str, Callable[[], Any]] = {
            "BucketVersioning": lambda: s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
            ),
            "BucketPublicAccessBlock": lambda: s3.put_public_access_block(
                Bucket=bucket, PublicAccessBlockConfiguration=NOT_BLOCKED
            ),
            "BucketLifecycleConfiguration": lambda: s3.put_bucket_lifecycle_configuration(
                Bucket=bucket, LifecycleConfiguration=DELETES
            ),
            "BucketServerSideEncryptionConfiguration": lambda: s3.put_bucket_encryption(
                Bucket=bucket, ServerSideEncryptionConfiguration=AES
            ),
            "BucketLogging": lambda: s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={}),
            "BucketOwnershipControls": lambda: s3.put_bucket_ownership_controls(
                Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
            ),
            "Bucket": lambda: s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
            "BucketPolicy": lambda: s3.put_bucket_policy(Bucket=bucket, Policy=ANYBODY),
        }
        for kind, deed in done.items():
            deed()
            yield "update", kind, bucket
        s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="weekly")
        yield "create", "Inventory", bucket

    def _identity(self, key: str, role: str) -> Iterator[Deed]:
        kms, iam = self._aws.get("kms"), self._aws.get("iam")
        kms.disable_key_rotation(KeyId=self._one("Key", key)[1])
        yield "update", "Key", key
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=_trusting("ec2.amazonaws.com"))
        iam.delete_role_permissions_boundary(RoleName=role)
        yield "update", "Role", role
        _, arn = self._one("Policy", f"{role}-data")
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=_allowing("s3:*"), SetAsDefault=True)
        yield "update", "Policy", f"{role}-data"
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        yield "create", "RolePolicyAttachment", f"{role}-data"

    def _registry(self, repository: str) -> Iterator[Deed]:
        ecr = self._aws.get("ecr")
        ecr.put_image_tag_mutability(repositoryName=repository, imageTagMutability="MUTABLE")
        yield "update", "Repository", repository
        ecr.set_repository_policy(repositoryName=repository, policyText=_trusting("ec2.amazonaws.com", "ecr:*"))
        yield "update", "RepositoryPolicy", repository
        ecr.delete_lifecycle_policy(repositoryName=repository)
        yield "create", "LifecyclePolicy", repository

    def _network(self) -> Iterator[Deed]:
        ec2, logs = self._aws.get("ec2"), self._aws.get("logs")
        vpc, its_id = self._one("Vpc")
        ec2.modify_vpc_attribute(VpcId=its_id, EnableDnsHostnames={"Value": False})
        yield "update", "Vpc", vpc.name
        for kind in ("SecurityGroup", "DefaultSecurityGroup"):
            group, its_id = self._one(kind)
            ec2.authorize_security_group_ingress(GroupId=its_id, IpPermissions=EVERYWHERE)
            yield "update", kind, group.name
        subnet, its_id = self._one("Subnet")
        ec2.modify_subnet_attribute(SubnetId=its_id, MapPublicIpOnLaunch={"Value": True})
        yield "update", "Subnet", subnet.name
        flow, its_id = self._one("FlowLog")
        ec2.delete_flow_logs(FlowLogIds=[its_id])
        yield "create", "FlowLog", flow.name
        group, its_id = self._one("LogGroup", flow.name)
        logs.put_retention_policy(logGroupName=its_id, retentionInDays=1)
        yield "update", "LogGroup", group.name

    def _serving(self) -> Iterator[Deed]:
        ec2, sqs = self._aws.get("ec2"), self._aws.get("sqs")
        template, its_id = self._one("LaunchTemplate")
        ec2.create_launch_template_version(
            LaunchTemplateId=its_id, LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}}
        )
        ec2.modify_launch_template(LaunchTemplateId=its_id, DefaultVersion="2")
        yield "update", "LaunchTemplate", template.name
        policy, its_id = self._one("QueuePolicy")
        sqs.set_queue_attributes(QueueUrl=its_id, Attributes={"Policy": ANYBODY})
        yield "update", "QueuePolicy", policy.name
        queue, its_id = self._one("Queue")
        sqs.set_queue_attributes(QueueUrl=its_id, Attributes={"MessageRetentionPeriod": "60"})
        yield "update", "Queue", queue.name

    def _guards(self) -> Iterator[Deed]:
        budgets, account = self._aws.get("budgets"), self._aws.account
        budget, its_id = self._one("Budget")
        name = its_id.partition(":")[2]
        key = {"AccountId": account, "BudgetName": name}
        held = budgets.describe_budget(**key)["Budget"]
        given = {name: held[name] for name in ("BudgetName", "BudgetType", "TimeUnit", "CostFilters")}
        given["BudgetLimit"] = {"Amount": "999999", "Unit": "USD"}
        budgets.update_budget(AccountId=account, NewBudget=given)
        told = budgets.describe_notifications_for_budget(**key)["Notifications"]
        budgets.delete_notification(**key, Notification=told[0])
        yield "update", "Budget", budget.name
        trail, its_id = self._one("Trail")
        self._aws.get("cloudtrail").stop_logging(Name=its_id)
        yield "update", "Trail", trail.name
        self._aws.get("ec2").disable_ebs_encryption_by_default()
        yield "update", "EncryptionByDefault", self._one("EncryptionByDefault")[0].name
        self._aws.get("s3control").put_public_access_block(
            AccountId=account, PublicAccessBlockConfiguration=NOT_BLOCKED
        )
        yield "update", "AccountPublicAccessBlock", self._one("AccountPublicAccessBlock")[0].name


def _trusting(service: str, action: str = "sts:AssumeRole") -> str:
    one = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


def _allowing(action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
