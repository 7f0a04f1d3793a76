"""The plan as one small JSON file: written whole or not at all, read by LSF's policy script without the planner.

    {"version": 1, "cluster": "ris", "provider": "aws", "mode": "planned", "by": "master1", "at": 1800000000.0,
     "usd": 12.5, "reached": 40, "beyond": 0, "shares": {"": 1.0}, "chosen": ["219", "220"],
     "nodes": [["cpu", "wucci", 2, 3, 40, 0.0, 0, ["i-0123"]]]}

A row of ``nodes`` is pool, lab, the fields of ``Want`` in their order, and the ids of the machines that were up when
the plan was made: what came since counts against it. A plan of another provider, cluster or mode, an old one, and one
of the future are none.
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from burst.planner.values import Want

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from burst.planner.values import Plan
    from ris_hybrid.model import Machine
    from ris_hybrid.settings import BurstSettings

_VERSION = 1
_SKEW_S = 120.0
"""So far ahead a plan may be, for clocks of two master candidates differ. One of a clock gone wrong is none."""

Place = tuple[str, str]
"""Pool and lab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The last plan, as far as whoever did not make it needs it."""

    at: float = 0.0
    """When it was made; 0 where that is not known."""
    by: str = ""
    """The host whose service made it; empty where that is not known."""
    wants: Mapping[Place, Want] = field(default_factory=dict)
    up: Mapping[Place, frozenset[str]] = field(default_factory=dict)
    """Ids of the machines that were up then."""
    chosen: frozenset[str] = frozenset()
    usd: float = 0.0
    """What the chosen jobs are expected to cost."""
    reached: int = 0
    beyond: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)
    """What pacing leaves of v, by lab; the empty name is the site."""
    problem: str = ""
    """Why nothing of it counts: it is missing, old, of somebody else, or cannot be read. Then the rest is empty."""


def plan_text(plan: Plan, machines: Iterable[Machine], settings: BurstSettings, by: str = "") -> str:
    """The file's text; ``machines`` are those the plan was made with, ``by`` the host of the service that made it."""
    up: dict[Place, list[str]] = {}
    for machine in machines:
        if machine.wanted:
            up.setdefault((machine.pool, machine.lab), []).append(machine.machine_id)
    places = sorted(plan.wants.keys() | up.keys())
    body = {
        "version": _VERSION,
        "cluster": settings.cluster,
        "provider": settings.provider,
        "mode": settings.mode,
        "by": by,
        "at": plan.at,
        "usd": round(plan.usd, 4),
        "reached": len(plan.jobs),
        "beyond": plan.beyond,
        "shares": dict(plan.values),
        "chosen": sorted(plan.chosen),
        "nodes": [[*place, *astuple(plan.wants.get(place, Want())), sorted(up.get(place, ()))] for place in places],
    }
    return json.dumps(body, separators=(",", ":")) + "\n"


def plan_path(data: Path, provider: str) -> Path:
    """Where the service puts its last plan, and the policy script reads it."""
    return data / f"{provider}-plan.json"


def write_plan(path: Path, text: str) -> None:
    """Put the file in place; whoever reads meanwhile sees the old one or the new one. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


class PlanFile:
    """Reads it."""

    def __init__(self, path: Path, settings: BurstSettings) -> None:
        self._path = path
        self._settings = settings

    def standing(self, now: float) -> Standing:
        """What stands now. Never raises: what is missing, damaged, old or of somebody else says so."""
        try:
            body = json.loads(self._path.read_text(encoding="utf-8"))
            foreign = _foreign(body, self._settings)
            found = _standing(body)
        except FileNotFoundError:
            return Standing(problem=f"there is no plan: {self._path} is not there, does ris-hybrid's service run?")
        except OSError as error:
            return Standing(problem=f"the plan {self._path} cannot be read: {error.strerror}")
        except (ValueError, RecursionError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
            return Standing(problem=f"{self._path} is no plan of this version: {type(error).__name__}")
        problem = foreign or self._stale(now - found.at)
        return Standing(at=found.at, by=found.by, problem=problem) if problem else found

    def _stale(self, age_s: float) -> str:
        most = self._settings.planner.steering.plan_minutes
        if age_s < -_SKEW_S:
            return f"the plan is of {-age_s / 60:.0f} min ahead: the clocks of its writer and this host differ"
        if not age_s <= most * 60:
            return f"the plan is {age_s / 60:.0f} min old (at most {most:g}): does ris-hybrid's service run?"
        return ""


def came_since(standing: Standing, machines: Iterable[Machine], lab: str, pool: str = "") -> int:
    """Machines of the lab that are up and were not when the plan was made; of one pool, or of all."""
    return sum(
        machine.machine_id not in standing.up.get((machine.pool, lab), frozenset())
        for machine in machines
        if machine.wanted and machine.lab == lab and pool in {"", machine.pool}
    )


def _foreign(body: Any, settings: BurstSettings) -> str:  # JSON
    """Why it is not ours to go by."""
    for key, mine in (("cluster", settings.cluster), ("provider", settings.provider), ("mode", settings.mode)):
        if body[key] != mine:
            return f"the plan is of {key} {body[key]}, not of {mine}"
    return ""


def _standing(body: Any) -> Standing:  # JSON
    if body["version"] != _VERSION:
        raise ValueError(body["version"])
    wants, up = {}, {}
    for pool, lab, *figures, ids in body["nodes"]:
        place = _text(pool), _text(lab)
        wants[place] = _want(*figures)
        up[place] = frozenset(map(_text, ids))
    return Standing(
        at=_figure(body["at"]),
        by=_text(body.get("by", "")),
        wants=wants,
        up=up,
        chosen=frozenset(map(_text, body["chosen"])),
        usd=_figure(body["usd"]),
        reached=_whole(body["reached"]),
        beyond=_whole(body["beyond"]),
        shares={_text(lab): _figure(share) for lab, share in body["shares"].items()},
    )


def _want(nodes: object, jobs: object, slots: object, data_usd: object, instead: object) -> Want:
    return Want(
        nodes=_whole(nodes),
        jobs=_whole(jobs),
        slots=_whole(slots),
        data_usd=_figure(data_usd),
        instead=_whole(instead),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(value)
    return value


def _figure(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise ValueError(value)
    return float(value)
