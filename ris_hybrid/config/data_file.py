"""data.yaml → ``DataSettings``: every key strictly, with errors that name the line.

A secret has no place in the file: what looks like one is refused, and never shown again.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.data_faults import faults
from ris_hybrid.config.document import Remark, UnreadableFile, UnusableFile, read
from ris_hybrid.config.problems import problems
from ris_hybrid.config.secret_faults import secrets
from ris_hybrid.data.settings import KINDS, DataSettings
from ris_hybrid.errors import ConfigError
from ris_hybrid.images.settings import ImageSettings, ImageWaiver

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.config.document import Document

_HINT = "nothing is staged until this file can be read: mend these lines"
_NO_DATA = "expected a data.yaml; docs/data.md says what is in it, examples/site has one"
_KNOWN = sorted({field.name for kind in (*KINDS, ImageSettings, ImageWaiver) for field in fields(kind)})


def load_data(path: Path) -> DataSettings:
    """The settings in one file; its paths stay as written, relative to it.

    Raises:
        ConfigError: there is no such file, or it cannot be opened.
        UnusableFile: with everything that is wrong, a line each.
    """
    try:
        document = read(path)
    except UnreadableFile as error:
        raise ConfigError(f"{path}: cannot be read: {error.reason}", _NO_DATA) from error
    written = _written(document)
    try:
        settings = _adapter().validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise _unusable(written, problems(document, error, known=_KNOWN)) from error
    wrong = tuple(document.remark(loc, text) for loc, text in faults(settings))
    if written or wrong:
        raise _unusable(written, wrong)
    return settings


@cache
def _adapter() -> TypeAdapter[DataSettings]:
    return TypeAdapter(DataSettings)


def _written(document: Document) -> tuple[Remark, ...]:
    """What is wrong with the text, whatever it means."""
    repeats = [
        (each.loc, f"expected the key once, found it on line {each.first} and on line {each.again}")
        for each in document.repeats
    ]
    tags = [(loc, f"expected a plain value, found one with the tag {tag}") for loc, tag in document.tagged.items()]
    found = [*repeats, *tags, *secrets(document.data)]
    return tuple(document.remark(loc, text) for loc, text in found)


def _unusable(written: tuple[Remark, ...], wrong: tuple[Remark, ...]) -> UnusableFile:
    """What was said of the text comes first; of a place that has it nothing more is said: it might be a secret."""
    told = {remark.field for remark in written}
    every = written + tuple(remark for remark in wrong if remark.field not in told)
    return UnusableFile(tuple(sorted(every, key=lambda remark: remark.line)), _HINT)
