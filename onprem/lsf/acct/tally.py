"""What a reading of lsb.acct met and did not use, counted, and said in sentences (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

DAY_S = 86_400.0
_SHOWN = 3
"""Places and gaps named one by one; of the rest the number is said."""
TORN = "last line is torn"


@dataclass(slots=True, kw_only=True)
class Tally:
    """Filled while records are read."""

    gap_days: float
    jobs: int = 0
    misfits: Counter[str] = field(default_factory=Counter)
    """By reason: JOB_FINISH records passed over."""
    first: list[str] = field(default_factory=list)
    """Where the first of them are, ``file:line: reason``."""
    unknown: Counter[str] = field(default_factory=Counter)
    """By version: records of a version nobody knows yet that fit the newest layout."""
    unfit: Counter[str] = field(default_factory=Counter)
    """By version: those that do not."""
    longer: int = 0
    """Records with fields behind the last one known."""
    others: Counter[str] = field(default_factory=Counter)
    """By type: records of other events."""
    cut: list[str] = field(default_factory=list)
    """Gzipped files that end early."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    last: float = 0.0
    """Time of the latest record."""

    def met(self, at: float) -> None:
        """A record of this time was used."""
        self.jobs += 1
        if at > self.last:
            if self.last and at - self.last > self.gap_days * DAY_S:
                self.gaps.append((self.last, at))
            self.last = at

    def passed_over(self, where: str, reason: str) -> None:
        """A JOB_FINISH record, or what should have been one, was not used."""
        self.misfits[reason] += 1
        if len(self.first) < _SHOWN:
            self.first.append(f"{where}: {reason}")

    @property
    def unused(self) -> int:
        """Records that were not used though they should have been."""
        return self.misfits.total()

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before trusting the jobs."""
        return (
            *self._about_misfits(),
            *(
                f"records of LSF version {version}, which is not known yet, read as those of 10.1: {count}"
                for version, count in sorted(self.unknown.items())
            ),
            *(
                f"records of LSF version {version}, which is not known yet, that do not fit the layout of 10.1: {count}"
                for version, count in sorted(self.unfit.items())
            ),
            *(f"{name} ends early: it was read as far as it goes" for name in self.cut),
            *self._about_gaps(),
        )

    def notes(self) -> tuple[str, ...]:
        """The warnings, and what is as it should be."""
        found = [f"records of {kind} passed over: {count}" for kind, count in sorted(self.others.items())]
        if self.longer:
            found.append(f"records with fields behind those known, which were not read: {self.longer}")
        return (*self.warnings(), *found)

    def _about_misfits(self) -> tuple[str, ...]:
        if not self.unused:
            return ()
        reasons = ", ".join(f"{count} x {reason}" for reason, count in self.misfits.most_common())
        places = "; ".join(self.first)
        more = f"; and {self.unused - len(self.first)} more" if self.unused > len(self.first) else ""
        head = f"{self.unused} of {self.unused + self.jobs} JOB_FINISH records passed over"
        return (f"{head}: {reasons} ({places}{more})",)

    def _about_gaps(self) -> tuple[str, ...]:
        named = [
            f"no record between {_day(start)} and {_day(end)} ({(end - start) / DAY_S:.1f} days): is a file missing?"
            for start, end in self.gaps[:_SHOWN]
        ]
        if len(self.gaps) > _SHOWN:
            named.append(f"{len(self.gaps) - _SHOWN} more gaps of over {self.gap_days:g} days")
        return tuple(named)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
