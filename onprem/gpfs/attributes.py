"""``mmlsattr -L FILE...`` → what GPFS keeps of files: pool, fileset, whether their blocks are on tape.

The text is a block a file, each line ``label:   value``, a blank line between blocks. A name may have a newline in
it, which cannot be told from the next line: such text is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.data.values import Residency

_NAME = "file name"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAttributes:
    """Of one file."""

    path: str
    pool: str
    fileset: str
    residency: Residency
    encrypted: bool | None
    labels: Mapping[str, str]
    """Every label with its value, as printed; labels in lower case."""


def parse_attributes(text: str) -> tuple[FileAttributes, ...]:
    """A value for each file, in the order of the text.

    Raises:
        SiteUnavailable: a line has no label, comes before the first file name, or there is no file at all.
    """
    blocks: list[dict[str, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        label, colon, value = line.partition(":")
        label = label.strip().casefold()
        if label == _NAME:
            blocks.append({})
        if not colon or not blocks:
            raise SiteUnavailable(f"line {number}: not a label and its value: {line[:60]!r}")
        blocks[-1][label] = value.strip()
    if not blocks:
        raise SiteUnavailable("no file name: is it the output of mmlsattr -L?")
    return tuple(map(_attributes, blocks))


def _attributes(labels: Mapping[str, str]) -> FileAttributes:
    return FileAttributes(
        path=labels[_NAME],
        pool=labels.get("storage pool name", ""),
        fileset=labels.get("fileset name", ""),
        residency=_residency(labels.get("misc attributes")),
        encrypted={"yes": True, "no": False}.get(labels.get("encrypted", "").casefold()),
        labels=labels,
    )


def _residency(words: str | None) -> Residency:
    """``ARCHIVE OFFLINE``: GPFS's own word for blocks that are on tape alone.

    Counting allocated blocks is no substitute: a file half recalled has most of them and is off-line still. Whether
    one on disk has a copy on tape as well is not told here.
    """
    if words is None:
        return "unknown"
    return "migrated" if "OFFLINE" in words.split() else "resident"
