"""Taking names of files out of what is told of PHI: they stand in the journal alone (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import DataClass

HIDDEN = "(a file)"


def without_names(text: str, data_class: DataClass, *places: str) -> str:
    """The text as it may be told: of PHI, what follows a place (a directory or prefix) up to ``": "`` is left out.

    A name may itself have ``": "`` in it, so the last one counts.
    """
    if data_class != "phi":
        return text
    for place in places:
        start = f"{place.rstrip('/')}/"
        before, found, rest = text.partition(start)
        if found and start != "/":
            _, _, words = rest.rpartition(": ")
            text = f"{before}{HIDDEN}: {words}" if ": " in rest else f"{before}{HIDDEN}"
    return text
