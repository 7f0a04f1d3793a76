"""Records of things moto has no notion of, by account, region and kind; the calls on them are in a module a family."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.aws.wire import ApiError, Call

if TYPE_CHECKING:
    from ris_hybrid.sandbox.aws.moto_view import Place

Record = dict[str, Any]


class Kept:
    """One record a thing, by its key."""

    def __init__(self) -> None:
        self._records: defaultdict[tuple[Place, str], dict[str, Record]] = defaultdict(dict)

    def of(self, place: Place, kind: str) -> dict[str, Record]:
        """The records of one kind there, to read and to change."""
        return self._records[place, kind]


def place_of(call: Call) -> Place:
    """Where a call is made."""
    return call.account, call.region


def asked(call: Call) -> Record:
    """What a call of a JSON service asks. Raises ``ApiError`` when it is no JSON object."""
    try:
        found = json.loads(call.body or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", str(error)) from error
    if not isinstance(found, dict):
        raise ApiError("SerializationException", "an object is expected")
    return found


def taken(records: dict[str, Record], key: str, error: ApiError) -> Record:
    """A record that must be there; raises the error when it is not."""
    if key not in records:
        raise error
    return records[key]
