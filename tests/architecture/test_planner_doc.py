"""docs/planner.md and docs/simulate.md say what the code says: keys, events, figures, options, columns, peers."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main

import ris_hybrid
from burst.planner.values import Candidate, Length, Plan, PlannedJob
from burst.planning_events import CHOSEN, PLAN, UNCHOSEN, figures, told_plan
from burst.replay.peers import DEFAULTS
from burst.steering.memory import BACK, MOVED, MOVING, NOT_MOVED
from ris_hybrid.cli.app import app
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.planner_settings import Planner
from ris_hybrid.serve.metrics import Metrics
from ris_hybrid.settings import BurstSettings
from ris_hybrid.simulating.rows import Row
from tests.architecture.documented import between, every_key, told_keys, words

TOP = Path(ris_hybrid.__file__).parents[1]
JOB = Candidate(
    job_id="1",
    queue="general",
    lab="lee",
    slots=1,
    length=Length(seconds=60.0, source="RUNLIMIT"),
    pend_s=0.0,
    value=0.1,
)
PLANNED = PlannedJob(
    job=JOB, wait_s=0.0, pool="cpu", purchase="spot", boot_s=0.0, cores=1.0, usd_per_core_hour=0.1, worth_usd=0.0,
    cost_usd=0.0, chosen=False, why="",
)  # fmt: skip


@pytest.fixture
def planner() -> str:
    return (TOP / "docs" / "planner.md").read_text(encoding="utf-8")


@pytest.fixture
def simulate() -> str:
    return (TOP / "docs" / "simulate.md").read_text(encoding="utf-8")


def test_every_key_of_the_planner_is_there_with_its_default(planner: str) -> None:
    (mode,) = (field.default for field in fields(BurstSettings) if field.name == "mode")
    assert told_keys(planner) == {"mode": mode, **dict(every_key(Planner, "planner."))}


@pytest.mark.parametrize("kind", [PLAN, CHOSEN, UNCHOSEN, MOVING, MOVED, BACK, NOT_MOVED, "turn problem"])
def test_every_kind_of_event_is_there(planner: str, kind: str) -> None:
    assert kind in words(between(planner, "events"))


def test_every_field_of_a_plans_events_is_there(planner: str) -> None:
    assert {*figures(PLANNED), *told_plan(Plan(at=0.0)), "mode"} - words(between(planner, "events")) == set()


def test_every_figure_of_a_plan_is_there(planner: str) -> None:
    told = {word.partition("{")[0] for word in words(between(planner, "metrics"))}
    known = {metric.name for metric in Metrics().registry.collect()}
    assert {name for name in known if name.startswith("ris_hybrid_plan_")} - told == set()
    assert {word.removesuffix("_total") for word in told if word.startswith("ris_hybrid_")} - known == set()


def test_the_examples_can_be_read(planner: str, tmp_path: Path) -> None:
    whole, condos = re.findall(r"^```yaml\n(.*?)^```", planner, re.MULTILINE | re.DOTALL)
    head, _, rest = (TOP / "examples" / "site" / "burst.yaml").read_text(encoding="utf-8").partition("\nmode:")
    _, _, rest = rest.partition("\npools:")
    (tmp_path / "outputs.json").write_text("{}", encoding="utf-8")
    for example in (whole, f"mode: shadow\n{condos}"):
        (tmp_path / "burst.yaml").write_text(f"{head}\n{example}pools:{rest}", encoding="utf-8")
        assert "wucci" in load_burst(tmp_path / "burst.yaml").planner.hosts


def test_every_option_of_simulate_is_there(simulate: str) -> None:
    command: Any = typer.main.get_command(app)
    options = {name for one in command.commands["burst"].commands["simulate"].params for name in one.opts}
    named = {word for text in words(simulate) for word in text.split()}
    assert {name for name in options if name.startswith("--") and name != "--help"} - named == set()


def test_every_column_of_simulate_is_there(simulate: str) -> None:
    assert words(between(simulate, "columns")) == {field.name for field in fields(Row)}


@pytest.mark.parametrize("peer", DEFAULTS)
def test_a_peer_is_replayed_with_the_figures_that_stand_there(simulate: str, peer: str) -> None:
    (row,) = re.findall(rf"^\| `{peer}` \| (.+?) \|", between(simulate, "peers"), re.MULTILINE)
    told = dict(re.findall(r"`(\w+)` ([\d/]+)", row))
    assert told == {name: written(value) for name, value in DEFAULTS[peer].items()}


def written(value: float | tuple[float, ...]) -> str:
    return "/".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value:g}"
