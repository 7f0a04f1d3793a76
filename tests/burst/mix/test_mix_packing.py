"""Packing by groups is packing job by job; the best filling of a node is the best there is."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from burst.mix.fit import Piece, piece_of, undominated
from burst.mix.packing import Rack
from burst.mix.patterns import Cutting, racked, recombined
from burst.mix.pricing import worth_most
from burst.mix.values import Bounds, JobClass, NodeType

PIECES = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 2), st.integers(1, 12)), min_size=1, max_size=4
)
NODE = st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(0, 3))


def job_classes(sizes: list[tuple[int, int, int, int]]) -> list[JobClass]:
    return [
        JobClass(name=f"c{at}", jobs=jobs, slots=slots, memory_mib=memory, gpus=gpus)
        for at, (slots, memory, gpus, jobs) in enumerate(sizes)
    ]


def node(size: tuple[int, int, int], **fields: int) -> NodeType:
    slots, memory_mib, gpus = size
    return NodeType(name="m", slots=slots, memory_mib=memory_mib, gpus=gpus, usd_per_hour=1.0, **fields)


def one_by_one(classes: list[JobClass], size: tuple[int, int, int], *, best: bool) -> list[tuple[int, ...]]:
    """First fit or best fit as anyone would write it; the room left on each node."""
    bins: list[tuple[int, ...]] = []
    for one in classes:
        need = one.slots, one.memory_mib, one.gpus
        for _ in range(one.jobs):
            able = [at for at, room in enumerate(bins) if all(n <= has for n, has in zip(need, room, strict=True))]
            if not able and any(n > has for n, has in zip(need, size, strict=True)):
                break
            if not able:
                bins.append(size)
                able = [len(bins) - 1]
            at = min(able, key=lambda index: (bins[index][2], bins[index][0], bins[index][1])) if best else able[0]
            bins[at] = tuple(has - n for n, has in zip(need, bins[at], strict=True))
    return sorted(bins)


@given(sizes=PIECES, size=NODE, best=st.booleans())
def test_groups_pack_as_job_by_job(
    sizes: list[tuple[int, int, int, int]], size: tuple[int, int, int], best: bool
) -> None:
    classes, kind = job_classes(sizes), node(size)
    rack = Rack.empty(Bounds())
    for one in classes:
        piece = piece_of(one)
        rack.open_for(piece, rack.put(piece, one.jobs, best=best), [kind])
    rack.drop_empty()
    rooms = [
        (kind.slots - part.slots, kind.memory_mib - part.memory_mib, kind.gpus - part.gpus)
        for part in rack.groups
        for _ in range(part.nodes)
    ]
    expected = one_by_one(classes, size, best=best)
    if best:  # of equally full nodes either takes the job
        assert len(rooms) == len(expected)
    else:
        assert sorted(rooms) == expected


@settings(max_examples=60)
@given(sizes=PIECES, size=NODE, usd=st.lists(st.integers(0, 20), min_size=4, max_size=4), least=st.integers(0, 30))
def test_the_best_filling(
    sizes: list[tuple[int, int, int, int]], size: tuple[int, int, int], usd: list[int], least: int
) -> None:
    pieces = [piece_of(one) for one in job_classes(sizes)]
    worth = [float(each) for each in usd[: len(pieces)]]
    found, _ = worth_most(node(size), pieces, worth, float(least), 1_000_000)
    best = max(
        sum(n * each for n, each in zip(counts, worth, strict=True))
        for counts in product(*(range(size[0] // piece.slots + 1) for piece in pieces))
        if fits(pieces, counts, size)
    )
    assert (found.usd if found else None) == (best if best > least else None)


def fits(pieces: list[Piece], counts: tuple[int, ...], size: tuple[int, int, int]) -> bool:
    used = [
        sum(n * need for n, need in zip(counts, needs, strict=True))
        for needs in zip(*((piece.slots, piece.memory_mib, piece.gpus) for piece in pieces), strict=True)
    ]
    return all(n <= has for n, has in zip(used, size, strict=True))


def test_a_search_that_ran_out_of_steps_says_how_many_it_took() -> None:
    pieces = [piece_of(one) for one in job_classes([(1, 1, 0, 9), (2, 1, 0, 9), (3, 1, 0, 9)])]
    found, taken = worth_most(node((20, 20, 0)), pieces, [1.0, 2.1, 3.3], 0.0, 2)
    assert taken == 2
    assert found is not None


def test_patterns_that_do_not_cover_the_demand_give_nothing() -> None:
    classes = job_classes([(5, 1, 0, 9), (3, 1, 0, 9)])
    kind = node((20, 20, 0))
    cutting = Cutting(classes=classes, kinds=[kind], fixed=Rack.empty(Bounds()), seconds=1.0, gap=0.0)
    assert recombined(cutting, [(kind, (("c0", 1),))]) is None


def test_patterns_that_only_parts_of_nodes_would_combine_give_nothing() -> None:
    """Two triangles of pairs: half of each pair is three nodes, whole pairs need four."""
    classes = job_classes([(10, 1, 0, 1)] * 6)
    kind = node((20, 20, 0))
    pairs = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]
    seeds = [(kind, ((f"c{a}", 1), (f"c{b}", 1))) for a, b in pairs]
    cutting = Cutting(classes=classes, kinds=[kind], fixed=Rack.empty(Bounds(nodes=3)), seconds=1.0, gap=0.0)
    assert recombined(cutting, seeds) is None


def test_nodes_by_pattern_hold_no_more_than_there_is() -> None:
    classes = job_classes([(5, 1, 0, 5), (3, 1, 0, 1)])
    kind = node((20, 20, 0))
    cutting = Cutting(classes=classes, kinds=[kind], fixed=Rack.empty(Bounds()), seconds=1.0, gap=0.0)
    rack = racked(cutting, {(kind, (("c0", 2), ("c1", 1))): 2, (kind, (("c0", 4),)): 3})
    assert [(part.nodes, part.holds) for part in rack.groups] == [
        (1, (("c0", 2), ("c1", 1))),
        (1, (("c0", 2),)),
        (1, (("c0", 1),)),
    ]


def test_a_node_is_traded_for_the_cheapest_type_that_holds_its_jobs_as_far_as_that_may_grow() -> None:
    (one,) = job_classes([(2, 1, 0, 3)])
    large = NodeType(name="l", slots=2, memory_mib=20, usd_per_hour=9.0)
    small = NodeType(name="s", slots=2, memory_mib=9, usd_per_hour=1.0, most=2)
    rack = Rack.empty(Bounds())
    rack.open_for(piece_of(one), 3, [large])
    rack.trade([small, large], {one.name: one})
    assert [(part.type.name, part.nodes) for part in rack.groups] == [("s", 2), ("l", 1)]


def test_a_type_that_another_beats_in_everything_is_left_out() -> None:
    good, dear, tight = node((8, 8, 0)), node((8, 8, 0)), node((8, 8, 0), most=3)
    roomy = NodeType(name="r", slots=8, memory_mib=9, usd_per_hour=1.0)
    assert undominated([], [good, dear]) == [good]
    assert undominated([], [tight, good]) == [good]
    assert undominated([], [good, roomy]) == [roomy]
    restricted = JobClass(name="a", jobs=1, slots=1, types=("m",))
    assert undominated([restricted], [good, roomy]) == [good, roomy]
