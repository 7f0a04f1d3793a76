"""One thing looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``needed`` is False for what only some sites or commands want."""

    name: str
    ok: bool
    text: str
    hint: str = ""
    needed: bool = True


ENABLE = "ris-hybrid burst enable writes it"


def asked(name: str, question: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of a question, or one that says why there is no answer."""
    try:
        yield from tuple(question())
    except RisHybridError as error:
        yield Finding(name=name, ok=False, text=error.message, hint=error.hint)
