"""How many machines of a type the sandbox's clouds have: from a scenario, or from ``--capacity`` (pure).

A type is called as everywhere in our books: ``c7a.4xlarge`` is EC2's, ``research/m1.xlarge`` the second cloud's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.clouds.naming import cloud_of, plain
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_SHOWN = 8
_LIMIT = re.compile(r"([^=\s]+)=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From that virtual minute of a replay on there are so many machines of each type; of others as before."""

    from_minute: float = 0.0
    machines: Mapping[str, int] = field(default_factory=dict)


def given(texts: Iterable[str]) -> tuple[Step, ...]:
    """One step from the start, of ``TYPE=MACHINES`` each; none without any. Raises ``ConfigError``."""
    machines: dict[str, int] = {}
    for text in texts:
        found = _LIMIT.fullmatch(text)
        if found is None:
            raise ConfigError(
                f"--capacity {text}: expected TYPE=MACHINES", "for instance c7a.xlarge=2 or research/m1.large=0"
            )
        machines[found[1]] = int(found[2])
    return (Step(machines=machines),) if machines else ()


def limits(steps: Sequence[Step], minute: float) -> dict[str, int]:
    """What holds at that minute: what is missing is not limited."""
    found: dict[str, int] = {}
    for step in sorted(steps, key=lambda step: step.from_minute):
        if step.from_minute <= minute:
            found.update(step.machines)
    return found


def of_cloud(found: Mapping[str, int], name: str) -> dict[str, int]:
    """The limits of one cloud, EC2's name being empty, by its own types."""
    return {plain(kind): count for kind, count in found.items() if cloud_of(kind) == name}


def in_first(found: Mapping[str, int], zones: Sequence[str]) -> dict[str, dict[str, int]]:
    """By type and zone: the first zone has them all, the others none, so that there are no more than that."""
    return {kind: {zone: count if zone == zones[0] else 0 for zone in zones} for kind, count in found.items() if zones}


def check(steps: Iterable[Step], clouds: Iterable[str], types: Collection[str]) -> None:
    """Raise ``ConfigError`` for a type that is none of ``types``, or of a cloud that burst.yaml does not name."""
    known = {"", *clouds}
    for step in steps:
        for kind in step.machines:
            if cloud_of(kind) not in known:
                raise ConfigError(
                    f"capacity of {kind}: burst.yaml names no cloud {cloud_of(kind)}", "see burst.yaml: clouds"
                )
            if kind not in types:
                text = (
                    f"capacity of {kind}: expected a type of burst.yaml's pools ({', '.join(sorted(types)[:_SHOWN])})"
                )
                raise ConfigError(text, "one of a second cloud has its cloud's name before it, as research/m1.large")
