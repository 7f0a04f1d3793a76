"""The simulation as one HTML file: it loads nothing from anywhere and runs no script."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment

from ris_hybrid.errors import ConfigError
from ris_hybrid.simulating.answer import burst_yaml, calibration_lines, calibration_warning, recommendation_lines
from ris_hybrid.simulating.drawing import draw_frontier, draw_timeline
from ris_hybrid.simulating.tables import against_none, burst_table, main_table, side_by_side

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.simulating.result import Result


def render(result: Result) -> str:
    """The page as text. All text is escaped; only the pictures, our own drawings, go in as they are."""
    source = files("ris_hybrid.simulating").joinpath("templates/simulate.html").read_text(encoding="utf-8")
    page = Environment(autoescape=True).from_string(source)
    advice = result.recommendation
    return page.render(
        facts=result.facts,
        calibration=list(calibration_lines(result.calibration, result.facts)),
        warning=calibration_warning(result.calibration),
        frontier=draw_frontier(result),
        timeline=draw_timeline(result.timelines, result.facts.capacity),
        main=main_table(result.rows),
        against=against_none(result.rows),
        burst=burst_table(result.rows, result.facts.v),
        standing=result.standing,
        advice=None if advice is None else {"lines": list(recommendation_lines(advice)), "yaml": burst_yaml(advice)},
        what_if=result.what_if,
        beside=None if result.what_if is None else side_by_side(result.rows, result.what_if.rows),
        notes=result.notes,
    )


def write(path: Path, text: str) -> None:
    """Put the file in place whole, or not at all.

    Raises:
        ConfigError: it cannot be written there.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}", "name a file in a folder that exists"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
