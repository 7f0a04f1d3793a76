"""What the plan says of one job, figure by figure, and what it said before (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.planner.hazard import HOUR_S
from burst.planner.kernel import NEVER
from burst.planner.telling import span, usd
from burst.planning_events import CHOSEN, UNCHOSEN
from burst.steering.memory import BACK, MOVED, MOVING, NOT_MOVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from burst.planner.values import Plan, PlannedJob
    from ris_hybrid.model import Event

_CENT = 0.01
_KINDS = frozenset({CHOSEN, UNCHOSEN, MOVING, MOVED, BACK, NOT_MOVED})

_TOLD: tuple[tuple[str, str, Callable[[float], str], str], ...] = (
    ("W", "wait_s", span, ""),
    ("r", "run_s", span, "run_from"),
    ("b", "boot_s", span, ""),
    ("p", "usd_per_core_hour", lambda price: f"${price:.4g}", ""),
    ("n'", "cores", lambda cores: f"{cores:g}", ""),
    ("v", "v", lambda v: f"${v:.4g}", "v_from"),
)
"""Sign of the rule, field of the event, how it is said, field of where it is from."""


def plan_facts(job_id: str, plan: Plan, mode: str) -> list[str]:
    """The rule's figures of one pending job, in words; for a job the plan does not reach, why."""
    place = next((index for index, one in enumerate(plan.jobs) if one.job.job_id == job_id), None)
    if place is None:
        return ["not planned: more slots would not start it, or it is no longer pending"]
    one = plan.jobs[place]
    word = "chosen for the cloud" if one.chosen else "stays on the site"
    acts = "" if mode == "planned" else f" (mode {mode}: said, not done)"
    return [f"plan now: {word}{acts}: {one.why}", *(f"  {fact}" for fact in _figures(one, place, plan))]


def _figures(one: PlannedJob, place: int, plan: Plan) -> Iterator[str]:
    job = one.job
    ahead = f"{place} jobs are planned before it, its queue has {one.site_slots} of the site's slots in service"
    wait = "it would never start on the site" if one.wait_s >= NEVER else f"it would start in {span(one.wait_s)}"
    yield f"W: {wait}; {ahead}"
    yield f"r: {span(job.length.seconds)}, from {job.length.source}"
    yield f"v: {dollars(job.value)} for an hour of waiting of one core ({job.value_source})"
    if not one.pool:
        return
    yield f"pool {one.pool}, {one.purchase}: b {span(one.boot_s)}" + (
        ", for a node with room is there or on its way" if one.boot_s == 0.0 else " until a new node has joined"
    )
    yield f"p: {dollars(one.usd_per_core_hour)} an hour and core, n': {one.cores:g} cores are billed"
    data = f", {usd(job.data_usd)} of it for data" if job.data_usd else ""
    plain = one.usd_per_core_hour * one.cores * (job.length.seconds + one.boot_s) / HOUR_S + job.data_usd
    if one.cost_usd - plain >= _CENT:
        data += f", {usd(one.cost_usd - plain)} of it for spot nodes that are taken: runs anew, and the delay at v"
    sign = "at least" if one.worth_usd >= one.cost_usd else "less than"
    yield f"worth v n (W - b) = {usd(one.worth_usd)}, {sign} cost p n' (r + b) = {usd(one.cost_usd)}{data}"
    if job.chosen:
        yield "it is chosen already, so that a worth somewhat below its cost keeps it so (planner.release_ratio)"
    if job.job_id in plan.chosen_by_cap:
        yield f"kept here by a limit: {plan.chosen_by_cap[job.job_id]}"


def past_words(job_id: str, events: Iterable[Event]) -> list[Event]:
    """What the log has of this job: chosen, unchosen, moved and not moved, alone or among others."""
    return [event for event in events if event.kind in _KINDS and job_id in _named(event)]


def past_text(event: Event) -> str:
    """What the log has of a job in words, with the figures of that moment; empty for events of another kind."""
    told = event.fields
    where = told.get("target", "?")
    if event.kind in {CHOSEN, UNCHOSEN}:
        word = "chosen for the cloud" if event.kind == CHOSEN else "no longer chosen"
        figures = _past_figures(told)
        return f"{word}: {told.get('why') or 'no reason on record'}{f' ({figures})' if figures else ''}"
    if event.kind == MOVING:
        return f"about to be {told.get('to') or MOVED} to {where}"
    if event.kind in {MOVED, BACK}:
        return f"{event.kind} to {where}"
    return f"not moved to {where}: {told.get('why') or 'LSF gave no answer'}" if event.kind == NOT_MOVED else ""


def _past_figures(told: Mapping[str, object]) -> str:
    """Those of the rule, as far as they were told; none of a job that no pool was found for."""
    if not told.get("to_pool"):
        return ""
    found = [
        f"{sign} {say(value)}{f' from {told[source]}' if told.get(source) else ''}"
        for sign, key, say, source in _TOLD
        if isinstance(value := told.get(key), int | float)
    ]
    return ", ".join(found)


def _named(event: Event) -> tuple[str, ...]:
    some = event.fields.get("jobs", ())
    several = tuple(map(str, some)) if isinstance(some, list | tuple) else ()
    return (str(event.fields.get("job", "")), *several)


def dollars(figure: float) -> str:
    """A small price with the digits that count."""
    return f"${figure:.4g}"
