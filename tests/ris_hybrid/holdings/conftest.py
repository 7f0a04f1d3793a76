"""One furnished account in a sandbox AWS of its own: things of ours, things of others, and what nobody set."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.holdings.inventory import AwsInventory
from ris_hybrid.holdings.scope import Scope
from ris_hybrid.sandbox.apply.clients import ACCOUNT, SandboxClients
from ris_hybrid.sandbox.aws.child import SandboxAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = {"ris_managed": "ris-hybrid", "ris_cluster": "c1", "ris_data_class": "phi"}
SCOPE = Scope(
    cluster="c1",
    buckets=frozenset({"org-lee-1a2b3c", "org-new-4d5e6f", "org-untagged-7a8b9c", "org-west-0d1e2f"}),
    names=frozenset({"alias/c1-lee"}),
)
PAIRS = [{"Key": key, "Value": value} for key, value in OURS.items()]
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Sid": "Tls"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusted(service: str) -> str:
    return policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def furnish(clients: SandboxClients) -> None:
    """The calls in this order, so that the same ids come each time."""
    for part in (_keys, _buckets, _repositories, _roles, _networks, _machines, _queues, _rest):
        part(clients)


def _keys(clients: SandboxClients) -> None:
    kms = clients.get("kms")
    tags = [{"TagKey": key, "TagValue": value} for key, value in OURS.items()]
    admin = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    ours = kms.create_key(Tags=tags, Policy=policy(admin))["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/another-name", TargetKeyId=ours)
    kms.create_alias(AliasName="alias/c1-lee", TargetKeyId=ours)
    kms.enable_key_rotation(KeyId=ours)
    kms.disable_key(KeyId=kms.create_key(Tags=tags)["KeyMetadata"]["KeyId"])
    kms.create_key(Description="of others")


def _buckets(clients: SandboxClients) -> None:
    s3 = clients.get("s3")
    s3.create_bucket(Bucket="org-lee-1a2b3c", ObjectLockEnabledForBucket=True, ObjectOwnership="BucketOwnerEnforced")
    for name in ("org-logs", "org-odd", "org-untagged-7a8b9c", "of-others"):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket="org-west-0d1e2f", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_tagging(Bucket="org-odd", Tagging={"TagSet": PAIRS})
    some = {
        "ID": "scratch",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "Active/", "Tags": [{"Key": "scratch", "Value": "yes"}]}},
        "Transitions": [{"Days": 30, "StorageClass": "GLACIER_IR"}],
    }
    s3.put_bucket_lifecycle_configuration(Bucket="org-odd", LifecycleConfiguration={"Rules": [some]})
    name = "org-lee-1a2b3c"
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [*PAIRS, {"Key": "ris_allocation", "Value": "lee"}]})
    logs = [{"Key": "ris_managed", "Value": "ris-hybrid"}, {"Key": "ris_purpose", "Value": "logs"}]
    s3.put_bucket_tagging(Bucket="org-logs", Tagging={"TagSet": logs})
    key = clients.get("kms").describe_key(KeyId="alias/c1-lee")["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(names, True))
    s3.put_bucket_policy(Bucket=name, Policy=policy(DENY))
    grant = {"Service": "logging.s3.amazonaws.com"}
    allow = {"Effect": "Allow", "Principal": grant, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::org-logs/*"}
    s3.put_bucket_policy(Bucket="org-logs", Policy=policy(allow))
    s3.put_bucket_logging(
        Bucket=name, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "org-logs", "TargetPrefix": "lee/"}}
    )
    moves = {
        "ID": "archive",
        "Status": "Enabled",
        "Filter": {"Prefix": "Archive/"},
        "Transitions": [{"Days": 1, "StorageClass": "DEEP_ARCHIVE"}],
        "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER_IR"}],
    }
    ends = {"ID": "markers", "Status": "Enabled", "Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}}
    off = {"ID": "off", "Status": "Disabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [moves, ends, off]})
    old = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 400}}
    s3.put_bucket_lifecycle_configuration(Bucket="org-logs", LifecycleConfiguration={"Rules": [old]})
    weekly = {
        "Id": "weekly",
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Weekly"},
        "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::org-logs", "Format": "Parquet"}},
    }
    s3.put_bucket_inventory_configuration(Bucket=name, Id="weekly", InventoryConfiguration=weekly)


def _repositories(clients: SandboxClients) -> None:
    ecr = clients.get("ecr")
    ecr.create_repository(
        repositoryName="lee/cryo-em",
        tags=PAIRS,
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        encryptionConfiguration={"encryptionType": "KMS"},
    )
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 9},
        "action": {"type": "expire"},
    }
    ecr.put_lifecycle_policy(repositoryName="lee/cryo-em", lifecyclePolicyText=json.dumps({"rules": [rule]}))
    pull = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "ecr:BatchGetImage"}
    ecr.set_repository_policy(repositoryName="lee/cryo-em", policyText=policy(pull))
    ecr.create_repository(repositoryName="lee/plain", tags=PAIRS)
    ecr.create_repository(repositoryName="of-others")


def _roles(clients: SandboxClients) -> None:
    iam = clients.get("iam")
    own = iam.create_policy(
        PolicyName="pull", PolicyDocument=policy({"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"})
    )["Policy"]["Arn"]
    edge = iam.create_policy(
        PolicyName="edge", PolicyDocument=policy({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    )["Policy"]["Arn"]
    trust = trusted("ec2.amazonaws.com")
    iam.create_role(RoleName="c1-lee", AssumeRolePolicyDocument=trust, Tags=PAIRS, PermissionsBoundary=edge)
    one = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::org-lee-1a2b3c/*"}
    iam.put_role_policy(RoleName="c1-lee", PolicyName="data", PolicyDocument=policy(one))
    iam.attach_role_policy(RoleName="c1-lee", PolicyArn=own)
    iam.create_role(RoleName="c1-bare", AssumeRolePolicyDocument=trust, Tags=PAIRS)
    iam.create_role(RoleName="of-others", AssumeRolePolicyDocument=trust)
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")


def _specified(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [*PAIRS, {"Key": "Name", "Value": name}]}]


def _networks(clients: SandboxClients) -> None:
    ec2 = clients.get("ec2")
    made = ec2.create_vpc(CidrBlock="10.8.0.0/16", TagSpecifications=_specified("vpc", "c1-sandbox"))
    vpc = made["Vpc"]["VpcId"]
    bare = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=_specified("vpc", "c1-open"))["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock="10.8.1.0/24",
        AvailabilityZone="us-east-1a",
        TagSpecifications=_specified("subnet", "c1-sandbox-a"),
    )["Subnet"]["SubnetId"]
    group = ec2.create_security_group(
        VpcId=vpc,
        GroupName="c1-nodes",
        Description="nodes",
        TagSpecifications=_specified("security-group", "c1-nodes"),
    )["GroupId"]
    endpoints = ec2.create_security_group(VpcId=vpc, GroupName="c1-endpoints", Description="without a tag")["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 6878, "ToPort": 6882, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}, {"GroupId": endpoints}]},
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ],
    )
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway")
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.ecr.api", VpcEndpointType="Interface", SubnetIds=[subnet]
    )
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::org-logs",
    )
    ec2.modify_subnet_attribute(
        SubnetId=ec2.create_subnet(
            VpcId=bare, CidrBlock="10.9.1.0/24", TagSpecifications=_specified("subnet", "c1-open-a")
        )["Subnet"]["SubnetId"],
        MapPublicIpOnLaunch={"Value": True},
    )
    way = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=way, VpcId=bare)


def _machines(clients: SandboxClients) -> None:
    ec2 = clients.get("ec2")
    [subnet] = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["c1-sandbox-a"]}])["Subnets"]
    whole = {
        "ImageId": "ami-12c6146b",
        "InstanceType": "c6i.4xlarge",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeSize": 50}}],
        "UserData": base64.b64encode(b"#!/bin/sh\n").decode(),
    }
    for name, data in {"c1-cpu": whole, "c1-bare": {"ImageId": "ami-12c6146b"}}.items():
        ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData=data,
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": PAIRS}],
        )
    ec2.create_launch_template(LaunchTemplateName="of-others", LaunchTemplateData={"InstanceType": "t3.micro"})
    ec2.create_launch_template_version(LaunchTemplateName="c1-cpu", LaunchTemplateData={"InstanceType": "t3.micro"})
    launched = {"ImageId": "ami-12c6146b", "InstanceType": "c6i.4xlarge", "SubnetId": subnet["SubnetId"]}
    for encrypted in (True, False):
        disk = [{"DeviceName": "/dev/sda1", "Ebs": {"Encrypted": encrypted, "VolumeSize": 8}}]
        ec2.run_instances(
            **launched,
            MinCount=1,
            MaxCount=1,
            BlockDeviceMappings=disk,
            TagSpecifications=_specified("instance", f"node-{encrypted}"),
        )
    ec2.run_instances(**launched, MinCount=1, MaxCount=1)
    [public] = ec2.describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["c1-open-a"]}])["Subnets"]
    ec2.run_instances(
        ImageId="ami-12c6146b",
        InstanceType="c6i.4xlarge",
        SubnetId=public["SubnetId"],
        MinCount=1,
        MaxCount=1,
        MetadataOptions={"HttpTokens": "required"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": PAIRS}],
    )


def _queues(clients: SandboxClients) -> None:
    sqs, sns = clients.get("sqs"), clients.get("sns")
    send = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    sqs.create_queue(QueueName="c1-notices", tags=OURS, Attributes={"Policy": policy(send)})
    sqs.create_queue(QueueName="c1-bare", tags=OURS, Attributes={"SqsManagedSseEnabled": "false"})
    sns.create_topic(Name="c1-alarms", Tags=PAIRS, Attributes={"KmsMasterKeyId": "alias/c1-lee"})
    sns.create_topic(Name="of-others")


def _rest(clients: SandboxClients) -> None:
    logs, fsx, trails = clients.get("logs"), clients.get("fsx"), clients.get("cloudtrail")
    logs.create_log_group(logGroupName="/c1/flow", tags=OURS)
    logs.put_retention_policy(logGroupName="/c1/flow", retentionInDays=365)
    logs.create_log_group(logGroupName="/c1/keyed", tags=OURS, kmsKeyId=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1")
    logs.create_log_group(logGroupName="/of/others")
    [subnet] = clients.get("ec2").describe_subnets(Filters=[{"Name": "tag:Name", "Values": ["c1-sandbox-a"]}])[
        "Subnets"
    ]
    made = {"FileSystemType": "LUSTRE", "StorageCapacity": 1200, "SubnetIds": [subnet["SubnetId"]]}
    fsx.create_file_system(**made, Tags=[*PAIRS, {"Key": "Name", "Value": "c1-scratch"}])
    fsx.create_file_system(**made)
    key = clients.get("kms").describe_key(KeyId="alias/c1-lee")["KeyMetadata"]["Arn"]
    fsx.create_file_system(**made, KmsKeyId=key, Tags=[*PAIRS, {"Key": "Name", "Value": "c1-keyed"}])
    trails.create_trail(
        Name="whole", S3BucketName="org-logs", IsMultiRegionTrail=True, EnableLogFileValidation=True, KmsKeyId="1"
    )
    trails.start_logging(Name="whole")
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    trails.put_event_selectors(TrailName="whole", EventSelectors=[{"ReadWriteType": "All", "DataResources": objects}])
    trails.create_trail(Name="bare", S3BucketName="org-logs")
    trails.create_trail(Name="selected", S3BucketName="org-logs")
    equal = {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]}
    fields = [{"Field": field, "Equals": words} for field, words in equal.items()]
    trails.put_event_selectors(TrailName="selected", AdvancedEventSelectors=[{"FieldSelectors": fields}])
    budgets = clients.get("budgets")
    for name, unit, amount in (("lee", "MONTHLY", "120.5"), ("year", "ANNUALLY", "1200"), ("day", "DAILY", "3")):
        limit = {"Amount": amount, "Unit": "USD"}
        budget = {"BudgetName": name, "BudgetType": "COST", "TimeUnit": unit, "BudgetLimit": limit}
        budgets.create_budget(AccountId=ACCOUNT, Budget=budget)
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    clients.get("s3control").put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration=dict.fromkeys(names, True)
    )
    clients.get("ec2").enable_ebs_encryption_by_default()
    config = clients.get("config")
    role = f"arn:aws:iam::{ACCOUNT}:role/of-others"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "org-logs"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


@pytest.fixture(scope="session")
def holdings_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxAws]:
    aws = SandboxAws.start(tmp_path_factory.mktemp("holdings") / "aws.json", seed=5)
    try:
        clients = SandboxClients.of(aws)
        furnish(clients)
        clients.close()
        yield aws
    finally:
        aws.stop()


@pytest.fixture
def aws(holdings_aws: SandboxAws, monkeypatch: pytest.MonkeyPatch) -> SandboxAws:
    """The furnished account, without faults, and an environment that sends every AWS client to it."""
    holdings_aws.faults([])
    for name, value in holdings_aws.env().items():
        monkeypatch.setenv(name, value)
    return holdings_aws


@pytest.fixture(scope="session")
def made() -> Iterator[dict[Scope, AwsInventory]]:
    """Inventories by scope: their clients are made once, which takes longer than their calls."""
    kept: dict[Scope, AwsInventory] = {}
    yield kept
    for inventory in kept.values():
        inventory.close()


@pytest.fixture
def inventory_of(aws: SandboxAws, made: dict[Scope, AwsInventory]) -> Callable[[Scope], AwsInventory]:
    def of(scope: Scope = SCOPE) -> AwsInventory:
        if scope not in made:
            made[scope] = AwsInventory(ACCOUNT, aws.region, scope, endpoint_url=aws.url)
            made[scope]._clients = next(iter(made.values()))._clients
        return made[scope]

    return of


@pytest.fixture
def inventory(inventory_of: Callable[[], AwsInventory]) -> AwsInventory:
    return inventory_of()
