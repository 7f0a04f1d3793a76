"""Pages as Nova and Glance make them: ``limit`` and ``marker``, the last item's id.

Both tell of a next page whenever this one is full, so the last page may be empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from ris_hybrid.sandbox.openstack.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

One = TypeVar("One")


def page_of(
    items: Sequence[tuple[str, One]], query: Mapping[str, str], most: int, gone: Sequence[tuple[str, One]] = ()
) -> tuple[list[One], str]:
    """One page of ``(id, item)``, and the query of the next one (empty: there is none).

    ``items`` in order; ``gone``, where given, are all that a marker may name, in the same order. Raises ``ApiError``
    400 for a limit or marker that is none.
    """
    limit = _limit(query.get("limit", ""), most)
    marker = query.get("marker", "")
    start = 0
    if marker:
        every = [key for key, _ in (gone or items)]
        if marker not in every:
            raise ApiError(400, f"marker [{marker}] not found")
        passed = set(every[: every.index(marker) + 1])
        start = sum(key in passed for key, _ in items)
    page = items[start : start + limit]
    if len(page) < limit or not page:
        return [one for _, one in page], ""
    following = {**query, "limit": str(limit), "marker": page[-1][0]}
    return [one for _, one in page], urlencode(following)


def _limit(text: str, most: int) -> int:
    if not text:
        return most
    if not text.isdecimal():
        raise ApiError(400, f"Invalid input for query parameters limit. Value: {text}. '{text}' is not a number")
    return min(int(text) or most, most)
