"""What ECR's scans found and what its lifecycle policies would take.

Basic scanning answers COMPLETE with ``findings``, enhanced scanning (Amazon Inspector) ACTIVE with
``enhancedFindings``. Source: ECR API reference, DescribeImageScanFindings and GetLifecyclePolicyPreview.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.calls import translated
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.images.values import NO_SCAN, Expiring, FoundFlaw, Scan

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import EnhancedImageScanFindingTypeDef, ImageScanFindingTypeDef

_NO_SCAN = frozenset({"ScanNotFoundException", "ImageNotFoundException", "RepositoryNotFoundException"})
_NO_POLICY = frozenset({"LifecyclePolicyNotFoundException", "RepositoryNotFoundException"})
_NO_PREVIEW = "LifecyclePolicyPreviewNotFoundException"
_UNDER_WAY = "LifecyclePolicyPreviewInProgressException"
_FIXABLE = {"YES": True, "NO": False}
_CLOSED = "CLOSED"
_AGAIN = "ECR is still working out what the lifecycle policy would take"


def read_scan(client: ECRClient, repository: str, digest: str) -> Scan:
    """Every finding of one image. Raises ``CloudError``."""
    pages = client.get_paginator("describe_image_scan_findings")
    findings: list[FoundFlaw] = []
    counts: dict[str, int] = {}
    word, detail, completed = NO_SCAN, "", None
    try:
        with translated():
            for page in pages.paginate(repositoryName=repository, imageId={"imageDigest": digest}):
                status, found = page.get("imageScanStatus", {}), page.get("imageScanFindings", {})
                word, detail = status.get("status", NO_SCAN), status.get("description", "")
                counts |= {str(key): int(value) for key, value in found.get("findingSeverityCounts", {}).items()}
                completed = found.get("imageScanCompletedAt", completed)
                findings += map(_basic, found.get("findings", []))
                findings += [
                    _enhanced(one) for one in found.get("enhancedFindings", []) if one.get("status") != _CLOSED
                ]
    except CloudError as error:
        if error.code not in _NO_SCAN:
            raise
        return Scan(word=NO_SCAN, detail=error.message)
    return Scan(
        word=word,
        findings=tuple(sorted(findings, key=lambda one: (one.name, one.package))),
        counts=counts,
        completed_at=completed.timestamp() if completed else None,
        detail=detail,
    )


def read_expiring(client: ECRClient, repository: str) -> tuple[Expiring, ...]:
    """What the repository's policy would take now; a preview is asked for where there is none, and nothing deleted."""
    try:
        with translated():
            client.start_lifecycle_policy_preview(repositoryName=repository)
    except CloudError as error:
        if error.code in _NO_POLICY:
            return ()
        if error.code != _UNDER_WAY:
            raise
    return _preview(client, repository)


def _preview(client: ECRClient, repository: str) -> tuple[Expiring, ...]:
    found: list[Expiring] = []
    try:
        with translated():
            for page in client.get_paginator("get_lifecycle_policy_preview").paginate(repositoryName=repository):
                status = page.get("status", "")
                if status != "COMPLETE":
                    break
                found += [
                    Expiring(
                        digest=one["imageDigest"],
                        tags=tuple(sorted(one.get("imageTags", []))),
                        action=one.get("action", {}).get("type", "EXPIRE"),
                        rule=one.get("appliedRulePriority", 0),
                    )
                    for one in page.get("previewResults", [])
                ]
            else:
                return tuple(sorted(found, key=lambda one: one.digest))
    except CloudError as error:
        if error.code == _NO_PREVIEW:
            raise TryAgain(_AGAIN, "ask again in a minute", error.code) from error
        raise
    if status == "FAILED":
        raise Refused(f"ECR cannot preview the lifecycle policy of {repository}", "look at the policy's rules", status)
    raise TryAgain(_AGAIN, "ask again in a minute", status)


def _basic(one: ImageScanFindingTypeDef) -> FoundFlaw:
    attributes = {each["key"]: each.get("value", "") for each in one.get("attributes", [])}
    return FoundFlaw(
        name=one.get("name", ""),
        severity=one.get("severity", "UNDEFINED"),
        package=attributes.get("package_name", ""),
    )


def _enhanced(one: EnhancedImageScanFindingTypeDef) -> FoundFlaw:
    details = one.get("packageVulnerabilityDetails", {})
    packages = details.get("vulnerablePackages", [])
    return FoundFlaw(
        name=details.get("vulnerabilityId", "") or one.get("title", ""),
        severity=one.get("severity", "UNTRIAGED"),
        package=packages[0].get("name", "") if packages else "",
        fixable=_FIXABLE.get(one.get("fixAvailable", "")),
    )
