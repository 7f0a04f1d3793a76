"""A file of job classes for ``burst mix``: YAML or JSON, one key ``classes`` with a list."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from burst.mix.values import JobClass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STRICT = {"extra": "forbid"}
_HINT = "each class has name, jobs and slots, and may have memory_mib, gpus, span, lab and types"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    __pydantic_config__ = _STRICT

    classes: tuple[JobClass, ...]


def load_classes(path: Path) -> list[JobClass]:
    """The classes in one file, in its order.

    Raises:
        UnusableFile: with everything that is wrong, a line each.
    """
    from pydantic import TypeAdapter, ValidationError

    from ris_hybrid.config.document import UnusableFile, read
    from ris_hybrid.config.problems import problems

    document = read(path)
    known = ["classes", *(field.name for field in fields(JobClass))]
    try:
        file = TypeAdapter(_File).validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise UnusableFile(problems(document, error, known=known), _HINT) from error
    wrong = tuple(document.remark(("classes", at, key), text) for at, key, text in _faults(file.classes))
    if wrong:
        raise UnusableFile(wrong, _HINT)
    return list(file.classes)


def _faults(classes: tuple[JobClass, ...]) -> Iterator[tuple[int, str, str]]:
    names: set[str] = set()
    for at, one in enumerate(classes):
        if not one.name.strip() or one.name in names:
            yield at, "name", f"expected a name of its own, found {one.name!r}"
        names.add(one.name)
        for key, least in (("jobs", 1), ("slots", 1), ("memory_mib", 0), ("gpus", 0)):
            if getattr(one, key) < least:
                yield at, key, f"expected {least} or more, found {getattr(one, key)}"
