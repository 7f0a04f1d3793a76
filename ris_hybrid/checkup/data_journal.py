"""The journal of stagings, and the word that burst takes from the data plane."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.checkup.finding import Finding
from ris_hybrid.data.values import StagingState
from ris_hybrid.staging.journal import reading
from ris_hybrid.staging.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from burst.outlook import Word
    from ris_hybrid.data.settings import Bounds
    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.values import Staging

_STUCK = frozenset({StagingState.BLOCKED, StagingState.FAILED})
_LONG_S = 6 * 3600.0
"""A cache is flushed and a recall is done within some hours; what waits longer waits for a person."""
_NEARLY = 0.9
_GB = 1024**3
_MOST = 5


def look(path: Path, bounds: Bounds, now: float) -> Iterator[Finding]:
    """Its file, what is stuck, and the month's money. Raises ``ConfigError`` for one that cannot be read."""
    if not path.exists():
        text = f"{path}: not there yet: nothing was ever staged"
        yield Finding(name="journal", ok=True, text=text)
        return
    with reading(path) as journal:
        yield _file(path)
        yield _stuck(journal, now)
        yield from _money(journal, bounds, now)


def _file(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    others = mode & (stat.S_IRWXG | stat.S_IRWXO)
    text = f"{path}: version {VERSION}, mode {mode:04o}{', so others may read it' if others else ''}"
    hint = f"run: chmod 600 {path}; names of files are in it"
    return Finding(name="journal", ok=not others, text=text, hint=hint)


def _stuck(journal: SqliteJournal, now: float) -> Finding:
    every = journal.stagings()
    found = [one for one in every if one.state in _STUCK and now - _since(journal, one) > _LONG_S]
    told = [f"{one.staging_id} {one.state.value} for {(now - _since(journal, one)) / 3600:.0f} h" for one in found]
    more = f" and {len(told) - _MOST} more" if told[_MOST:] else ""
    return Finding(
        name="stagings",
        ok=not found,
        text=", ".join(told[:_MOST]) + more if told else f"{len(every)}, none is stuck",
        hint="ris-hybrid data status STAGING says what each waits for",
        needed=False,
    )


def _since(journal: SqliteJournal, one: Staging) -> float:
    """When it came to its state."""
    came = [line.at for line in journal.history(one.staging_id) if line.before != line.after]
    return came[-1] if came else one.plan.created


def _money(journal: SqliteJournal, bounds: Bounds, now: float) -> Iterator[Finding]:
    month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
    spent = journal.spent(month)
    sent = spent.egress_bytes / _GB
    yield _bound(f"dollars of data in {month}", spent.usd, bounds.usd_per_month, "$", "usd_per_month")
    yield _bound(f"egress in {month}", sent, bounds.egress_gb_per_month, "GB", "egress_gb_per_month")


def _bound(name: str, used: float, most: float, unit: str, field: str) -> Finding:
    return Finding(
        name=name,
        ok=used < _NEARLY * most,
        text=f"{used:,.2f} of {most:,.2f} {unit} reserved",
        hint=f"nothing that goes beyond is staged before next month, or bounds.{field} of data.yaml is raised",
        needed=used >= most,
    )


def outlook(named: str, word: Word | None) -> Finding:
    """What burst knows of jobs' data. ``named`` is ``outlook`` of burst.yaml."""
    hint = "ris-hybrid data run writes it, every few minutes; without it no job is sent"
    if word is None:
        text = "burst.yaml names none: jobs are sent whether their data is there or not"
        return Finding(name="outlook", ok=False, text=text, hint="name a file: outlook in burst.yaml", needed=False)
    text = word.problem or f"{named}: {len(word.jobs)} jobs"
    return Finding(name="outlook", ok=not word.problem, text=text, hint=hint)
