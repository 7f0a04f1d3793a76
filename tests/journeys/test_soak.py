"""Days on which everything goes wrong, through the real command: nothing leaks, nothing is lost, every job is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("ris-hybrid")


def soak(folder: Path, *options: str, code: int = 0) -> dict[str, Any]:
    environment = {**os.environ, "RIS_HYBRID_SANDBOX": str(folder / "sandbox")}
    command = [str(COMMAND), "sandbox", "soak", "--seeds", "1", "--json", "--keep", str(folder / "kept"), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    (day,) = json.loads(done.stdout)["days"]
    assert f"seed {day['seed']}" in done.stderr
    return dict(day)


@pytest.mark.timeout(900)
def test_hours_of_faults_leave_nothing_behind(tmp_path: Path, record_property: Any) -> None:
    """``make soak`` runs twenty whole days."""
    day = soak(tmp_path, "--first", "2", "--hours", "4")
    assert day["failures"] == []
    assert day["finished"] == day["jobs"] > 20
    assert (day["orphans"], day["unknown"]) == ([], [])
    assert 0 < day["usd"] <= day["budget_usd"]
    assert {"kill", "restart", "fail-over", "vanish", "capacity"} <= day["faults"].keys()
    faults = ", ".join(f"{count} {kind}" for kind, count in day["faults"].items())
    record_property("counts", f"soak, seed 2: {day['nodes']} nodes, {day['jobs']} jobs; {faults}")


@pytest.mark.timeout(600)
def test_an_hour_of_it_with_real_child_processes(tmp_path: Path) -> None:
    day = soak(tmp_path, "--hours", "1", "--children", "--first", "5")
    assert day["failures"] == []
    assert day["faults"]["kill"] > 0
    assert day["nodes"] > 0


@pytest.mark.timeout(600)
def test_an_hour_of_it_over_two_clouds_leaves_nothing_on_either(tmp_path: Path) -> None:
    day = soak(tmp_path, "--clouds", "--hours", "1", "--first", "2")
    assert (day["failures"], day["orphans"]) == ([], [])
    assert day["finished"] == day["jobs"] > 20
    assert day["nodes"] > 5
    assert day["faults"]["kill"] > 0
