"""What DataSync is asked for a move: locations, options, filters, manifest (no I/O).

Source: AWS DataSync API reference and user guide, "Filtering data" and "Transferring specific files by using a
manifest": a manifest names files only, each relative to the source location, and takes no filters beside it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.data.excluded import EVERY, OWN
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.data.settings import DataSync
    from ris_hybrid.data.values import Direction, Move, MoveItem

PREFIX = "ris-hybrid"
MANIFESTS = f"{OWN}/manifests/"
"""Where manifests are in the dataset's own bucket: they name files, so they stay where the files' names are anyway.

The bucket's lifecycle deletes them after some days (``stacks.storage.lifecycle``).
"""
OPTIONS: Mapping[str, str] = {
    "VerifyMode": "ONLY_FILES_TRANSFERRED",
    "OverwriteMode": "ALWAYS",
    "TransferMode": "CHANGED",
    "PreserveDeletedFiles": "PRESERVE",
    "PosixPermissions": "PRESERVE",
    "Uid": "INT_VALUE",
    "Gid": "INT_VALUE",
    "Mtime": "PRESERVE",
    "Atime": "BEST_EFFORT",
    # The one that helps, TRANSFER, writes the names of files into a log.
    "LogLevel": "OFF",
}
_FILTER_LONGEST = 102_400
_LOCATION = re.compile(r"[a-zA-Z0-9_\-+./() ]*\Z")
_META = re.compile(r"([\\|*])")
_KIND = "SIMPLE_PATTERN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which files: by a filter, by a manifest whose text is here, or all."""

    includes: str = ""
    manifest: str = ""


def selection(items: Sequence[MoveItem]) -> Selection:
    """Files by a manifest, directories by a filter. Raises ``Refused`` for what neither can say."""
    if any(item.recursive and not item.path for item in items):
        return Selection()
    if not any(item.recursive for item in items):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([item.path] for item in items)
        return Selection(manifest=text.getvalue())
    patterns = "|".join(_META.sub(r"\\\1", f"/{item.path}") for item in items)
    if len(patterns) > _FILTER_LONGEST:
        raise Refused(
            f"{len(items)} directories and files are more than a filter of DataSync takes", "make batches of less"
        )
    return Selection(includes=patterns)


def parameters(move: Move, settings: DataSync, token: str, chosen: Selection) -> dict[str, Any]:
    """Of StartTaskExecution, the task apart.

    DataSync compares by size and time alone; what was moved before and did not match is moved again whatever it says.
    """
    common: dict[str, Any] = {"Tags": tags_of({"ris_move": token})}
    if move.again:
        common["OverrideOptions"] = {**OPTIONS, "TransferMode": "ALL"}
    if chosen.manifest:
        place = {
            "ManifestObjectPath": manifest_key(token),
            "BucketAccessRoleArn": settings.role_arn,
            "S3BucketArn": bucket_arn(move.bucket, settings),
        }
        return {**common, "ManifestConfig": {"Action": "TRANSFER", "Format": "CSV", "Source": {"S3": place}}}
    included = {"Includes": _rule(chosen.includes)} if chosen.includes else {}
    return {**common, **included, "Excludes": _rule(_gpfs_own())}


def manifest_key(token: str) -> str:
    """Of the manifest of a start."""
    return f"{MANIFESTS}{token}.csv"


def nfs_location(move: Move, settings: DataSync) -> dict[str, Any]:
    """CreateLocationNfs: the dataset's directory as the agent mounts it."""
    return {
        "ServerHostname": settings.nfs_host,
        "Subdirectory": _plain(move.site_path),
        "OnPremConfig": {"AgentArns": list(settings.agent_arns)},
        "Tags": tags_of({}),
    }


def s3_location(move: Move, settings: DataSync) -> dict[str, Any]:
    """CreateLocationS3: the dataset's prefix."""
    return {
        "S3BucketArn": bucket_arn(move.bucket, settings),
        "Subdirectory": _plain(f"/{move.prefix}"),
        "S3StorageClass": "STANDARD",
        "S3Config": {"BucketAccessRoleArn": settings.role_arn},
        "Tags": tags_of({}),
    }


def uris(move: Move, settings: DataSync) -> tuple[str, str]:
    """How DataSync lists the two locations: the site's, then the cloud's."""
    site = f"nfs://{settings.nfs_host}/{move.site_path.strip('/')}/"
    return site, f"s3://{move.bucket}/{move.prefix}"


def task_name(move: Move) -> str:
    """One task a dataset and direction; the name tells neither, for names of tasks leave the site."""
    told = f"{move.site_path}\n{move.bucket}\n{move.prefix}"
    return f"{prefix_of(move.direction)}{hashlib.sha256(told.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}"


def prefix_of(direction: Direction) -> str:
    """What the names of our tasks of a direction begin with."""
    return f"{PREFIX}-{direction}-"


def bucket_arn(bucket: str, settings: DataSync) -> str:
    """In the partition that the role is in."""
    return f"arn:{settings.role_arn.split(':')[1]}:s3:::{bucket}"


def tags_of(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    """With the mark that it is ours."""
    return [{"Key": key, "Value": value} for key, value in {"ris_managed": PREFIX, **pairs}.items()]


def _plain(path: str) -> str:
    if not _LOCATION.match(path):
        raise Refused("the dataset's path has characters that DataSync takes in no location", "stage it by another way")
    return path


def _rule(patterns: str) -> list[dict[str, str]]:
    return [{"FilterType": _KIND, "Value": patterns}]


def _gpfs_own() -> str:
    return "|".join(f"*/{name}" for name in EVERY)
