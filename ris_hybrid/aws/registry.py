"""One account's ECR: what a repository holds, its names, and log-ins. Source: Amazon ECR API reference."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from burst.aws.calls import batches, translated
from ris_hybrid.aws.registry_scans import read_expiring, read_scan
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.images.manifest import platforms_of
from ris_hybrid.images.values import INDEXES, MANIFESTS, Login, StoredImage

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageDetailTypeDef

    from ris_hybrid.images.values import Expiring, Scan

_NO_REPOSITORY = "RepositoryNotFoundException"
_THERE = "ImageAlreadyExistsException"
_GONE = "ImageNotFound"
_TAKEN = "ImageTagAlreadyExistsException"
_NO_NEW_SCAN = frozenset({"LimitExceededException", "ValidationException", "UnsupportedImageTypeException"})
"""One scan of an image a day, and none on demand with enhanced scanning."""
_MOST_IDS = 100
"""Of one BatchGetImage or BatchDeleteImage call."""
_MEDIA_TYPES = sorted(INDEXES | MANIFESTS)


class EcrImages:
    """What repositories hold, over ECR (the port ``RegistryImages``)."""

    def __init__(self, client: ECRClient) -> None:
        self._client = client

    def images(self, repository: str) -> tuple[StoredImage, ...]:
        """See ``ris_hybrid.images.ports.RegistryImages``."""
        pages = self._client.get_paginator("describe_images")
        try:
            with translated():
                found = [
                    detail
                    for page in pages.paginate(repositoryName=repository, PaginationConfig={"PageSize": 1000})
                    for detail in page["imageDetails"]
                ]
                indexes = [one["imageDigest"] for one in found if one.get("imageManifestMediaType") in INDEXES]
                platforms = self._platforms(repository, indexes)
        except CloudError as error:
            if error.code == _NO_REPOSITORY:
                return ()
            raise
        return tuple(_stored(one, platforms.get(one["imageDigest"], {})) for one in found)

    def scan(self, repository: str, digest: str) -> Scan:
        """See ``ris_hybrid.images.ports.RegistryImages``."""
        return read_scan(self._client, repository, digest)

    def expiring(self, repository: str) -> tuple[Expiring, ...]:
        """See ``ris_hybrid.images.ports.RegistryImages``."""
        return read_expiring(self._client, repository)

    def _platforms(self, repository: str, digests: list[str]) -> dict[str, dict[str, str]]:
        """What each index holds; its manifest alone says so.

        Raises ``TryAgain`` where ECR keeps one back: an index of which nothing is known holds no image, and would lose
        its names. One that cannot be read holds none.
        """
        found = {}
        for some in batches(digests, _MOST_IDS):
            answer = self._client.batch_get_image(
                repositoryName=repository,
                imageIds=[{"imageDigest": digest} for digest in some],
                acceptedMediaTypes=_MEDIA_TYPES,
            )
            kept = [one for one in answer.get("failures", []) if one.get("failureCode") != _GONE]
            if kept:
                code, why = kept[0].get("failureCode", ""), kept[0].get("failureReason", "no reason given")
                raise TryAgain(f"ECR does not give {len(kept)} manifests of {repository}: {why}", "try again", code)
            for image in answer["images"]:
                found[image["imageId"]["imageDigest"]] = _platforms_in(image["imageManifest"])
        return found


class EcrTags:
    """Names of images, over ECR (the port ``RegistryTags``)."""

    def __init__(self, client: ECRClient) -> None:
        self._client = client

    def tag(self, repository: str, digest: str, tag: str) -> None:
        """See ``ris_hybrid.images.ports.RegistryTags``: the manifest that is there is put once more, under the name."""
        with translated():
            found = self._client.batch_get_image(
                repositoryName=repository, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=_MEDIA_TYPES
            )
            images = found["images"]
        if not images:
            raise Refused(f"{repository} has no image {digest}", "copy it first: `ris-hybrid images sync`")
        try:
            with translated():
                self._client.put_image(
                    repositoryName=repository,
                    imageManifest=images[0]["imageManifest"],
                    imageManifestMediaType=images[0]["imageManifestMediaType"],
                    imageTag=tag,
                    imageDigest=digest,
                )
        except CloudError as error:
            if error.code == _TAKEN:
                hint = "somebody else named an image meanwhile: run the sync again"
                raise Refused(f"{repository}: the tag {tag} is another image's", hint, error.code) from error
            if error.code != _THERE:
                raise

    def untag(self, repository: str, tag: str) -> None:
        """See ``ris_hybrid.images.ports.RegistryTags``."""
        with translated():
            answer = self._client.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": tag}])
            failures = [one for one in answer.get("failures", []) if one.get("failureCode") != _GONE]
        if failures:
            code, why = failures[0].get("failureCode", ""), failures[0].get("failureReason", "")
            raise Refused(f"{repository}: the tag {tag} stays: {why}", "run the sync again", code)

    def ask_scan(self, repository: str, digest: str) -> None:
        """See ``ris_hybrid.images.ports.RegistryTags``."""
        try:
            with translated():
                self._client.start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})
        except CloudError as error:
            if error.code not in _NO_NEW_SCAN:
                raise


class EcrLogin:
    """Log-ins of one account's ECR (the port ``RegistryLogin``)."""

    def __init__(self, client: ECRClient) -> None:
        self._client = client

    def login(self) -> Login:
        """See ``ris_hybrid.images.ports.RegistryLogin``."""
        with translated():
            data = self._client.get_authorization_token()["authorizationData"][0]
            host = data["proxyEndpoint"].removeprefix("https://")
            user, colon, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
            until = data["expiresAt"].timestamp()
        if not colon:
            raise TryAgain("ECR's log-in cannot be read", "try again")
        return Login(host=host, user=user, password=password, until=until)


def _platforms_in(manifest: str) -> dict[str, str]:
    try:
        return platforms_of(manifest)
    except ValueError:  # ECR took it; no node can be told what is in it
        return {}


def _stored(one: ImageDetailTypeDef, platforms: dict[str, str]) -> StoredImage:
    kind = one.get("imageManifestMediaType", "")
    pulled = one.get("lastRecordedPullTime")
    return StoredImage(
        digest=one["imageDigest"],
        tags=tuple(sorted(one.get("imageTags", []))),
        pushed_at=one["imagePushedAt"].timestamp(),
        media_type=kind,
        size=None if kind in INDEXES else one.get("imageSizeInBytes"),
        pulled_at=pulled.timestamp() if pulled else None,
        platforms=platforms,
    )
