"""The data plane's word: as a file, in the pressure, in the money, and before a node is given back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.decide import data_fields, decide, decide_all
from burst.engine import observe
from burst.explain import Known, explain_job
from burst.limits import Ask, apply_all
from burst.outlook import Word, job_data, keeps_results, waiting_for_results
from burst.outlook_file import OutlookFile, outlook_text, write_outlook
from burst.pressure import LeftOut, measure, why_no_pressure
from burst.rc import policy, wire
from onprem.lsf.fake import FakeScheduler
from ris_hybrid.data.readiness import JobData
from ris_hybrid.pool_settings import PathMount
from ris_hybrid.settings import Budget

if TYPE_CHECKING:
    from pathlib import Path

STAGED = JobData(verdict="staged", reason="Active/Cryo-EM is there", eligible=True, usd=0.25)
ON_TAPE = JobData(verdict="not staged", reason="3 files of Active/old are on tape")
IN_TIME = JobData(verdict="in time", reason="40 GiB, there in 4 min", eligible=True, ready_at=1_800_000_240.0, usd=1.0)
NO_IMAGE = JobData(verdict="no image", reason="ubuntu:22.04 is held by its scan")
LUSTRE = PathMount(path="/scratch1/fs1/lee", kind="lustre", source="fs-1.fsx@tcp:/abc", exports=False)

VERDICTS = st.sampled_from(["none needed", "staged", "in time", "not staged", "no image", "unknown"])
DATA = st.builds(
    JobData,
    verdict=VERDICTS,
    reason=st.text(max_size=9),
    eligible=st.booleans(),
    ready_at=st.sampled_from([0.0, 1_800_000_000.0]),
    usd=st.integers(0, 400).map(lambda cents: cents / 4),
)
WORDS = st.builds(
    Word,
    at=st.just(1_800_000_000.0),
    jobs=st.dictionaries(st.from_regex(r"[0-9]{1,3}(\[[0-9]\])?", fullmatch=True), DATA, max_size=6),
    spent=st.dictionaries(st.text(max_size=4), st.floats(0, 1e6), max_size=3),
    release=st.dictionaries(st.text(max_size=4), st.text(max_size=9), max_size=3),
)


class Said:
    """A data plane that says one thing."""

    def __init__(self, word: Word) -> None:
        self._word = word

    def word(self, _: float) -> Word:
        return self._word


@given(word=WORDS)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, word: Word) -> None:
    path = tmp_path_factory.getbasetemp() / "outlook.json"
    write_outlook(path, word, 900.0)
    assert OutlookFile(path, 900.0).word(word.at + 1) == word


def test_the_file_is_small_and_the_same_each_time(golden: Any) -> None:
    jobs = {"219": STAGED, "220": replace(STAGED, usd=0.5), "221": ON_TAPE, "222": IN_TIME}
    word = Word(at=1_800_000_000.0, jobs=jobs, spent={"lee": 12.5}, release={"wucci": "3 files are not back"})
    golden("outlook.json", outlook_text(word, 900.0))


@pytest.mark.parametrize(
    ("age_s", "ttl_s", "most_s", "problem"),
    [
        (899.0, 900.0, 900.0, ""),
        (900.0, 900.0, 900.0, ""),
        (960.0, 900.0, 3600.0, "the outlook is 16 min old (at most 15)"),
        (960.0, 3600.0, 600.0, "the outlook is 16 min old (at most 10)"),
        (-30.0, 900.0, 900.0, ""),  # another host's clock is ahead
        (-3600.0, 900.0, 900.0, "the outlook is of 60 min ahead: the clocks of its writer and this host differ"),
    ],
)
def test_an_old_word_is_none(tmp_path: Path, age_s: float, ttl_s: float, most_s: float, problem: str) -> None:
    path = tmp_path / "outlook.json"
    write_outlook(path, Word(at=1000.0, jobs={"1": STAGED}, spent={"lee": 1.0}), ttl_s)
    word = OutlookFile(path, most_s).word(1000.0 + age_s)
    assert word.problem == problem
    assert bool(word.jobs) is bool(word.spent) is not bool(problem)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"at": "now"},
        {"ttl_s": None},
        {"words": [["gone", "", True]]},
        {"words": []},
        {"words": 7},
        {"jobs": {"1": [0]}},
        {"jobs": {"1": [0, [], 0]}},
        {"jobs": [1]},
        {"spent": {"lee": "much"}},
        {"spent": {"lee": 10**400}},
        {"release": 7},
    ],
)
def test_a_damaged_file_is_no_word_and_no_error(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "outlook.json"
    body = json.loads(outlook_text(Word(at=1000.0, jobs={"1": STAGED}), 900.0))
    path.write_text(json.dumps(body | change))
    word = OutlookFile(path, 900.0).word(1000.0)
    assert "is no outlook of this version" in word.problem
    assert not word.jobs
    path.write_text("{")
    assert "is no outlook" in OutlookFile(path, 900.0).word(1000.0).problem


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in OutlookFile(tmp_path / "none.json", 900.0).word(0.0).problem


def test_an_element_is_known_by_its_array() -> None:
    data = {"219": STAGED, "219[2]": ON_TAPE}
    assert job_data("219[1]", data) is STAGED
    assert job_data("219[2]", data) is ON_TAPE
    assert job_data("220", data).verdict == "unknown"


def test_only_jobs_whose_data_is_there_are_pressure(make: Any) -> None:
    jobs = [make.job(str(number), slots=number) for number in range(1, 6)]
    data = {"1": STAGED, "2": ON_TAPE, "3": IN_TIME, "4": NO_IMAGE}
    pressure = measure(jobs, [make.queue()], [make.host()], data=data)
    (group,) = pressure.groups
    assert (group.jobs, group.slots, group.data_usd) == (2, 4, 1.25)
    assert pressure.left_out == (
        LeftOut(reason="data: no image", jobs=1, slots=4),
        LeftOut(reason="data: not staged", jobs=1, slots=2),
        LeftOut(reason="data: unknown", jobs=1, slots=5),
    )
    assert pressure.data_known
    assert pressure.left_for_data == "1 jobs: data: no image; 1 jobs: data: not staged; 1 jobs: data: unknown"
    assert why_no_pressure(jobs[1], jobs, [make.queue()], data=data) == "data: not staged"
    assert why_no_pressure(jobs[0], jobs, [make.queue()], data=data) == ""


@given(
    data=st.dictionaries(st.sampled_from([str(n) for n in range(8)]), DATA),
    slots=st.lists(st.integers(1, 9), max_size=8),
)
def test_data_only_ever_takes_jobs_away(make: Any, data: dict[str, JobData], slots: list[int]) -> None:
    jobs = [make.job(str(number), slots=count) for number, count in enumerate(slots)]
    free, bound = (measure(jobs, [make.queue()], [make.host()], data=one) for one in (None, data))
    assert bound.jobs <= free.jobs
    assert bound.jobs + sum(left.jobs for left in bound.left_out) == len(jobs)
    assert bound.data_usd == pytest.approx(
        sum(one.usd for job_id, one in data.items() if one.eligible and int(job_id) < len(jobs))
    )
    assert (free.data_known, free.data_usd) == (False, 0.0)


def test_a_node_commits_its_share_of_the_data(make: Any) -> None:
    settings = make.settings(budget=Budget(usd_per_month=10.0))
    pressure = make.pressure(make.group(jobs=8, slots=64, data_usd=16.0))
    decision = decide(settings.pools[0], "lee", pressure, make.fleet(), settings)
    assert decision.nodes == 3  # of 8: $0.68 and $2 of data each
    assert decision.reasons[-1].text == (
        "$10.00 of this month is not committed, a node commits $2.68, $2.00 of it for its jobs' data"
    )
    assert "sending them all costs $16.00 in data" in decision.why
    assert decision.usd_committed == pytest.approx(3 * 2.68)
    assert data_fields(decision) == {"data_usd": 6.0}
    assert data_fields(replace(decision, nodes=0)) == {}


def test_data_that_was_paid_for_counts_against_lab_and_site(make: Any) -> None:
    fleet = make.fleet(data_usd={"lee": 4.0, "wu": 3.0})
    settings = make.settings()
    assert (fleet.committed_usd(settings), fleet.committed_usd(settings, "lee")) == (7.0, 4.0)
    tight = make.settings(budget=Budget(usd_per_month=100.0, labs={"lee": 5.0}))
    nodes, (reason,) = apply_all(Ask(pool=make.pool(), lab="lee", nodes=5), fleet, tight)
    assert (nodes, reason.stage) == (1, "lab budget")


def test_pools_after_each_other_count_each_others_data(make: Any) -> None:
    pools = (make.pool("a", max_nodes=1, priority=2), make.pool("b", priority=1))
    settings = make.settings(pools=pools, budget=Budget(usd_per_month=4.0))
    pressure = make.pressure(make.group(jobs=2, slots=16, data_usd=4.0))
    first, second = decide_all(pressure, make.fleet(), settings)
    assert (first.nodes, second.nodes) == (1, 0)
    assert second.reasons[-1].stage == "budget"


def test_a_lab_without_pressure_is_told_of_jobs_that_stay(make: Any) -> None:
    pressure = measure([make.job("1")], [make.queue()], [make.host()], data={})
    pressure = replace(pressure, data_problem="the outlook is 40 min old (at most 15)")
    settings = make.settings()
    decision = decide(settings.pools[0], "lee", pressure, make.fleet(), settings)
    assert decision.why.endswith(
        "no eligible pending job of lee that cpu serves; on the whole cluster 1 jobs: data: unknown"
        " (the outlook is 40 min old (at most 15))"
    )


@pytest.mark.parametrize(
    ("word", "nodes", "said"),
    [
        (Word(at=0.0, jobs={"1": STAGED}), 1, "sending them all costs $0.25 in data"),
        (Word(at=0.0, jobs={"1": ON_TAPE}), 0, "1 jobs: data: not staged"),
        (Word(at=0.0, problem="it is old"), 0, "1 jobs: data: unknown (it is old)"),
    ],
)
def test_the_policy_lets_go_only_what_has_its_data(room: Any, make: Any, word: Word, nodes: int, said: str) -> None:
    scheduler = FakeScheduler(jobs=[make.job("1")], queues=[make.queue()], hosts=[make.host()])
    provider = replace(room.provider, outlook=Said(word))
    request = {"hostProvider": "aws", "providerName": "aws", "templateName": "cpu", "newDemand": 5, "rcAccount": "lee"}
    told = policy.answer(wire.read_demand({"request": request}), scheduler, provider)
    assert told["request"]["newDemand"] == nodes
    assert said in told["message"]
    fields = room.audit.events[-1].fields
    assert fields.get("data_usd") == (0.25 if nodes else None)


def test_what_the_data_plane_spent_is_part_of_what_is_observed(room: Any) -> None:
    scheduler = FakeScheduler(jobs=[], queues=[], hosts=[])
    provider = replace(room.provider, outlook=Said(Word(at=0.0, spent={"lee": 3.0})))
    assert observe(scheduler, provider).fleet.data_usd == {"lee": 3.0}
    assert observe(scheduler, room.provider).fleet.data_usd == {}


@pytest.mark.parametrize(
    ("word", "facts"),
    [
        (None, []),
        (Word(at=0.0, problem="no such file"), ["data: unknown: no such file"]),
        (
            Word(at=1_800_000_000.0, jobs={"7": IN_TIME}),
            [
                "data: in time, $1.00 of data: 40 GiB, there in 4 min (said 2027-01-15 08:00:00Z)",
                "  there 2027-01-15 08:04:00Z",
            ],
        ),
        (
            Word(at=1_800_000_000.0, jobs={"7": ON_TAPE}),
            [
                "data: not staged: 3 files of Active/old are on tape (said 2027-01-15 08:00:00Z)",
                "no pressure: data: not staged",
            ],
        ),
    ],
)
def test_a_job_is_explained_with_its_data(make: Any, word: Word | None, facts: list[str]) -> None:
    job = make.job("7")
    known = Known(now=make.now, machines=(), events=(), jobs=(job,), queues=(make.queue(),), word=word)
    told = explain_job(job, known).facts
    assert list(told[2 : 2 + len(facts)]) == facts


@pytest.mark.parametrize(
    ("mount", "keeps"),
    [
        (LUSTRE, True),
        (replace(LUSTRE, exports=True), False),
        (replace(LUSTRE, read_only=True), False),
        (replace(LUSTRE, kind="nfs"), False),
    ],
)
def test_results_wait_only_where_nothing_takes_them_away(make: Any, mount: PathMount, keeps: bool) -> None:
    assert keeps_results(make.pool(paths=(mount,))) is keeps
    assert not keeps_results(make.pool())


def test_a_machine_waits_for_its_labs_results(make: Any) -> None:
    settings = make.settings(pools=(make.pool(paths=(LUSTRE,)), make.pool("other")))
    mine, free, elsewhere = make.machine(1), make.machine(2, lab="wu"), make.machine(3, pool="other")
    machines = (mine, free, elsewhere)
    word = Word(at=0.0, release={"lee": "3 files are not back"})
    assert waiting_for_results(machines, settings, word) == {mine.machine_id: "3 files are not back"}
    for unknown, why in ((None, "burst.yaml names no outlook"), (Word(at=0.0, problem="it is old"), "it is old")):
        told = waiting_for_results(machines, settings, unknown)
        assert set(told) == {mine.machine_id, free.machine_id}
        assert all(text == f"whether its lab's results are back is unknown: {why}" for text in told.values())
    assert waiting_for_results(machines, make.settings(), None) == {}
