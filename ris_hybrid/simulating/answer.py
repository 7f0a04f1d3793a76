"""A simulation as JSON, and its parts as sentences (pure)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ris_hybrid.simulating import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.settings import Gate
    from ris_hybrid.simulating.calibration import Calibration, Waits
    from ris_hybrid.simulating.recommendation import Target
    from ris_hybrid.simulating.result import Facts, Recommendation, Result, Span, WhatIf


def as_json(result: Result) -> dict[str, Any]:
    """The object of ``burst simulate --json``."""
    return {
        "calibration": _calibration(result),
        "policies": [rows.as_json(row) for row in result.rows],
        "recommendation": None if result.recommendation is None else _recommendation(result.recommendation),
        "what_if": None if result.what_if is None else _what_if(result.what_if),
        "notes": [*result.standing, *result.notes],
    }


def calibration_lines(one: Calibration, facts: Facts) -> Iterator[str]:
    """The calibration in words."""
    yield f"on-premises: {facts.capacity} slots ({facts.capacity_from}), {facts.scheduling} scheduling"
    if one.scaled:
        yield f"capacity scaled from {one.capacity_before} to {one.capacity} slots"
    if one.problem:
        yield one.problem
    if one.recorded is None:
        yield f"replayed without cloud: {_waits(one.replayed)}; the record does not know its waits"
        return
    yield f"recorded:               {_waits(one.recorded)} ({one.jobs} jobs)"
    yield f"replayed without cloud: {_waits(one.replayed)}, {one.ratio:.2f} of the recorded mean"


def calibration_warning(one: Calibration) -> str:
    """What is wrong with it, in words; empty when a table may follow without."""
    if one.recorded is None:
        return "waits of the record are unknown: nothing says how close the replay is"
    if not one.far:
        return ""
    hint = "" if one.scaled or one.problem else "; --calibrate scales the capacity until they agree"
    share = f"the replay's mean wait is {one.ratio:.2f} of the recorded one"
    return f"{share}: take what follows as a comparison of policies, not as a forecast{hint}"


def target_said(target: Target) -> str:
    """The target in words."""
    return f"for {'at most ' if target.kind == 'budget' else 'a '}{target.said(target.figure)}"


def recommendation_lines(one: Recommendation) -> Iterator[str]:
    """The recommendation in words."""
    yield from _choice_lines(one)
    if one.idle_minutes is not None:
        yield f"idle nodes: kept for {one.idle_minutes:g} min they cost less than as they are kept now"
    row = one.expected
    month = f"${row.usd_per_month:,.2f} a month (dearest ${row.dearest_month_usd:,.2f})"
    yield f"expected: {month}, mean wait {row.mean_wait_s / 60:,.1f} min, p95 {row.p95_wait_s / 60:,.1f} min"
    if one.usd_per_month is not None and one.mean_wait_s is not None:
        usd, wait = one.usd_per_month, one.mean_wait_s
        text = (
            f"${usd.low:,.2f} to ${usd.high:,.2f} a month, mean wait {wait.low / 60:,.1f} to {wait.high / 60:,.1f} min"
        )
        yield f"over draws of the record's weeks (95 %): {text}"
    for limit in one.limits:
        yield f"but: {limit}"


def _choice_lines(one: Recommendation) -> Iterator[str]:
    said = target_said(one.target)
    if one.sends_nothing:
        why = f": {one.choice.why}" if one.choice.v == 0.0 or not one.choice.met else ""
        yield f"{said}: nothing to write{why}"
        yield f"no job would be sent up to v {one.choice.v:g}: none waits long enough, or no pool takes those that do"
        return
    yield f"{said}: v {one.choice.v:g} ({one.choice.why})" if one.choice.met else f"{said}: {one.choice.why}"
    yield f"gate: {one.gates_why}"


def burst_yaml(one: Recommendation) -> str:
    """What to write into burst.yaml; empty where that would send no job."""
    if one.sends_nothing:
        return ""
    lines = ["mode: planned", f"planner: {{value: {one.choice.v:g}}}", "gates:"]
    for gate in one.gates:
        given = [f"{key}: {value:g}" for key, value in _given(gate).items()]
        lines.append(f"  - {{{', '.join(given)}}}")
    if one.idle_minutes is not None:
        lines.append(f"life: {{idle_minutes: {one.idle_minutes:g}}}")
    if one.target.kind == "budget":
        lines.append(f"budget: {{usd_per_month: {one.target.figure:g}}}")
    return "\n".join(lines) + "\n"


def _given(gate: Gate) -> dict[str, float]:
    """The figures that it gives; minutes only where they are any."""
    figures = asdict(gate)
    return {key: value for key, value in figures.items() if value is not None and (key != "for_minutes" or value)}


def _calibration(result: Result) -> dict[str, Any]:
    one, facts = result.calibration, result.facts
    return {
        "recorded_mean_wait_s": None if one.recorded is None else round(one.recorded.mean_s, 2),
        "replayed_mean_wait_s": round(one.replayed.mean_s, 2),
        "ratio": None if one.ratio is None else round(one.ratio, 4),
        "recorded_p50_wait_s": None if one.recorded is None else round(one.recorded.p50_s, 2),
        "replayed_p50_wait_s": round(one.replayed.p50_s, 2),
        "recorded_p95_wait_s": None if one.recorded is None else round(one.recorded.p95_s, 2),
        "replayed_p95_wait_s": round(one.replayed.p95_s, 2),
        "jobs": facts.jobs,
        "jobs_compared": one.jobs,
        "days": round(facts.days, 3),
        "capacity": one.capacity,
        "capacity_before": one.capacity_before,
        "capacity_from": facts.capacity_from,
        "scheduling": facts.scheduling,
        "scaled": one.scaled,
        "problem": one.problem,
        "warning": calibration_warning(one),
    }


def _recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "target": {"kind": one.target.kind, "figure": one.target.figure, "by": one.target.by},
        "met": one.choice.met,
        "sends_nothing": one.sends_nothing,
        "why": one.choice.why,
        "v": one.choice.v,
        "gates": [_given(gate) for gate in one.gates],
        "gates_why": one.gates_why,
        "idle_minutes": one.idle_minutes,
        "expected": rows.as_json(one.expected),
        "usd_per_month_95": _span(one.usd_per_month),
        "mean_wait_s_95": _span(one.mean_wait_s),
        "limits": list(one.limits),
        "burst_yaml": burst_yaml(one),
    }


def _span(span: Span | None) -> list[float] | None:
    return None if span is None else [round(span.low, 2), round(span.high, 2)]


def _what_if(one: WhatIf) -> dict[str, Any]:
    return {
        "changes": [asdict(change) for change in one.changes],
        "warning": one.warning,
        "policies": [rows.as_json(row) for row in one.rows],
    }


def _waits(waits: Waits) -> str:
    figures = (("mean", waits.mean_s), ("p50", waits.p50_s), ("p95", waits.p95_s))
    return ", ".join(f"{name} {seconds / 60:,.1f}" for name, seconds in figures) + " min"
