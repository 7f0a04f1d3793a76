"""The pictures of the report as SVG: cost against wait with a curve for each policy, and the record over time."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable, Mapping

    from matplotlib.axes import Axes

    from ris_hybrid.simulating.levels import Timeline
    from ris_hybrid.simulating.result import Result
    from ris_hybrid.simulating.rows import Row

_BLUE, _ORANGE, _GREEN, _GREY, _RED = "#1f6fb2", "#e07b00", "#3b8f4a", "#9aa0a6", "#c0392b"
_KINDS = {
    "lsf": ("LSF thresholds", _RED, "s"),
    "count": ("count threshold", _ORANGE, "D"),
    "immediate": ("immediate", _GREEN, "^"),
    "karpenter": ("Karpenter-like", "#7d4fa8", "v"),
    "aqtp": ("average queued time", "#8c6d46", "P"),
    "gates": ("the site's gates", "#222222", "X"),
    "none": ("no cloud", _GREY, "o"),
}


def draw_frontier(result: Result) -> str:
    """Dollars a month against mean wait: ours over v, peers over their figures; further down and left is better."""
    with _style():
        figure = Figure(figsize=(10, 5.6), layout="constrained")
        axes = figure.subplots()
        for kind, (label, color, marker) in _KINDS.items():
            _scatter(axes, result, kind, (label, color, marker))
        for kind, label, dash in (("planned", "ours, over v", "-"), ("perfect", "ours, run times known", ":")):
            rows = [row for row in (*result.rows, *result.curves.get(kind, ())) if row.kind == kind]
            points = _points(rows)
            axes.plot(*zip(*points, strict=True), color=_BLUE, ls=dash, marker="o", label=label, zorder=3)
        for row in result.rows:
            if row.kind == "planned" and row.v is not None:
                at = (row.usd_per_month, row.mean_wait_s / 60)
                axes.annotate(f"{row.v:g}", at, textcoords="offset points", xytext=(6, 5), fontsize=8, color=_BLUE)
        axes.set_xlabel("dollars a month")
        axes.set_ylabel("mean wait, minutes")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=9)
        return _svg(figure)


def draw_timeline(timelines: Mapping[str, Timeline], capacity: int) -> str:
    """Pending slots, slots in use and nodes over the record: without cloud, and ours."""
    (without, base), (name, mine) = timelines.items()
    days = mine.hours[:-1] / 24
    with _style():
        figure = Figure(figsize=(10, 7), layout="constrained")
        pending, slots, nodes = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 2))
        pending.plot(days, base.pending_slots, color=_GREY, lw=0.9, label=without)
        pending.plot(days, mine.pending_slots, color=_BLUE, lw=0.9, label=name)
        pending.set_ylabel("pending slots")
        labels, colors = ("on-premises", "cloud"), (_GREY, _ORANGE)
        slots.stackplot(days, mine.onprem_slots, mine.cloud_slots, labels=labels, colors=colors, alpha=0.85)
        slots.axhline(capacity, color="#222222", lw=0.8, ls="--", label="slots on-premises")
        slots.set_ylabel(f"slots in use\n({name})")
        nodes.fill_between(days, mine.nodes, color=_ORANGE, alpha=0.85)
        nodes.set_ylabel("cloud nodes")
        nodes.set_xlabel("days since the first submission")
        for axes in (pending, slots):
            axes.legend(loc="upper right", fontsize=9)
        return _svg(figure)


def _scatter(axes: Axes, result: Result, kind: str, look: tuple[str, str, str]) -> None:
    label, color, marker = look
    tabled = [row for row in result.rows if row.kind == kind]
    points = _points(result.curves.get(kind, ()))
    if points:
        axes.plot(*zip(*points, strict=True), color=color, marker=".", ls="", alpha=0.5)
        axes.plot(*zip(*_best(points), strict=True), color=color, lw=0.9, alpha=0.6)
    if tabled:
        axes.plot(*zip(*_points(tabled), strict=True), color=color, marker=marker, ls="", label=label, zorder=2)


def _points(rows: Iterable[Row]) -> list[tuple[float, float]]:
    """Dollars a month and mean wait in minutes of each setting, cheapest first."""
    return sorted((row.usd_per_month, row.mean_wait_s / 60) for row in rows)


def _best(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that no other one beats in both."""
    kept: list[tuple[float, float]] = []
    for usd, wait in points:
        if not kept or wait < kept[-1][1]:
            kept.append((usd, wait))
    return kept


def _style() -> contextlib.AbstractContextManager[None]:
    """The same result gives the same bytes: fixed ids, and text stays text."""
    return mpl.rc_context({"svg.hashsalt": "ris-hybrid", "svg.fonttype": "none", "font.size": 10})


def _svg(figure: Figure) -> str:
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": "ris-hybrid"})
    picture = text.getvalue()
    return picture[picture.index("<svg") :]
