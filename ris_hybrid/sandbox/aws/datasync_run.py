"""What one execution of DataSync does: which files its filters or its manifest name, and what carrying them came to.

Source: AWS DataSync user guide, "Filtering data" (patterns between ``|``, ``*`` for any text, a backslash before a
character that means itself) and "Transferring specific files by using a manifest" (CSV, a path relative to the source
location a line).
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from onprem.tree import LocalTree
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.sandbox.aws import moto_objects
from ris_hybrid.sandbox.aws.carrying import Carrier
from ris_hybrid.sandbox.aws.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.state import State

_STEPS = ((0.02, "QUEUED"), (0.1, "LAUNCHING"), (0.3, "PREPARING"), (0.8, "TRANSFERRING"), (1.0, "VERIFYING"))
_SPLIT = re.compile(r"(?<!\\)\|")


def word(passed: float) -> str:
    """DataSync's state when this share of its time has passed."""
    return next((name for until, name in _STEPS if passed < until), "SUCCESS")


def carried(state: State, account: str, row: Record, ends: tuple[Record, Record]) -> Record:
    """Carry everything once: ``{"files", "skipped", "bytes", "failed", "error"}``."""
    source, target = ends
    site, cloud = (source, target) if "host" in source else (target, source)
    folder = state.exports.get(site["host"])
    if folder is None:
        return {**_NOTHING, "error": f"no exports of {site['host']}: name its folder by the route exports"}
    prefix = f"{cloud['prefix']}/" if cloud["prefix"] else ""
    below = Path(folder, site["path"].strip("/"))
    carrier = Carrier(account=account, bucket=cloud["bucket"], prefix=prefix, folder=below)
    inward = site is source
    try:
        paths = _manifest(account, row) or _chosen(_found(carrier) if inward else carrier.stored(), row)
        done = carrier.take_in(paths) if inward else carrier.bring_out(paths)
    except ApiError as error:
        return {**_NOTHING, "error": f"{error.code}: {error.message}"}
    except SiteUnavailable as error:
        return {**_NOTHING, "error": error.message}
    failed = len(done.failures)
    told = f"{failed} files were not transferred" if failed else ""
    return {"files": done.files, "skipped": done.skipped, "bytes": done.bytes, "failed": failed, "error": told}


def figures(row: Record) -> Record:
    """The counts of DescribeTaskExecution."""
    done = row["done"] or _NOTHING
    shown = {
        "EstimatedFilesToTransfer": done["files"] + done["failed"],
        "EstimatedBytesToTransfer": done["bytes"],
        "FilesTransferred": done["files"],
        "FilesVerified": done["files"],
        "FilesSkipped": done["skipped"],
        "BytesTransferred": done["bytes"],
        "BytesWritten": done["bytes"],
    }
    if row["cancelled"]:
        return {**shown, "Result": {"ErrorCode": "Cancelled", "ErrorDetail": "The task execution was cancelled."}}
    if done["error"]:
        return {**shown, "Result": {"ErrorCode": "Sandbox", "ErrorDetail": done["error"]}}
    return shown


_NOTHING: Record = {"files": 0, "skipped": 0, "bytes": 0, "failed": 0, "error": ""}


def _found(carrier: Carrier) -> list[str]:
    return [entry.path for entry in LocalTree(carrier.folder).entries("") if entry.kind == "file"]


def _manifest(account: str, row: Record) -> list[str]:
    given = row["ManifestConfig"]
    if not given:
        return []
    place = given["Source"]["S3"]
    text = io.BytesIO()
    moto_objects.write_to(account, place["S3BucketArn"].rpartition(":")[2], place["ManifestObjectPath"], text)
    return [line[0] for line in csv.reader(io.StringIO(text.getvalue().decode(), newline="")) if line]


def _chosen(paths: Iterable[str], row: Record) -> Sequence[str]:
    within, without = _patterns(row["Includes"]), _patterns(row["Excludes"])
    return [
        path
        for path in paths
        if (not within or any(one.match(f"/{path}") for one in within))
        and not any(one.match(f"/{path}") for one in without)
    ]


def _patterns(rules: Sequence[Record] | None) -> list[re.Pattern[str]]:
    texts = [text for rule in rules or () for text in _SPLIT.split(rule["Value"])]
    return [re.compile(f"{_regex(text)}(/|\\Z)", re.DOTALL) for text in texts]


def _regex(pattern: str) -> str:
    found = re.sub(
        r"\\(.)|(\*)|(.)", lambda one: ".*" if one[2] else re.escape(one[1] or one[3]), pattern, flags=re.DOTALL
    )
    return found if pattern.startswith(("/", "*")) else f"/{found}"
