"""The mix: all served or said why, nothing over a node or a cap, never dearer than first fit, never below a bound."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burst.mix.fit import allowed, piece_of
from burst.mix.program import Problem, Solved, Unsolved, highs
from burst.mix.solve import choose
from burst.mix.values import Bounds, JobClass, Mix, NodeType

if TYPE_CHECKING:
    from collections.abc import Sequence

EPS = 1e-6
SPANS = ("one-host", "hosts", "nodes", "any")


def kind(name: str = "m", **fields: Any) -> NodeType:
    return NodeType(**({"name": name, "slots": 8, "memory_mib": 32000, "usd_per_hour": 1.0} | fields))


def work(name: str = "a", **fields: Any) -> JobClass:
    return JobClass(**({"name": name, "jobs": 1, "slots": 1} | fields))


LABS = st.sampled_from(("", "lee"))
KINDS = st.lists(
    st.builds(
        NodeType,
        name=st.sampled_from(("k1", "k2", "k3", "k4")),
        slots=st.integers(1, 48),
        memory_mib=st.integers(1000, 90000),
        usd_per_hour=st.floats(0.05, 9.0).map(lambda usd: round(usd, 3)),
        gpus=st.sampled_from((0, 0, 1, 4)),
        together=st.booleans(),
        most=st.none() | st.integers(0, 12),
        lab=st.none() | LABS,
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one.name,
)
CLASSES = st.lists(
    st.builds(
        JobClass,
        name=st.sampled_from("abcd"),
        jobs=st.integers(0, 30),
        slots=st.integers(1, 40),
        memory_mib=st.sampled_from((0, 0, 900, 4000, 50000)),
        gpus=st.sampled_from((0, 0, 0, 1, 2)),
        span=st.sampled_from(SPANS),
        lab=LABS,
        types=st.sampled_from(((), (), ("k1",), ("k2", "k3"))),
    ),
    max_size=4,
    unique_by=lambda one: one.name,
)
BOUNDS = st.builds(
    Bounds,
    nodes=st.none() | st.integers(0, 20),
    labs=st.dictionaries(LABS, st.integers(0, 10), max_size=1),
)


def served(mix: Mix, classes: Sequence[JobClass]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for part in mix.nodes:
        for name, each in part.holds:
            pieces[name] += each * part.nodes
    per_job = {one.name: piece_of(one).per_job for one in classes}
    assert all(count % per_job[name] == 0 for name, count in pieces.items()), "a job lies there in part"
    jobs = Counter({name: count // per_job[name] for name, count in pieces.items()})
    for block in mix.blocks:
        jobs[block.job_class] += block.jobs
    return jobs


def check(mix: Mix, classes: Sequence[JobClass], kinds: Sequence[NodeType], bounds: Bounds) -> None:
    known = {one.name: one for one in classes}
    jobs = served(mix, classes)
    for one in classes:
        assert jobs[one.name] + mix.unserved.get(one.name, (0, ""))[0] == one.jobs
    assert all(count > 0 and why for count, why in mix.unserved.values())
    for part in mix.nodes:
        assert part.nodes > 0
        assert part.type in kinds
        pieces = [(piece_of(known[name]), each) for name, each in part.holds]
        assert all(allowed(piece.job_class, part.type) for piece, _ in pieces)
        assert sum(piece.slots * each for piece, each in pieces) == part.slots <= part.type.slots
        assert sum(piece.memory_mib * each for piece, each in pieces) == part.memory_mib <= part.type.memory_mib
        assert sum(piece.gpus * each for piece, each in pieces) == part.gpus <= part.type.gpus
    for block in mix.blocks:
        one = known[block.job_class]
        assert block.type.together
        assert allowed(one, block.type)
        for need, has in ((one.slots, block.type.slots), (one.memory_mib, block.type.memory_mib)):
            assert block.nodes_each * has >= need
    up = mix.counts
    assert sum(up.values()) <= (sum(up.values()) if bounds.nodes is None else bounds.nodes)
    for lab, most in bounds.labs.items():
        assert sum(nodes for (_, whose), nodes in up.items() if whose == lab) <= most
    for one_kind in kinds:
        if one_kind.most is not None:
            assert sum(nodes for (name, _), nodes in up.items() if name == one_kind.name) <= one_kind.most


@settings(max_examples=25, deadline=None)
@given(classes=CLASSES, kinds=KINDS, bounds=BOUNDS)
def test_every_job_is_served_or_said_why_and_nothing_is_exceeded(
    classes: list[JobClass], kinds: list[NodeType], bounds: Bounds
) -> None:
    mix = choose(classes, kinds, bounds)
    check(mix, classes, kinds, bounds)
    plain = choose(classes, kinds, bounds, failing)
    check(plain, classes, kinds, bounds)
    slots = {one.name: one.slots for one in classes}
    by_mix, by_plain = (sum(slots[name] * jobs for name, jobs in served(one, classes).items()) for one in (mix, plain))
    assert by_mix >= by_plain
    if by_mix == by_plain:
        assert mix.usd_per_hour <= plain.usd_per_hour + EPS
    for bound in (mix.lp_usd, mix.bound_usd):
        assert bound is None or mix.usd_per_hour >= bound - EPS
    for one in (mix, plain):
        assert one.single is None or one.usd_per_hour <= one.single.usd_per_hour + EPS
    assert choose(classes, kinds, bounds) == mix


def failing(_: Problem) -> Unsolved:
    return Unsolved("it failed")


def test_slots_that_fit_in_sum_but_not_on_nodes_get_nodes_added() -> None:
    """Two fives and two sixes are 22 slots, which three nodes of eight have; no two of them share one."""
    mix = choose([work("five", jobs=2, slots=5), work("six", jobs=2, slots=6)], [kind()])
    assert mix.counts == {("m", None): 4}
    assert mix.added == 1
    assert "its counts did not pack: 1 nodes were added, $4.00 an hour" in mix.reasons


def test_first_fit_is_taken_where_the_solver_answer_packs_no_better() -> None:
    def dear(_: Problem) -> Solved | Unsolved:
        return Solved(nodes={1: 1}, blocks={(1, 1): 1}, served={}, lp=1.0)

    kinds = [kind(), kind("dear", slots=9, usd_per_hour=30.0)]
    classes = [work(slots=9, span="nodes", name="b"), work("c", slots=20, span="nodes")]
    mix = choose(classes, kinds, Bounds(), dear)
    assert (mix.way, mix.usd_per_hour) == ("first fit", 5.0)
    assert mix.reasons[-1] == "first fit is taken: $5.00 an hour, which the solver's answer, packed, does not beat"


def test_full_nodes_are_combined_anew_where_first_fit_is_dearer() -> None:
    """First fit puts sixes together; a six and a four fill a node of ten."""
    classes = [work("six", jobs=6, slots=6), work("four", jobs=6, slots=4), work("three", jobs=6, slots=3)]
    mix = choose(classes, [kind(slots=10), kind("big", slots=13, usd_per_hour=1.31)])
    assert mix.gap is not None
    assert mix.gap < 0.01
    assert mix.usd_per_hour <= (mix.first_fit_usd or 0.0)


def test_memory_decides_as_well_as_slots() -> None:
    mix = choose([work(jobs=4, memory_mib=30000)], [kind(), kind("r", memory_mib=130000, usd_per_hour=2.0)])
    assert mix.counts == {("r", None): 1}


def test_gpus_are_not_shared_beyond_what_a_node_has() -> None:
    gpu = kind("g", gpus=4, usd_per_hour=5.0)
    mix = choose([work(jobs=6, gpus=2), work("b", jobs=8)], [kind(), gpu])
    assert mix.counts == {("g", None): 3}
    assert sum(part.gpus * part.nodes for part in mix.nodes) == 12


def test_a_job_over_nodes_has_whole_ones_with_efa_all_of_one_type() -> None:
    plain = kind("cheap", together=False, usd_per_hour=0.1)
    mix = choose([work(jobs=2, slots=20, span="nodes")], [plain, kind()])
    (block,) = mix.blocks
    assert (block.type.name, block.jobs, block.nodes_each, block.nodes, block.usd_per_hour) == ("m", 2, 3, 6, 6.0)


def test_a_job_over_nodes_is_all_or_none_under_a_cap() -> None:
    mix = choose([work(jobs=2, slots=20, span="nodes")], [kind(most=5)])
    assert mix.counts == {("m", None): 3}
    assert mix.unserved == {"a": (1, "the caps leave no node for it")}


def test_a_job_over_any_hosts_is_served_whole_or_not_at_all() -> None:
    mix = choose([work(jobs=3, slots=6, span="hosts")], [kind(most=2)])
    assert mix.unserved == {"a": (1, "the caps leave no node for it")}
    assert sum(part.nodes * part.slots for part in mix.nodes) == 12


def test_a_job_that_fits_one_node_or_takes_several_whole_ones() -> None:
    cheap, large = kind("small", usd_per_hour=0.4), kind("large", slots=16, usd_per_hour=2.0)
    mix = choose([work(jobs=1, slots=16, span="any")], [cheap, large])
    assert [(block.type.name, block.nodes_each) for block in mix.blocks] == [("small", 2)]


def test_whose_nodes_they_are() -> None:
    classes = [work("lee's", jobs=3, lab="lee"), work("kim's", jobs=3, lab="kim")]
    mix = choose(classes, [kind(lab="lee", most=4), kind(lab="kim", most=4)], Bounds(labs={"kim": 0}))
    assert mix.counts == {("m", "lee"): 1}
    assert mix.unserved == {"kim's": (3, "the caps leave no node for it")}


def test_as_many_slots_as_the_caps_allow() -> None:
    """Under a cap of one node first fit gives it to the job with a GPU; the larger node serves more slots."""
    kinds = [kind("g", slots=4, gpus=1), kind("big", slots=16, usd_per_hour=9.0)]
    mix = choose([work("gpu", gpus=1), work(jobs=20)], kinds, Bounds(nodes=1))
    assert mix.counts == {("big", None): 1}
    capped = "the caps leave no node for it"
    assert mix.unserved == {"gpu": (1, capped), "a": (4, capped)}
    assert (mix.first_fit_usd, mix.way, mix.lp_usd) == (None, "HiGHS", 9.0)


@pytest.mark.parametrize(
    ("job_class", "kinds", "why"),
    [
        (work(slots=9), [kind()], "no type has 9 slots (the most there is: 8)"),
        (
            work(slots=9, memory_mib=40000),
            [kind()],
            "no type has 9 slots (the most there is: 8), 40000 MiB (the most there is: 32000)",
        ),
        (work(gpus=1), [kind()], "no type has 1 GPUs (the most there is: 0)"),
        (work(gpus=1, memory_mib=9000), [kind(), kind("g", gpus=1, memory_mib=100)], "no type has all of it at once"),
        (work(types=("x",)), [kind()], "no type may take it"),
        (work(lab="lee"), [kind(lab="kim")], "no type may take it"),
        (
            work(slots=9, span="nodes"),
            [kind(together=False)],
            "it needs whole nodes that work together, and no type has EFA",
        ),
        (work(slots=9, gpus=1, span="any"), [kind()], "no type has 1 GPUs (the most there is: 0)"),
    ],
)
def test_why_no_type_serves_a_class(job_class: JobClass, kinds: list[NodeType], why: str) -> None:
    mix = choose([job_class], kinds)
    assert mix.unserved == {"a": (1, why)}
    assert (mix.way, mix.usd_per_hour, mix.gap, dict(mix.counts)) == ("none", 0.0, None, {})


def test_no_job_no_node() -> None:
    assert choose([work(jobs=0)], [kind()]) == Mix()


def test_first_fit_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    mix = choose([work(jobs=9)], [kind()])
    assert (mix.way, mix.lp_usd, mix.gap, dict(mix.counts)) == ("first fit", None, None, {("m", None): 2})
    assert mix.reasons == (
        "scipy is not installed (pip install 'ris-hybrid[planner]')",
        "first fit is taken: $2.00 an hour",
    )


@pytest.mark.parametrize("most", [None, 1])
def test_first_fit_when_the_solver_fails(most: int | None) -> None:
    mix = choose([work(jobs=9)], [kind(most=most)], Bounds(), failing)
    assert mix.way == "first fit"
    assert mix.reasons[0] == "it failed"


def test_first_fit_when_there_is_no_time() -> None:
    mix = choose([work(jobs=9)], [kind()], Bounds(seconds=0.0))
    assert mix.reasons == ("the solver was given no time", "first fit is taken: $2.00 an hour")


def test_an_answer_of_a_solver_that_ran_out_of_time_is_used_and_said() -> None:
    def slow(_: Problem) -> Solved | Unsolved:
        return Solved(nodes={0: 2}, blocks={}, served={"a": 9}, lp=1.1, bound=1.5, gap=0.25, finished=False)

    mix = choose([work(jobs=9)], [kind()], Bounds(), slow)
    assert mix.reasons[0] == "HiGHS stopped early, within 25.00% of its bound"
    assert (mix.lp_usd, mix.bound_usd, mix.gap) == (1.1, 1.5, 0.25)


def test_caps_that_leave_nothing() -> None:
    mix = choose([work(jobs=9)], [kind()], Bounds(nodes=0))
    assert mix.reasons[0] == "the caps leave no node at all"
    assert (mix.unserved["a"][0], mix.single) == (9, None)


def test_what_the_solver_says_when_it_has_no_answer() -> None:
    problem = Problem(classes=[work(jobs=9)], kinds=[kind()], bounds=Bounds(nodes=0))
    said = highs(problem)
    assert isinstance(said, Unsolved)
    assert said.why.startswith("HiGHS found none: ")
    hasty = highs(Problem(classes=[work(jobs=9)], kinds=[kind()], bounds=Bounds(seconds=0.0)))
    assert hasty == Unsolved("HiGHS stopped after 0 s without an answer", None)
