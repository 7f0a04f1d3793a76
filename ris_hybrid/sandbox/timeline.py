"""The picture of a replay: pending and running slots, nodes by state and decisions over virtual time, as SVG."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from ris_hybrid.sandbox.history import History, Sample

_BLUE, _ORANGE, _GREEN, _GREY, _RED = "#1f6fb2", "#e07b00", "#3b8f4a", "#9aa0a6", "#c0392b"


def draw(history: History, without: History | None = None) -> str:
    """An SVG document. The same history gives the same bytes: no date, fixed ids."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "ris-hybrid", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(11, 7.2), layout="constrained")
        pending, slots, nodes = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 2))
        _pending(pending, history, without)
        _slots(slots, history)
        _nodes(nodes, history)
        nodes.set_xlabel("virtual time, hours")
        figure.suptitle("ris-hybrid sandbox: pending pressure, cloud nodes, nodes gone", fontsize=12)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": "ris-hybrid sandbox"})
    return text.getvalue()


def _series(history: History, value: Callable[[Sample], float]) -> tuple[list[float], list[float]]:
    return [history.minutes(s.at) / 60 for s in history.samples], [value(s) for s in history.samples]


def _pending(axes: Axes, history: History, without: History | None) -> None:
    if without is not None:
        axes.plot(*_series(without, lambda s: s.pending_slots), color=_GREY, ls="--", label="without bursting")
    x, y = _series(history, lambda s: s.pending_slots)
    axes.fill_between(x, y, step="post", color=_BLUE, alpha=0.25)
    axes.step(x, y, where="post", color=_BLUE, label="with bursting")
    axes.set_ylabel("pending slots")
    _mark(axes, history, "launch", _GREEN, "launch")
    _mark(axes, history, "refused", _RED, "wanted, not launched")
    axes.legend(loc="upper right", fontsize=9)


def _slots(axes: Axes, history: History) -> None:
    x, onprem = _series(history, lambda s: s.onprem_used)
    _, cloud = _series(history, lambda s: s.cloud_used)
    axes.stackplot(x, onprem, cloud, colors=(_GREY, _ORANGE), labels=("on-premises", "cloud"), alpha=0.8, step="post")
    axes.set_ylabel("slots in use")
    axes.legend(loc="upper right", fontsize=9)


def _nodes(axes: Axes, history: History) -> None:
    x, starting = _series(history, lambda s: s.nodes_starting)
    _, joined = _series(history, lambda s: s.nodes_joined)
    _, leaving = _series(history, lambda s: s.nodes_leaving)
    labels, colors = ("starting", "joined", "leaving"), (_GREEN, _ORANGE, _RED)
    axes.stackplot(x, starting, joined, leaving, labels=labels, colors=colors, alpha=0.8, step="post")
    axes.set_ylabel("cloud nodes")
    axes.legend(loc="upper right", fontsize=9)


def _mark(axes: Axes, history: History, kind: str, color: str, label: str) -> None:
    hours = [history.minutes(h.at) / 60 for h in history.happenings if h.kind == kind]
    if hours:
        axes.plot(hours, [0] * len(hours), ls="", marker="^", color=color, label=label, clip_on=False)
