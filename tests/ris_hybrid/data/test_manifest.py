from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.manifest import CHANGED_THERE, Manifest, Sources, Verified, fold
from ris_hybrid.data.ordering import in_memory, ordered
from ris_hybrid.data.settings import Bounds
from ris_hybrid.data.taking import EXCLUDED, MAYBE_ON_TAPE, ON_TAPE, SAME_COMPOSED, SPECIAL, SYMLINK, Rules
from ris_hybrid.data.values import Dataset, Entry, LeftOut, MoveItem, ObjectSeen, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ris_hybrid.data.batches import Batch

DATASET = Dataset(allocation="wucci", subtree="Active")
BOUNDS = Bounds(batch_files=8, batch_bytes=1000)
NOW = 1_800_000_000.0


RULES = Rules(dataset=DATASET)


def file(path: str, size: int = 10, **fields: object) -> Entry:
    plain = Entry(path=path, kind="file", size=size, mtime_ns=5, residency="resident")
    return plain._replace(**fields)  # type: ignore[arg-type]  # fields of Entry, by name


def directory(path: str) -> Entry:
    return Entry(path=path, kind="directory", size=4096, mtime_ns=5)


def folded(
    entries: Iterable[Entry], rules: Rules = RULES, bounds: Bounds = BOUNDS, **sources: object
) -> tuple[Manifest, list[Batch]]:
    batches: list[Batch] = []
    made = Sources(entries=entries, **sources)  # type: ignore[arg-type]  # objects and verified, by name
    return fold(made, rules, bounds, batches.append), batches


def reasons(manifest: Manifest) -> dict[str, int]:
    return {left.reason: left.files for left in manifest.left_out}


def moved(batches: Iterable[Batch]) -> list[str]:
    return [one.path for batch in batches for one in batch.files]


def proof(entry: Entry, at: float = NOW) -> tuple[ObjectSeen, Verified]:
    key = DATASET.prefix + entry.path
    return ObjectSeen(key, entry.size, at - 10), Verified(key, entry.size, entry.mtime_ns, at)


def test_files_go_and_the_rest_stays_with_its_reason() -> None:
    entries = [
        directory(""),
        directory("run"),
        file("run/a.mrc", 100, mtime_ns=7),
        file("run/b.mrc", 50, links=2),
        file("tape.bam", 900, residency="migrated"),
        file("pre.bam", 5, residency="premigrated"),
        file("stub", 0, residency="migrated"),
        file("walked.bam", 20, residency="unknown"),
        Entry("link", "symlink", 11, 5),
        Entry("pipe", "other", 0, 5),
        file(".snapshots/20260101/a"),
        file("bad\nname"),
        file("bad\udcff"),
        file("x" * 1018),
        directory("empty"),
        directory("deep"),
        directory("deep/er"),
        directory("full\n"),
    ]
    manifest, batches = folded(entries)
    assert manifest == Manifest(
        totals=Totals(files=4, bytes=155, directories=4, largest=100, newest_ns=7),
        there=Totals(),
        moving=Totals(files=4, bytes=155, largest=100, newest_ns=7),
        left_out=(
            LeftOut(reason="control character in the name", files=2, bytes=10, examples=("bad\\nname", "full\\n")),
            LeftOut(reason="key longer than 1024 bytes", files=1, bytes=10, examples=("x" * 200 + "...",)),
            LeftOut(reason="name is not UTF-8", files=1, bytes=10, examples=("bad\\xff",)),
            LeftOut(reason=SPECIAL, files=1, bytes=0, examples=("pipe",)),
            LeftOut(reason=MAYBE_ON_TAPE, files=1, bytes=20, examples=("walked.bam",)),
            LeftOut(reason=EXCLUDED, files=1, bytes=10, examples=(".snapshots/20260101/a",)),
            LeftOut(reason=ON_TAPE, files=1, bytes=900, examples=("tape.bam",)),
            LeftOut(reason=SYMLINK, files=1, bytes=0, examples=("link",)),
        ),
        empty=("deep/er", "empty"),
        batches=1,
        hard_links=1,
        notes=("1 names are hard links: each becomes a file of its own, and stays one",),
    )
    assert batches[0].items == (
        MoveItem("pre.bam", 5),
        MoveItem("run/a.mrc", 100),
        MoveItem("run/b.mrc", 50),
        MoveItem("stub", 0),
    )
    assert batches[0].bytes == 155


def test_where_there_is_no_tape_a_walk_is_enough() -> None:
    manifest, batches = folded([file("a", residency="unknown")], replace(RULES, tape=False))
    assert moved(batches) == ["a"]
    assert manifest.left_out == manifest.notes == ()


def test_names_that_are_one_name_when_composed_do_not_both_go() -> None:
    composed, apart = "M\u00e4rz", "Ma\u0308rz"
    for order in ([composed, apart], [apart, composed]):
        manifest, batches = folded([file(name) for name in order])
        assert moved(batches) == [apart]
        assert reasons(manifest) == {SAME_COMPOSED: 1}
    kelvin = "300\u212a"
    assert moved(folded([file("300K"), file(kelvin), file("other")])[1]) == [kelvin, "other"]
    two_ways = ["\u1e69", "s\u0323\u0307", "s\u0307\u0323"]
    assert reasons(folded([file(name) for name in two_ways])[0]) == {SAME_COMPOSED: 3}


def test_examples_are_few_and_do_not_depend_on_the_order() -> None:
    links = [Entry(f"l{number}", "symlink", 1, 1) for number in range(9)]
    one, other = folded(links)[0], folded(links[::-1])[0]
    assert one == other
    assert one.left_out[0].examples == ("l0", "l1", "l2", "l3", "l4")


def test_what_was_verified_and_has_not_changed_does_not_move() -> None:
    a, b, c, d, e, f = (file(name) for name in "abcdef")
    proofs = dict(zip("abcdef", map(proof, (a, b, c, d, e, f)), strict=True))
    seen = [proofs[name][0] for name in "abcdef"]
    seen[2] = seen[2]._replace(modified=NOW + 3600)
    seen[3] = seen[3]._replace(size=11)
    del seen[5]
    results = [ObjectSeen("Active/", 0, NOW), *seen, ObjectSeen("Active/z", 1, NOW), ObjectSeen("Active/z/", 0, NOW)]
    entries = [a, b._replace(mtime_ns=6), c, d, e, f, file("g")]
    manifest, batches = folded(entries, objects=iter(results), verified=iter([proofs[name][1] for name in "abcdf"]))
    assert moved(batches) == ["b", "e", "f", "g"]
    assert manifest.there.files == 1
    assert manifest.totals.files == 5
    assert reasons(manifest) == {CHANGED_THERE: 2}
    assert manifest.notes == ("1 objects are in the bucket alone: results not brought back, or gone at the site",)


def test_what_the_bucket_has_where_the_site_has_a_file_is_told() -> None:
    keys = ["a/b", "a/c", "a-1/", "b/c", "c", "c.d/e"]
    seen = sorted(ObjectSeen(DATASET.prefix + key, 1, NOW) for key in keys)
    manifest, batches = folded([file(name) for name in ("a", "a-1", "a.2", "b.c", "c")], objects=seen)
    assert moved(batches) == ["a", "a-1", "a.2", "b.c", "c"]
    assert manifest.notes == (
        "4 objects are in the bucket alone: results not brought back, or gone at the site",
        "3 of the bucket's keys go on where a file's name ends: a mount shows no such file",
    )


names = st.text(st.sampled_from("ab/.é\u0301\n\udcff"), min_size=1, max_size=6)
entries_of_any_kind = st.lists(
    st.builds(
        Entry,
        path=names,
        kind=st.sampled_from(["file", "file", "file", "directory", "symlink", "other"]),
        size=st.integers(0, 400),
        mtime_ns=st.integers(0, 9),
        residency=st.sampled_from(["resident", "resident", "premigrated", "migrated", "unknown"]),
    ),
    unique_by=lambda entry: entry.path,
    max_size=40,
)


@given(entries_of_any_kind, st.randoms(use_true_random=False))
def test_every_entry_is_in_one_batch_or_left_out_whatever_the_order(entries: list[Entry], chance: object) -> None:
    manifest, batches = folded(entries)
    files = Counter(moved(batches))
    assert set(files.values()) <= {1}
    assert manifest.moving.files == len(files)
    directories = [entry for entry in entries if entry.kind == "directory"]
    assert sum(left.files for left in manifest.left_out) + len(files) + manifest.totals.directories == len(entries)
    assert manifest.totals.directories <= len(directories)
    for batch in batches:
        assert len(batch.files) <= BOUNDS.batch_files
        assert batch.bytes <= BOUNDS.batch_bytes
    assert len({batch.batch_id for batch in batches}) == len(batches)
    chance.shuffle(entries)  # type: ignore[attr-defined]  # a Random
    assert folded(entries) == (manifest, batches)


@given(entries_of_any_kind)
def test_a_second_plan_over_what_was_staged_moves_nothing(entries: list[Entry]) -> None:
    first, batches = folded(entries)
    held = sorted(proof(Entry(one.path, "file", one.size, one.mtime_ns)) for batch in batches for one in batch.files)
    second, none = folded(entries, objects=[seen for seen, _ in held], verified=[known for _, known in held])
    assert none == []
    assert second.there == first.moving
    assert (second.totals, second.left_out) == (first.totals, first.left_out)


def put_away(run: list[str]) -> Iterator[str]:
    return iter("\n".join(run).split("\n"))


def many(count: int) -> list[Entry]:
    return [file(f"run{number % 37}/{number:06}.mrc", number % 50) for number in range(count)]


def test_runs_that_are_put_away_change_nothing() -> None:
    records = [f"{number * 7919 % 1000:04}\0001\0002" for number in range(1000)]
    assert list(ordered(iter(records), put_away, run=64)) == sorted(records)
    assert list(ordered(iter(records), in_memory, run=64)) == sorted(records)


def test_an_added_file_disturbs_few_batches() -> None:
    bounds = Bounds(batch_files=64, batch_bytes=10**9)
    before = {batch.batch_id for batch in folded(many(5000), bounds=bounds)[1]}
    assert len(before) > 5000 / 64
    for name in ("aaa", "run17/000500b.mrc", "zzz"):
        after = {batch.batch_id for batch in folded([*many(5000), file(name)], bounds=bounds)[1]}
        assert 1 <= len(after - before) <= 4


def test_a_big_file_goes_alone_and_a_changed_file_makes_another_batch() -> None:
    entries = [file("a", 10), file("b", 125), file("c", 5000), file("d", 124)]
    _, batches = folded(entries)
    assert [batch.items for batch in batches] == [
        (MoveItem("b", 125),),
        (MoveItem("c", 5000),),
        (MoveItem("a", 10), MoveItem("d", 124)),
    ]
    _, later = folded([entries[0]._replace(mtime_ns=6), *entries[1:]])
    assert [one.batch_id == other.batch_id for one, other in zip(batches, later, strict=True)] == [True, True, False]


def test_bytes_end_a_batch_too() -> None:
    _, batches = folded(
        [file(f"f{number}", 120) for number in range(20)], bounds=Bounds(batch_files=99, batch_bytes=1000)
    )
    assert max(batch.bytes for batch in batches) == 960
    assert len(moved(batches)) == 20


def test_a_tree_of_nothing_is_a_manifest_of_nothing() -> None:
    manifest, batches = folded([])
    assert (manifest.totals, manifest.batches, batches) == (Totals(), 0, [])
