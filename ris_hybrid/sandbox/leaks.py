"""Looks for words that may be nowhere, in everything a sandbox wrote, said, started and tagged (sandbox).

A word is looked for as it is, in base64 (as HTTP's Basic has it, whatever stands before it), percent-encoded and as
JSON escapes it. What is exempt is named with its reason by who calls.
"""

from __future__ import annotations

import base64
import json
import re
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from ris_hybrid.sandbox.apply.clients import SandboxClients

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_SHIFTS = (b"", b"\0", b"\0\0")  # what comes before a word decides how base64 cuts it


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Something that may be nowhere, and what to call it when it is found."""

    text: str
    what: str

    def forms(self) -> frozenset[bytes]:
        """As it may be written."""
        plain = self.text.encode()
        encoded = {_core(base64.b64encode(shift + plain), len(shift)) for shift in _SHIFTS}
        other = (quote(self.text, safe=""), quote_plus(self.text), json.dumps(self.text)[1:-1])
        return frozenset({plain, *encoded, *(one.encode() for one in other)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A word that was found; the word itself is not told."""

    where: str
    what: str


class Search:
    """For a few words, at once."""

    def __init__(self, words: Iterable[Word], portion: int = 8 * 1024**2) -> None:
        self._portion = portion
        self._whats = {form: word.what for word in words for form in word.forms()}
        self._longest = max(map(len, self._whats), default=1)
        self._pattern = re.compile(b"|".join(re.escape(form) for form in sorted(self._whats, key=len, reverse=True)))

    def text(self, where: str, text: str | bytes) -> Iterator[Leak]:
        """In what was said or tagged."""
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        for what in sorted({self._whats[match.group()] for match in self._pattern.finditer(raw)}):
            yield Leak(where=where, what=what)

    def files(self, root: Path, exempt: Mapping[str, str]) -> Iterator[Leak]:
        """In the name and every byte of each file below a folder; ``exempt``: glob of a path below it to why."""
        for path in sorted(root.rglob("*")):
            below = path.relative_to(root)
            if path.is_file() and not path.is_symlink() and not any(fnmatch(str(below), glob) for glob in exempt):
                yield from self.text(f"name of {below}", str(below))
                yield from set(self._bytes(path, str(below)))

    def _bytes(self, path: Path, where: str) -> Iterator[Leak]:
        kept = b""
        with path.open("rb") as content:
            while chunk := content.read(self._portion):
                yield from self.text(where, kept + chunk)
                kept = chunk[-self._longest :]


def tagged(url: str, region: str) -> Iterator[tuple[str, str]]:
    """Where and what: tags, descriptions, metadata and user data of EC2, S3, SSM, ECR and IAM; no object's key."""
    with closing(SandboxClients(url, region)) as clients:
        yield from _ec2(clients.get("ec2"))
        yield from _s3(clients.get("s3"))
        yield from _ssm(clients.get("ssm"))
        yield from _ecr(clients.get("ecr"))
        yield from _pages("iam", clients.get("iam"), ("list_roles", "list_policies"))


def _pages(name: str, client: Any, calls: Iterable[str]) -> Iterator[tuple[str, str]]:
    for call in calls:
        for page in client.get_paginator(call).paginate():
            yield f"{name}:{call}", json.dumps(page, default=str)


def _ec2(client: Any) -> Iterator[tuple[str, str]]:
    yield from _pages("ec2", client, ("describe_tags", "describe_instances"))
    for found in client.describe_launch_templates()["LaunchTemplates"]:
        versions = client.describe_launch_template_versions(LaunchTemplateId=found["LaunchTemplateId"])
        for one in versions["LaunchTemplateVersions"]:
            data = one["LaunchTemplateData"]
            yield "ec2: launch template", json.dumps(data, default=str)
            yield "ec2: user data", base64.b64decode(data.get("UserData", "")).decode("utf-8", "replace")


def _s3(client: Any) -> Iterator[tuple[str, str]]:
    for bucket in (one["Name"] for one in client.list_buckets()["Buckets"]):
        yield f"s3: tags of {bucket}", json.dumps(_bucket_tags(client, bucket))
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for one in page.get("Contents", ()):
                about = client.head_object(Bucket=bucket, Key=one["Key"])
                told = client.get_object_tagging(Bucket=bucket, Key=one["Key"])["TagSet"]
                yield f"s3: tags and metadata in {bucket}", json.dumps([about["Metadata"], told])


def _bucket_tags(client: Any, bucket: str) -> Any:
    try:
        return client.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except client.exceptions.ClientError as error:
        return str(error)  # it has none


def _ssm(client: Any) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("describe_parameters").paginate():
        for one in page["Parameters"]:
            value = client.get_parameter(Name=one["Name"], WithDecryption=True)["Parameter"]["Value"]
            tags = client.list_tags_for_resource(ResourceType="Parameter", ResourceId=one["Name"])["TagList"]
            yield f"ssm: {one['Name']}", json.dumps([one["Name"], value, tags, one.get("Description")])


def _ecr(client: Any) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("describe_repositories").paginate():
        for one in page["repositories"]:
            tags = client.list_tags_for_resource(resourceArn=one["repositoryArn"])["tags"]
            images = client.describe_images(repositoryName=one["repositoryName"])["imageDetails"]
            yield f"ecr: {one['repositoryName']}", json.dumps([one, tags, images], default=str)


def _core(encoded: bytes, shift: int) -> bytes:
    """Only the characters that the word alone makes: those shared with its neighbours are cut off."""
    return encoded[shift + 1 if shift else 0 :].rstrip(b"=")[:-1]
