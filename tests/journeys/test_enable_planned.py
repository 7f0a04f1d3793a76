"""``burst enable`` in mode planned, and the way out: burst queues come, and jobs go home before they are taken away."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from onprem.lsf.conf import batch
from ris_hybrid.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Callable

BY_QUEUE = "planner: {steering: {queues: {general: general-burst, wucci: wucci-burst}}}\n"
BY_FLAG = "planner: {steering: {way: flag}}\n"
LONG = """Job <7>, User <kim>, Project <p>, Status <PEND>, Queue <general>, Command <run>
Wed Sep 30 20:33:00: Submitted from host <h>, CWD <$HOME>, Requested Resources <select[(risburst) && (mem>9)]>;

Job <8>, User <kim>, Project <p>, Status <PEND>, Queue <general>, Command <run>
Wed Sep 30 20:33:00: Submitted from host <h>, CWD <$HOME>;
"""


def jobs(**queues: str) -> str:
    """Queue and status of each job."""
    rows = [
        {"JOBID": name.removeprefix("j"), "JOBINDEX": "0", "STAT": stat, "QUEUE": queue, "NREQ_SLOT": "1"}
        | ({"EXEC_HOST": "node1"} if stat == "RUN" else {})
        for name, (queue, _, stat) in ((name, word.partition("/")) for name, word in queues.items())
    ]
    return json.dumps({"COMMAND": "bjobs", "JOBS": len(rows), "RECORDS": rows})


@pytest.fixture
def burst(master: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command on a master, in this process; LSF's users' commands note what they are asked."""
    scripts = {
        "bjobs": f'case "$*" in *-UF*) cat "{master.folder}/long";; *) cat "{master.folder}/jobs.json";; esac',
        "bswitch": f'echo "bswitch $*" >> "{master.folder}/asked"; test ! -e "{master.folder}/no" ||'
        ' { echo "Job <$2>: User cannot use the queue" >&2; exit 255; }',
        "bmod": f'echo "bmod $*" >> "{master.folder}/asked"',
    }
    for name, body in scripts.items():
        script = master.folder / "bin" / name
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
    (master.folder / "long").write_text(LONG)
    (master.folder / "jobs.json").write_text(jobs())
    monkeypatch.setenv("PATH", f"{master.folder / 'bin'}:{os.defpath}")
    monkeypatch.setenv("LSF_ENVDIR", str(master.conf))
    for name, value in (("ACCESS_KEY_ID", "k"), ("SECRET_ACCESS_KEY", "s"), ("EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return lambda *words: main(["burst", *words, "--conf", str(master.folder / "burst.yaml")])


def settle(master: Any, text: str) -> None:
    yaml = master.folder / "burst.yaml"
    plain = yaml.read_text().partition("mode:")[0]
    yaml.write_text(plain + text)


def queues(master: Any) -> dict[str, str | None]:
    found = batch.queues(master.queues.read_text(), "lsb.queues")
    return {name: section.value("RC_HOSTS") for name, section in found.items()}


def test_jobs_go_home_before_their_burst_queues_are_taken_away(
    burst: Callable[..., int], master: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = master.queues.read_text()
    settle(master, f"mode: planned\n{BY_QUEUE}")
    assert burst("enable") == 0
    assert queues(master) == {
        "general": None,
        "general-burst": "awshost",
        "wucci": "none",
        "wucci-burst": "awshost",
    }
    assert "bswitch" not in "".join(master.asked())
    there = jobs(j7="general-burst/PEND", j8="wucci-burst/PSUSP", j9="general/PEND", j10="general-burst/RUN")
    (master.folder / "jobs.json").write_text(there)
    settle(master, f"mode: shadow\n{BY_QUEUE}")
    assert burst("enable", "--dry-run") == 0
    assert "would send 2 jobs back to their own queues" in capsys.readouterr().err
    assert master.asked() == []
    (master.folder / "no").touch()
    assert burst("enable") == 4
    assert "job 7 stays: Job <7>: User cannot use the queue" in capsys.readouterr().err
    assert "general-burst" in queues(master)
    (master.folder / "no").unlink()
    master.asked()
    assert burst("enable") == 0
    said = capsys.readouterr()
    assert "sent back to their own queues: 2 jobs" in said.out
    assert "1 job in burst queues run on" in said.err
    assert master.asked()[:2] == ["bswitch general 7", "bswitch wucci 8"]
    assert "general-burst" not in queues(master)
    assert burst("disable") == 0
    assert master.queues.read_text() == before


def test_switching_off_takes_the_flag_off_and_leaves_other_requirements(
    burst: Callable[..., int], master: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(master, f"mode: planned\n{BY_FLAG}")
    assert burst("enable") == 0
    assert "risburst" in (master.conf / "lsf.shared").read_text()
    (master.folder / "jobs.json").write_text(jobs(j7="general/PEND", j8="general/PEND"))
    master.asked()
    assert burst("disable") == 0
    assert master.asked()[0] == "bmod -R select[mem>9] 7"
    assert "sent back to requirements without risburst: 1 job" in capsys.readouterr().out
    assert "risburst" not in (master.conf / "lsf.shared").read_text()
