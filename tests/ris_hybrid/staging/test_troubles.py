"""Every file that did not go where it should is named, with its reason and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.data import keys, taking
from ris_hybrid.data.manifest import CHANGED_THERE
from ris_hybrid.data.planning import MISSING
from ris_hybrid.data.taking import Rules
from ris_hybrid.data.values import Dataset, Entry, LeftOut, StagingState
from ris_hybrid.staging.agreement import UNVERIFIABLE
from ris_hybrid.staging.engine import ask_back
from ris_hybrid.staging.troubles import examples, left_out, recorded
from ris_hybrid.staging.values import Change, FileRow
from ris_hybrid.staging.verifying import verify

SITE = "/storage1/fs1/wucci/Active/A"
DATASET = Dataset(allocation="wucci", subtree="Active/A")


def test_nothing_in_trouble_names_nothing(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    assert rig.turns() is StagingState.STAGED
    assert list(recorded(rig.journal, rig.staging)) == []


def test_what_the_journal_knows_is_named_with_what_to_do(rig: Any) -> None:
    rig.put(a=b"1", b=b"2", c=b"3")
    rig.plan()
    rig.mover.refuse = {"a": "permission denied"}
    rig.turns()
    rig.journal.record(
        Change(
            staging_id="s1",
            files=(
                FileRow("in", "g", 1, state="gone", reason="it is on the site no more"),
                FileRow("in", "n", 1, state="failed", attempts=1, reason=UNVERIFIABLE),
                FileRow("in", "t", 1, reason="its content in the cloud is not the site's"),
                FileRow("in", "u", 1),
                FileRow("out", "r", 2, state="held", reason="the site's file cannot be read"),
                FileRow("out", "../x", 2, state="held", reason="its key is no path of the site"),
            ),
        )
    )

    found = {one.path: one for one in recorded(rig.journal, rig.staging)}

    assert {path: one.what for path, one in found.items()} == {
        "a": "failed",
        "n": "failed",
        "r": "held",
        "../x": "held",
        "g": "gone",
        "t": "again",
    }
    assert "permission denied" in found["a"].reason
    assert "`data stage`" in found["a"].advice
    assert "checksum of the full object" in found["n"].advice
    assert "then `data stage`" in found["n"].advice
    assert "safe in the bucket" in found["r"].advice
    assert "copy the object" in found["../x"].advice
    assert all(one.advice and one.reason for one in found.values())


def test_a_conflict_is_named_by_status_and_by_verify(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.turns()
    rig.now += 3600
    rig.objects.put("b", "Active/A/a", b"of a job")
    rig.tree.put(f"{SITE}/a", b"of a person")
    ask_back(rig.world(), rig.staging, rig.now, "asked for")
    assert rig.turns() is StagingState.BLOCKED

    (one,) = recorded(rig.journal, rig.staging)
    assert (one.what, one.direction, one.path) == ("held", "out", "a")
    assert "rename or delete" in one.advice
    (looked,) = (one for one in verify(rig.world(), rig.staging) if one.wrong)
    assert looked.path == "a"  # once, not for each way
    assert "held: the site's file is not the one" in looked.wrong


def test_verify_asks_the_site_for_no_path_it_cannot_have(rig: Any) -> None:
    rig.put(a=b"1")
    rig.plan()
    rig.turns()
    reason = "its key is no path of the site"
    rig.journal.record(Change(staging_id="s1", files=(FileRow("out", "../a", 1, state="held", reason=reason),)))
    rig.tree.reads.clear()

    assert [one.wrong for one in verify(rig.world(), rig.staging)] == ["", reason]
    assert not any(".." in path for path in rig.tree.reads)


def test_what_was_left_out_is_listed_anew_by_the_plans_own_rules() -> None:
    entries = (
        Entry("a", "file", 1, 0, residency="resident"),
        Entry("link", "symlink", 0, 0),
        Entry("tape", "file", 9, 0, residency="migrated"),
        Entry("maybe", "file", 9, 0),
        Entry("bad\udcff", "file", 3, 0, residency="resident"),
        Entry(".snapshots/x", "file", 3, 0, residency="resident"),
    )
    found = {one.path: one for one in left_out(entries, Rules(dataset=DATASET))}

    assert {path: one.reason for path, one in found.items()} == {
        "link": taking.SYMLINK,
        "tape": taking.ON_TAPE,
        "maybe": taking.MAYBE_ON_TAPE,
        "bad\udcff": keys.NOT_UTF8,
        ".snapshots/x": taking.EXCLUDED,
    }
    assert found["tape"].advice == MISSING[taking.ON_TAPE]
    assert found["tape"].size == 9


def test_what_no_entry_tells_by_itself_is_told_by_the_plans_examples(rig: Any) -> None:
    left = (
        LeftOut(reason=CHANGED_THERE, files=7, bytes=70, examples=("r1", "r2")),
        LeftOut(reason=taking.SYMLINK, files=1, bytes=0, examples=("link",)),
    )
    rig.plan(left_out=left)

    found = list(examples(rig.staging, {taking.SYMLINK}))

    assert [(one.path, one.size) for one in found] == [("r1", None), ("r2", None)]
    assert found[0].advice == MISSING[CHANGED_THERE]
    assert list(examples(replace(rig.staging, plan=replace(rig.staging.plan, left_out=())), ())) == []


@pytest.mark.parametrize("reason", [taking.EXCLUDED, taking.SPECIAL, keys.TOO_LONG, "a reason of another release"])
def test_every_reason_has_advice(rig: Any, reason: str) -> None:
    rig.plan(left_out=(LeftOut(reason=reason, files=1, bytes=0, examples=("x",)),))
    (one,) = examples(rig.staging, ())
    assert one.advice
