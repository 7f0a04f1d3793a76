"""Carries many files at once, where S3 is the sandbox's: one call for a slice instead of one for each file.

Files go this way that are not yet at the destination, or are to be compared by checksum, and none for which something
is to go wrong.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ris_hybrid.errors import RisHybridError
from ris_hybrid.sandbox.globus.bucket import Bucket, split
from ris_hybrid.sandbox.globus.carried import Carried, Outcome
from ris_hybrid.sandbox.globus.ends import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ris_hybrid.sandbox.globus.ends import End, Found

File = tuple["Found", str, str]
"""What was found, its source path, its destination path."""
_LARGE = 256 * 1024 * 1024
"""Files above this have a call of their own: one call must not take minutes."""
_WORDS = {"No such file or directory": "FILE_NOT_FOUND", "Permission denied": "PERMISSION_DENIED"}


def can_carry(source: End, destination: End) -> bool:
    """Whether one end is a folder and the other a bucket of the sandbox."""
    bucket = destination if isinstance(source, Folder) else source
    folder = source if isinstance(source, Folder) else destination
    return isinstance(folder, Folder) and isinstance(bucket, Bucket) and bucket.bulk is not None


def carry_many(files: Sequence[File], source: End, destination: End) -> Iterator[Carried]:
    """Every file of a slice, in no order."""
    groups: dict[tuple[str, str, str], dict[str, File]] = defaultdict(dict)
    for file in files:
        before, after, shared = _parted(file[1], file[2])
        groups[before, after, shared if file[0].size > _LARGE else ""][shared] = file
    for (before, after, _), named in groups.items():
        yield from _group(before, after, named, (source, destination))


def _group(before: str, after: str, named: dict[str, File], ends: tuple[End, End]) -> Iterator[Carried]:
    inwards = isinstance(ends[0], Folder)
    folder, bucket = ends if inwards else ends[::-1]
    at, to = (before, after) if inwards else (after, before)
    assert isinstance(folder, Folder)  # noqa: S101 - can_carry has looked
    assert isinstance(bucket, Bucket)  # noqa: S101 - the same
    assert bucket.bulk is not None  # noqa: S101 - the same
    name, prefix = split(to)
    same: set[str] = set()
    try:
        place = (name, f"{prefix}/" if prefix else "", folder.local(at))
        told = bucket.bulk.carry(*place, list(named), "in" if inwards else "out")
        failed = {str(one["path"]): _code(str(one["reason"])) for one in told["failures"]}
        same = set(told["same"])
    except RisHybridError as error:
        failed = dict.fromkeys(named, _code(error.message))
    for shared, (found, here, there) in named.items():
        if shared in failed:
            yield Carried(outcome="failed", source=here, destination=there, code=failed[shared])
        else:
            outcome: Outcome = "same" if shared in same else "moved"
            yield Carried(outcome=outcome, source=here, destination=there, size=found.size)


def _parted(source: str, destination: str) -> tuple[str, str, str]:
    """What stands before the last words that both paths share, and these; a bucket's name is never one of them."""
    here, there = source.strip("/").split("/"), destination.strip("/").split("/")
    most = min(len(here), len(there)) - 1
    shared = 1
    while shared < most and here[-shared - 1] == there[-shared - 1]:
        shared += 1
    return "/".join(here[:-shared]), "/".join(there[:-shared]), "/".join(here[-shared:])


def _code(reason: str) -> str:
    """Globus's word for what the sandbox says."""
    if reason in _WORDS:
        return _WORDS[reason]
    return "FILE_NOT_FOUND" if "NoSuch" in reason else "ENDPOINT_ERROR"
