"""Rows → the cells of tables, the same on the screen and in the report (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.simulating.rows import LOWER, best

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.simulating.rows import Row

MOST_NAMES = 12
"""Queues and labs that get a line of their own, those with the most jobs sent; the others share one."""
_MARK = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Text by column and row; all columns but the first ``words`` are figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1

    @property
    def padded(self) -> tuple[tuple[str, ...], ...]:
        """The rows with figures set to the right, as wide as the widest of their column."""
        widths = [max(len(text) for text in column) for column in zip(self.columns, *self.rows, strict=True)]
        return tuple(
            tuple(
                text if index < self.words else text.rjust(width)
                for index, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in self.rows
        )


_MAIN = (
    ("$", "usd", 1, 2),
    ("$/month", "usd_per_month", 1, 2),
    ("mean wait min", "mean_wait_s", 60, 1),
    ("p50", "p50_wait_s", 60, 1),
    ("p95", "p95_wait_s", 60, 1),
    ("p99", "p99_wait_s", 60, 1),
    ("slowdown", "bounded_slowdown", 1, 2),
    ("core-h waited", "core_hours_waited", 1, 0),
    ("J $", "j", 1, 2),
    ("peak nodes", "peak_nodes", 1, 0),
    ("launches", "launches", 1, 0),
    ("node-h", "node_hours", 1, 1),
    ("wasted node-h", "wasted_node_hours", 1, 1),
    ("jobs burst", "jobs_burst", 1, 0),
)


_PAIRED = frozenset({"usd", "mean_wait_s", "p95_wait_s", "j", "jobs_burst"})


def main_table(rows: Sequence[Row]) -> Table:
    """Every policy with all figures; the best of a column has a star, one that knows the future has none."""
    stars = {key: best(rows, key) for key in LOWER}
    return Table(
        columns=("policy", *(title for title, *_ in _MAIN)),
        rows=tuple(
            (
                row.name,
                *(
                    f"{getattr(row, key) / per:,.{digits}f}{_MARK if row.name in stars.get(key, ()) else ''}"
                    for _, key, per, digits in _MAIN
                ),
            )
            for row in rows
        ),
    )


def against_none(rows: Sequence[Row]) -> Table:
    """Every policy beside the first row, no cloud: what is saved, and what an hour of waiting less has cost."""
    none, *others = rows
    return Table(
        columns=("against no cloud", "$ more", "mean wait", "p95", "core-h saved", "$ per core-h saved", "J"),
        rows=tuple(
            (
                row.name,
                f"{row.usd - none.usd:,.2f}",
                _share(row.mean_wait_s, none.mean_wait_s),
                _share(row.p95_wait_s, none.p95_wait_s),
                f"{none.core_hours_waited - row.core_hours_waited:,.0f}",
                _per(row.usd - none.usd, none.core_hours_waited - row.core_hours_waited),
                _share(row.j, none.j),
            )
            for row in others
        ),
    )


def burst_table(rows: Sequence[Row], site_v: float) -> Table:
    """Jobs sent by queue, then by lab; a column for each policy that sends any, ours at the site's v alone."""
    senders = [row for row in rows if row.jobs_burst and row.v in (None, site_v) and row.kind != "perfect"]
    lines: list[tuple[str, ...]] = []
    for kind, each in (
        ("queue", [row.jobs_burst_by_queue for row in senders]),
        ("lab", [row.jobs_burst_by_lab for row in senders]),
    ):
        lines += _by_name(kind, each)
    return Table(columns=("jobs burst", "", *(row.name for row in senders)), rows=tuple(lines), words=2)


def side_by_side(rows: Sequence[Row], others: Sequence[Row]) -> Table:
    """Every policy before and after a what-if. Policies are paired by their place."""
    figures = tuple(figure for figure in _MAIN if figure[1] in _PAIRED)
    return Table(
        columns=("policy", *(text for title, *_ in figures for text in (title, "what if"))),
        rows=tuple(
            (
                before.name if before.name == after.name else f"{before.name} / {after.name}",
                *(
                    f"{getattr(row, key) / per:,.{digits}f}"
                    for _, key, per, digits in figures
                    for row in (before, after)
                ),
            )
            for before, after in zip(rows, others, strict=True)
        ),
    )


def _by_name(kind: str, each: Sequence[Mapping[str, int]]) -> list[tuple[str, ...]]:
    total: Counter[str] = Counter()
    for counts in each:
        total.update(counts)
    names = [name for name, jobs in total.most_common() if jobs]
    lines = [(kind, name or "-", *(f"{counts.get(name, 0):,}" for counts in each)) for name in names[:MOST_NAMES]]
    if rest := names[MOST_NAMES:]:
        sums = (f"{sum(counts.get(name, 0) for name in rest):,}" for counts in each)
        lines.append((kind, f"{len(rest)} others", *sums))
    return lines


def _share(figure: float, of: float) -> str:
    return f"{figure / of:.1%}" if of else "-"


def _per(usd: float, hours: float) -> str:
    return f"{usd / hours:,.3f}" if hours > 0 else "-"
