"""Filters of DescribeInstances that moto lacks, answers from its own uncorrected state, or slowly (tags). Pure.

Source: EC2 API reference, DescribeInstances, Filters: values of one filter are alternatives, filters are joined
with AND, ``*`` and ``?`` are wildcards, case counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.lifecycle import STATE_CODE, stamp
from ris_hybrid.sandbox.aws.wire import ApiError, Params

if TYPE_CHECKING:
    from ris_hybrid.model import MachineState

Wanted = Mapping[str, Sequence[str]]
"""Filter name to its values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the layer's own filters look at."""

    state: MachineState
    launched: float
    group: str
    spot: bool
    token: str
    tags: Mapping[str, str]


_OWN: Mapping[str, Callable[[Facts], Sequence[str]]] = {
    "instance-state-name": lambda facts: [facts.state],
    "instance-state-code": lambda facts: [str(STATE_CODE[facts.state])],
    "client-token": lambda facts: [facts.token],
    "instance-lifecycle": lambda facts: ["spot"] if facts.spot else [],
    "placement-group-name": lambda facts: [facts.group] if facts.group else [],
    "launch-time": lambda facts: [stamp(facts.launched)],
    "tag-key": lambda facts: list(facts.tags),
    "tag-value": lambda facts: list(facts.tags.values()),
}
_TAG = "tag:"


def read_filters(params: Params) -> dict[str, tuple[str, ...]]:
    """The filters of a request. Raises ``ApiError`` for one without name or values."""
    found: dict[str, tuple[str, ...]] = {}
    for one in params.items("Filter"):
        name, values = one.get("Name"), one.values("Value")
        if not name or not values:
            raise ApiError("InvalidParameterValue", "Each filter needs a name and at least one value.")
        found[name] = tuple(values)
    return found


def split(wanted: Wanted) -> tuple[dict[str, Sequence[str]], dict[str, Sequence[str]]]:
    """The filters the layer answers, and those left to moto."""
    own = {name: values for name, values in wanted.items() if name in _OWN or name.startswith(_TAG)}
    return own, {name: values for name, values in wanted.items() if name not in own}


def like(pattern: str, value: str) -> bool:
    """Whether a value fits a filter value with EC2's wildcards."""
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches(own: Wanted, facts: Facts) -> bool:
    """Whether a machine passes every one of the layer's own filters; a fact it does not have passes none."""
    return all(
        any(like(pattern, value) for value in _values(name, facts) for pattern in patterns)
        for name, patterns in own.items()
    )


def _values(name: str, facts: Facts) -> Sequence[str]:
    if name.startswith(_TAG):
        key = name.removeprefix(_TAG)
        return [facts.tags[key]] if key in facts.tags else []
    return _OWN[name](facts)
