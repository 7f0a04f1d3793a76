"""``ris-hybrid burst mix`` for a file of classes and for what LSF says is pending."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from onprem.lsf.fake import FakeScheduler
from onprem.lsf.traits_fake import FakeTraits
from ris_hybrid.cli.app import main
from ris_hybrid.cli.burst_mix_site import seen
from ris_hybrid.job_ask import JobTraits
from ris_hybrid.model import JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLASSES = """\
classes:
  - {name: light, jobs: 200, slots: 1, memory_mib: 4096}
  - {name: array, jobs: 60, slots: 4, memory_mib: 16384}
  - {name: gpu, jobs: 3, slots: 4, memory_mib: 15000, gpus: 1}
  - {name: mpi, jobs: 2, slots: 384, memory_mib: 700000, span: nodes}
  - {name: giant, jobs: 1, slots: 500}
"""
TYPES = ("--type", "c7a.*", "--type", "m7a.*", "--type", "g6.*")
BURST_YAML = """\
cluster: c1
provider: aws
region: us-east-1
ncpus: threads
pools:
  - {name: cpu, instance_types: [c7a.4xlarge], max_nodes: 4, launch_template: lt-1, subnets: [subnet-1]}
gates: [{pending_jobs: 1}]
caps: {nodes: 4}
budget: {usd_per_month: 100}
prices: {c7a.4xlarge: 0.5}
"""
LONG_FORM = """\
Job <302[3]>, Job Name <x[3]>, User <grace>, Project <p>, Status <PEND>, Queue <subscription>, Command <sleep 600>
Wed Sep 30 20:22:20: Submitted from host <h>, 4 Task(s), Requested Resources <rusage[mem=4000] span[hosts=1]>;
 PENDING REASONS:
 Job slot limit reached: 3 hosts;

 RESOURCE REQUIREMENT DETAILS:
 Combined: select[type == local] order[r15s:pg] rusage[mem=4000.00] span[hosts=1]
 Effective: -
"""


@pytest.fixture
def classes(tmp_path: Path) -> str:
    path = tmp_path / "classes.yaml"
    path.write_text(CLASSES)
    return str(path)


def test_the_mix_of_a_file(
    classes: str, capsys: pytest.CaptureFixture[str], golden: Callable[[str, str], None]
) -> None:
    """Of few types, so that there is one answer, whatever the release of the solver."""
    few = ("--type", "m7a.16xlarge", "--type", "c7a.48xlarge", "--type", "g6.2xlarge")
    assert main(["burst", "mix", "--classes", classes, *few]) == 0
    shown = capsys.readouterr().out
    golden("burst_mix.txt", re.sub(r"(?m)^seconds .*$", "seconds", shown))


def test_the_mix_as_json(classes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "mix", "--classes", classes, *TYPES, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lp_usd_per_hour"] <= told["bound_usd_per_hour"] <= told["usd_per_hour"]
    assert told["usd_per_hour"] <= told["first_fit_usd_per_hour"]
    assert told["unserved"] == {"giant": {"jobs": 1, "why": "no type has 500 slots (the most there is: 192)"}}
    assert [block["nodes_each"] for block in told["blocks"]] == [2]
    held = dict.fromkeys(("light", "array", "gpu"), 0)
    for part in told["nodes"]:
        for name, each in part["holds"].items():
            held[name] += each * part["nodes"]
    assert held == {"light": 200, "array": 60, "gpu": 3}


def test_few_types_few_nodes_spot_and_no_solver(classes: str, capsys: pytest.CaptureFixture[str]) -> None:
    few = ("--max-types", "2", "--max-nodes", "4", "--spot", "0.5", "--seconds", "0", "--by-lab", "--ncpus", "threads")
    assert main(["burst", "mix", "--classes", classes, *TYPES, *few, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(one["nodes"] for one in told["counts"]) <= 4
    assert len({one["type"] for one in told["counts"]}) <= 2
    assert (told["way"], told["lp_usd_per_hour"]) == ("first fit", None)
    assert "the solver was given no time" in told["reasons"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "classes:\n  - {name: a, jobs: 0, slots: 1}\n",
            "classes.yaml:2: classes[0].jobs: expected 1 or more, found 0",
        ),
        ("classes:\n  - {name: a, jobs: 1, slot: 1}\n", "expected a known key, found 'slot' (did you mean slots?)"),
        ("classes:\n  - {name: a, jobs: 1, slots: 1, span: node}\n", "span"),
        (
            "classes:\n  - {name: a, jobs: 1, slots: 1}\n  - {name: a, jobs: 1, slots: 1}\n",
            "expected a name of its own, found 'a'",
        ),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    path = tmp_path / "classes.yaml"
    path.write_text(text)
    assert main(["burst", "mix", "--classes", str(path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--ncpus", "sockets"), "error: --ncpus: expected cores or threads, found 'sockets'"),
        (("--type", "z99.*"), "error: no type of the catalogue fits --type, with a price"),
    ],
)
def test_what_is_wrong_with_the_options(
    classes: str, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...], said: str
) -> None:
    assert main(["burst", "mix", "--classes", classes, *wrong]) == 2
    assert said in capsys.readouterr().err


@pytest.fixture
def conf(tmp_path: Path) -> str:
    path = tmp_path / "burst.yaml"
    path.write_text(BURST_YAML)
    return str(path)


def test_the_mix_of_what_is_pending(
    conf: str, lsf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (lsf / "long").write_text(LONG_FORM)
    (lsf / "bjobs").write_text(
        '#!/bin/sh\nhere="$(dirname "$0")"\ncase "$*" in *-UF*) cat "$here/long";; *) cat "$here/bjobs.json";; esac\n'
    )
    monkeypatch.setenv("PATH", f"{lsf}:{os.defpath}")
    assert main(["burst", "mix", "--conf", conf, "--type", "c7a.4xlarge", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    (one,) = told["classes"]
    assert (one["name"], one["jobs"], one["span"]) == ("4 slots, 4000 MiB, one host", 1, "one-host")
    assert (told["counts"], told["usd_per_hour"]) == ([{"type": "c7a.4xlarge", "lab": None, "nodes": 1}], 0.5)
    assert "pending jobs" in captured.err


def test_classes_by_a_file_with_the_prices_and_slots_of_the_site(
    conf: str, classes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ("burst", "mix", "--conf", conf, "--classes", classes, "--type", "c7a.4xlarge", "--json")
    assert main(list(found)) == 0
    assert json.loads(capsys.readouterr().out)["single"]["usd_per_hour"] > 0


def test_an_element_speaks_for_its_array_and_what_is_not_known_is_said(make: Any) -> None:
    jobs = [make.job(f"7[{n}]", slots=2) for n in (1, 2, 3)] + [make.job("8"), make.job("9", status=JobStatus.RUN)]
    scheduler = FakeScheduler(jobs=jobs, queues=[make.queue()])
    traits = FakeTraits(scheduler=scheduler, said={"7[1]": JobTraits(memory_mib=512)})
    found, notes = seen(scheduler, traits, 10, by_lab=True)
    assert [(one.jobs, one.slots, one.memory_mib, one.lab) for one in found] == [(3, 2, 512, "lee"), (1, 1, 0, "lee")]
    assert notes == ("4 of 4 pending jobs",)
    shorter, said = seen(scheduler, _Silent(), 2, by_lab=False)
    assert (shorter[0].jobs, said) == (
        2,
        (
            "the first 2 pending jobs that more slots would start: --depth looks at more",
            "of 2 jobs nothing is known beside their slots",
        ),
    )


class _Silent:
    def traits(self, job_ids: object) -> dict[str, JobTraits]:
        assert job_ids == ["7[1]"]
        return {}


def test_nothing_is_pending(
    conf: str, lsf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (lsf / "bjobs.json").write_text('{"COMMAND": "bjobs", "JOBS": 0, "RECORDS": []}')
    monkeypatch.setenv("PATH", f"{lsf}:{os.defpath}")
    assert main(["burst", "mix", "--conf", conf]) == 0
    assert capsys.readouterr().out == "no pending job that more slots would start: nothing to choose for\n"
