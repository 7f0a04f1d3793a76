"""What ended machines have cost this month: a small file beside LSF's shared state, and a fake in memory.

A cloud forgets a machine about an hour after it ended, so its cost is noted when it is returned. Running machines are
always priced from their tags. The file lies on LSF's shared file system and moves with the master. Its month's total
is a tag too (``burst.ledger``), so that a lost file does not open the budget again; what each lab has spent is told by
the file alone.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING

from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_Costs = dict[str, tuple[str, float]]
"""Machine id to its lab and dollars."""


class SpendFile:
    """One JSON line a machine, a file a month; the first line of a machine counts. A torn last line is passed over."""

    def __init__(self, folder: Path, provider: str) -> None:
        self._folder = folder
        self._provider = provider
        self._noted: dict[str, set[str]] = {}

    def month_to_date(self, month: str) -> dict[str, float]:
        """Dollars by lab; a file that exists but cannot be read raises ``SiteUnavailable``."""
        return _totals(_costs(self._text(month)))

    def add(self, month: str, machine_id: str, lab: str, usd: float) -> bool:
        """Append one line; raises ``SiteUnavailable`` when it cannot be written."""
        torn = self._look(month)
        if machine_id in self._noted[month]:
            return False
        path = self._path(month)
        line = json.dumps({"machine": machine_id, "lab": lab, "usd": round(usd, 6)})
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}\n" if torn else f"{line}\n")
        except OSError as error:
            raise SiteUnavailable(
                f"{path}: cannot be written: {error.strerror}",
                "the data directory must be writable by the LSF admin",
            ) from error
        self._noted[month].add(machine_id)
        return True

    def _look(self, month: str) -> bool:
        """Read once which machines are noted; whether the file ends in a torn line.

        What others add meanwhile may be noted twice, which does no harm: the first line of a machine counts.
        """
        if month in self._noted:
            return False
        text = self._text(month)
        self._noted[month] = set(_costs(text))
        return text != "" and not text.endswith("\n")

    def _text(self, month: str) -> str:
        path = self._path(month)
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise SiteUnavailable(
                f"{path}: cannot be read: {error.strerror}",
                "the month's spend is unknown; mend its permissions",
            ) from error

    def _path(self, month: str) -> Path:
        return self._folder / f"{self._provider}-spend-{month}.jsonl"


class FakeSpend:
    """The same promise in memory."""

    def __init__(self) -> None:
        self._months: dict[str, _Costs] = {}

    def month_to_date(self, month: str) -> dict[str, float]:
        """Dollars by lab."""
        return _totals(self._months.get(month, {}))

    def add(self, month: str, machine_id: str, lab: str, usd: float) -> bool:
        """Note one machine."""
        costs = self._months.setdefault(month, {})
        new = machine_id not in costs
        costs.setdefault(machine_id, (lab, usd))
        return new


def _totals(rows: Mapping[str, tuple[str, float]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for lab, usd in rows.values():
        totals[lab] = totals.get(lab, 0.0) + usd
    return totals


def _costs(text: str) -> _Costs:
    costs: _Costs = {}
    for line in text.splitlines():
        try:
            row = json.loads(line)
            machine, lab, usd = str(row["machine"]), str(row["lab"]), float(row["usd"])
        except (ValueError, KeyError, TypeError):
            continue
        if isfinite(usd):
            costs.setdefault(machine, (lab, usd))
    return costs
