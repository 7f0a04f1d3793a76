r"""The JSON around every LSF answer, opened so that one bad record does not cost the others.

Form (recorded from LSF 10.1): ``{"COMMAND":"bjobs","JOBS":7,"RECORDS":[{...}, ...]}``; the count is a number under
JOBS, HOSTS or QUEUES, every value of a record is a string, and a slash may be written ``\/``. Notices such as
"LSF is processing your request. Please wait ..." may stand before the first brace.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onprem.lsf.fields import HINT
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_LIST = re.compile(r'"RECORDS"\s*:\s*\[')
_COMMAND = re.compile(r'"COMMAND"\s*:\s*"([^"]*)"')
_COUNT = {
    command: re.compile(rf'"{key}"\s*:\s*"?([0-9]{{1,9}})\b')
    for command, key in (("bjobs", "JOBS"), ("bhosts", "HOSTS"), ("bqueues", "QUEUES"))
}
_BETWEEN = re.compile(r"\}\s*,\s*\{")
_END = re.compile(r"\s*\]")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The records of one answer, each as the caller's reader made it."""

    records: list[object]
    announced: int | None
    """How many records LSF said there are; None when it did not say."""
    broken: int = 0
    """Records that are no JSON; an answer cut off counts one at least."""

    @property
    def listed(self) -> int:
        """Records present in the answer, readable or not."""
        return len(self.records) + self.broken


def open_envelope(text: str, command: str, read: Callable[[Record], object]) -> Envelope:
    """Decode an answer of ``command``, passing each record through ``read`` while decoding.

    Reading during decoding frees each record's dictionary at once: at a hundred thousand jobs that is most of the
    memory. Raises ``SiteUnavailable`` when the text holds no such envelope, and what ``read`` raises.
    """
    opening = _LIST.search(text)
    if opening is None:
        what = "JSON without RECORDS" if "{" in text else "no JSON"
        raise SiteUnavailable(f"{command} printed {what}: {_excerpt(text)}", HINT)
    head = text[: opening.start()]  # the keys before the records, not theirs: a record may have a COMMAND too
    named, counted = _COMMAND.search(head), _COUNT[command].search(head)
    if named and named[1] != command:
        raise SiteUnavailable(f"expected an answer of {command}: {_excerpt(text)}", HINT)
    # strict=False: job names may hold raw control characters.
    decoder = json.JSONDecoder(object_hook=read, strict=False)
    try:
        records, _ = decoder.raw_decode(text, opening.end() - 1)
        broken = 0
    except (ValueError, RecursionError):
        records, broken = _salvage(text, opening.end(), decoder)
    return Envelope(records=records, announced=int(counted[1]) if counted else None, broken=broken)


def _salvage(text: str, at: int, decoder: json.JSONDecoder) -> tuple[list[object], int]:
    """Decode record by record, going on behind the next ``},{`` where one is no JSON; also how many are none."""
    records: list[object] = []
    broken = 0
    closed = False
    while not closed and (at := text.find("{", at)) >= 0:
        try:
            record, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            broken += 1
            following = _BETWEEN.search(text, at)
            at = following.end() - 1 if following else len(text)
            continue
        records.append(record)
        closed = _END.match(text, at) is not None
    return records, broken if closed else max(broken, 1)


def _excerpt(text: str) -> str:
    return repr(" ".join(text[:200].split())[:80])
