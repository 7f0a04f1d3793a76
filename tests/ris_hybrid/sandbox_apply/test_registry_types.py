"""Types of ECR: made, changed and taken away in the sandbox's AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.registry import HANDLERS
from ris_hybrid.sandbox.apply.sights.every import sights

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.clients import SandboxClients

KEY = "arn:aws:kms:us-east-1:123456789012:key/1111"
TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}
)
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": 3,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)
SIGHTS = sights()


def make(clients: SandboxClients, kind: str, props: dict[str, Any]) -> Made:
    """As the engine hands it on."""
    made = HANDLERS[kind].create(clients, "auto-1234567", props)
    whole = Made(id=made.id, outputs={**props, **made.outputs})
    assert kind not in SIGHTS or SIGHTS[kind].differing(clients, whole, props) == {}
    return whole


def test_a_repository_with_its_policies(clients):
    ecr = clients.get("ecr")
    old = {
        "name": "lab/images",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        "tags": {"a": "b"},
    }
    kinds = {
        "aws:ecr/repository:Repository": old,
        "aws:ecr/repositoryPolicy:RepositoryPolicy": {"repository": "lab/images", "policy": POLICY},
        "aws:ecr/lifecyclePolicy:LifecyclePolicy": {"repository": "lab/images", "policy": LIFECYCLE},
    }
    made = {kind: make(clients, kind, props) for kind, props in kinds.items()}
    (found,) = ecr.describe_repositories(repositoryNames=["lab/images"])["repositories"]
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": KEY}
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert json.loads(ecr.get_repository_policy(repositoryName="lab/images")["policyText"]) == json.loads(POLICY)
    HANDLERS["aws:ecr/repository:Repository"].update(
        clients, made["aws:ecr/repository:Repository"], old, {**old, "imageTagMutability": "MUTABLE"}
    )
    (found,) = ecr.describe_repositories(repositoryNames=["lab/images"])["repositories"]
    assert found["imageTagMutability"] == "MUTABLE"
    for kind in reversed(kinds):
        HANDLERS[kind].delete(clients, made[kind])
        HANDLERS[kind].delete(clients, made[kind])
    assert not ecr.describe_repositories()["repositories"]


def test_templates_and_rules_are_kept_shown_changed_and_taken_away(clients):
    ecr = clients.get("ecr")
    old = {
        "prefix": "lab",
        "appliedFors": ["CREATE_ON_PUSH"],
        "imageTagMutability": "IMMUTABLE",
        "encryptionConfigurations": [{"encryptionType": "AES256"}],
        "resourceTags": {"a": "b"},
    }
    made = make(clients, TEMPLATE, old)
    HANDLERS[TEMPLATE].update(clients, made, old, {**old, "resourceTags": {"a": "c"}})
    (found,) = ecr.describe_repository_creation_templates(prefixes=["lab"])["repositoryCreationTemplates"]
    assert found["resourceTags"] == [{"Key": "a", "Value": "c"}]
    assert found["encryptionConfiguration"] == {"encryptionType": "AES256"}
    with pytest.raises(ClientError, match="TemplateAlreadyExists"):
        HANDLERS[TEMPLATE].create(clients, "x", old)
    HANDLERS[TEMPLATE].delete(clients, made)
    HANDLERS[TEMPLATE].delete(clients, made)
    kind = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"
    asked = {"ecrRepositoryPrefix": "public", "upstreamRegistryUrl": "public.ecr.aws"}
    rule = make(clients, kind, asked)
    (shown,) = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert shown["upstreamRegistryUrl"] == "public.ecr.aws"
    with pytest.raises(ClientError, match="AlreadyExists"):
        HANDLERS[kind].create(clients, "x", asked)
    HANDLERS[kind].delete(clients, rule)
    HANDLERS[kind].delete(clients, rule)
    with pytest.raises(ClientError, match="NotFound"):
        ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["public"])


def test_scanning_goes_back_to_what_an_account_has_without_ours(clients):
    kind = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
    filters = [{"filter": "*", "filterType": "WILDCARD"}]
    old = {"scanType": "BASIC", "rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]}
    made = make(clients, kind, old)
    new = {"scanType": "ENHANCED", "rules": [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": filters}]}
    HANDLERS[kind].update(clients, made, old, new)
    now = clients.get("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    assert now == new
    HANDLERS[kind].delete(clients, made)
    now = clients.get("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    assert now == {"scanType": "BASIC", "rules": []}
