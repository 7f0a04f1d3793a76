"""What goes wrong on purpose: files that cannot be read, that break on the way, or arrive damaged.

A rule is ``{"path": GLOB, "kind": KIND, "times": N}``; N left out is always. ``denied`` and ``missing`` are the
source's, ``network`` breaks the connection (the service tries again), ``damaged`` changes a byte on the way so that
the service does not see it, ``mismatch`` so that it does. One more, ``{"kind": "busy", "times": N}``, makes the next
N calls of the API 503.
"""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = frozenset({"denied", "missing", "network", "damaged", "mismatch", "busy"})


class Faults:
    """The rules in force; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[dict[str, Any]] = []

    def replace(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """These rules and no others. Raises ``ConfigError`` for a kind nobody knows."""
        made = [dict(rule) for rule in rules]
        unknown = {str(rule.get("kind")) for rule in made} - KINDS
        if unknown:
            raise ConfigError(f"no fault is named {', '.join(sorted(unknown))}", f"one of {', '.join(sorted(KINDS))}")
        with self._lock:
            self._rules = made

    def of(self, path: str) -> str:
        """The kind of what happens to a file now; empty for nothing."""
        with self._lock:
            rules = (one for one in self._rules if "path" in one and fnmatchcase(path, one["path"]))
            return self._spent(next(rules, None))

    def about(self, path: str) -> bool:
        """Whether a rule is of this file; none is spent."""
        with self._lock:
            return any("path" in one and fnmatchcase(path, one["path"]) for one in self._rules)

    def busy(self) -> bool:
        """Whether this call of the API is turned away."""
        with self._lock:
            return bool(self._spent(next((one for one in self._rules if one["kind"] == "busy"), None)))

    def _spent(self, rule: dict[str, Any] | None) -> str:
        if rule is None:
            return ""
        if "times" in rule:
            rule["times"] -= 1
            if rule["times"] <= 0:
                self._rules.remove(rule)
        return str(rule["kind"])
