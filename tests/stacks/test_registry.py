"""The layer ``registry``: whose images are where, who pulls and pushes them, and what is deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from ris_hybrid.errors import ConfigError
from stacks.outputs import RegistryOutputs, StorageOutputs, StoredAllocation
from stacks.references import typed
from stacks.registry.faults import registry_faults
from stacks.registry.layer import key_arn
from stacks.registry.settings import RegistrySettings
from tests.stacks.labs import KEY, lab

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REPOSITORY = "aws:ecr/repository:Repository"
STORAGE = {
    "allocations": {"neuro": {"bucket": "b", "bucket_arn": "arn:aws:s3:::b", "key_arn": KEY}},
    "log_bucket": "logs",
}
PUBLIC = {"prefix": "public", "upstream": "public.ecr.aws"}


@pytest.fixture
def registry(layer_graph: Callable[..., Any]) -> Callable[..., Any]:
    def build(*allocations: Any, phi: bool = True, **written: Any) -> Any:
        return layer_graph(
            "registry",
            sections={"registry": written, "phi": phi},
            allocations=allocations,
            references={"storage": STORAGE},
        )

    return build


def policy(graph: Any, name: str) -> dict[str, Mapping[str, Any]]:
    text = graph.of("aws:ecr/repositoryPolicy:RepositoryPolicy")[name]["policy"]
    return {one["Sid"]: one for one in json.loads(text)["Statement"]}


def test_the_graph_of_two_labs(registry, golden):
    golden("stacks/registry.json", registry(lab("wucci"), lab("neuro", "phi")).text())


def test_every_repository_is_immutable_scanned_and_encrypted(registry):
    made = registry(lab("wucci"), lab("neuro", "phi")).of(REPOSITORY)
    for row in made.values():
        assert row["imageTagMutability"] == "IMMUTABLE"
        assert row["imageScanningConfiguration"] == {"scanOnPush": True}
    assert made["example/neuro/images"]["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]
    assert made["example/wucci/images"]["encryptionConfigurations"] == [{"encryptionType": "AES256"}]


def test_a_repository_a_push_makes_is_like_the_others(registry):
    graph = registry(lab("neuro", "phi"))
    made, template = (
        graph.of(kind)[name]
        for kind, name in (
            (REPOSITORY, "example/neuro/images"),
            ("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", "example/neuro"),
        )
    )
    assert template["appliedFors"] == ["CREATE_ON_PUSH"]
    for field in ("imageTagMutability", "encryptionConfigurations"):
        assert template[field] == made[field]
    lifecycles = graph.of("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert template["lifecyclePolicy"] == lifecycles["example/neuro/images"]["policy"]
    assert template["resourceTags"].items() <= made["tags"].items()


TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"


def template_policy(graph, name):
    return {one["Sid"]: one for one in json.loads(graph.of(TEMPLATE)[name]["repositoryPolicy"])["Statement"]}


def test_nobody_of_a_lab_names_an_image_past_its_scan(registry):
    """The tags of ``images`` are what nodes go by: who puts one there lets an image through."""
    said = policy(registry(lab("wucci")), "example/wucci/images")
    assert "Push" not in said
    assert "ecr:PutImage" in said["OnlyPushers"]["Action"]


def test_the_lab_pushes_and_its_nodes_pull_and_nobody_else_does(registry):
    graph = registry(lab("wucci"), pushers=["arn:aws:iam::123456789012:role/image-mirror"])
    said = policy(graph, "example/wucci/images")
    role = "arn:aws:iam::123456789012:role/{}".format
    mirror = role("image-mirror")
    pulling = [role("compute1-example-wucci.lab"), role("compute1-example-wucci.jobs"), role("compute1-example-node")]
    assert said["Pull"]["Principal"] == {"AWS": [*pulling, mirror]}
    assert said["Push"]["Principal"] == {"AWS": [mirror]}
    own = template_policy(graph, "example/wucci")
    assert own["Push"]["Principal"] == {"AWS": [role("compute1-example-wucci.lab"), mirror]}
    assert said["NobodyElse"]["Effect"] == "Deny"
    assert said["NobodyElse"]["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [
        *pulling,
        mirror,
        role("aws-service-role/*"),
    ]


def test_the_host_that_copies_images_pushes_where_there_is_one(layer_graph):
    role, hosts = "arn:aws:iam::123456789012:role/compute1-example-data", ["arn:aws:iam::123456789012:user/ris-data"]
    for pushers in ([role], []):
        sections = {"identity": {"data_hosts": hosts}, "phi": False, "registry": {"pushers": pushers}}
        said = policy(layer_graph("registry", sections=sections, allocations=[lab("wucci")]), "example/wucci/images")
        assert said["Push"]["Principal"] == {"AWS": [role]}
        assert said["Pull"]["Principal"]["AWS"].count(role) == 1
        for sid in ("NobodyElse", "OnlyPushers"):
            assert role in said[sid]["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    nobody = policy(
        layer_graph("registry", sections={"phi": False}, allocations=[lab("wucci")]), "example/wucci/images"
    )
    assert "Push" not in nobody


def test_a_lab_that_may_write_no_more_pushes_no_more(registry):
    assert "Push" not in template_policy(registry(lab("wucci", stage="read-only")), "example/wucci")


def test_only_untagged_images_are_ever_deleted(registry):
    (row,) = registry(lab("wucci"), untagged_days=3).of("aws:ecr/lifecyclePolicy:LifecyclePolicy").values()
    (rule,) = json.loads(row["policy"])["rules"]
    assert rule["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 3,
    }


@pytest.mark.parametrize(("scan", "frequency"), [("BASIC", "SCAN_ON_PUSH"), ("ENHANCED", "CONTINUOUS_SCAN")])
def test_the_whole_registry_is_scanned_by_one_environment_of_the_account(registry, scan, frequency):
    kind = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
    (row,) = registry(scan=scan).of(kind).values()
    assert row["scanType"] == scan
    assert row["rules"][0]["scanFrequency"] == frequency
    assert not registry(account_wide=False).of(kind)


def test_images_are_pulled_through_only_where_no_phi_may_be(registry):
    rules = registry(phi=False, pull_through=[PUBLIC]).of("aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
    assert rules == {"public": {"ecrRepositoryPrefix": "public", "upstreamRegistryUrl": "public.ecr.aws"}}


@pytest.mark.parametrize(
    ("written", "phi", "said"),
    [
        ({"pull_through": [PUBLIC]}, True, [(("pull_through",), "expected none where PHI may be")]),
        (
            {"pull_through": [PUBLIC], "account_wide": False},
            False,
            [(("pull_through",), "expected account_wide: true")],
        ),
        ({"pull_through": [PUBLIC, PUBLIC]}, False, [(("pull_through", 1, "prefix"), "expected each once")]),
        ({"pull_through": [PUBLIC]}, False, []),
        ({}, True, []),
    ],
)
def test_what_does_not_go_together_is_said_at_its_place(written, phi, said):
    found = list(registry_faults(RegistrySettings.model_validate_json(json.dumps(written), strict=True), phi=phi))
    assert [loc for loc, _ in found] == [loc for loc, _ in said]
    assert all(text.startswith(start) for (_, text), (_, start) in zip(found, said, strict=True))


def test_phi_without_a_customer_key_is_refused(registry):
    phi = lab("neuro", "phi")
    bare = replace(phi, bucket=replace(phi.bucket, key_alias=""))
    with pytest.raises(ConfigError, match="expected a customer key for images of neuro"):
        registry(bare)
    made = registry(bare, key_arn=KEY).of(REPOSITORY)
    assert made["example/neuro/images"]["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]


@pytest.mark.parametrize("found", [None, StoredAllocation(bucket="b", bucket_arn="a")])
def test_a_key_storage_has_not_built_is_told(found):
    stored = StorageOutputs(allocations={} if found is None else {"neuro": found}, log_bucket="logs")
    with pytest.raises(ConfigError, match=r"storage-prod\.allocations\.neuro: no key_arn"):
        key_arn("prod", "neuro", stored)


@pytest.mark.parametrize(
    "written",
    [
        {"pull_through": [{**PUBLIC, "prefix": "Public"}]},
        {"pull_through": [{**PUBLIC, "credential_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:mine"}]},
        {"untagged_days": 0},
        {"scan": "NONE"},
    ],
)
def test_settings_ecr_would_refuse_are_refused(written):
    with pytest.raises(ValidationError):
        RegistrySettings.model_validate_json(json.dumps(written), strict=True)


def test_what_the_layer_gives_out_is_what_it_promises(registry):
    given_out = typed("registry-example", registry(lab("wucci")).outputs, RegistryOutputs)
    assert given_out.repositories == {
        "wucci": ("123456789012.dkr.ecr.us-east-1.amazonaws.com/example/wucci/images",),
    }


def test_who_pushes_is_somebody_a_repository_policy_may_name():
    anchor = "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/01234567-89ab-cdef-0123-456789abcdef"
    with pytest.raises(ValidationError, match="pushers"):
        RegistrySettings(pushers=(anchor,))
