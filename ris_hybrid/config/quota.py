"""Sizes of allocations as people write them (``1024T``, ``5500G``, ``1.5T``) in bytes.

Units are powers of 1024, as GPFS takes them (mmsetquota; billing counts G to T by 1000, which is not done here),
and whole KiB, the unit in which GPFS keeps a quota.
"""

from __future__ import annotations

import re
from fractions import Fraction

EXPECTED = "a size above zero such as 25T or 5500G (K, M, G, T or P; powers of 1024)"

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([KMGTP])", re.IGNORECASE)
_UNITS = "KMGTP"
_KIB = 1024
MOST_BYTES = 10**15 * _KIB ** len(_UNITS)
"""More than any size that can be written."""


def parse_quota(text: str) -> int:
    """Bytes of a size as written, rounded down to whole KiB.

    Raises:
        ValueError: with what was expected, when it has no unit, another one, or is zero.
    """
    match = _SIZE.fullmatch(text)
    kib = int(Fraction(match[1]) * _KIB ** _UNITS.index(match[2].upper())) if match else 0
    if kib == 0:
        raise ValueError(EXPECTED)
    return kib * _KIB
