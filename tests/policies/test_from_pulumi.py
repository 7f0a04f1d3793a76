"""Registered resources as the values the rules look at: parts joined, defaults of the provider, what is not known."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from policies.from_pulumi.registered import UNKNOWN, Resource, Stack
from policies.from_pulumi.stack import registered, value_of
from ris_hybrid.config.user_data import packed
from ris_hybrid.holdings.values import Account, PortRule

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOW]})


def made(kind: str, name: str = "one", props: Mapping[str, Any] | None = None, **sources: Resource) -> Resource:
    """A resource whose properties named in ``sources`` come from others and are not known yet."""
    return Resource(
        type=kind,
        name=name,
        urn=f"urn:{kind}::{name}",
        props={**dict.fromkeys(sources, UNKNOWN), **(props or {})},
        property_dependencies={key: [source.urn] for key, source in sources.items()},
    )


def read(one: Resource, *others: Resource, whole: bool = True) -> Any:
    stack = Stack(resources=[one, *others], whole=whole, account=ACCOUNT, region="us-east-1")
    return value_of(one, stack)


BUCKET = made("aws:s3/bucket:Bucket", "data", {"bucket": "b", "tags": {"ris_purpose": "logs"}})


def part(kind: str, props: Mapping[str, Any]) -> Resource:
    return made(f"aws:s3/b{kind[1:]}:{kind}", kind, props, bucket=BUCKET)


def test_a_bucket_alone_has_what_s3_gives_by_itself() -> None:
    bucket = read(BUCKET)
    assert (bucket.name, bucket.account, bucket.purpose) == ("b", ACCOUNT, "logs")
    assert (bucket.encryption, bucket.key, bucket.bucket_key) == ("AES256", "", False)
    assert (bucket.owner_enforced, bucket.versioned, bucket.public_blocked) == (True, False, False)
    assert (bucket.policy, bucket.logs_to, bucket.has_lifecycle, bucket.expires) == ((), "", False, False)
    assert (bucket.object_lock, bucket.inventory) == (False, False)


def test_a_bucket_whose_stack_is_not_complete_yet_is_not_judged_by_what_is_missing() -> None:
    bucket = read(BUCKET, whole=False)
    assert [bucket.encryption, bucket.versioned, bucket.public_blocked, bucket.policy, bucket.logs_to] == [None] * 5
    assert [bucket.has_lifecycle, bucket.expires, bucket.object_lock, bucket.inventory] == [None] * 4


def test_a_bucket_is_joined_with_its_parts_by_what_they_come_from_or_by_its_name() -> None:
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    encryption = {
        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN},
        "bucketKeyEnabled": True,
    }
    bucket = read(
        BUCKET,
        part("BucketPublicAccessBlock", dict.fromkeys(blocks, True)),
        part("BucketServerSideEncryptionConfiguration", {"rules": [encryption]}),
        part("BucketVersioning", {"versioningConfiguration": {"status": "Enabled"}}),
        part("BucketOwnershipControls", {"rule": {"objectOwnership": "ObjectWriter"}}),
        made("aws:s3/bucketPolicy:BucketPolicy", "p", {"bucket": "b", "policy": POLICY}),
        part("BucketLoggingV2", {"targetBucket": UNKNOWN}),
        part("BucketObjectLockConfiguration", {}),
        made("aws:s3/inventory:Inventory", "i", {}, bucket=BUCKET),
    )
    assert (bucket.encryption, bucket.bucket_key) == ("aws:kms", True)
    assert bucket.key
    assert (bucket.public_blocked, bucket.versioned, bucket.owner_enforced) == (True, True, False)
    assert bucket.policy == (ALLOW,)
    assert bucket.logs_to
    assert (bucket.object_lock, bucket.inventory) == (True, True)


def test_what_a_part_of_a_bucket_does_not_know_yet_is_not_known() -> None:
    bucket = read(
        made("aws:s3/bucket:Bucket", "data", {"bucket": "b", "objectLockEnabled": UNKNOWN, "tags": {"a": UNKNOWN}}),
        part("BucketPublicAccessBlock", {"blockPublicAcls": True} | dict.fromkeys(BLOCKS_LEFT, UNKNOWN)),
        part("BucketServerSideEncryptionConfiguration", {"rules": UNKNOWN}),
        part("BucketVersioning", {"versioningConfiguration": UNKNOWN}),
        part("BucketOwnershipControls", {"rule": UNKNOWN}),
        part("BucketPolicy", {"policy": UNKNOWN}),
        part("BucketLifecycleConfiguration", {"rules": UNKNOWN}),
    )
    assert [bucket.tags, bucket.public_blocked, bucket.encryption, bucket.key, bucket.versioned] == [None] * 5
    assert [bucket.owner_enforced, bucket.policy, bucket.has_lifecycle, bucket.object_lock] == [None] * 4


BLOCKS_LEFT = ("blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def test_a_bucket_that_blocks_only_some_is_open() -> None:
    assert read(BUCKET, part("BucketPublicAccessBlock", {"blockPublicAcls": True})).public_blocked is False
    assert (
        read(BUCKET, part("BucketVersioning", {"versioningConfiguration": {"status": "Suspended"}})).versioned is False
    )
    assert read(BUCKET, part("BucketLogging", {"targetBucket": "logs"})).logs_to == "logs"


@pytest.mark.parametrize(
    ("rule", "expires"),
    [
        ({"expiration": {"days": 30}}, True),
        ({"expiration": {"date": "2030-01-01"}}, True),
        ({"noncurrentVersionExpiration": {"noncurrentDays": 90}}, True),
        ({"expiration": {"days": UNKNOWN}}, True),
        ({"expiration": {"days": 30}, "status": "Disabled"}, False),
        ({"expiration": {"expiredObjectDeleteMarker": True, "days": 0}}, False),
        ({"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}, False),
        ({"filter": {"prefix": ".ris-hybrid/"}, "expiration": {"days": 30}}, False),
        ({"prefix": ".ris-hybrid/manifests/", "noncurrentVersionExpiration": {"noncurrentDays": 1}}, False),
        ({"filter": {"and": {"prefix": ".ris-hybrid/", "tags": {"a": "b"}}}, "expiration": {"days": 30}}, False),
        ({"filter": {"prefix": ".ris"}, "expiration": {"days": 30}}, True),
        ({"filter": {"prefix": UNKNOWN}, "expiration": {"days": 30}}, True),
    ],
)
def test_a_rule_that_deletes_is_told_from_one_that_tidies_up(rule: dict[str, Any], *, expires: bool) -> None:
    bucket = read(BUCKET, part("BucketLifecycleConfiguration", {"rules": [{"status": "Enabled", **rule}]}))
    assert bucket.expires is expires


def test_a_key_has_its_alias_as_name() -> None:
    key = made("aws:kms/key:Key", "k", {"enableKeyRotation": True, "policy": POLICY})
    alias = made("aws:kms/alias:Alias", "a", {"name": "alias/x"}, targetKeyId=key)
    assert (read(key, alias).name, read(key, alias).rotates, read(key, alias).policy) == ("alias/x", True, (ALLOW,))
    bare = made("aws:kms/key:Key", "k", {})
    assert (read(bare).name, read(bare).rotates, read(bare).enabled, read(bare).policy) == ("k", False, True, ())
    apart = made("aws:kms/keyPolicy:KeyPolicy", "p", {"policy": json.dumps({"Statement": ALLOW})}, keyId=bare)
    assert read(bare, apart).policy == (ALLOW,)


def test_a_repository_has_its_policies() -> None:
    props = {
        "name": "lab/tools",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": UNKNOWN}],
    }
    one = made("aws:ecr/repository:Repository", "r", props)
    lifecycle = made("aws:ecr/lifecyclePolicy:LifecyclePolicy", "l", {"repository": "lab/tools"})
    policy = made("aws:ecr/repositoryPolicy:RepositoryPolicy", "p", {"policy": UNKNOWN}, repository=one)
    full = read(one, lifecycle, policy)
    assert (full.immutable, full.scan_on_push, full.encryption, full.has_lifecycle) == (True, True, "KMS", True)
    assert full.policy is None
    bare = read(made("aws:ecr/repository:Repository", "r", {}))
    assert (bare.immutable, bare.scan_on_push, bare.encryption, bare.policy) == (False, False, "AES256", ())
    assert read(made("aws:ecr/repository:Repository", "r", {"imageTagMutability": UNKNOWN})).immutable is None


def test_a_role_has_the_statements_of_all_its_policies() -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    props = {
        "name": "r",
        "assumeRolePolicy": {"Statement": [trust]},
        "inlinePolicies": [{"name": "a", "policy": POLICY}],
        "permissionsBoundary": UNKNOWN,
    }
    role = made("aws:iam/role:Role", "r", props)
    own = made("aws:iam/rolePolicy:RolePolicy", "p", {"role": "r", "policy": POLICY})
    managed = made("aws:iam/policy:Policy", "m", {"policy": POLICY})
    attached = made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {"role": "r"}, policyArn=managed)
    full = read(role, own, managed, attached)
    assert (full.trust, full.statements) == ((trust,), (ALLOW, ALLOW, ALLOW))
    assert full.boundary
    assert read(role, whole=False).statements is None


def test_a_policy_of_awss_own_leaves_a_role_not_known() -> None:
    role = made("aws:iam/role:Role", "r", {"name": "r", "assumeRolePolicy": "no JSON"})
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    attached = made("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {"role": "r", "policyArn": arn})
    assert (read(role, attached).statements, read(role).statements, read(role).trust) == (None, (), None)
    assert read(made("aws:iam/role:Role", "r", {"managedPolicyArns": [arn]})).statements is None
    assert read(role).boundary == ""


def test_a_network_has_its_gateway_logs_and_endpoints() -> None:
    vpc = made("aws:ec2/vpc:Vpc", "v", {"tags": {"ris_data_class": "phi"}})
    endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
    network = read(
        vpc,
        made("aws:ec2/internetGateway:InternetGateway", "g", {}, vpcId=vpc),
        made("aws:ec2/flowLog:FlowLog", "f", {}, vpcId=vpc),
        made(endpoint, "e", {"serviceName": "com.amazonaws.us-east-1.ecr.api"}, vpcId=vpc),
        made(endpoint, "s", {"serviceName": "com.amazonaws.us-east-1.s3"}, vpcId=vpc),
    )
    assert (network.phi, network.internet_gateway, network.flow_logs) == (True, True, True)
    assert network.endpoints == ("ecr.api", "s3")
    bare = read(made("aws:ec2/vpc:Vpc", "v", {"tags": UNKNOWN}))
    assert (bare.phi, bare.internet_gateway, bare.flow_logs, bare.endpoints) == (None, False, False, ())
    assert read(vpc, made(endpoint, "e", {"serviceName": UNKNOWN}, vpcId=vpc)).endpoints is None
    assert read(vpc, whole=False).endpoints is None
    assert read(made("aws:ec2/subnet:Subnet", "s", {"mapPublicIpOnLaunch": True})).public_ip is True


def test_a_group_has_rules_in_all_three_forms() -> None:
    inline = {
        "protocol": "tcp",
        "fromPort": 22,
        "toPort": 22,
        "cidrBlocks": ["10.0.0.0/8"],
        "securityGroups": [UNKNOWN],
        "self": True,
    }
    group = made("aws:ec2/securityGroup:SecurityGroup", "g", {"ingress": [inline]})
    older = "aws:ec2/securityGroupRule:SecurityGroupRule"
    newer = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    found = read(
        group,
        made(
            older,
            "o",
            {"type": "ingress", "protocol": "udp", "fromPort": 53, "toPort": 53, "sourceSecurityGroupId": "sg-1"},
            securityGroupId=group,
        ),
        made(older, "e", {"type": "egress", "ipv6CidrBlocks": ["::/0"]}, securityGroupId=group),
        made(
            newer,
            "n",
            {"ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0, "cidrIpv4": "10.1.0.0/16"},
            securityGroupId=group,
        ),
    )
    rules = [(one.protocol, one.from_port, one.source) for one in found.ingress]
    assert rules == [
        ("tcp", 22, "10.0.0.0/8"),
        ("tcp", 22, "(known after it is made)"),
        ("tcp", 22, "self"),
        ("udp", 53, "sg-1"),
        ("tcp", 443, "10.1.0.0/16"),
    ]
    assert found.egress == (PortRule(protocol="-1", from_port=0, to_port=0, source="::/0"),)
    assert not found.default
    default = read(made("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "d", {}))
    assert (default.default, default.ingress, default.egress) == (True, (), ())


@pytest.mark.parametrize(
    "ingress",
    [UNKNOWN, [UNKNOWN], [{"cidrBlocks": UNKNOWN}], [{"cidrBlocks": [UNKNOWN]}, {"fromPort": UNKNOWN, "self": True}]],
)
def test_a_rule_that_is_not_known_leaves_the_group_not_known(ingress: Any) -> None:
    assert read(made("aws:ec2/securityGroup:SecurityGroup", "g", {"ingress": ingress})).ingress is None


def test_a_launch_template_is_read_as_ec2_reads_it() -> None:
    props = {
        "name": "t",
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "networkInterfaces": [{"associatePublicIpAddress": "true"}],
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}},
            {"virtualName": "ephemeral0"},
        ],
        "userData": b64encode(b"#cloud-config\n").decode(),
        "instanceType": "c7a.4xlarge",
    }
    kind = "aws:ec2/launchTemplate:LaunchTemplate"
    full = read(made(kind, "t", props))
    assert (full.http_tokens, full.hop_limit, full.public_ip, full.volumes_encrypted) == ("required", 1, True, True)
    assert (full.user_data, full.instance_type) == ("#cloud-config\n", "c7a.4xlarge")
    bare = read(made(kind, "t", {}))
    assert (bare.http_tokens, bare.hop_limit, bare.public_ip, bare.volumes_encrypted) == ("", 0, False, False)
    assert read(made(kind, "t", {"userData": "#!/bin/sh"})).user_data == "#!/bin/sh"
    long = "#cloud-config\n" + "# password: hunter2\n" * 1000
    sent = packed(long)
    assert len(sent) < len(long)
    assert read(made(kind, "t", {"userData": b64encode(sent).decode()})).user_data == long, "rules see what was packed"
    dark = read(made(kind, "t", dict.fromkeys(props, UNKNOWN)))
    assert [dark.http_tokens, dark.hop_limit, dark.public_ip, dark.volumes_encrypted, dark.user_data] == [None] * 5
    halves = {
        "networkInterfaces": [{"associatePublicIpAddress": UNKNOWN}],
        "blockDeviceMappings": [{"ebs": {"encrypted": UNKNOWN}}],
    }
    assert (read(made(kind, "t", halves)).public_ip, read(made(kind, "t", halves)).volumes_encrypted) == (None, None)


def test_machines_and_file_systems() -> None:
    machine = read(made("aws:ec2/instance:Instance", "i", {"rootBlockDevice": {"encrypted": True}}))
    assert (machine.public_address, machine.http_tokens, machine.volumes_encrypted) == (False, "optional", True)
    assert read(made("aws:fsx/lustreFileSystem:LustreFileSystem", "f", {"kmsKeyId": UNKNOWN})).customer_key is True


def test_queues_and_topics() -> None:
    queue = made("aws:sqs/queue:Queue", "q", {})
    policy = made("aws:sqs/queuePolicy:QueuePolicy", "p", {"policy": POLICY}, queueUrl=queue)
    assert (read(queue).encrypted, read(queue).policy) == (True, ())
    assert read(queue, policy).policy == (ALLOW,)
    assert read(made("aws:sqs/queue:Queue", "q", {"sqsManagedSseEnabled": False})).encrypted is False
    assert read(made("aws:sqs/queue:Queue", "q", {"kmsMasterKeyId": UNKNOWN})).encrypted is True
    topic = read(made("aws:sns/topic:Topic", "t", {"policy": POLICY}))
    assert (topic.kind, topic.encrypted, topic.policy) == ("topic", False, (ALLOW,))


def test_logs_trails_and_budgets() -> None:
    logs = read(made("aws:cloudwatch/logGroup:LogGroup", "l", {"retentionInDays": 400}))
    assert (logs.retention_days, logs.encrypted) == (400, False)
    plain = {"eventSelectors": [{"dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}]}
    fields = {
        "advancedEventSelectors": [{"fieldSelectors": [{"field": "resources.type", "equals": ["AWS::S3::Object"]}]}]
    }
    kind = "aws:cloudtrail/trail:Trail"
    assert [read(made(kind, "t", props)).data_events for props in (plain, fields, {})] == [True, True, False]
    assert read(made(kind, "t", {"eventSelectors": UNKNOWN})).data_events is None
    budget = made("aws:budgets/budget:Budget", "b", {"limitAmount": "100"})
    action = made("aws:budgets/budgetAction:BudgetAction", "a", {"budgetName": "b"})
    assert (read(budget).usd_per_month, read(budget).has_action, read(budget, action).has_action) == (
        100.0,
        False,
        True,
    )
    assert read(made("aws:budgets/budget:Budget", "b", {"limitAmount": UNKNOWN})).usd_per_month is None


def test_a_stack_says_nothing_of_kinds_it_makes_nothing_of() -> None:
    block = made("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "b", {"blockPublicAcls": True})
    found = registered(Stack(resources=[BUCKET, block], whole=True, account=ACCOUNT, region="us-east-1"))
    assert [one.name for one in found.buckets or ()] == ["b"]
    assert found.accounts == (Account(account=ACCOUNT, region="us-east-1", public_blocked=False),)
    assert (found.keys, found.trails, found.networks) == (None, None, None)
    assert registered(Stack(resources=[BUCKET], whole=True)).accounts is None


def test_what_a_stack_sets_for_its_account() -> None:
    resources = [
        made("aws:ebs/encryptionByDefault:EncryptionByDefault", "e", {}),
        made("aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", "i", {"httpTokens": "required"}),
        made("aws:cfg/recorderStatus:RecorderStatus", "r", {"isEnabled": True}),
        made("pulumi:pulumi:Stack", "s", {}),
    ]
    (account,) = registered(Stack(resources=resources, whole=True, account=ACCOUNT)).accounts or ()
    assert (account.volumes_encrypted, account.imds_v2, account.recorder) == (True, True, True)
    assert account.public_blocked is None


def test_parts_are_found_by_the_id_their_owner_has_by_now() -> None:
    vpc = made("aws:ec2/vpc:Vpc", "v", {"id": "vpc-1"})
    logs = made("aws:ec2/flowLog:FlowLog", "f", {"vpcId": "vpc-1"})
    assert read(vpc, logs).flow_logs is True
    assert read(vpc, made("aws:ec2/flowLog:FlowLog", "f", {"vpcId": "vpc-2"})).flow_logs is False
