"""One line of the table: what a policy cost and how long jobs waited, and where each policy is best (pure)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MONTH_S = 365.25 / 12 * 86400
"""A month of a record: the mean one of a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One replay in figures. Waits are seconds, dollars those of the whole record."""

    name: str
    kind: str
    v: float | None
    """None for policies that do not decide by it."""
    usd: float
    usd_per_month: float
    dearest_month_usd: float
    mean_wait_s: float
    p50_wait_s: float
    p95_wait_s: float
    p99_wait_s: float
    bounded_slowdown: float
    core_weighted_wait_s: float
    """Mean wait, each job counted by its slots."""
    core_hours_waited: float
    j: float
    """Dollars and waiting together, at the v of the site."""
    peak_nodes: int
    launches: int
    node_hours: float
    wasted_node_hours: float
    """Paid for nodes that no job ever used."""
    utilisation: float
    """Of cloud nodes: core-hours that jobs ran, of those paid."""
    onprem_utilisation: float
    jobs_burst: int
    core_hours_burst_share: float
    restarts: int
    never_started: int
    """Jobs wider than the cluster and every pool; their waits are in no figure."""
    jobs_burst_by_queue: Mapping[str, int]
    jobs_burst_by_lab: Mapping[str, int]

    @property
    def ours(self) -> bool:
        """Whether the plan decides, with what it can know."""
        return self.kind == "planned"


LOWER = (
    "mean_wait_s", "p50_wait_s", "p95_wait_s", "p99_wait_s", "bounded_slowdown", "core_hours_waited", "j",
)  # fmt: skip
"""Columns in which less is better, but for dollars: no cloud is always the cheapest."""
EVEN = 1e-9
"""Figures closer than this share are the same."""


def as_json(row: Row) -> dict[str, Any]:
    """Its fields, rounded to what means something."""
    return {key: _rounded(value) for key, value in asdict(row).items()}


def best(rows: Sequence[Row], column: str) -> frozenset[str]:
    """Names of the policies with the lowest figure, where not all are alike; the one that knows the future is out."""
    fair = [row for row in rows if row.kind != "perfect"]
    lowest, highest = min(getattr(row, column) for row in fair), max(getattr(row, column) for row in fair)
    if not _less(lowest, highest):
        return frozenset()
    return frozenset(row.name for row in fair if getattr(row, column) <= lowest + EVEN * abs(lowest))


def standing(rows: Sequence[Row], site_v: float) -> tuple[str, ...]:
    """How ours stands to the others, a sentence each: J at the site's v, then dollars and mean wait over all its v."""
    ours = sorted((row for row in rows if row.ours), key=lambda row: row.usd)
    mine = next((row for row in ours if row.v == site_v), None)
    others = [row for row in rows if row.kind not in {"planned", "perfect"}]
    if mine is None or not others:
        return ()
    rival = min(others, key=lambda row: row.j)
    head = f"J at v {site_v:g}: ours ${mine.j:,.2f}, the best other ${rival.j:,.2f} ({rival.name})"
    beside = (_beside(row, ours) for row in others if row.kind != "none")
    return (f"{head}: {_than(mine.j, rival.j)}", *beside)


def _beside(other: Row, ours: Sequence[Row]) -> str:
    """Whether some v of ours is cheaper and waits less than another policy; ``ours`` are by dollars."""
    money = f"{other.name} costs ${other.usd:,.2f} for a mean wait of {other.mean_wait_s / 60:,.1f} min"
    for row in ours:
        if row.usd <= other.usd and row.mean_wait_s <= other.mean_wait_s:
            same = not _less(row.usd, other.usd) and not _less(row.mean_wait_s, other.mean_wait_s)
            verdict = "the same as" if same else "ours wins,"
            return f"{money}: {verdict} v {row.v:g}, which costs ${row.usd:,.2f} for {row.mean_wait_s / 60:,.1f} min"
    least = min(ours, key=lambda row: row.mean_wait_s)
    if least.mean_wait_s > other.mean_wait_s:
        text = f"no v of the table waits so little, v {least.v:g} waits {least.mean_wait_s / 60:,.1f} min"
        return f"{money}: ours loses, {text} for ${least.usd:,.2f}"
    row = next(row for row in ours if row.mean_wait_s <= other.mean_wait_s)
    return f"{money}: ours loses, the first v that waits no longer, {row.v:g}, costs ${row.usd:,.2f}"


def _than(mine: float, other: float) -> str:
    if not _less(mine, other) and not _less(other, mine):
        return "the same"
    share = abs(mine / other - 1) if other else float("inf")
    return f"{share:.0%} {'lower' if mine < other else 'higher: ours loses'}"


def _less(one: float, other: float) -> bool:
    return one < other - EVEN * abs(other)


def _rounded(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
