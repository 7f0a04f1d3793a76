"""The data plane's word as one small JSON file: written whole or not at all, read without pydantic or SQLite.

    {"version": 1, "at": 1800000000.0, "ttl_s": 900, "words": [["staged", "...", true]],
     "jobs": {"219": [0, 0.42, 0.0]}, "spent": {"wucci": 12.5}, "release": {"wucci": "3 files are not back"}}

A job is the number of its word, its dollars, and when its data is ready. A hundred thousand jobs have few words.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, get_args

from burst.outlook import Word
from ris_hybrid.data.readiness import JobData, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VERSION = 1
_SKEW_S = 120.0
"""So far ahead a word may be. One of a clock gone wrong would stay fresh until ours has come there too."""
_VERDICTS = frozenset(get_args(Verdict))


def outlook_text(word: Word, ttl_s: float) -> str:
    """The file's text; ``ttl_s`` is how long its writer stands by it."""
    numbers: dict[tuple[str, str, bool], int] = {}
    jobs = {}
    for job_id, data in word.jobs.items():
        number = numbers.setdefault((data.verdict, data.reason, data.eligible), len(numbers))
        jobs[job_id] = [number, round(data.usd, 4), data.ready_at]
    body = {"version": _VERSION, "at": word.at, "ttl_s": ttl_s, "words": list(numbers), "jobs": jobs}
    return json.dumps(body | {"spent": dict(word.spent), "release": dict(word.release)}, separators=(",", ":")) + "\n"


def write_outlook(path: Path, word: Word, ttl_s: float) -> None:
    """Put the file in place; whoever reads meanwhile sees the old one or the new one. Raises ``OSError``."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(outlook_text(word, ttl_s), encoding="utf-8")
    draft.replace(path)


class OutlookFile:
    """Reads it."""

    def __init__(self, path: Path, most_s: float) -> None:
        self._path = path
        self._most_s = most_s

    def word(self, now: float) -> Word:
        """What it says. Never raises: what is missing, damaged or old is a word without jobs that says so."""
        try:
            body = json.loads(self._path.read_text(encoding="utf-8"))
            word, ttl_s = _word(body)
        except OSError as error:
            return _none(f"{self._path} cannot be read: {error.strerror}")
        except (ValueError, RecursionError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
            return _none(f"{self._path} is no outlook of this version: {type(error).__name__}")
        age, most = now - word.at, min(self._most_s, ttl_s)
        if age < -_SKEW_S:
            return _none(f"the outlook is of {-age / 60:.0f} min ahead: the clocks of its writer and this host differ")
        if not age <= most:
            return _none(f"the outlook is {age / 60:.0f} min old (at most {most / 60:g})", word.at)
        return word


def _none(problem: str, at: float = 0.0) -> Word:
    return Word(at=at, problem=problem)


def _word(body: Any) -> tuple[Word, float]:  # JSON
    if body["version"] != _VERSION:
        raise ValueError(body["version"])
    words = [(_verdict(verdict), str(reason), eligible is True) for verdict, reason, eligible in body["words"]]
    seen: dict[tuple[int, float, float], JobData] = {}
    jobs = {}
    for job_id, row in body["jobs"].items():
        case = tuple(row)
        data = seen.get(case)
        if data is None:
            data = seen[case] = _data(words, *row)
        jobs[job_id] = data
    release = {str(lab): str(why) for lab, why in body["release"].items()}
    return Word(at=_figure(body["at"]), jobs=jobs, spent=_figures(body["spent"]), release=release), _figure(
        body["ttl_s"]
    )


def _data(words: list[tuple[Verdict, str, bool]], number: int, usd: float, ready_at: float) -> JobData:
    verdict, reason, eligible = words[number]
    return JobData(verdict=verdict, reason=reason, eligible=eligible, usd=_figure(usd), ready_at=_figure(ready_at))


def _figures(rows: Mapping[str, Any]) -> dict[str, float]:
    return {str(lab): _figure(usd) for lab, usd in rows.items()}


def _figure(value: object) -> float:
    if not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(value)
    return float(value)


def _verdict(word: Any) -> Verdict:
    if word not in _VERDICTS:
        raise ValueError(word)
    found: Verdict = word
    return found
