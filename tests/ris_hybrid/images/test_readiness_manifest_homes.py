from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.images.homes import homes, node_images
from ris_hybrid.images.manifest import platforms_of, read_manifest
from ris_hybrid.images.readiness import image_word, known_images
from ris_hybrid.images.reference import name_tag, parse
from ris_hybrid.job_ask import JobAsk
from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan

TAG = name_tag(parse("ubuntu"))


def ask(esub: str | None, lab: str = "lee") -> JobAsk:
    return JobAsk(job_id="1", user="kim", lab=lab, queue="general", esub=esub)


@pytest.mark.parametrize(
    ("esub", "lab", "ready", "why"),
    [
        (None, "lee", None, "does not say"),
        ("docker", "lee", None, "does not say"),
        ("openmpi", "lee", True, "names no image"),
        ("docker(ubuntu)", "lee", True, "in ECR and let through"),
        ("docker(ubuntu:22.04)", "lee", False, "not in ECR, or not let through"),
        ("docker(ubuntu) docker(x:1)", "lee", False, "x:1 is not in ECR"),
        ("docker(Ubuntu)", "lee", False, "upper case"),
        ("docker(ubuntu)", "kim", False, "lab kim has no repository"),
        ("docker(ubuntu)", "", False, "lab (none) has no repository"),
        ("docker(ubuntu)", "lost", None, "could not be asked"),
    ],
)
def test_whether_a_job_finds_its_image(build: Any, esub: str | None, lab: str, ready: bool | None, why: str) -> None:
    lost = replace(build.home, lab="lost", repository="prod/lost/images")
    stored = {("prod", build.home.repository): (build.stored("a", TAG),), ("prod", "prod/lost/images"): None}
    word = image_word(ask(esub, lab), known_images((build.home, lost), stored))
    assert word.ready is ready
    assert why in word.reason


def test_a_lab_in_two_environments_needs_its_image_in_both(build: Any) -> None:
    other = replace(build.home, environment="phi", repository="phi/lee/images")
    both = (build.home, other)
    here = (build.stored("a", TAG),)
    stored: dict[Any, Any] = {("prod", build.home.repository): here, ("phi", other.repository): ()}
    assert image_word(ask("docker(ubuntu)"), known_images(both, stored)).ready is False
    stored["phi", other.repository] = here
    assert image_word(ask("docker(ubuntu)"), known_images(both, stored)).ready is True
    stored["phi", other.repository] = None
    assert image_word(ask("docker(ubuntu)"), known_images(both, stored)).ready is None


def row(digest: str, **platform: str) -> dict[str, Any]:
    return {"digest": digest, "platform": platform}


def test_platforms_of_an_index_without_attestations_none_where_two_are_for_one() -> None:
    rows = [
        row("1", os="linux", architecture="arm64", variant="v8"),
        row("2", os="linux", architecture="arm", variant="v7"),
        row("3", os="unknown", architecture="unknown"),
        row("4", os="linux", architecture="amd64"),
        row("5", os="linux", architecture="amd64"),
        {"digest": "6"},
        {"platform": {"os": "linux", "architecture": "s390x"}},
    ]
    assert platforms_of(json.dumps({"schemaVersion": 2, "manifests": rows})) == {
        "linux/arm64": "1",
        "linux/arm64/v8": "1",
        "linux/arm": "2",
        "linux/arm/v7": "2",
        "linux/amd64": "",
    }


@pytest.mark.parametrize(
    ("system", "machine", "variant"), [("linux", "x86_64", ""), ("Linux", "AMD64", ""), ("linux", "amd64", "v1")]
)
def test_another_word_for_the_same_platform_hides_no_second_image(system: str, machine: str, variant: str) -> None:
    rows = [
        row("unscanned", os=system, architecture=machine, variant=variant),
        row("scanned", os="linux", architecture="amd64"),
    ]
    assert platforms_of(json.dumps({"manifests": rows}))["linux/amd64"] == ""


def test_a_machine_of_a_newer_level_is_another_platform() -> None:
    rows = [
        row("newer", os="linux", architecture="amd64", variant="v3"),
        row("plain", os="linux", architecture="amd64"),
    ]
    assert platforms_of(json.dumps({"manifests": rows})) == {"linux/amd64/v3": "newer", "linux/amd64": "plain"}


@pytest.mark.parametrize(
    "text",
    [
        '{"manifests": ["x"]}',
        '{"manifests": 5}',
        '{"manifests": [{"digest": "1", "platform": "linux"}]}',
        '{"layers": [1]}',
        '{"layers": {"a": 1}}',
        '{"layers": [{"size": "big"}]}',
        '{"layers": [{"size": 1e999}]}',
        '{"layers": [{"size": null}]}',
        '{"layers": [], "config": 3}',
        '{"a": ' * 100_000,
    ],
)
def test_what_a_registry_makes_up_is_no_manifest(text: str) -> None:
    with pytest.raises(ValueError, match="not a manifest of an image"):
        read_manifest(text)


@pytest.mark.parametrize(
    ("text", "kind", "size"),
    [
        ('{"schemaVersion": 2, "layers": [{"size": 3}], "config": {"size": 1}}', "oci.image.manifest.v1", 4),
        ('{"schemaVersion": 2, "manifests": []}', "oci.image.index.v1", None),
        ('{"schemaVersion": 1, "fsLayers": []}', "docker.distribution.manifest.v1+json", None),
        ('{"schemaVersion": 1, "mediaType": "x/v1+prettyjws"}', "x/v1+prettyjws", None),
        ('{"mediaType": "a/b", "layers": [], "config": null}', "a/b", 0),
    ],
)
def test_the_kind_of_a_manifest_and_what_it_weighs(text: str, kind: str, size: int | None) -> None:
    found = read_manifest(text)
    assert kind in found.media_type
    assert found.size == size


@pytest.mark.parametrize("text", ["", "<html>", "[]", '{"schemaVersion": "two"}', '{"a'])
def test_what_is_no_manifest(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_manifest(text)


def test_the_home_of_a_lab_is_the_allocation_of_its_name_else_the_first(mirror_plan: MirrorPlan) -> None:
    found = {(one.lab, one.environment): one for one in homes(mirror_plan)}
    for (lab, environment), home in found.items():
        mine = [one for one in mirror_plan.allocations if (one.lab, one.environment) == (lab, environment)]
        mine = [one for one in mine if one.bucket.writable]
        named = [one.registry.namespace for one in mine if one.name == lab]
        assert home.namespace == (named or [mine[0].registry.namespace])[0]
        assert home.repository == f"{home.namespace}/images"
        assert home.host == f"{home.account}.dkr.ecr.{home.region}.amazonaws.com"


def test_allocations_that_take_no_images_or_are_nowhere_have_no_home(mirror_plan: MirrorPlan) -> None:
    shut = tuple(replace(one, bucket=replace(one.bucket, writable=False)) for one in mirror_plan.allocations)
    assert homes(replace(mirror_plan, allocations=shut)) == ()
    assert homes(replace(mirror_plan, environments=())) == ()


def test_nodes_look_below_the_environment_but_for_labs_that_are_elsewhere(mirror_plan: MirrorPlan) -> None:
    found = homes(mirror_plan)
    (environment,) = {one.environment for one in found}
    moved = [replace(one, namespace=f"{environment}/other") if one is found[0] else one for one in found]
    node = node_images(moved, environment)
    assert node is not None
    assert (node.registry, node.namespace) == (found[0].host, f"{environment}/{{lab}}")
    assert node.namespaces[found[0].lab] == f"{environment}/other"
    for one in moved:
        assert node.namespaces.get(one.lab, node.namespace.replace("{lab}", one.lab)) == one.namespace
    assert node_images(found, "nowhere") is None


def test_china_has_hosts_of_its_own(mirror_plan: MirrorPlan) -> None:
    moved = tuple(replace(one, partition="aws-cn", region="cn-north-1") for one in mirror_plan.environments)
    assert isinstance(moved[0], EnvironmentPlan)
    assert homes(replace(mirror_plan, environments=moved))[0].host.endswith(".dkr.ecr.cn-north-1.amazonaws.com.cn")
