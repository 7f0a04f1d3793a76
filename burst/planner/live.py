"""One turn's plan: which pending jobs are worth a cloud node, and how many nodes that makes (pure).

    jobs, hosts ─▶ order, profile ─▶ pools that may, their price ─▶ the kernel: W, worth it? ─▶ rank under caps ─▶ nodes

The gates look at all pressure; behind an open gate a job goes when v n (W - b) >= p n' (r + b). What goes takes no room
in the profile of the site. Jobs that a cap keeps here have been planned as if they went: with the cap at its end it
makes no difference to who goes, and the waits of those behind them are told too short by as much.

More v does not always send more jobs: an early job that goes by it leaves its room here to later ones, which then wait
too little to go. Of one job by itself it is true.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from burst.decide import decide_all
from burst.planner import pacing
from burst.planner.candidates import Sight, candidates, in_order, served
from burst.planner.eligible import quotes_of, shops_of
from burst.planner.lending import lend
from burst.planner.occupied import ends_of
from burst.planner.owed import owed_by_running
from burst.planner.own_queue import homed
from burst.planner.partitions import parts_of, weigh_parts
from burst.planner.placing import place
from burst.planner.room import room_of
from burst.planner.settling import settled
from burst.planner.standins import stand_ins
from burst.planner.telling import planned_job
from burst.planner.values import Plan, Want
from burst.planner.weigh import PLAIN, Offered, nears_of
from burst.pressure import mean_limit_by_queue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from burst.planner.eligible import Found, Shop
    from burst.planner.occupied import OnPrem
    from burst.planner.partitions import Parts
    from burst.planner.placing import Placed
    from burst.planner.prices import Quote
    from burst.planner.ranking import Packing, Place
    from burst.planner.room import Room
    from burst.planner.values import Candidate
    from burst.planner.weigh import Rule, Weighed
    from ris_hybrid.settings import BurstSettings


def plan(sight: Sight, settings: BurstSettings, rule: Rule = PLAIN) -> Plan:
    """The plan for what is seen, at ``sight.fleet.now``."""
    jobs = homed(sight.jobs, settings)
    first, beyond = in_order(jobs, sight.queues, settings.planner.depth, served(settings))
    means = mean_limit_by_queue(jobs)
    parts = parts_of(sight.hosts, sight.fleet.machines, settings.planner.hosts)
    rooms = room_of(sight.fleet, sight.hosts, settings)
    shops = shops_of(sight.pressure, sight.fleet, settings)
    offered, rooms = lend(offer_all(candidates(sight, first, settings, means), shops, rooms, parts), rooms)
    release = settings.planner.release_ratio
    weighed = weigh_parts(offered, parts, lambda site: ends_of(jobs, site, means), rooms, release, rule)
    weighed = settled(weighed, rooms, release)
    placed = place(weighed, sight.fleet, settings, owed_by_running(jobs, sight.fleet, settings, means))
    planned = tuple(
        planned_job(one, placed.jobs.get(one.offered.job.job_id), parts.of(one.offered.job.queue).capacity)
        for one in weighed
    )
    wants = _wants(weighed, placed, shops, stand_ins(weighed, placed, sight.fleet, settings))
    return Plan(
        at=sight.fleet.now,
        jobs=planned,
        decisions=decide_all(sight.pressure, sight.fleet, settings, wants),
        beyond=beyond,
        capacity=parts.whole.capacity,
        notes=parts.whole.notes,
        chosen_by_cap={job_id: where for job_id, where in placed.jobs.items() if isinstance(where, str)},
        wants=wants,
        values=pacing.shares(sight.fleet, settings, {one.job.lab for one in planned}),
    )


def offer_all(
    jobs: Iterable[Candidate], shops: Sequence[Shop], rooms: Mapping[Place, Room], parts: Parts
) -> list[Offered]:
    """Each candidate with the pools that may run it; many jobs are few cases, which are asked about once."""
    known: dict[object, tuple[Found, tuple[Quote, ...]]] = {}
    made = []
    for job in jobs:
        why = job.barred or _unplannable(job, parts.of(job.queue))
        if why:
            made.append(Offered(job, (), (), why))
            continue
        case = _case(job)
        if case not in known:
            quotes = quotes_of(job, shops)
            known[case] = quotes, nears_of(job, quotes.there, rooms)
        quotes, nears = known[case]
        made.append(Offered(job, quotes.new, nears, quotes.why))
    return made


def _case(job: Candidate) -> object:
    """All that quotes depend on."""
    size = job.slots, job.memory_mib, job.gpus, job.one_host, job.rerunnable, job.names_spot
    return job.queue, job.lab, size, job.length.seconds, job.value, job.data_usd, job.chosen


def _unplannable(job: Candidate, site: OnPrem) -> str:
    """A job that only hosts which are down now could hold does not wait for ever: nobody knows how long."""
    if not site.built:
        return f"its wait cannot be planned: no host of the site is known to serve {job.queue} (planner.hosts)"
    if site.capacity < job.slots <= site.built:
        return f"its wait cannot be planned while only {site.capacity} of its {site.built} slots are in service"
    return ""


def _wants(
    weighed: Sequence[Weighed], placed: Placed, shops: Sequence[Shop], instead: Mapping[Place, Packing]
) -> dict[Place, Want]:
    """Nodes by pool and lab, of jobs that go: those with room on nodes that are there need no new ones."""
    by_place: defaultdict[Place, list[Weighed]] = defaultdict(list)
    for one in weighed:
        quote = placed.jobs.get(one.offered.job.job_id, "")
        if not isinstance(quote, str):
            by_place[quote.offer.pool, one.offered.job.lab].append(one)
    pools = [shop.pool.name for shop in shops]
    return {
        place: _want(
            by_place.get(place, ()), placed.nodes.get(place, 0), instead[place].nodes if place in instead else 0
        )
        for place in sorted(by_place.keys() | instead.keys(), key=lambda place: (pools.index(place[0]), place[1]))
    }


def _want(jobs: Sequence[Weighed], nodes: int, instead: int) -> Want:
    return Want(
        nodes=nodes,
        jobs=len(jobs),
        slots=sum(one.offered.job.slots for one in jobs),
        data_usd=sum(one.offered.job.data_usd for one in jobs if not one.there),
        instead=instead,
    )
