"""The pack as a real process, spoken to as Pulumi's engine does: it blocks a stack that breaks a rule."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

import policies

if TYPE_CHECKING:
    from collections.abc import Iterator

PACK = Path(policies.__file__).parent / "pack"
TOLD = {
    "account": "123456789012",
    "region": "us-east-1",
    "phi_accounts": ["123456789012"],
    "site_cidrs": ["10.20.0.0/16"],
}
TAGS = {
    "ris_env": "prod",
    "ris_managed": "ris-hybrid",
    "ris_data_class": "internal",
    "ris_allocation": "wucci",
    "ris_lab": "wucci",
}


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    env = {
        **os.environ,
        "PULUMI_CONFIG": json.dumps({"ris-hybrid:policy": json.dumps(TOLD)}),
        "PULUMI_PROJECT": "ris-hybrid",
        "PULUMI_STACK": "storage-prod",
        "PULUMI_DRY_RUN": "true",
    }
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.send_signal(signal.SIGINT)


def struct(props: dict[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(props)
    return made


def resource(kind: str, name: str, props: dict[str, Any], **sources: str) -> analyzer_pb2.AnalyzerResource:
    return analyzer_pb2.AnalyzerResource(
        type=kind,
        name=name,
        urn=urn(kind, name),
        properties=struct(props),
        propertyDependencies={
            key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[source]) for key, source in sources.items()
        },
    )


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:storage-prod::ris-hybrid::{kind}::{name}"


def bucket(**changed: dict[str, Any] | None) -> list[analyzer_pb2.AnalyzerResource]:
    """A bucket that keeps every rule, with parts changed or left out."""
    of = urn("aws:s3/bucket:Bucket", "data")
    blocks = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::wustl-ris-wucci", "arn:aws:s3:::wustl-ris-wucci/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    parts: dict[str, dict[str, Any] | None] = {
        "BucketPublicAccessBlock": dict.fromkeys(blocks, True),
        "BucketVersioning": {"versioningConfiguration": {"status": "Enabled"}},
        "BucketOwnershipControls": {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "BucketPolicy": {"policy": json.dumps({"Version": "2012-10-17", "Statement": [deny]})},
        "BucketLogging": {"targetBucket": UNKNOWN_STRING_VALUE, "targetPrefix": "wucci/"},
        "BucketLifecycleConfiguration": {
            "rules": [
                {"id": "abort", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
            ]
        },
        **changed,
    }
    return [
        resource("aws:s3/bucket:Bucket", "data", {"bucket": "wustl-ris-wucci", "tags": TAGS}),
        *(
            resource(
                f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}", kind, {"bucket": UNKNOWN_STRING_VALUE, **props}, bucket=of
            )
            for kind, props in parts.items()
            if props is not None
        ),
    ]


def said(response: analyzer_pb2.AnalyzeResponse) -> list[tuple[str, str, int]]:
    return [(one.policyName, one.message, one.enforcementLevel) for one in response.diagnostics]


def test_the_pack_has_two_degrees_of_checks(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    levels = {policy.name: policy.enforcementLevel for policy in info.policies}
    assert info.name == "ris-hybrid"
    assert levels == {
        "each-resource": analyzer_pb2.MANDATORY,
        "each-resource-advisory": analyzer_pb2.ADVISORY,
        "whole-stack": analyzer_pb2.MANDATORY,
        "whole-stack-advisory": analyzer_pb2.ADVISORY,
    }


def test_a_stack_that_keeps_the_rules_passes(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    assert said(analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=bucket()))) == []


def test_a_stack_that_breaks_one_is_blocked_and_told_how_to_mend_it(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    broken = bucket(BucketPolicy=None, BucketLifecycleConfiguration=None)
    response = analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=broken))
    mandatory, advisory = sorted(said(response))
    assert mandatory[0] == "whole-stack"
    assert "bucket-tls-only [FSBP S3.5" in mandatory[1]
    assert "bucket wustl-ris-wucci: its policy lets requests without TLS pass. To mend it: deny s3:*" in mandatory[1]
    assert mandatory[2] == analyzer_pb2.MANDATORY
    assert advisory[0] == "whole-stack-advisory"
    assert advisory[2] == analyzer_pb2.ADVISORY
    assert {one.urn for one in response.diagnostics} == {urn("aws:s3/bucket:Bucket", "data")}


def test_a_resource_that_breaks_a_rule_by_itself_is_blocked_before_it_is_made(
    analyzer: analyzer_pb2_grpc.AnalyzerStub,
) -> None:
    props = {
        "name": "compute1-prod-cpu16",
        "tags": {**TAGS, "ris_pool": "cpu16"},
        "metadataOptions": {"httpTokens": "optional"},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
        "userData": UNKNOWN_STRING_VALUE,
    }
    kind = "aws:ec2/launchTemplate:LaunchTemplate"
    request = analyzer_pb2.AnalyzeRequest(type=kind, name="cpu16", urn=urn(kind, "cpu16"), properties=struct(props))
    ((name, message, level),) = said(analyzer.Analyze(request))
    assert (name, level) == ("each-resource", analyzer_pb2.MANDATORY)
    assert "template-imds-v2 [" in message
    assert "launch template compute1-prod-cpu16: it does not require IMDSv2" in message
    assert "set httpTokens to required" in message
    stack = analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[resource(kind, "cpu16", props)]))
    assert said(stack) == []  # told once


def test_resources_no_rule_is_about_pass(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    request = analyzer_pb2.AnalyzeRequest(type="aws:route53/zone:Zone", name="z", urn="u", properties=struct({}))
    assert said(analyzer.Analyze(request)) == []


def test_the_packs_program_can_be_imported_without_serving() -> None:
    assert importlib.import_module("policies.pack.__main__").checks
