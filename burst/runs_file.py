"""Run times of the past by class as one JSON file, which ``burst learn`` writes and the planner reads.

    {"version": 1, "at": 1800000000.0, "classes": [["ann", "align", 8, 37, 5400.0], ...]}

A class is user, name, slots; then how many runs it is made of, and the seconds that four of five of them did not pass.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

from burst.planner.runtimes import History, Runs

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1


def runs_text(history: History) -> str:
    """The file's text, a class a line."""
    rows = (json.dumps([*key, runs.count, round(runs.q80_s, 1)]) for key, runs in sorted(history.classes.items()))
    head = f'{{"version": {_VERSION}, "at": {json.dumps(history.at)}, "classes": [\n'
    return head + ",\n".join(rows) + "\n]}\n"


def write_runs(path: Path, history: History) -> None:
    """Put the file in place; whoever reads meanwhile sees the old one or the new one. Raises ``OSError``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(runs_text(history), encoding="utf-8")
    draft.replace(path)


def read_runs(path: Path) -> History:
    """What it says. Never raises: what is missing or damaged is a history without classes that says so."""
    try:
        return _history(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return History(problem=f"{path} is not there: ris-hybrid burst learn writes it")
    except OSError as error:
        return History(problem=f"{path} cannot be read: {error.strerror}")
    except (ValueError, RecursionError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        return History(problem=f"{path} is no history of this version: {type(error).__name__}")


def _history(body: Any) -> History:  # JSON
    if body["version"] != _VERSION:
        raise ValueError(body["version"])
    classes = {}
    for user, name, slots, count, q80_s in body["classes"]:
        if not (isinstance(user, str) and isinstance(name, str) and isinstance(slots, int)):
            raise TypeError(user)
        if not (isinstance(count, int) and count > 0 and isinstance(q80_s, int | float) and isfinite(q80_s)):
            raise ValueError(count)
        classes[user, name, slots] = Runs(count=count, q80_s=float(q80_s))
    return History(classes=classes, at=float(body["at"]))
