"""Images of ECR by the hash of their manifest's bytes, as ECR has them (sandbox); moto makes its digests up.

Kept and shown: manifests and tags. Layers are not: a manifest is taken at its word, and its size is what it says of
its layers. A tag of an immutable repository that is another image's is refused, an image goes with its last tag, an
index needs the images it names, and one that an index names is not deleted. Source: ECR API reference.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.aws.kept import asked, place_of
from ris_hybrid.sandbox.aws.moto_account import repository
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

JSON = "application/x-amz-json-1.1"
_KIND = "image"
_PAGE = 100


def images_of(state: State, call: Call, name: str) -> dict[str, Record]:
    """The images of a repository by digest. Raises ``ApiError`` where there is no such repository."""
    repository(place_of(call), name)
    kept = state.kept.of(place_of(call), _KIND)
    found: dict[str, Record] = kept.setdefault(name, {})
    return found


def one_of(images: Mapping[str, Record], wanted: Record, name: str) -> Record:
    """The image of an ``imageId``. Raises ``ApiError`` ImageNotFoundException."""
    found = _chosen(images, wanted)
    if found is None:
        shown = json.dumps(wanted)
        raise ApiError("ImageNotFoundException", f"The image with imageId {shown} does not exist in '{name}'.")
    return found


def put(state: State, call: Call) -> Answer:
    """Take a manifest, or give one that is there another name. Raises ``ApiError`` in ECR's words."""
    given = asked(call)
    name, text, tag = given["repositoryName"], given["imageManifest"], given.get("imageTag", "")
    images, digest = images_of(state, call, name), f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if given.get("imageDigest", digest) != digest:
        raise ApiError("ImageDigestDoesNotMatchException", f"The manifest's digest is {digest}.")
    manifest = _read(text)
    lacking = [one["digest"] for one in manifest.get("manifests", []) if one["digest"] not in images]
    if lacking:
        raise ApiError("ReferencedImagesNotFoundException", f"The images {lacking} are not in '{name}'.")
    _tag_is_free(state, call, name, tag, digest)
    image = images.get(digest)
    if image is None:
        image = images[digest] = {
            "digest": digest,
            "manifest": text,
            "media_type": given.get("imageManifestMediaType") or manifest.get("mediaType", ""),
            "tags": [],
            "pushed": state.clock.now(),
            "size": _size(manifest),
        }
    elif not tag or tag in image["tags"]:
        raise ApiError("ImageAlreadyExistsException", f"Image with digest '{digest}' and tag '{tag}' already exists.")
    if tag:
        image["tags"].append(tag)
    return _answer({"image": _whole(call, name, image, tag)})


def describe(state: State, call: Call) -> Answer:
    """All images, or those asked for, a page at a time."""
    given = asked(call)
    name, images = given["repositoryName"], images_of(state, call, given["repositoryName"])
    wanted = given.get("imageIds")
    found = [one_of(images, one, name) for one in wanted] if wanted else list(images.values())
    start, most = int(given.get("nextToken") or 0), min(int(given.get("maxResults", _PAGE)), 1000)
    page = {"imageDetails": [_detail(call, name, one) for one in found[start : start + most]]}
    return _answer(page | ({"nextToken": str(start + most)} if start + most < len(found) else {}))


def listed(state: State, call: Call) -> Answer:
    """Digest and tag of every image; one without a tag has its digest alone."""
    images = images_of(state, call, asked(call)["repositoryName"])
    ids = [
        {"imageDigest": one["digest"], **({"imageTag": tag} if tag else {})}
        for one in images.values()
        for tag in one["tags"] or [""]
    ]
    return _answer({"imageIds": ids})


def get(state: State, call: Call) -> Answer:
    """Manifests by digest or tag."""
    given = asked(call)
    name, images = given["repositoryName"], images_of(state, call, given["repositoryName"])
    pairs = [(wanted, _chosen(images, wanted)) for wanted in given["imageIds"]]
    whole = [_whole(call, name, one, wanted.get("imageTag", "")) for wanted, one in pairs if one is not None]
    return _answer({"images": whole, "failures": [_failure(wanted) for wanted, one in pairs if one is None]})


def delete(state: State, call: Call) -> Answer:
    """Take a tag away, or an image with all of them; an image goes with its last tag."""
    given = asked(call)
    images = images_of(state, call, given["repositoryName"])
    gone, failures = [], []
    for wanted in given["imageIds"]:
        image = _chosen(images, wanted)
        if image is None:
            failures.append(_failure(wanted))
            continue
        tag = "" if "imageDigest" in wanted else wanted["imageTag"]
        left = [one for one in image["tags"] if one != tag] if tag else []
        if not left and _is_part(images, image["digest"]):
            failures.append(_failure(wanted, "ImageReferencedByManifestList"))
            continue
        image["tags"] = left
        gone.append({"imageDigest": image["digest"], **({"imageTag": tag} if tag else {})})
        if not left:
            del images[image["digest"]]
    return _answer({"imageIds": gone, "failures": failures})


def repository_goes(state: State, call: Call) -> Answer:
    """A repository with images goes by force alone."""
    given = asked(call)
    kept = state.kept.of(place_of(call), _KIND)
    if kept.get(given["repositoryName"]) and not given.get("force"):
        name = given["repositoryName"]
        raise ApiError("RepositoryNotEmptyException", f"The repository '{name}' cannot be deleted: it has images.")
    answer = state.plain(call)
    if answer.ok:
        kept.pop(given["repositoryName"], None)
    return answer


def _tag_is_free(state: State, call: Call, name: str, tag: str, digest: str) -> None:
    for other in images_of(state, call, name).values():
        if tag and tag in other["tags"] and other["digest"] != digest:
            if repository(place_of(call), name).image_tag_mutability == "IMMUTABLE":
                raise ApiError(
                    "ImageTagAlreadyExistsException",
                    f"The image tag '{tag}' already exists in '{name}' and cannot be overwritten: it is immutable.",
                )
            other["tags"].remove(tag)


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("manifests", []), list):
        raise ApiError("InvalidParameterException", "Invalid parameter at 'ImageManifest': it is no manifest.")
    return found


def _size(manifest: Mapping[str, Any]) -> int:
    parts = [manifest.get("config", {}), *manifest.get("layers", [])]
    return sum(int(part.get("size", 0)) for part in parts)


def _chosen(images: Mapping[str, Record], wanted: Record) -> Record | None:
    digest, tag = wanted.get("imageDigest", ""), wanted.get("imageTag", "")
    found = images.get(digest) if digest else next((one for one in images.values() if tag in one["tags"]), None)
    return None if found is None or (digest and tag and tag not in found["tags"]) else found


def _is_part(images: Mapping[str, Record], digest: str) -> bool:
    parts = (one["digest"] for image in images.values() for one in _read(image["manifest"]).get("manifests", []))
    return digest in parts


def _failure(wanted: Record, code: str = "ImageNotFound") -> Record:
    return {"imageId": wanted, "failureCode": code, "failureReason": f"{code} (sandbox)"}


def _whole(call: Call, name: str, image: Record, tag: str) -> Record:
    return {
        "registryId": call.account,
        "repositoryName": name,
        "imageId": {"imageDigest": image["digest"], **({"imageTag": tag} if tag else {})},
        "imageManifest": image["manifest"],
        "imageManifestMediaType": image["media_type"],
    }


def _detail(call: Call, name: str, image: Record) -> Record:
    tags = {"imageTags": list(image["tags"])} if image["tags"] else {}
    return {
        "registryId": call.account,
        "repositoryName": name,
        "imageDigest": image["digest"],
        **tags,
        "imageSizeInBytes": image["size"],
        "imagePushedAt": image["pushed"],
        "imageManifestMediaType": image["media_type"],
    }


def _answer(content: Record) -> Answer:
    return json_answer(content, kind=JSON)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "ecr:PutImage": put,
    "ecr:DescribeImages": describe,
    "ecr:ListImages": listed,
    "ecr:BatchGetImage": get,
    "ecr:BatchDeleteImage": delete,
    "ecr:DeleteRepository": repository_goes,
}
