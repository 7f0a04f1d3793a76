"""Faults on order: which call fails, when, and how. Pure apart from the counts of a rule book.

A rule: ``{"match": regex over "ec2:CreateFleet", "at": n, "times": n, "do": {...}}``. ``at`` is the first matching
call that is hit, counted from 1 since the rules were posted; ``times`` how many calls are hit (default 1 with
``at``, else all). ``do`` holds ``error`` {code, status, message}, ``delay_s``, ``reset`` ("before" or "after" the
call is applied), ``hold_s`` (seconds the answer of the applied call is held back) and, for CreateFleet, ``grant`` (at
most so many machines); several may stand together.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_KEYS = frozenset({"match", "at", "times", "do"})
_DEEDS = frozenset({"error", "delay_s", "reset", "hold_s", "grant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What happens to a call that is hit."""

    error: ApiError | None = None
    delay_s: float = 0.0
    hold_s: float = 0.0
    reset: Literal["", "before", "after"] = ""
    grant: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as posted."""

    match: re.Pattern[str]
    first: int
    times: int | None
    deed: Deed

    def hits(self, nth: int) -> bool:
        """Whether the nth matching call is hit."""
        return nth >= self.first and (self.times is None or nth < self.first + self.times)


def read_rules(posted: object) -> tuple[Rule, ...]:
    """Check posted rules. Raises ``ConfigError`` saying which rule is wrong and why."""
    if not isinstance(posted, list):
        raise ConfigError("a list of rules is expected")
    rules = []
    for index, raw in enumerate(posted, start=1):
        try:
            rules.append(_rule(raw))
        except (ConfigError, KeyError) as error:
            raise ConfigError(f"rule {index}: {error}") from error
    return tuple(rules)


def _rule(raw: object) -> Rule:
    fields = _fields(raw, _KEYS)
    try:
        match = re.compile(str(fields["match"]))
    except re.error as error:
        raise ConfigError(f"match: {error}") from error
    at = _count(fields.get("at"), "at")
    times = _count(fields.get("times"), "times")
    return Rule(
        match=match,
        first=at or 1,
        times=1 if at is not None and times is None else times,
        deed=_deed(_fields(fields.get("do"), _DEEDS)),
    )


def _fields(raw: object, known: frozenset[str]) -> Mapping[str, object]:
    if not isinstance(raw, dict) or not raw:
        raise ConfigError(f"an object with {', '.join(sorted(known))} is expected")
    if unknown := set(raw) - known:
        raise ConfigError(f"unknown key {', '.join(sorted(map(str, unknown)))}")
    return raw


def _count(value: object, name: str, least: int = 1) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name}: a whole number of at least {least} is expected")
    return value


def _deed(fields: Mapping[str, object]) -> Deed:
    reset = fields.get("reset", "")
    if reset not in {"", "before", "after"}:
        raise ConfigError("reset: before or after is expected")
    return Deed(
        error=None if fields.get("error") is None else _error(fields["error"]),
        delay_s=_seconds(fields, "delay_s"),
        hold_s=_seconds(fields, "hold_s"),
        reset=reset,
        grant=_count(fields.get("grant"), "grant", least=0),
    )


def _seconds(fields: Mapping[str, object], name: str) -> float:
    value = fields.get(name, 0.0)
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ConfigError(f"{name}: seconds are expected")
    return float(value)


def _error(raw: object) -> ApiError:
    fields = _fields(raw, frozenset({"code", "status", "message"}))
    status = _count(fields.get("status"), "status", least=400) or 400
    code = str(fields["code"])
    return ApiError(code, str(fields.get("message", f"{code}, as ordered from the sandbox.")), status)


class RuleBook:
    """The rules in force and how many calls each has seen."""

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] = ()
        self._seen: list[int] = []
        self.posted: Sequence[object] = ()

    def post(self, posted: object) -> None:
        """Replace the rules and count from new. Raises ``ConfigError`` for a rule that makes no sense."""
        self._rules = read_rules(posted)
        self._seen = [0] * len(self._rules)
        self.posted = cast("Sequence[object]", posted)

    def deed(self, name: str) -> Deed:
        """What happens to this call; the first rule that hits it decides, every rule that matches counts it."""
        found: Deed | None = None
        for index, rule in enumerate(self._rules):
            if rule.match.search(name) is None:
                continue
            self._seen[index] += 1
            if found is None and rule.hits(self._seen[index]):
                found = rule.deed
        return found or Deed()
