"""Why a machine got no place, as its cloud tells it with the machine → our errors (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from burst.libcloud import gce_errors
from ris_hybrid.errors import NoCapacity, QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from burst.libcloud.values import Node
    from ris_hybrid.errors import CloudError

NO_HOST = "NoValidHost"
"""Nova's exception, and our code for every lack of room that OpenStack tells."""
NOT_BUILT = "BuildFailed"
"""Our code for a machine that its host could not build, of a bad image say: its pool is to blame."""
_CODE = re.compile(r"([A-Za-z][A-Za-z0-9_]*):")


def has_no_place(node: Node) -> bool:
    """Whether its cloud has given up to find one."""
    return bool(node.fault) and not node.placed


def code_of(node: Node) -> str:
    """The code its fault begins with."""
    found = _CODE.match(node.fault)
    return found[1] if found else NO_HOST


def is_scarce(node: Node) -> bool:
    """Whether it has no place for lack of capacity, or for a quota: its pool is left alone for a while."""
    return has_no_place(node) and isinstance(error_of(node), NoCapacity | QuotaReached)


def error_of(node: Node) -> CloudError:
    """The error that its fault stands for."""
    code = code_of(node)
    if code == NO_HOST:
        return NoCapacity(node.fault, "other sizes, zones or a later try may have room", code)
    error = gce_errors.of_code(code, node.fault, 0)
    return Refused(error.message, error.hint, error.code) if isinstance(error, TryAgain) else error
