"""The demo's own replay: a cut of KTH-SP2 that can be made again, on a cluster whose burst queues alone borrow."""

from __future__ import annotations

import runpy
from pathlib import Path

from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.sandbox.scenario import example_demo, load_scenario

CUTTER = runpy.run_path(str(Path(__file__).parents[3] / "bench" / "demo_trace.py"))
ROW = "{number} {at} 77 {run} {procs} -1 -1 {procs} {request} -1 1 3 4 -1 -1 -1 -1 -1 more"


def row(at: int, run: int = 400, procs: int = 8, request: int = 800) -> str:
    return ROW.format(number=at, at=at, run=run, procs=procs, request=request)


def test_the_shipped_cut_says_where_it_is_from() -> None:
    scenario = load_scenario(example_demo() / "scenario.yaml")
    assert len(scenario.trace.arrivals) == 169
    for words in ("Lars Malinowsky", "Feitelson, Tsafrir, Krakov", "divided by 4", "169 jobs"):
        assert words in scenario.trace.header
    assert max(arrival.request.slots for arrival in scenario.trace.arrivals) <= CUTTER["MAX_PROCS"]


def test_the_demo_is_planned_and_its_queues_fit() -> None:
    settings = load_burst(example_demo() / "burst.yaml")
    scenario = load_scenario(example_demo() / "scenario.yaml")
    assert settings.mode == "planned"
    names = {queue.name for queue in scenario.cluster.queues}
    assert set(settings.planner.steering.queues) | set(settings.planner.steering.queues.values()) <= names
    assert set(settings.planner.hosts) <= names


def test_the_cutter_keeps_the_window_and_shortens_times(tmp_path: Path) -> None:
    start, span = CUTTER["WINDOW_START_S"], CUTTER["WINDOW_S"]
    lines = ["; head", row(0), row(start - 1), row(start), row(start + 5, run=0), row(start + 6, procs=65)]
    lines += [row(start + 40, run=1, request=4), row(start + span)]
    source, out = tmp_path / "log.swf", tmp_path / "cut.swf"
    source.write_text("\n".join(lines))
    assert CUTTER["main"]([str(source), str(out)]) == 0
    text = out.read_text()
    assert text.startswith("; head\n;\n; Note: ")
    jobs = [line.split() for line in text.splitlines() if not line.startswith(";")]
    assert [(job[1], job[2], job[3], job[4], job[8], len(job)) for job in jobs] == [
        ("0", "-1", "100", "8", "200", 18),
        ("10", "-1", "1", "8", "60", 18),
    ]


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert CUTTER["main"]([str(tmp_path / "none.swf"), str(tmp_path / "cut.swf")]) == 2
