"""The demo's trace: a real log's cut that puts the example cluster under pressure twice."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.sandbox.lsf.cluster import Cluster
from ris_hybrid.sandbox.scenario import load_scenario

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.spec import ClusterSpec
    from ris_hybrid.sandbox.lsf.swf import Trace

ROOT = Path(__file__).parents[2]
SITE = ROOT / "ris_hybrid" / "sandbox" / "site" / "lsf"
CUTTER = runpy.run_path(str(ROOT / "bench" / "trace_cut.py"))
LABS = {"wucci", "imaging-core", "genomics", "neuro_trials", "q.example"}


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(SITE / "scenario.yaml")


@pytest.fixture(scope="module")
def spec(scenario) -> ClusterSpec:
    return scenario.cluster


@pytest.fixture(scope="module")
def trace(scenario) -> Trace:
    return scenario.trace


def pressure(spec: ClusterSpec, trace: Trace) -> tuple[list[tuple[float, int]], Cluster]:
    """Pending slots after each event of the virtual LSF without a cloud."""
    cluster, seen = Cluster(spec, 0.0), list[tuple[float, int]]()

    def run_to(moment: float) -> None:
        while (event := cluster.next_event()) is not None and event <= moment:
            cluster.advance(event)
            seen.append((cluster.now, cluster.counts().pending_slots))

    for arrival in trace.arrivals:
        run_to(arrival.at)
        cluster.advance(arrival.at)
        cluster.submit(arrival.request)
        seen.append((cluster.now, cluster.counts().pending_slots))
    run_to(float("inf"))
    return seen, cluster


def test_the_header_keeps_source_and_thanks(trace):
    for words in ("UNILU Gaia Cluster", "Joseph Emeras", "Feitelson, Tsafrir, Krakov", "Kept: jobs with"):
        assert words in trace.header


def test_every_job_is_within_the_filter_named_in_the_header(trace):
    assert len(trace.arrivals) == 213
    assert trace.left_out == 0
    assert all(0 < arrival.request.run_s <= CUTTER["MAX_RUN_S"] for arrival in trace.arrivals)
    assert all(0 < arrival.request.slots <= CUTTER["MAX_PROCS"] for arrival in trace.arrivals)
    assert all(0 <= arrival.at < CUTTER["WINDOW_S"] for arrival in trace.arrivals)


def test_every_lab_and_a_shared_queue_is_used(trace):
    labs = {arrival.request.user_group for arrival in trace.arrivals}
    assert labs == {f"compute-{lab}" for lab in LABS}
    assert {arrival.request.queue for arrival in trace.arrivals} == {"general", "general-interactive"}


def test_the_cluster_has_280_hosts_and_no_phi_queue_borrows(spec):
    assert sum(host.count for host in spec.hosts) == 280
    shared = sum(host.count * host.slots for host in spec.hosts if not host.queues)
    assert shared == CUTTER["SHARED_SLOTS"]
    borrowing = {queue.name for queue in spec.queues if queue.rc_hosts != "none"}
    assert borrowing == {"general-burst", "wucci-burst"}
    assert spec.default_queue == "general"


def test_pressure_rises_twice_with_a_calm_between(spec, trace):
    seen, cluster = pressure(spec, trace)
    high = [(at, slots) for at, slots in seen if slots >= 150]
    first = [at for at, _ in high if at < 150 * 60]
    second = [at for at, _ in high if at > 185 * 60]
    assert len(first) + len(second) == len(high)
    assert max(first) - min(first) > 30 * 60
    assert max(second) - min(second) > 30 * 60
    assert max(slots for at, slots in seen if 150 * 60 <= at <= 188 * 60) < 100
    assert 300 < max(slots for _, slots in high) < 640
    assert cluster.unfinished() == 0
    assert 3 * 3600 < cluster.now < 6 * 3600


def test_the_cutter_reads_its_own_cut_as_it_wrote_it():
    text = (SITE / "trace.swf").read_text(encoding="utf-8")
    header, jobs = CUTTER["parse"](text)
    shifted = [
        job._replace(
            submit_s=job.submit_s + CUTTER["WINDOW_START_S"],
            columns=(job.columns[0], str(job.submit_s + CUTTER["WINDOW_START_S"]), *job.columns[2:]),
        )
        for job in jobs
    ]
    kept, left_out = CUTTER["cut"](shifted)
    assert (kept, left_out) == (jobs, 0)
    assert CUTTER["render"](header, kept, left_out).endswith(text[text.index(";\n   1814") :])


def test_the_cutter_leaves_out_what_the_filter_names():
    start, longest, widest = CUTTER["WINDOW_START_S"], CUTTER["MAX_RUN_S"], CUTTER["MAX_PROCS"]

    def line(submit: int, run: int, procs: int) -> str:
        return f"1 {submit} 0 {run} {procs} -1 -1 {procs} 60 -1 1 1 1 1 1 -1 -1 -1 more"

    text = "\n".join(
        [
            "; head",
            line(start - 1, 9, 1),
            line(start, longest + 1, 1),
            line(start, 9, widest + 1),
            line(start, 0, 1),
            line(start + 5, longest, widest),
        ]
    )
    header, jobs = CUTTER["parse"](text)
    kept, left_out = CUTTER["cut"](jobs)
    assert header == ["; head"]
    assert [(job.submit_s, job.run_s, job.procs, len(job.columns)) for job in kept] == [(5, longest, widest, 18)]
    assert left_out == 3


def test_the_cutter_writes_and_shows(tmp_path, capsys):
    source, out = tmp_path / "log.swf", tmp_path / "cut.swf"
    start = CUTTER["WINDOW_START_S"]
    row = "{} {} 0 600 60 -1 -1 60 60 -1 1 1 1 1 1 -1 -1 -1"
    source.write_text("; head\n" + "\n".join(row.format(number, start + number) for number in range(1, 6)))
    assert CUTTER["main"]([str(source), str(out), "--show"]) == 0
    told = capsys.readouterr().out
    assert "5 jobs on 80 slots" in told
    assert "at least 150 pending slots from minute" in told
    assert out.read_text().startswith("; head\n;\n; Note: ")
    assert CUTTER["main"]([str(out), str(tmp_path / "none.swf")]) == 2
