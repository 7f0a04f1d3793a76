"""How long the mirror plan of 10,000 allocations takes, against writing and reading the same input as JSON.

Bound: one plan within 5 s. The site is made up from a seed: three projects an allocation on average, a listing that
fits, an AWS that holds all of it but a few, and a recorded plan, as on the second run of a real site. Seconds are
processor seconds; nothing is read and nobody is asked. The garbage collector is held back as the command does it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from ris_hybrid.holdings.values import Bucket, Holdings
from ris_hybrid.mirror.listing import Fileset, SiteListing
from ris_hybrid.mirror.plan import plan_mirror
from ris_hybrid.mirror.settings import Environment, MirrorSettings
from ris_hybrid.mirror.sources import Sources
from ris_hybrid.mirror.wanted import Wanted, WantedProject
from ris_hybrid.mirroring.collecting import seldom

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import MirrorPlan

BOUND_S = 5.0
NOW = 1_800_000_000.0
ACCOUNT, REGION = "123456789012", "us-east-1"
SETTINGS = MirrorSettings(
    organization="bench",
    cluster="compute1",
    environments=(
        Environment(
            name="prod", account=ACCOUNT, region=REGION, data_classes=("public", "internal", "confidential", "phi")
        ),
    ),
    phi_accounts=(ACCOUNT,),
)


def files(count: int, seed: int) -> tuple[Wanted, ...]:
    """Allocations as a site has them: some with tape, some with PHI, members by the dozen."""
    draw = random.Random(seed)  # noqa: S311 # made-up labs, nothing secret
    return tuple(_file(number, draw) for number in range(count))


def _file(number: int, draw: random.Random) -> Wanted:
    name = f"{draw.choice(('lab', 'Core', 'pi_', 'q.'))}{number}"
    projects = tuple(
        WantedProject(
            name=f"{draw.choice(('Cryo-EM', 'Shared_Atlas', 'TRIAL A', 'reads'))}-{index}",
            rw=tuple(f"user{draw.randrange(5000)}" for _ in range(draw.randrange(6))),
            ro=tuple(f"user{draw.randrange(5000)}" for _ in range(draw.randrange(6))),
            archive=draw.random() < 0.2,
        )
        for index in range(draw.randrange(7))
    )
    return Wanted(
        name=name,
        owner=f"owner{number}",
        lab=name,
        group=f"storage-{name}",
        path=f"/storage1/fs1/{name}",
        quota_bytes=draw.choice((5, 25, 100, 600)) * 1024**4,
        archive=draw.random() < 0.5,
        secure=draw.random() < 0.1,
        projects=projects,
        department=str(draw.randrange(1000, 9999)),
        ticket=f"ITDEV-{number}",
    )


def listing(wanted: tuple[Wanted, ...]) -> SiteListing:
    """Filesets and groups of all of them."""
    filesets, groups = {}, {"everyone": tuple(f"user{number}" for number in range(5000))}
    for one in wanted:
        name = f"{one.name}_active"
        filesets[name] = Fileset(name=name, path=f"{one.path}/Active", file_system="fs1", quota_bytes=one.quota_bytes)
        groups[one.group.casefold()] = (one.owner,)
        groups |= {
            f"{one.group}-{each.name}-{rights}".casefold(): () for each in one.projects for rights in ("rw", "ro")
        }
    return SiteListing(filesets=filesets, groups=groups, captured_at=NOW - 3600)


def held(plan: MirrorPlan) -> Holdings:
    """AWS after a plan was applied."""
    buckets = tuple(
        Bucket(name=one.bucket.name, account=ACCOUNT, tags=one.tags, object_lock=one.bucket.object_lock)
        for one in plan.allocations
    )
    return Holdings(account=ACCOUNT, region=REGION, buckets=buckets)


def json_s(sources: Sources) -> float:
    """Seconds of writing the input as JSON and reading it back."""
    data = asdict(sources)
    start = time.process_time()
    assert json.loads(json.dumps(data))
    return time.process_time() - start


def run(count: int, seed: int) -> dict[str, float | bool]:
    """The first plan, and the one after that was applied and ten files have gone."""
    wanted = files(count, seed)
    sources = Sources(
        allocations=wanted, listing=listing(wanted), holdings={"prod": Holdings(account=ACCOUNT, region=REGION)}
    )
    plain = json_s(sources)
    start = time.process_time()
    with seldom():
        first = plan_mirror(sources, SETTINGS, NOW)
    first_s = time.process_time() - start
    left = wanted[10:]
    again = Sources(allocations=left, listing=listing(left), holdings={"prod": held(first)}, recorded=first)
    start = time.process_time()
    with seldom():
        second = plan_mirror(again, SETTINGS, NOW)
    second_s = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    assert len(first.allocations) == len(second.allocations) == count
    return {
        "allocations": count,
        "projects": sum(len(one.projects) for one in wanted),
        "first_plan_s": first_s,
        "next_plan_s": second_s,
        "json_s": plain,
        "ratio": first_s / plain,
        "bound_s": BOUND_S,
        "within": max(first_s, second_s) <= BOUND_S,
        "peak_mib": peak,
    }


def main() -> int:
    """Print the figures; 1 when the bound is missed."""
    options = argparse.ArgumentParser(description="mirror plan, timed")
    options.add_argument("--allocations", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    asked = options.parse_args()
    figures = run(asked.allocations, asked.seed)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<26}{value:>12.3f}" if isinstance(value, float) else f"{name:<26}{value!s:>12}")
    return 0 if figures["within"] else 1


if __name__ == "__main__":
    sys.exit(main())
