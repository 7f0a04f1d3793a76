"""How long it takes to choose instance types for eight classes of jobs, and what the choice saves.

Bound: 2 s for 8 classes x 80 types of the shipped catalogue, all of it: first fit, the linear relaxation, the
mixed-integer program, its packing, patterns, and every single type for comparison. Read ``ratio``, which is over the
linear relaxation alone; seconds are of the processor, importing scipy left out. The dollars are beside those of the
cheapest single type and of two common ones, for the six classes that plain nodes hold (the others need GPUs, or nodes
that work together).
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from scipy.optimize import milp

from burst.aws.prices import catalog
from burst.mix.first_fit import best_single
from burst.mix.offered import types_of
from burst.mix.program import Problem, _Rows
from burst.mix.solve import choose
from burst.mix.values import Bounds, JobClass, Mix, NodeType

if TYPE_CHECKING:
    from collections.abc import Callable

BOUND_S = 2.0
TYPES = 80
FAMILIES = ("c6i", "c7i", "c7a", "m6i", "m7a", "r6i", "r7a", "g5", "g6", "p4d", "p5")
COMMON = ("c6i.32xlarge", "c7i.48xlarge")
GIB = 1024
PLAIN = (
    JobClass(name="light", jobs=400, slots=1, memory_mib=4 * GIB),
    JobClass(name="array", jobs=120, slots=4, memory_mib=8 * GIB),
    JobClass(name="node", jobs=12, slots=32, memory_mib=60 * GIB),
    JobClass(name="half", jobs=30, slots=16, memory_mib=30 * GIB),
    JobClass(name="memory", jobs=16, slots=4, memory_mib=60 * GIB),
    JobClass(name="loose", jobs=10, slots=24, memory_mib=48 * GIB, span="hosts"),
)
OTHERS = (
    JobClass(name="gpu", jobs=12, slots=4, memory_mib=28 * GIB, gpus=1),
    JobClass(name="mpi", jobs=3, slots=384, memory_mib=700 * GIB, span="nodes"),
)


def eighty() -> list[NodeType]:
    """The first types of these families that the catalogue has a price for."""
    found = types_of(catalog().values(), [f"{family}.*" for family in FAMILIES], prices={}, ncpus="cores")
    step = len(found) / TYPES
    kept = {found[int(at * step)].name for at in range(TYPES)} | set(COMMON)
    return [kind for kind in found if kind.name in kept][-TYPES:]


def lp_s(classes: tuple[JobClass, ...], kinds: list[NodeType], rounds: int) -> float:
    """Seconds of the linear relaxation alone, the best of so many."""
    asked = _Rows(Problem(classes=classes, kinds=kinds, bounds=Bounds())).asked() | {"integrality": None}
    return min(timed(lambda: milp(**asked))[1] for _ in range(rounds))


def timed(call: Callable[[], Mix]) -> tuple[Mix, float]:
    """What it gives, and processor seconds."""
    begun = time.process_time()
    found = call()
    return found, time.process_time() - begun


def main() -> int:
    """Print the figures; 1 when the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    kinds = eighty()
    classes = PLAIN + OTHERS
    runs = [timed(lambda: choose(classes, kinds)) for _ in range(options.rounds)]
    mix, seconds = min(runs, key=lambda run: run[1])
    relaxed = lp_s(classes, kinds, options.rounds)
    six = choose(PLAIN, kinds)
    only = {name: best_single(PLAIN, [kind for kind in kinds if kind.name == name], Bounds()) for name in COMMON}
    plain_fit = choose(PLAIN, kinds, replace(Bounds(), seconds=0.0))
    figures = {
        "types": len(kinds),
        "classes": len(classes),
        "choose_s": round(seconds, 3),
        "lp_s": round(relaxed, 4),
        "ratio": round(seconds / relaxed, 1),
        "bound_s": BOUND_S,
        "usd_per_hour": round(mix.usd_per_hour, 2),
        "lp_usd": round(mix.lp_usd or 0.0, 2),
        "gap": round(mix.gap or 0.0, 4),
        "first_fit_usd": round(mix.first_fit_usd or 0.0, 2),
        "six_usd": round(six.usd_per_hour, 2),
        "six_lp_usd": round(six.lp_usd or 0.0, 2),
        "six_gap": round(six.gap or 0.0, 4),
        "six_first_fit_usd": round(plain_fit.usd_per_hour, 2),
        "six_best_single": f"{six.single.type} {six.single.usd_per_hour:.2f}" if six.single else "none",
        **{f"six_{name}_usd": round(found.usd_per_hour, 2) if found else None for name, found in only.items()},
    }
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<24}{value}")
    return 0 if seconds <= BOUND_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
