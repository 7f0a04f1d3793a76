"""What ECR answers rarely, by its own shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ris_hybrid.aws.registry import EcrImages
from ris_hybrid.errors import TryAgain

INDEX = f"sha256:{'a' * 64}"
KIND = "application/vnd.oci.image.index.v1+json"


def images(answer: dict[str, Any]) -> Any:
    client = boto3.client("ecr", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    detail = {"imageDigest": INDEX, "imagePushedAt": datetime(2027, 1, 1, tzinfo=UTC), "imageManifestMediaType": KIND}
    with Stubber(client) as stub:
        stub.add_response("describe_images", {"imageDetails": [detail]})
        stub.add_response("batch_get_image", answer)
        return EcrImages(client).images("prod/lee/images")


def test_an_index_that_ecr_keeps_back_is_not_known_rather_than_empty() -> None:
    failure = {"imageId": {"imageDigest": INDEX}, "failureCode": "KmsError", "failureReason": "the key is disabled"}
    with pytest.raises(TryAgain, match="the key is disabled"):
        images({"images": [], "failures": [failure]})


def test_an_index_that_went_meanwhile_or_is_none_holds_nothing() -> None:
    failure = {"imageId": {"imageDigest": INDEX}, "failureCode": "ImageNotFound"}
    assert images({"images": [], "failures": [failure]})[0].platforms == {}
    broken = {"imageId": {"imageDigest": INDEX}, "imageManifest": '{"manifests": ["x"]}'}
    assert images({"images": [broken], "failures": []})[0].platforms == {}
