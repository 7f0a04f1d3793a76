"""pydantic's findings in the words of the person who wrote the file: ``expected ..., found ...``."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ris_hybrid.mirror.settings import KINDS as MIRROR_KINDS
from ris_hybrid.settings import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from ris_hybrid.config.document import Document, Loc, Remark

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list",
    "dict_type": "keys and values",
    "mapping_type": "keys and values",
    "model_type": "keys and values",
    "dataclass_type": "keys and values",
    "json_invalid": "JSON",
}
_MAX_SHOWN = 60
_KNOWN = sorted({field.name for kind in (*KINDS, *MIRROR_KINDS) for field in fields(kind)})
"""Every key of burst.yaml and mirror.yaml, wherever it stands."""


def problems(
    document: Document, error: ValidationError, *, above: Loc = (), known: Sequence[str] = _KNOWN
) -> tuple[Remark, ...]:
    """Every finding, at its line; ``above`` is the place of the validated part in the document.

    ``known`` are the keys that a key we do not know may have been meant for. A ValueError of our own validators
    carries what was expected, nothing else.
    """
    return tuple(document.remark((*above, *_written(detail)), said(detail, known)) for detail in error.errors())


def found(value: object) -> str:
    """A value as the file shows it, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def nearest(key: str, known: Sequence[str]) -> str:
    """`` (did you mean X?)`` for a key that looks like a known one, else nothing."""
    close = get_close_matches(key, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _written(detail: ErrorDetails) -> Loc:
    """The place without the marks pydantic adds for keys."""
    return tuple(part for part in detail["loc"] if part != "[key]")


def said(detail: ErrorDetails, known: Sequence[str] = _KNOWN) -> str:
    """One finding: what was expected, and what was found."""
    kind = detail["type"]
    if kind == "missing":
        return "expected a value, found nothing"
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        key = str(detail["loc"][-1])
        return f"expected a known key, found {key!r}{nearest(key, known)}"
    if kind == "value_error":
        return f"expected {detail['ctx']['error']}, found {found(detail['input'])}"
    if kind == "string_pattern_mismatch":
        return f"expected text like {detail['ctx']['pattern']}, found {found(detail['input'])}"
    if kind == "literal_error":
        return f"expected {detail['ctx']['expected']}, found {found(detail['input'])}"
    return f"expected {_EXPECTED.get(kind) or detail['msg']}, found {found(detail['input'])}"
