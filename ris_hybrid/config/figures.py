"""What checks of burst.yaml share: the form of a fault, and the bounds of figures and names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.config.problems import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.document import Loc

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
"""A name LSF takes as a template or provider; it may have no underscore."""

Fault = tuple["Loc", str]
"""Where, and what was expected and found."""


def below(loc: Loc, figure: float | None, least: int) -> Iterator[Fault]:
    """A fault for a figure under its least value; None is no figure."""
    if figure is not None and not figure >= least:
        yield loc, f"expected {least} or more, found {found(figure)}"


def not_above_zero(loc: Loc, figure: float | None) -> Iterator[Fault]:
    """A fault for a figure that is zero or less; None is no figure."""
    if figure is not None and not figure > 0:
        yield loc, f"expected a figure above zero, found {found(figure)}"
