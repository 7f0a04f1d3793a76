"""What ``burst simulate`` prints: calibration first, then tables, where ours stands, and what is recommended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.cli import show
from ris_hybrid.simulating.answer import (
    burst_yaml,
    calibration_lines,
    calibration_warning,
    recommendation_lines,
)
from ris_hybrid.simulating.tables import against_none, burst_table, main_table, side_by_side

if TYPE_CHECKING:
    from ris_hybrid.simulating.calibration import Calibration
    from ris_hybrid.simulating.result import Facts, Recommendation, Result, WhatIf
    from ris_hybrid.simulating.tables import Table


def calibrated(one: Calibration, facts: Facts, *, as_json: bool) -> None:
    """The head and the calibration; what is wrong with it goes to stderr."""
    if not as_json:
        show.line(f"{facts.record}: {facts.jobs} jobs in {facts.days:.1f} days, replayed; nothing is launched")
        for line in calibration_lines(one, facts):
            show.line(line)
        for line in facts.pools:
            show.line(f"pool {line}")
    if warning := calibration_warning(one):
        show.warn(warning)


def shown(result: Result) -> None:
    """All that comes after it."""
    show.line()
    _table(main_table(result.rows))
    show.line(f"* best of its column; J is dollars plus {result.facts.v:g} for each core and hour of waiting")
    show.line()
    _table(against_none(result.rows))
    for line in result.standing:
        show.line(line)
    burst = burst_table(result.rows, result.facts.v)
    if burst.rows:
        show.line()
        _table(burst)
    if result.what_if is not None:
        _what_if(result, result.what_if)
    if result.recommendation is not None:
        _recommendation(result.recommendation)
    show.line()
    for note in result.notes:
        show.line(f"note: {note}")


def _what_if(result: Result, what_if: WhatIf) -> None:
    show.line()
    for change in what_if.changes:
        show.line(f"what if {change.key} is {show.cell(change.after)} in place of {show.cell(change.before)}")
    _table(side_by_side(result.rows, what_if.rows))
    if what_if.warning:
        show.warn(what_if.warning)


def _recommendation(one: Recommendation) -> None:
    show.line()
    for line in recommendation_lines(one):
        show.line(line)
    text = burst_yaml(one)
    if text:
        show.line("for burst.yaml:")
    for line in text.splitlines():
        show.line(f"  {line}")


def _table(table: Table) -> None:
    show.table(table.columns, table.padded)
