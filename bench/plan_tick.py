"""One live tick of the planner: 100,000 pending and 10,000 running jobs, as ratios to json.loads of the same jobs.

    .venv/bin/python bench/plan_tick.py [DEPTH]

What is counted: sorting jobs into pressure, gates, order, profile, prices, the kernel, ranking, nodes and limits. What
is not: asking LSF, parsing, and the first run of the compiled kernel, which is told apart. Seconds are processor
seconds, so that other work on the machine disturbs them little; garbage collection is off on both sides.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
from typing import TYPE_CHECKING, Any

from burst.engine import widest
from burst.fleet import Fleet
from burst.planner.candidates import Sight
from burst.planner.live import plan
from burst.planner.weigh import PLAIN
from burst.pressure import measure
from ris_hybrid.model import Host, Job, JobStatus, Queue
from ris_hybrid.planner_settings import Planner
from ris_hybrid.planner_wiring import fast_rule
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool

if TYPE_CHECKING:
    from burst.planner.weigh import Rule

PENDING, RUNNING, SLOTS = 100_000, 10_000, 40_000
MOST_S = 1.0
NOW = 1_800_000_000.0


def settings(depth: int) -> BurstSettings:
    """Two pools, one gate, caps that bind."""
    pools = tuple(
        Pool(name=name, instance_types=(kind,), slots=slots, memory_mib=slots * 2000, max_nodes=400, cores=slots)
        for name, kind, slots in (("cpu", "c7a.8xlarge", 32), ("big", "c7a.48xlarge", 192))
    )
    return BurstSettings(
        cluster="bench",
        provider="aws",
        region="us-east-1",
        pools=pools,
        gates=(Gate(pending_jobs=1),),
        caps=Caps(nodes=500),
        budget=Budget(usd_per_month=100_000.0),
        mode="shadow",
        planner=Planner(depth=depth),
        prices={"c7a.8xlarge": 1.642, "c7a.48xlarge": 9.853},
    )


def jobs(rng: random.Random) -> list[Job]:
    """A mixture of shapes and limits, as a busy site has them."""
    made = []
    for number in range(PENDING + RUNNING):
        running = number < RUNNING
        limit = rng.choice((None, 3600.0, 7200.0, 14400.0, 86400.0, 259200.0))
        made.append(
            Job(
                job_id=str(number + 1),
                status=JobStatus.RUN if running else JobStatus.PEND,
                queue=rng.choice(("general", "general-interactive", "subscription")),
                user=f"user{rng.randrange(300)}",
                lab=f"lab{rng.randrange(80)}",
                project="",
                slots=rng.choice((1, 1, 1, 2, 4, 8, 16, 32)) if not running else 4,
                pend_s=0.0 if running else float(rng.randrange(86_400)),
                run_s=float(rng.randrange(3600)) if running else 0.0,
                run_limit_s=limit,
                reason="" if running else "Job slot limit reached: 3 hosts;",
                pend_state="",
                dependency="",
                specified_start="",
                exec_host=f"4*node{number % 1250}" if running else "",
            )
        )
    return made


def tick(told: list[Job], site: BurstSettings, rule: Rule) -> tuple[float, int, int]:
    """Seconds, jobs reached, jobs chosen."""
    hosts = [Host(name=f"node{n}", status="ok", max_slots=SLOTS // 1250, jobs=0, running=0) for n in range(1250)]
    queues = [
        Queue(name=name, is_open=True, is_active=True, max_slots=None, pending_slots=0, running_slots=0)
        for name in ("general", "general-interactive", "subscription")
    ]
    fleet = Fleet(machines=(), spent={}, now=NOW, month_start=NOW - 14 * 86_400)
    began = time.process_time()
    pressure = measure(told, queues, hosts, widest(site))
    made = plan(Sight(jobs=told, queues=queues, hosts=hosts, fleet=fleet, pressure=pressure), site, rule)
    return time.process_time() - began, len(made.jobs), len(made.chosen)


def json_s(told: list[Job]) -> float:
    """Seconds that json.loads takes for the same jobs."""
    text = json.dumps([job._asdict() for job in told])
    began = time.process_time()
    json.loads(text)
    return time.process_time() - began


def best(told: list[Job], site: BurstSettings, rule: Rule, times: int) -> tuple[float, int, int]:
    """The quickest of some ticks."""
    return min(tick(told, site, rule) for _ in range(times))


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a compiled tick of the usual depth takes longer than a second."""
    told = jobs(random.Random(6))  # noqa: S311  # made-up jobs, nothing secret
    gc.collect()
    gc.disable()
    unit = min(json_s(told) for _ in range(3))
    fast = fast_rule()
    print(f"{PENDING:,} pending, {RUNNING:,} running; json.loads of them: {unit:.3f} s")
    rows: list[tuple[str, int, Any]] = [("plain", 1000, PLAIN)]
    if fast is not PLAIN:
        first = tick(told, settings(1000), fast)[0]
        print(f"compiled, first run with the compiler or its cache: {first:.2f} s")
        rows += [("compiled", 1000, fast), *(("compiled", int(one), fast) for one in arguments or ["100000"])]
    worst = 0.0
    for name, depth, rule in rows:
        seconds, reached, chosen = best(told, settings(depth), rule, 3 if depth < 10_000 else 2)
        ratio = f"{seconds:.3f} s, {seconds / unit:.2f} x json.loads"
        print(f"{name:8} depth {depth:>7,}: {ratio}, {reached:,} planned, {chosen:,} sent")
        if name == "compiled" and depth == Planner().depth:
            worst = max(worst, seconds)
    return int(worst > MOST_S)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
