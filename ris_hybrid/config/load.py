"""Allocation files → checked allocations: everything wrong is found in one pass and said with file and line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from ris_hybrid.config.advice import ABOVE, advice
from ris_hybrid.config.document import Document, Remark, UnusableFile, read
from ris_hybrid.config.problems import found, nearest, problems
from ris_hybrid.config.schema import Allocation, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ALLOCATIONS = Path("services", "storage", "allocations")
"""Where a site keeps its allocation files, below its root."""

_HINT = "mend these lines, or the path; no allocation is used until all of them can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAllocations:
    """What the files say, and what to mend in them."""

    allocations: tuple[Allocation, ...]
    """Sorted by name."""
    warnings: tuple[Remark, ...]
    skipped: tuple[str, ...]
    """YAML files that are not about an allocation."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The file of each allocation, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    document: Document
    allocation: Allocation


def load_site(site: Path) -> LoadedAllocations:
    """The allocations of a site: of its folder for them where it has one, else of all its YAML files.

    Raises:
        UnusableFile: as ``load_allocations``.
    """
    below = site / ALLOCATIONS
    return load_allocations(below if below.is_dir() else site)


def load_allocations(path: Path) -> LoadedAllocations:
    """The allocations in a file, or in every ``*.yml`` and ``*.yaml`` below a directory.

    Raises:
        UnusableFile: with all that is wrong in all files, or when there is no allocation at all: an empty site
            is more often a wrong path, and must not look like a site that wants nothing.
    """
    wrong: list[Remark] = []
    entries: list[_Entry] = []
    warnings: list[Remark] = []
    skipped: list[str] = []
    for file in _files(path, wrong):
        try:
            document = read(file)
            raw = _raw(document)
            if raw is None:
                skipped.append(document.file)
                continue
            entry = _Entry(document=document, allocation=_checked(document, raw))
        except UnusableFile as error:
            wrong.extend(error.problems)
            continue
        entries.append(entry)
        warnings.extend(advice(document, raw, entry.allocation))
    wrong.extend(_collisions(entries))
    if not wrong and not entries:
        wrong.append(_about(path, f"expected at least one YAML file with the top key {ABOVE!r}, found none"))
    if wrong:
        raise UnusableFile(tuple(sorted(wrong, key=lambda remark: (remark.file, remark.line))), _HINT)
    allocations = sorted((entry.allocation for entry in entries), key=lambda each: (same(each.name), each.platform))
    files = {entry.allocation.name: entry.document.file for entry in entries}
    return LoadedAllocations(
        allocations=tuple(allocations), warnings=tuple(warnings), skipped=tuple(skipped), files=files
    )


def _files(path: Path, wrong: list[Remark]) -> Iterable[Path]:
    """The files to read, in the order of their names; what cannot be listed is noted as wrong."""
    try:
        return list(_walk(path, set())) if path.is_dir() else [path]
    except OSError as error:
        wrong.append(_about(Path(error.filename or path), f"cannot be read: {error.strerror}"))
        return []


def _walk(folder: Path, visited: set[Path]) -> Iterator[Path]:
    """Every YAML file below, through links too (each directory once); names with a leading dot are left out."""
    real = folder.resolve()
    if real in visited:
        return
    visited.add(real)
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _walk(path, visited)
        elif path.suffix in {".yml", ".yaml"}:
            yield path


def _raw(document: Document) -> dict[str, object] | None:
    """What stands under the top key, or None for a file about something else.

    Raises:
        UnusableFile: nothing in the file, or not keys and values where they must be.
    """
    data = document.data
    if data is None:
        raise _unusable(document, (), "expected an allocation, found an empty file")
    if not isinstance(data, dict):
        raise _unusable(document, (), f"expected the top key {ABOVE!r}, found {found(data)}")
    if ABOVE not in data:
        close = next((key for key in data if nearest(str(key), (ABOVE,))), None)
        if close is not None:
            raise _unusable(document, (close,), f"expected the top key {ABOVE!r}, found {found(close)}")
        return None
    raw = data[ABOVE]
    if not isinstance(raw, dict):
        raise _unusable(document, (ABOVE,), f"expected keys and values, found {found(raw)}")
    return raw


def _checked(document: Document, raw: dict[str, object]) -> Allocation:
    wrong = tuple(
        document.remark(loc, f"expected a plain value, found one with the tag {tag}")
        for loc, tag in document.tagged.items()
        if loc[:1] == (ABOVE,)
    )
    given = {key: value for key, value in raw.items() if value is not None and value != ""}
    try:
        allocation = Allocation.model_validate(given)
    except ValidationError as error:
        raise UnusableFile(wrong + problems(document, error, above=(ABOVE,))) from error
    if wrong:
        raise UnusableFile(wrong)
    return allocation


def _collisions(entries: Iterable[_Entry]) -> Iterator[Remark]:
    """Two allocations of one name would share a path and a group; case does not tell them apart."""
    first: dict[tuple[str, str], _Entry] = {}
    for entry in entries:
        allocation = entry.allocation
        other = first.setdefault((allocation.platform, same(allocation.name)), entry)
        if other is not entry:
            loc = _name_key(allocation)
            line = other.document.line_of(_name_key(other.allocation))
            taken = f"which {other.document.file}:{line} has as {found(other.allocation.name)}"
            yield entry.document.remark(loc, f"expected a name of its own, found {found(allocation.name)}, {taken}")


def _name_key(allocation: Allocation) -> tuple[str, str]:
    return (ABOVE, "wustlkey" if allocation.custom_name is None else "custom_name")


def _about(path: Path, message: str) -> Remark:
    return Remark(file=str(path), line=1, field="", message=message)


def _unusable(document: Document, loc: tuple[str, ...], message: str) -> UnusableFile:
    return UnusableFile((document.remark(loc, message),))
