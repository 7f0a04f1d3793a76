"""ECR's images in the sandbox: digests of the bytes, tags that do not move, scans as ordered."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
NAME = "prod/lee/images"


def manifest(*sizes: int) -> str:
    layers = [{"digest": f"sha256:{size:064x}", "size": size} for size in sizes]
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"size": 1}, "layers": layers})


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.fixture
def ecr(sandbox: Any) -> Any:
    client = sandbox.client("ecr")
    client.create_repository(repositoryName=NAME, imageTagMutability="IMMUTABLE")
    return client


def put(ecr: Any, text: str, tag: str = "") -> None:
    ecr.put_image(repositoryName=NAME, imageManifest=text, **({"imageTag": tag} if tag else {}))


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_a_digest_is_the_hash_of_the_manifests_bytes_and_a_size_what_it_says(ecr):
    put(ecr, manifest(10, 20), "a")
    put(ecr, manifest(10, 20), "b")
    (found,) = ecr.describe_images(repositoryName=NAME)["imageDetails"]
    assert (found["imageDigest"], found["imageTags"]) == (digest(manifest(10, 20)), ["a", "b"])
    assert found["imageSizeInBytes"] == 31
    assert found["imagePushedAt"].timestamp() == 1_800_000_000
    (whole,) = ecr.batch_get_image(repositoryName=NAME, imageIds=[{"imageTag": "a"}])["images"]
    assert whole["imageManifest"] == manifest(10, 20)


def test_an_immutable_tag_stays_where_it_is(ecr):
    put(ecr, manifest(1), "a")
    with pytest.raises(ClientError) as moved:
        put(ecr, manifest(2), "a")
    with pytest.raises(ClientError) as again:
        put(ecr, manifest(1), "a")
    assert (code(moved), code(again)) == ("ImageTagAlreadyExistsException", "ImageAlreadyExistsException")


def test_an_image_goes_with_its_last_tag_and_not_while_an_index_names_it(ecr):
    part = manifest(1)
    whole = json.dumps({"mediaType": INDEX, "manifests": [{"digest": digest(part)}]})
    with pytest.raises(ClientError) as early:
        put(ecr, whole, "all")
    put(ecr, part)
    put(ecr, whole, "all")
    assert code(early) == "ReferencedImagesNotFoundException"
    kept = ecr.batch_delete_image(repositoryName=NAME, imageIds=[{"imageDigest": digest(part)}])
    assert kept["failures"][0]["failureCode"] == "ImageReferencedByManifestList"
    assert {"imageDigest": digest(part)} in ecr.list_images(repositoryName=NAME)["imageIds"]
    ecr.batch_delete_image(repositoryName=NAME, imageIds=[{"imageTag": "all"}])
    missing = ecr.batch_delete_image(repositoryName=NAME, imageIds=[{"imageTag": "all"}])
    assert missing["failures"][0]["failureCode"] == "ImageNotFound"
    assert [one["imageDigest"] for one in ecr.list_images(repositoryName=NAME)["imageIds"]] == [digest(part)]


def test_pages_of_images(ecr):
    for size in range(5):
        put(ecr, manifest(size))
    pages = list(ecr.get_paginator("describe_images").paginate(repositoryName=NAME, PaginationConfig={"PageSize": 2}))
    assert [len(page["imageDetails"]) for page in pages] == [2, 2, 1]


def test_scans_find_what_was_ordered_in_the_registrys_form(sandbox, ecr):
    put(ecr, manifest(1), "a")
    asked = {"repositoryName": NAME, "imageId": {"imageTag": "a"}}
    clean = ecr.describe_image_scan_findings(**asked)
    assert (clean["imageScanStatus"]["status"], clean["imageScanFindings"]["findings"]) == ("COMPLETE", [])
    flaw = {"name": "CVE-2026-1", "severity": "HIGH", "fixable": True}
    sandbox.post("scans", {digest(manifest(1)): {"findings": [flaw] * 3}})
    pages = list(ecr.get_paginator("describe_image_scan_findings").paginate(**asked, PaginationConfig={"PageSize": 2}))
    assert [len(page["imageScanFindings"]["findings"]) for page in pages] == [2, 1]
    ecr.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    enhanced = ecr.describe_image_scan_findings(**asked)
    assert enhanced["imageScanStatus"]["status"] == "ACTIVE"
    assert enhanced["imageScanFindings"]["enhancedFindings"][0]["fixAvailable"] == "YES"
    with pytest.raises(ClientError) as caught:
        ecr.start_image_scan(**asked)
    assert code(caught) == "ValidationException"
    sandbox.post("scans", {"*": {"status": "IMAGE_SIZE_EXCEEDED"}})
    assert "imageScanFindings" not in ecr.describe_image_scan_findings(**asked)
    assert "digests" in sandbox.refused("scans", [1])


def test_a_repository_with_images_goes_by_force_alone(ecr):
    put(ecr, manifest(1), "a")
    with pytest.raises(ClientError) as caught:
        ecr.delete_repository(repositoryName=NAME)
    assert code(caught) == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName=NAME, force=True)
    with pytest.raises(ClientError) as gone:
        put(ecr, manifest(1), "a")
    assert code(gone) == "RepositoryNotFoundException"


def test_a_preview_of_what_a_policy_would_delete(sandbox, ecr):
    put(ecr, manifest(1), "kept")
    put(ecr, manifest(2))
    with pytest.raises(ClientError) as none:
        ecr.start_lifecycle_policy_preview(repositoryName=NAME)
    with pytest.raises(ClientError) as early:
        ecr.get_lifecycle_policy_preview(repositoryName=NAME)
    assert code(none) == "LifecyclePolicyNotFoundException"
    assert code(early) == "LifecyclePolicyPreviewNotFoundException"
    chosen = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    rule = {"rulePriority": 1, "selection": chosen, "action": {"type": "expire"}}
    ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=json.dumps({"rules": [rule]}))
    ecr.start_lifecycle_policy_preview(repositoryName=NAME)
    assert ecr.get_lifecycle_policy_preview(repositoryName=NAME)["previewResults"] == []
    sandbox.post("clock", {"now": 1_800_000_000 + 15 * 86400})
    (going,) = ecr.get_lifecycle_policy_preview(repositoryName=NAME)["previewResults"]
    assert going["imageDigest"] == digest(manifest(2))
