"""File systems of FSx. Source: FSx API reference, DescribeFileSystems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.holdings.answers import listed, name_of, tags_of
from ris_hybrid.holdings.values import FileSystem

if TYPE_CHECKING:
    from ris_hybrid.holdings.keys import KeyNames
    from ris_hybrid.holdings.reading import Reading


def read_file_systems(reading: Reading, keys: KeyNames) -> tuple[FileSystem, ...] | None:
    """The file systems that are ours; None when they could not be listed."""
    found = reading.ask("file systems", lambda: listed(reading.client("fsx"), "describe_file_systems", "FileSystems"))
    if found is None:
        return None
    read = []
    for one in found:
        tags = tags_of(one.get("Tags") or ())
        if reading.scope.covers(tags):
            # Scratch file systems name no key: theirs is the service's.
            key = keys.customer(one.get("KmsKeyId") or "")
            name = name_of(tags, one["FileSystemId"])
            read.append(FileSystem(name=name, tags=tags, customer_key=None if key is None else key != ""))
    return tuple(sorted(read, key=lambda system: system.name))
