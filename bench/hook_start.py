"""What a call of ``ris-hybrid-rc getAvailableTemplates`` costs over a bare ``python -c pass``.

Bound: the median of the differences is at most 60 ms of process time (user + system, as the kernel counts them for
the ended child). The two are started in turn, so that a machine whose speed drifts disturbs both alike. Ends with 1
when the bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from burst.rc.conf import dump
from burst.rc.templates import FILE_NAME
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool

BOUND_S = 0.060
SETTINGS = BurstSettings(
    cluster="compute1",
    provider="ris-aws",
    region="us-east-1",
    pools=tuple(
        Pool(
            name=f"pool{number}",
            instance_types=("c7a.4xlarge", "m7a.4xlarge"),
            slots=16,
            memory_mib=30000,
            max_nodes=20,
            launch_template="lt-0",
            subnets=("subnet-a", "subnet-b"),
        )
        for number in range(10)
    ),
    gates=(Gate(pending_jobs=10, for_minutes=5),),
    caps=Caps(nodes=40),
    budget=Budget(usd_per_month=1000),
    prices={"c7a.4xlarge": 0.82, "m7a.4xlarge": 0.93},
)


def cpu_s(argv: list[str], env: dict[str, str]) -> float:
    """Processor seconds of one child, from start to end."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 1)]
    pid = os.posix_spawn(argv[0], argv, env, file_actions=actions)
    os.close(null)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{argv} failed with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    hook = str(Path(sys.executable).parent / "ris-hybrid-rc")
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder) / "conf"
        conf.mkdir()
        (conf / FILE_NAME).write_text(dump(SETTINGS), encoding="utf-8")
        request = Path(folder) / "in.json"
        request.write_text("{}", encoding="utf-8")
        env = {**os.environ, "PRO_CONF_DIR": folder}
        pairs = [
            (
                cpu_s([hook, "getAvailableTemplates", "-f", str(request)], env),
                cpu_s([sys.executable, "-c", "pass"], env),
            )
            for _ in range(asked.runs + 1)
        ][1:]
    over = statistics.median(ours - bare for ours, bare in pairs)
    figures = {
        "hook_s": statistics.median(ours for ours, _ in pairs),
        "python_s": statistics.median(bare for _, bare in pairs),
        "over_s": over,
        "bound_s": BOUND_S,
        "met": over <= BOUND_S,
    }
    if asked.json:
        print(json.dumps(figures))
    else:
        hook_ms, python_ms = figures["hook_s"] * 1000, figures["python_s"] * 1000
        print(f"getAvailableTemplates {hook_ms:.0f} ms, python {python_ms:.0f} ms of CPU")
        print(f"over a bare python: {over * 1000:.0f} ms (bound {BOUND_S * 1000:.0f} ms)")
    return 0 if over <= BOUND_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
