"""What the plan found of one job, as figures and as a sentence (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.planner.kernel import NEVER
from burst.planner.values import PlannedJob
from burst.planner.weigh import value_s

if TYPE_CHECKING:
    from burst.planner.prices import Quote
    from burst.planner.values import Candidate
    from burst.planner.weigh import Weighed


def planned_job(one: Weighed, placed: Quote | str | None, site_slots: int) -> PlannedJob:
    """The job with its figures; ``placed`` is the pool it goes to, the cap that keeps a worthy job, or None."""
    job = one.offered.job
    quote = one.quote if placed is None or isinstance(placed, str) else placed
    if quote is None:
        return _kept(one, site_slots)
    boot_s = 0.0 if one.there else quote.offer.boot_s
    worth = value_s(job, quote) * max(0.0, one.wait_s - boot_s)
    cost = quote.usd_there() if one.there else quote.usd(boot_s)
    figures = f"its wait of {span(one.wait_s)} is worth {usd(worth)}, {_run(job, quote, one)} {usd(cost)}"
    chosen = placed is not None and not isinstance(placed, str)
    return PlannedJob(
        job=job,
        wait_s=one.wait_s,
        pool=quote.offer.pool,
        purchase=quote.purchase,
        boot_s=boot_s,
        cores=(quote.own_slots if one.there else quote.slots) * quote.offer.slot_cores,
        usd_per_core_hour=quote.usd_per_core_hour,
        worth_usd=worth,
        cost_usd=cost,
        chosen=chosen,
        site_slots=site_slots,
        why=f"worth it, but {placed}: {figures}" if isinstance(placed, str) else _why(figures, job, chosen=chosen),
    )


def _why(figures: str, job: Candidate, *, chosen: bool) -> str:
    if chosen and job.chosen:
        return f"stays chosen: {figures}"
    if job.chosen:
        return f"no longer worth it: {figures}"
    return f"worth it: {figures}" if chosen else f"not worth it: {figures}"


def _kept(one: Weighed, site_slots: int) -> PlannedJob:
    """One that may not go: it waits for the site."""
    return PlannedJob(
        job=one.offered.job,
        wait_s=one.wait_s,
        pool="",
        purchase="",
        boot_s=0.0,
        cores=0,
        usd_per_core_hour=0.0,
        worth_usd=0.0,
        cost_usd=0.0,
        chosen=False,
        why=one.offered.why,
        site_slots=site_slots,
    )


def _run(job: Candidate, quote: Quote, one: Weighed) -> str:
    where = f"on a node of {quote.offer.pool}"
    if one.there:
        where += " that is there or on its way"
    elif quote.nodes > 1:
        where = f"on {quote.nodes} nodes of {quote.offer.pool}"
    return f"a run of {span(job.length.seconds)} {where} costs"


def span(seconds: float) -> str:
    """A time as people say it."""
    if seconds >= NEVER:
        return "for ever, as it is wider than the site,"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def usd(dollars: float) -> str:
    """Dollars, whole cents where there are any."""
    if dollars >= 1e9:
        return "more than any price"
    return f"${dollars:.2f}" if dollars >= 0.01 or dollars == 0.0 else f"${dollars:.4f}"
