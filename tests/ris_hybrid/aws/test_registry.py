"""ECR's answers that the sandbox does not give, as botocore's own model has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from ris_hybrid.aws.registry import EcrImages, EcrLogin, EcrTags
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.images.values import FoundFlaw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.aws.child import SandboxAws

NAME = "prod/lee/images"
DIGEST = "sha256:" + "a" * 64
AT = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.fixture
def ecr(sandbox_aws: SandboxAws) -> Any:
    return Clients("us-east-1", sandbox_aws.url).get("ecr")


@pytest.fixture
def stub(ecr: Any) -> Iterator[Stubber]:
    with Stubber(ecr) as stubber:
        yield stubber


def page(status: str, **more: Any) -> dict[str, Any]:
    return {"repositoryName": NAME, "imageId": {"imageDigest": DIGEST}, "imageScanStatus": {"status": status}, **more}


def test_enhanced_findings_over_pages_without_those_that_are_closed(ecr: Any, stub: Stubber) -> None:
    def finding(name: str, **more: Any) -> dict[str, Any]:
        details = {"vulnerabilityId": name, "vulnerablePackages": [{"name": "openssl", "version": "1"}]}
        return {"severity": "HIGH", "fixAvailable": "PARTIAL", "packageVulnerabilityDetails": details, **more}

    counts = {"HIGH": 3}
    for token, found in (("next", [finding("CVE-2"), finding("CVE-9", status="CLOSED")]), ("", [finding("CVE-1")])):
        content = {"imageScanCompletedAt": AT, "enhancedFindings": found}
        content |= {"findingSeverityCounts": counts} if token else {}  # a page may leave them out
        stub.add_response(
            "describe_image_scan_findings",
            page("ACTIVE", imageScanFindings=content, **({"nextToken": token} if token else {})),
        )
    scan = EcrImages(ecr).scan(NAME, DIGEST)
    assert scan.word == "ACTIVE"
    assert scan.completed_at == AT.timestamp()
    expected = [FoundFlaw(name=name, severity="HIGH", package="openssl", fixable=None) for name in ("CVE-1", "CVE-2")]
    assert list(scan.findings) == expected
    assert scan.counts == counts


def test_an_enhanced_finding_without_a_package_is_known_by_its_title(ecr: Any, stub: Stubber) -> None:
    content = {"enhancedFindings": [{"title": "odd", "severity": "UNTRIAGED", "fixAvailable": "YES"}]}
    stub.add_response("describe_image_scan_findings", page("ACTIVE", imageScanFindings=content))
    (flaw,) = EcrImages(ecr).scan(NAME, DIGEST).findings
    assert flaw == FoundFlaw(name="odd", severity="UNTRIAGED", package="", fixable=True)


@pytest.mark.parametrize(("status", "kind"), [("IN_PROGRESS", TryAgain), ("EXPIRED", TryAgain), ("FAILED", Refused)])
def test_a_preview_that_is_not_ready_is_not_empty(ecr: Any, stub: Stubber, status: str, kind: type[CloudError]) -> None:
    stub.add_response("start_lifecycle_policy_preview", {"status": "IN_PROGRESS"})
    stub.add_response("get_lifecycle_policy_preview", {"status": status, "previewResults": []})
    with pytest.raises(kind) as caught:
        EcrImages(ecr).expiring(NAME)
    assert (caught.value.code, bool(caught.value.hint)) == (status, True)


def test_a_preview_that_was_asked_for_before_is_read(ecr: Any, stub: Stubber) -> None:
    stub.add_client_error("start_lifecycle_policy_preview", "LifecyclePolicyPreviewInProgressException")
    stub.add_client_error("get_lifecycle_policy_preview", "LifecyclePolicyPreviewNotFoundException")
    with pytest.raises(TryAgain):
        EcrImages(ecr).expiring(NAME)
    stub.add_client_error("start_lifecycle_policy_preview", "LifecyclePolicyPreviewInProgressException")
    row = {"imageDigest": DIGEST, "imageTags": ["b", "a"], "action": {"type": "EXPIRE"}, "appliedRulePriority": 2}
    stub.add_response("get_lifecycle_policy_preview", {"status": "COMPLETE", "previewResults": [row]})
    (going,) = EcrImages(ecr).expiring(NAME)
    assert (going.tags, going.rule, going.action) == (("a", "b"), 2, "EXPIRE")


@pytest.mark.parametrize("call", ["start_lifecycle_policy_preview", "get_lifecycle_policy_preview"])
def test_a_preview_that_is_refused_is_told(ecr: Any, stub: Stubber, call: str) -> None:
    if call.startswith("get"):
        stub.add_response("start_lifecycle_policy_preview", {"status": "IN_PROGRESS"})
    stub.add_client_error(call, "AccessDeniedException")
    with pytest.raises(Refused):
        EcrImages(ecr).expiring(NAME)


def test_last_pulls_are_told(ecr: Any, stub: Stubber) -> None:
    row = {"imageDigest": DIGEST, "imagePushedAt": AT, "lastRecordedPullTime": AT}
    stub.add_response("describe_images", {"imageDetails": [row]})
    (found,) = EcrImages(ecr).images(NAME)
    assert (found.pulled_at, found.size, found.tags) == (AT.timestamp(), None, ())


def test_a_tag_that_stays_and_a_log_in_that_is_none(ecr: Any, stub: Stubber) -> None:
    failure = {"failureCode": "ImageReferencedByManifestList", "failureReason": "an index has it"}
    stub.add_response("batch_delete_image", {"failures": [failure]})
    with pytest.raises(Refused, match="an index has it"):
        EcrTags(ecr).untag(NAME, "d-1")
    image = {"imageManifest": "{}", "imageManifestMediaType": "x"}
    stub.add_response("batch_get_image", {"images": [image], "failures": []})
    stub.add_client_error("put_image", "LimitExceededException", "1000 tags")
    with pytest.raises(CloudError, match="1000 tags"):
        EcrTags(ecr).tag(NAME, DIGEST, "ref-1")
    data = {"authorizationToken": "QVdT", "expiresAt": AT, "proxyEndpoint": "https://1.dkr.ecr.example.org"}
    stub.add_response("get_authorization_token", {"authorizationData": [data]})
    with pytest.raises(TryAgain):
        EcrLogin(ecr).login()
