from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from burst.planner import compiled, kernel

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import json, random, sys
import numpy as np
from burst.planner import kernel
from burst.planner.compiled import kernels

rule = kernels()
assert rule.compiled
made = random.Random(7)
rows = [(made.randint(1, 20), float(made.choice((60, 600, 3600)))) for _ in range(60)]
shapes = {row: index for index, row in enumerate(dict.fromkeys(rows))}
ends = sorted(made.uniform(10, 9000) for _ in range(8))


def plan(one, array):
    count = len(rows)
    times, free = array([0.0] * 80), array([0] * 80)
    size = one.open_profile(16, array(ends), array([2] * 8), times, free)
    columns = (
        array([slots for slots, _ in rows]), array([length for _, length in rows]), array([shapes[r] for r in rows]),
        array([slots * 1e-4 for slots, _ in rows]), array([180.0] * count), array([0.3] * count), array([1.0] * count),
    )
    room = (array([12]), array([0] * count), columns[0], array([0.25] * count))
    found = (array([0.0] * count), array([0] * count), array([0] * count))
    size = one.plan_queue((times, free, size), 16, columns, room, array([0.0] * len(shapes)), found)
    return [size, list(map(float, found[0])), list(map(int, found[1])), list(map(int, found[2]))]


json.dump(plan(rule, np.array) == plan(kernel, list), sys.stdout)
"""


def child(tmp_path: Path, **environment: str) -> bool:
    """Whether the compiled rule and the plain one plan alike, in a process of its own."""
    surroundings = {**os.environ, "NUMBA_DISABLE_JIT": "0", "XDG_CACHE_HOME": str(tmp_path), **environment}
    surroundings = {name: value for name, value in surroundings.items() if not name.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=surroundings, capture_output=True, text=True, check=True)
    return bool(json.loads(done.stdout))


def test_compiled_and_plain_plan_alike_and_the_machine_code_is_kept(tmp_path: Path) -> None:
    assert child(tmp_path)
    assert list(tmp_path.glob("ris-hybrid/kernels/*/*/*.nbi"))


def test_whoever_asks_for_the_plain_functions_gets_them() -> None:
    plain = compiled.functions(compiled.KERNELS, plain=True)
    assert plain.plan_queue is kernel.plan_queue
    assert not plain.compiled


def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert compiled.writable(tmp_path / "there")
    assert not compiled.writable(tmp_path / "file" / "there")


def test_a_changed_source_is_another_cache(tmp_path: Path) -> None:
    def module(text: str) -> ModuleType:
        path = tmp_path / f"m{len(text)}.py"
        path.write_text(text)
        made = ModuleType(path.stem)
        made.__file__ = str(path)
        sys.modules[path.stem] = made
        return made

    one, other = module("A = 1\n"), module("A = 12\n")
    assert compiled.digest([one], "1") != compiled.digest([other], "1")
    assert compiled.digest([one], "1") != compiled.digest([one], "2")
