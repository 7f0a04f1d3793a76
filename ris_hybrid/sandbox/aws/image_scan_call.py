"""Scans of images, and what a lifecycle policy would delete, as ECR answers (sandbox).

An image is scanned the moment it is pushed, and nothing is found, unless the control route ``scans`` says otherwise
for its digest: ``{digest: {"status": ..., "findings": [{"name", "severity", "package", "fixable"}]}}``; ``*`` is every
image. Findings come in the form of basic or of enhanced scanning, as the registry is set. An index has no scan.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws.image_call import JSON, images_of, one_of
from ris_hybrid.sandbox.aws.kept import asked, place_of
from ris_hybrid.sandbox.aws.moto_account import repository, scan_type
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_NOWHERE = ("", "")
_ORDERS = "scan-orders"
_PREVIEW = "lifecycle-preview"
_DONE = {"BASIC": "COMPLETE", "ENHANCED": "ACTIVE"}
_PAGE = 100
_DAY_S = 86400.0


def order(state: State, posted: object) -> object:
    """The control route: replace what scans find from now on. Raises ``ConfigError`` for what makes no sense."""
    if not isinstance(posted, dict) or not all(isinstance(one, dict) for one in posted.values()):
        raise ConfigError('an object of digests is expected, each {"status": "COMPLETE", "findings": [...]}')
    orders = state.kept.of(_NOWHERE, _ORDERS)
    orders.clear()
    orders.update({str(digest): dict(one) for digest, one in posted.items()})
    return orders


def findings(state: State, call: Call) -> Answer:
    """What the scan of an image found, a page at a time. Raises ``ApiError`` where there is no scan."""
    given = asked(call)
    name = given["repositoryName"]
    image = one_of(images_of(state, call, name), given["imageId"], name)
    orders = state.kept.of(_NOWHERE, _ORDERS)
    ordered = orders.get(image["digest"], orders.get("*", {}))
    kind = scan_type(place_of(call))
    status = ordered.get("status", _DONE[kind])
    if "index" in image["media_type"] or "list" in image["media_type"] or status == "NOT_FOUND":
        raise ApiError("ScanNotFoundException", f"Image scan does not exist for the image with '{image['digest']}'.")
    answer: Record = {
        "registryId": call.account,
        "repositoryName": name,
        "imageId": given["imageId"],
        "imageScanStatus": {"status": status, "description": f"The scan is {status} (sandbox)."},
    }
    if status in _DONE.values():
        answer |= _page(given, kind, ordered.get("findings", []), image["pushed"])
    return json_answer(answer, kind=JSON)


def start_scan(state: State, call: Call) -> Answer:
    """Scan an image that was ordered NOT_FOUND. Raises ``ApiError`` where ECR scans by itself."""
    given = asked(call)
    name = given["repositoryName"]
    image = one_of(images_of(state, call, name), given["imageId"], name)
    if scan_type(place_of(call)) != "BASIC":
        raise ApiError("ValidationException", "This feature is disabled: enhanced scanning is on.")
    ordered = state.kept.of(_NOWHERE, _ORDERS).get(image["digest"], {})
    if ordered.get("status") != "NOT_FOUND":
        raise ApiError("LimitExceededException", "The scan quota per image has been exceeded. Wait and try again.")
    del ordered["status"]
    begun = {"imageId": given["imageId"], "imageScanStatus": {"status": "IN_PROGRESS"}}
    return json_answer({"registryId": call.account, "repositoryName": name, **begun}, kind=JSON)


def start_preview(state: State, call: Call) -> Answer:
    """Work out what the repository's policy would take; it is ready at once."""
    given = asked(call)
    name = given["repositoryName"]
    policy = given.get("lifecyclePolicyText") or repository(place_of(call), name).lifecycle_policy
    if not policy:
        raise ApiError("LifecyclePolicyNotFoundException", f"Lifecycle policy does not exist for '{name}'.")
    state.kept.of(place_of(call), _PREVIEW)[name] = {"policy": policy}
    return json_answer(_about(call, name, policy, "IN_PROGRESS"), kind=JSON)


def preview(state: State, call: Call) -> Answer:
    """Untagged images older than a rule's days; rules of other kinds take nothing in the sandbox."""
    given = asked(call)
    name = given["repositoryName"]
    kept = state.kept.of(place_of(call), _PREVIEW).get(name)
    if kept is None:
        raise ApiError("LifecyclePolicyPreviewNotFoundException", f"There is no preview for '{name}'.")
    results = _expired(kept["policy"], images_of(state, call, name), state.clock.now())
    summary = {"expiringImageTotalCount": len(results)}
    shown = {**_about(call, name, kept["policy"], "COMPLETE"), "previewResults": results, "summary": summary}
    return json_answer(shown, kind=JSON)


def _about(call: Call, name: str, policy: str, status: str) -> Record:
    return {"registryId": call.account, "repositoryName": name, "lifecyclePolicyText": policy, "status": status}


def _expired(policy: str, images: Mapping[str, Record], now: float) -> list[Record]:
    parts = {one["digest"] for image in images.values() for one in json.loads(image["manifest"]).get("manifests", [])}
    found = []
    for rule in json.loads(policy)["rules"]:
        chosen = rule["selection"]
        if chosen.get("tagStatus") != "untagged" or chosen.get("countType") != "sinceImagePushed":
            continue
        found += [
            {
                "imageDigest": image["digest"],
                "imagePushedAt": image["pushed"],
                "action": {"type": "EXPIRE"},
                "appliedRulePriority": rule["rulePriority"],
            }
            for image in images.values()
            if not image["tags"]
            and image["digest"] not in parts
            and now - image["pushed"] > chosen["countNumber"] * _DAY_S
        ]
    return found


def _page(given: Record, kind: str, ordered: list[Record], completed: float) -> Record:
    start, most = int(given.get("nextToken") or 0), int(given.get("maxResults", _PAGE))
    shape, key = (_basic, "findings") if kind == "BASIC" else (_enhanced, "enhancedFindings")
    counts = dict(Counter(one["severity"] for one in ordered))
    shown: Record = {
        "imageScanFindings": {
            "imageScanCompletedAt": completed,
            "findingSeverityCounts": counts,
            key: [shape(one) for one in ordered[start : start + most]],
        }
    }
    return shown | ({"nextToken": str(start + most)} if start + most < len(ordered) else {})


def _basic(one: Record) -> Record:
    attributes = [{"key": "package_name", "value": one.get("package", "libsandbox")}]
    return {"name": one["name"], "severity": one["severity"], "attributes": attributes}


def _enhanced(one: Record) -> dict[str, Any]:
    packages = [{"name": one.get("package", "libsandbox"), "version": "1"}]
    return {
        "title": f"{one['name']} - {packages[0]['name']}",
        "severity": one["severity"],
        "status": "ACTIVE",
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": "YES" if one.get("fixable") else "NO",
        "packageVulnerabilityDetails": {"vulnerabilityId": one["name"], "vulnerablePackages": packages},
    }


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "ecr:DescribeImageScanFindings": findings,
    "ecr:StartImageScan": start_scan,
    "ecr:StartLifecyclePolicyPreview": start_preview,
    "ecr:GetLifecyclePolicyPreview": preview,
}
