"""The whole of a simulation over a toy replay: calibration comes first, and everything is said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.replay.values import Policy, Site
from ris_hybrid.errors import ConfigError
from ris_hybrid.simulating.answer import as_json, burst_yaml, calibration_lines, recommendation_lines
from ris_hybrid.simulating.facts import facts
from ris_hybrid.simulating.policies import ours, spread
from ris_hybrid.simulating.recommendation import Target
from ris_hybrid.simulating.report import render, write
from ris_hybrid.simulating.simulation import Listener, Order, simulate, steps
from ris_hybrid.simulating.tables import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from burst.replay.values import Workload
    from ris_hybrid.settings import BurstSettings
    from ris_hybrid.simulating.premises import Premises
    from ris_hybrid.simulating.result import Result

PEERS = (Policy(kind="lsf", label="lsf"), Policy(kind="immediate", label="immediate"))


class Told:
    """Collects what a listener is told, in order."""

    def __init__(self, quiet: Any) -> None:
        self.quiet = quiet
        self.before_calibration: list[str] = []

    def listener(self) -> Listener:
        return Listener(tell=self.quiet, calibrated=self._calibrated)

    def _calibrated(self, *_: object) -> None:
        self.before_calibration = list(self.quiet.steps)


def result_of(order: Order, toy: Any, told: Told) -> Result:
    return simulate(order, toy, lambda premises: facts(order.workload, premises, ()), told.listener())


@pytest.fixture
def order(premises: Premises, written: BurstSettings, make_load: Callable[..., Workload], toy: Any) -> Order:
    load = make_load(notes=("3 jobs never started and are left out",))
    alone = toy.replay(load, Site(capacity=5, pools=(), max_nodes=0), Policy(kind="none"))
    toy.calls.clear()
    return Order(
        workload=replace(load, recorded_wait_s=alone.started - load.submitted),
        premises=premises,
        written=written,
        peers=PEERS,
        values=(0.03, 0.3),
    )


def test_the_table_has_every_policy_after_the_calibration(order: Order, toy: Any, quiet: Any) -> None:
    told = Told(quiet)
    result = result_of(order, toy, told)
    assert told.before_calibration == ["no cloud, 4 slots"]
    assert [row.name for row in result.rows] == [
        "no cloud", "the site's gates", "lsf", "immediate", "ours, v 0.03", "ours, v 0.1", "ours, v 0.3",
        "ours, v 0.1, run times known",
    ]  # fmt: skip
    assert len(toy.calls) <= steps(order)
    assert result.calibration.far
    assert (result.recommendation, result.what_if, result.curves, result.timelines) == (None, None, {}, {})
    assert result.notes[0] == "3 jobs never started and are left out"
    assert result.standing[0].startswith("J at v 0.1: ours ")
    none, ours_there = result.rows[0], result.rows[5]
    assert ours_there.mean_wait_s < none.mean_wait_s
    assert (none.usd, none.jobs_burst) == (0, 0)
    assert sum(ours_there.jobs_burst_by_lab.values()) == ours_there.jobs_burst > 0


def test_a_scaled_capacity_is_what_all_else_is_replayed_on(order: Order, toy: Any, quiet: Any) -> None:
    result = result_of(replace(order, scaled=True), toy, Told(quiet))
    assert (result.calibration.capacity, result.calibration.capacity_before) == (5, 4)
    assert result.facts.capacity_from == "calibration"
    assert {slots for name, slots in toy.calls if not name.startswith("no cloud, ")} == {5}
    lines = list(calibration_lines(result.calibration, result.facts))
    assert "capacity scaled from 4 to 5 slots" in lines
    assert lines[-1].endswith("1.00 of the recorded mean")


def test_json_has_what_the_documents_name(order: Order, toy: Any, quiet: Any) -> None:
    wanted = replace(order, what_if=("price=+50%", "slots=6"), target=Target(kind="budget", figure=5.0))
    body = json.loads(json.dumps(as_json(result_of(wanted, toy, Told(quiet)))))
    assert list(body) == ["calibration", "policies", "recommendation", "what_if", "notes"]
    assert body["calibration"]["recorded_mean_wait_s"] < body["calibration"]["replayed_mean_wait_s"]
    assert {
        "name", "v", "usd", "mean_wait_s", "p95_wait_s", "core_hours_waited", "j", "peak_nodes", "launches",
        "jobs_burst",
    } <= body["policies"][0].keys()  # fmt: skip
    assert [row["v"] for row in body["policies"]] == [None, None, None, None, 0.03, 0.1, 0.3, 0.1]
    assert [change["key"] for change in body["what_if"]["changes"]] == [
        "pools.cpu16.price", "pools.cpu32.price", "slots",
    ]  # fmt: skip
    before, after = body["policies"][3], body["what_if"]["policies"][3]
    assert after["mean_wait_s"] <= before["mean_wait_s"]
    advice = body["recommendation"]
    assert advice["met"]
    assert advice["expected"]["usd_per_month"] <= 5.0
    low, high = advice["usd_per_month_95"]
    assert low <= advice["expected"]["usd_per_month"] <= high


def test_another_v_is_supposed_beside_the_same_values(order: Order, toy: Any, quiet: Any) -> None:
    result = result_of(replace(order, what_if=("planner.value=0.02", "slots=1")), toy, Told(quiet))
    assert result.what_if is not None
    assert [row.v for row in result.rows] == [None, None, None, None, 0.02, 0.03, 0.1, 0.3, 0.1]
    assert [row.v for row in result.what_if.rows] == [None, None, None, None, 0.02, 0.03, 0.1, 0.3, 0.02]
    assert side_by_side(result.rows, result.what_if.rows).rows[-1][0].endswith("/ ours, v 0.02, run times known")


def test_what_is_recommended_can_be_written_down(order: Order, toy: Any, quiet: Any) -> None:
    result = result_of(replace(order, target=Target(kind="wait", figure=1800.0, by="p95")), toy, Told(quiet))
    assert result.recommendation is not None
    text = burst_yaml(result.recommendation)
    assert text.startswith("mode: planned\nplanner: {value: ")
    assert "budget" not in text
    assert "life: {idle_minutes: 3}" in burst_yaml(replace(result.recommendation, idle_minutes=3.0))
    lines = list(recommendation_lines(result.recommendation))
    assert lines[0].startswith("for a p95 wait of 30.0 min: v ")
    assert any(line.startswith("over draws of the record's weeks") for line in lines)
    assert any("savings may be as far off" in line for line in lines)


def test_a_target_out_of_reach_and_a_short_record_are_said(
    order: Order, toy: Any, quiet: Any, make_load: Callable[..., Workload]
) -> None:
    short = replace(order, workload=make_load(days=3), target=Target(kind="wait", figure=0.0))
    result = result_of(short, toy, Told(quiet))
    assert result.recommendation is not None
    lines = "\n".join(recommendation_lines(result.recommendation))
    for words in ("no v reaches it", "too few weeks", "scaled from 2.0 days", "does not know waits"):
        assert words in lines
    assert "the record does not know its waits" in "\n".join(calibration_lines(result.calibration, result.facts))


def test_a_wrong_what_if_is_said_before_anything_is_replayed(order: Order, toy: Any, quiet: Any) -> None:
    with pytest.raises(ConfigError, match="did you mean cpu16"):
        result_of(replace(order, what_if=("pools.cpu61.max_nodes=1",)), toy, Told(quiet))
    assert toy.calls == []


@pytest.mark.parametrize(
    ("queues", "labs", "words"),
    [
        (("queue1",), ("wucci", "genomics"), "no pool takes jobs of any queue and lab"),
        (("general",), ("wucci", "neuro_trials"), "pools take 252 of 504 jobs"),
    ],
)
def test_jobs_that_no_pool_takes_are_counted(
    order: Order, toy: Any, quiet: Any, queues: tuple[str, ...], labs: tuple[str, ...], words: str
) -> None:
    strange = replace(order, workload=replace(order.workload, queues=queues, labs=labs))
    assert any(words in note for note in result_of(strange, toy, Told(quiet)).notes)


def test_the_report_is_one_file_that_loads_nothing(order: Order, toy: Any, quiet: Any, tmp_path: Path) -> None:
    settings = order.premises.settings
    curves = {"lsf": PEERS[:1], "perfect": (ours(settings, 0.3, perfect=True),)}
    load = replace(order.workload, name="<b>toy</b>", labs=("wucci", "<script>"))
    full = replace(
        order, workload=load, curves=curves, what_if=("price=+50%",), target=Target(kind="budget", figure=2000.0)
    )
    result = result_of(full, toy, Told(quiet))
    page = render(result)
    assert page == render(result)  # the same bytes again
    assert page.count("<svg") == 2
    assert "<script" not in page
    assert "&lt;b&gt;toy" in page
    outside = [part for part in page.split('"') if part.startswith(("http:", "https:", "//"))]
    assert all(
        "w3.org" in one or "purl.org" in one or "creativecommons" in one or "matplotlib" in one for one in outside
    )
    for words in (
        "Recommended",
        "What if",
        "Over time",
        "Jobs burst, by queue and lab",
        "not modelled",
        "planner: {value",
    ):
        assert words in page
    write(tmp_path / "report.html", page)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "nowhere" / "report.html", page)


def test_a_grid_is_spread_from_end_to_end() -> None:
    grid = [Policy(kind="count", figures={"jobs": float(jobs)}) for jobs in range(30)]
    some = spread(grid, 4)
    assert [one.figures["jobs"] for one in some] == [0, 10, 19, 29]
    assert spread(grid[:3], 4) == tuple(grid[:3])


def test_a_recommendation_that_would_send_nothing_is_none(order: Order, toy: Any, quiet: Any) -> None:
    wide = replace(order.premises, capacity=10_000)
    advice = result_of(replace(order, premises=wide, target=Target(kind="budget", figure=500.0)), toy, Told(quiet))
    assert advice.recommendation is not None
    assert burst_yaml(advice.recommendation) == ""
    lines = list(recommendation_lines(advice.recommendation))
    assert lines[0] == "for at most $500.00 a month: nothing to write"
    assert lines[1].startswith("no job would be sent up to v 10")
    assert json.loads(json.dumps(as_json(advice)))["recommendation"]["sends_nothing"]
