"""The figures as node_exporter reads them."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from burst.outlook import Word
from burst.planner.values import Candidate, Length, Plan, PlannedJob
from burst.planning import Planned
from burst.turn import Problem, Turned
from ris_hybrid.data.readiness import JobData
from ris_hybrid.serve.metrics import Metrics
from tests.two_clouds import two_settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TURNED = Turned(
    at=1_800_000_000.0,
    stages={("cpu", "busy"): 3, ("cpu", "booting"): 1},
    boot_s={"cpu": 211.0},
    committed_usd=12.5,
    pools={"cpu": "held", "spot": "on"},
    noticed=("i-1",),
    ended=("i-2", "i-3"),
)


def figures(path: Path) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(path.read_text()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_a_turn_is_told(tmp_path: Path, make: Any, golden: Any) -> None:
    metrics = Metrics()
    metrics.called("requestMachines", 0, 0.04)
    metrics.called("requestMachines", 1, 3.0)
    metrics.turned(TURNED, make.settings())
    metrics.write(tmp_path / "new" / "aws.prom")
    golden("metrics.prom", (tmp_path / "new" / "aws.prom").read_text())
    assert os.listdir(tmp_path / "new") == ["aws.prom"]  # noqa: PTH208  # nothing else was left


def test_the_data_planes_word_is_figures_too(tmp_path: Path, make: Any) -> None:
    metrics = Metrics()
    jobs = {"1": JobData(verdict="staged", reason="", eligible=True), "2": JobData(verdict="no image", reason="")}
    said = Word(at=1.0, jobs=jobs, spent={"lee": 4.0})
    metrics.turned(replace(TURNED, word=said), make.settings())
    metrics.write(tmp_path / "aws.prom")
    found = figures(tmp_path / "aws.prom")
    assert found["ris_hybrid_asked{what=data}"] == 1
    assert found["ris_hybrid_data_usd{lab=lee}"] == 4.0
    assert found["ris_hybrid_data_jobs{verdict=no image}"] == 1
    metrics.turned(replace(TURNED, word=Word(at=1.0, problem="it is old")), make.settings())
    metrics.write(tmp_path / "aws.prom")
    found = figures(tmp_path / "aws.prom")
    assert found["ris_hybrid_asked{what=data}"] == 0
    assert not any(name.startswith("ris_hybrid_data_") for name in found)


def test_what_could_not_be_asked_has_no_figure(tmp_path: Path, make: Any) -> None:
    metrics = Metrics()
    metrics.turned(TURNED, make.settings())
    metrics.turned(Turned(at=1_800_000_030.0, problems=(Problem(what="cloud", text="no route"),)), make.settings())
    metrics.write(tmp_path / "aws.prom")
    found = figures(tmp_path / "aws.prom")
    assert not [
        name
        for name in found
        if name.startswith(("ris_hybrid_machines{", "ris_hybrid_boot_seconds", "ris_hybrid_pool"))
    ]
    assert found["ris_hybrid_asked{what=cloud}"] == 0
    assert found["ris_hybrid_asked{what=lsf}"] == 1
    assert found["ris_hybrid_failures_total{what=cloud}"] == 1
    assert found["ris_hybrid_turns_total"] == 2
    assert found["ris_hybrid_committed_usd"] != found["ris_hybrid_committed_usd"]  # not a number
    metrics.turned(replace(TURNED, at=1_800_000_060.0), make.settings())
    metrics.write(tmp_path / "aws.prom")
    assert figures(tmp_path / "aws.prom")["ris_hybrid_machines{pool=cpu,stage=busy}"] == 3


def test_a_file_that_cannot_be_written_is_said_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        Metrics().write(tmp_path / "file" / "aws.prom")
    assert "cannot be written" in caplog.text


def test_a_plan_is_figures_too(tmp_path: Path, make: Any) -> None:
    metrics = Metrics()
    length, fields = Length(seconds=60.0, source="RUNLIMIT"), {"queue": "general", "lab": "lee", "slots": 1}
    jobs = tuple(
        PlannedJob(
            job=Candidate(job_id=pool, length=length, pend_s=0.0, value=0.1, **fields),
            wait_s=9.0,
            pool=pool,
            purchase="",
            boot_s=0.0,
            cores=1.0,
            usd_per_core_hour=0.1,
            worth_usd=2.0,
            cost_usd=1.5,
            chosen=pool == "cpu",
            why="",
        )
        for pool in ("cpu", "big", "")
    )
    plan = Plan(at=1_800_000_000.0, jobs=jobs, beyond=4, values={"": 0.5, "lee": 0.25})
    metrics.turned(replace(TURNED, planned=Planned(mode="planned", plan=plan)), make.settings())
    metrics.turned(replace(TURNED, planned=Planned(mode="planned")), make.settings())  # no plan: the last one stays
    metrics.write(tmp_path / "aws.prom")
    found = figures(tmp_path / "aws.prom")
    assert {name: value for name, value in found.items() if name.startswith("ris_hybrid_plan")} == {
        "ris_hybrid_plan_timestamp_seconds{mode=planned}": 1_800_000_000.0,
        "ris_hybrid_plan_usd{mode=planned}": 1.5,
        "ris_hybrid_plan_jobs{word=chosen}": 1,
        "ris_hybrid_plan_jobs{word=kept}": 1,
        "ris_hybrid_plan_jobs{word=barred}": 1,
        "ris_hybrid_plan_jobs{word=beyond}": 4,
        "ris_hybrid_plan_share_of_v{lab=site}": 0.5,
        "ris_hybrid_plan_share_of_v{lab=lee}": 0.25,
    }
    assert found["ris_hybrid_asked{what=plan}"] == 0
    metrics.turned(replace(TURNED, planned=Planned(mode="planned", standby="another plans")), make.settings())
    metrics.write(tmp_path / "aws.prom")
    assert not [name for name in figures(tmp_path / "aws.prom") if name.startswith("ris_hybrid_plan")]


def test_which_cloud_answers_and_which_pool_is_of_which(tmp_path: Path, make: Any) -> None:
    metrics, settings = Metrics(), two_settings(make)
    part = Problem(what="cloud", text="no route")

    def told(turned: Turned) -> dict[str, float]:
        metrics.turned(turned, settings)
        metrics.write(tmp_path / "aws.prom")
        found = figures(tmp_path / "aws.prom")
        return {name: found[name] for name in found if name.startswith(("ris_hybrid_cloud", "ris_hybrid_pool_cloud"))}

    pools = {"ris_hybrid_pool_cloud{cloud=EC2,pool=cpu}": 1, "ris_hybrid_pool_cloud{cloud=research,pool=os}": 1}
    asked = "ris_hybrid_cloud_asked{{cloud={}}}".format
    assert told(TURNED) == {asked("EC2"): 1, asked("research"): 1, **pools}
    silent = replace(TURNED, problems=(part,), unread={"research": "no route"})
    assert told(silent) == {asked("EC2"): 1, asked("research"): 0, **pools}
    assert told(replace(TURNED, problems=(part,))) == {asked("EC2"): 0, asked("research"): 0, **pools}
