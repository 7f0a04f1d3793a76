"""AWS's answers in the forms the values have: whole lists, tags, statements of policies (pure, but for the pages)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def listed(client: Any, operation: str, key: str, **asked: object) -> list[Any]:
    """Every entry of a listing, over all its pages. Raises what botocore raises; ``PageSize`` is a page's length.

    A page without the key is an empty one: services leave empty lists out.
    """
    size = {"PaginationConfig": {"PageSize": asked.pop("PageSize")}} if "PageSize" in asked else {}
    pages = client.get_paginator(operation).paginate(**asked, **size)
    return [entry for page in pages for entry in page.get(key) or ()]


def tags_of(pairs: Iterable[Mapping[str, Any]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as services list them, in pairs."""
    return {str(pair[key]): str(pair.get(value, "")) for pair in pairs}


def name_of(tags: Mapping[str, str], identifier: str) -> str:
    """What EC2's console calls a thing: its tag ``Name``, else its id."""
    return tags.get("Name") or identifier


def statements(document: str | Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The statements of a policy, given as text or as an object; a single one may stand without a list.

    Raises ``ValueError`` for a text that is no policy.
    """
    match json.loads(document) if isinstance(document, str) else document:
        case {"Statement": dict(one)}:
            return (one,)
        case {"Statement": list(some)}:
            return tuple(some)
        case dict(empty) if "Statement" not in empty:
            return ()
    raise ValueError("a policy's statements are expected")
