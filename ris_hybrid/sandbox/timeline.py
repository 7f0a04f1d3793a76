"""The picture of a demo: pending and running slots, nodes by state and decisions over virtual time, as SVG.

One column for each replay with bursting; what would have pended without it is drawn behind each.
"""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.summary import WITHOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes

    from ris_hybrid.sandbox.history import History, Sample

_BLUE, _ORANGE, _GREEN, _GREY, _RED, _VIOLET = "#1f6fb2", "#e07b00", "#3b8f4a", "#9aa0a6", "#c0392b", "#7d4fa3"
_WIDTH, _WIDER, _HEIGHT = 11.0, 15.0, 7.2


def draw(histories: Mapping[str, History]) -> str:
    """An SVG document. The same histories give the same bytes: no date, fixed ids."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    histories = {name: replace(history, samples=turns(history.samples)) for name, history in histories.items()}
    shown = {name: history for name, history in histories.items() if name != WITHOUT}
    with mpl.rc_context({"svg.hashsalt": "ris-hybrid", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(_WIDTH if len(shown) == 1 else _WIDER, _HEIGHT), layout="constrained")
        columns = figure.subplots(
            3, len(shown), sharex=True, sharey="row", height_ratios=(3, 3, 2), squeeze=False
        ).T.tolist()
        for (name, history), (pending, slots, nodes) in zip(shown.items(), columns, strict=True):
            pending.set_title(name)
            _pending(pending, history, histories.get(WITHOUT))
            _slots(slots, history)
            _nodes(nodes, history)
            nodes.set_xlabel("virtual time, hours")
        for axes, label in zip(columns[0], ("pending slots", "slots in use", "cloud nodes"), strict=True):
            axes.set_ylabel(label)
        figure.suptitle("ris-hybrid sandbox: pending pressure, cloud nodes, nodes gone", fontsize=12)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": "ris-hybrid sandbox"})
    return text.getvalue()


def turns(samples: Sequence[Sample]) -> list[Sample]:
    """Those that differ from the one before or behind them, the first and the last: a level line needs no more."""
    levels = [replace(sample, at=0.0) for sample in samples]
    edge = [index in {0, len(levels) - 1} for index in range(len(levels))]
    return [
        sample
        for index, sample in enumerate(samples)
        if edge[index] or levels[index] != levels[index - 1] or levels[index] != levels[index + 1]
    ]


def _series(history: History, value: Callable[[Sample], float]) -> tuple[list[float], list[float]]:
    return [history.minutes(s.at) / 60 for s in history.samples], [value(s) for s in history.samples]


def _pending(axes: Axes, history: History, without: History | None) -> None:
    if without is not None:
        axes.plot(*_series(without, lambda s: s.pending_slots), color=_GREY, ls="--", label="without bursting")
    x, y = _series(history, lambda s: s.pending_slots)
    axes.fill_between(x, y, step="post", color=_BLUE, alpha=0.25)
    axes.step(x, y, where="post", color=_BLUE, label="with bursting")
    _mark(axes, history, "launch", _GREEN, "launch")
    _mark(axes, history, "moved", _VIOLET, "jobs moved")
    _mark(axes, history, "refused", _RED, "wanted, not launched")
    _mark(axes, history, "took over", _ORANGE, "another cloud took over")
    axes.legend(loc="upper right", fontsize=9)


def _slots(axes: Axes, history: History) -> None:
    x, onprem = _series(history, lambda s: s.onprem_used)
    _, cloud = _series(history, lambda s: s.cloud_used)
    axes.stackplot(x, onprem, cloud, colors=(_GREY, _ORANGE), labels=("on-premises", "cloud"), alpha=0.8, step="post")
    axes.legend(loc="upper right", fontsize=9)


def _nodes(axes: Axes, history: History) -> None:
    x, starting = _series(history, lambda s: s.nodes_starting)
    _, joined = _series(history, lambda s: s.nodes_joined)
    _, leaving = _series(history, lambda s: s.nodes_leaving)
    labels, colors = ("starting", "joined", "leaving"), (_GREEN, _ORANGE, _RED)
    axes.stackplot(x, starting, joined, leaving, labels=labels, colors=colors, alpha=0.8, step="post")
    axes.legend(loc="upper right", fontsize=9)


def _mark(axes: Axes, history: History, kind: str, color: str, label: str) -> None:
    hours = [history.minutes(h.at) / 60 for h in history.happenings if h.kind == kind]
    if hours:
        axes.plot(hours, [0] * len(hours), ls="", marker="^", color=color, label=label, clip_on=False)
