"""The demo's report: one HTML file with its picture inside; it loads nothing from anywhere."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from ris_hybrid.sandbox import timeline
from ris_hybrid.sandbox.summary import cloud_rows, rows_of, took_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.history import History
    from ris_hybrid.sandbox.summary import Summary


def render(summary: Summary, histories: Mapping[str, History]) -> str:
    """The page as text. All text is escaped; only the picture, our own drawing, goes in as it is."""
    from jinja2 import Environment

    source = files("ris_hybrid.sandbox").joinpath("templates/report.html").read_text(encoding="utf-8")
    picture = timeline.draw(histories)
    page = Environment(autoescape=True).from_string(source)
    return page.render(
        summary=summary,
        rows=rows_of(summary),
        clouds=cloud_rows(summary.main) if summary.main.shares else [],
        took_over=took_over(summary.main),
        verdict=summary.verdict(),
        labs=sorted({lab for run in summary.runs.values() for lab in run.bill.usd_by_lab}),
        picture=picture[picture.index("<svg") :],
        told={
            name: [
                {"time": clock_text(history.minutes(row.at)), "kind": row.kind, "text": row.text}
                for row in history.happenings
            ]
            for name, history in histories.items()
            if history.happenings
        },
    )


def clock_text(minutes: float) -> str:
    """Virtual time since the start as ``h:mm``."""
    whole = int(minutes)
    return f"{whole // 60}:{whole % 60:02d}"
