"""The files beside Pulumi.yaml: environments that can be read, and one stack configuration a layer for the sandbox."""

from __future__ import annotations

import inspect
from pathlib import Path

import pulumi_aws
import pytest
import yaml

from stacks.environment_file import read_environment
from stacks.layers import LAYERS

CONFIG = Path(__file__).parents[2] / "stacks" / "config"
ADDRESS = "http://127.0.0.1:5000"
SERVICES = (
    *("bcmdataexports", "budgets", "ce", "cloudtrail", "cloudwatch", "configservice", "directconnect", "ec2", "ecr"),
    *(
        "events",
        "fsx",
        "iam",
        "kms",
        "logs",
        "route53",
        "route53resolver",
        "s3",
        "s3control",
        "sns",
        "sqs",
        "ssm",
        "sts",
    ),
)
"""What the provider asks AWS for our resources, by its own names of services."""

STACK = f"""\
# `pulumi up --stack LAYER-sandbox` against the sandbox's AWS: docs/stacks.md, "With the Pulumi CLI".
# The same in each layer. A service that is not named below would be asked at AWS itself, with a key AWS refuses.
config:
  aws:region: us-east-1
  aws:allowedAccountIds: ["123456789012"]
  aws:accessKey: sandbox
  aws:secretKey: sandbox # the sandbox checks no key
  aws:skipCredentialsValidation: true
  aws:skipMetadataApiCheck: true
  aws:skipRegionValidation: true
  aws:s3UsePathStyle: true
  aws:maxRetries: 1 # more only makes an error of the sandbox look like a hang
  aws:endpoints:
    - {chr(10).join(f"      {service}: {ADDRESS}" for service in SERVICES).lstrip()}
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_a_stack_of_the_sandbox_reaches_nothing_but_loopback(layer, request):
    path = CONFIG / f"Pulumi.{layer}-sandbox.yaml"
    if request.config.getoption("--update-golden"):
        path.write_text(STACK, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == STACK


def test_the_provider_knows_every_service_of_them():
    known = inspect.signature(pulumi_aws.ProviderEndpointArgs)
    (endpoints,) = yaml.safe_load(STACK)["config"]["aws:endpoints"]
    assert set(endpoints) <= set(known.parameters)
    assert set(endpoints.values()) == {ADDRESS}


@pytest.mark.parametrize("env", ["example", "sandbox"])
def test_the_environments_that_are_shipped_can_be_read(env):
    assert read_environment(CONFIG / f"{env}.yaml", env).name == f"compute1-{env}"
