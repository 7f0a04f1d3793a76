"""How an apply and its preview are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ris_hybrid.cli.mirror_card import show_one
from ris_hybrid.cli.mirror_changes import show_changes
from ris_hybrid.cli.mirror_view import show_applied, show_plan, show_preview
from ris_hybrid.config.plan_file import read_plan
from ris_hybrid.mirror.deployed import Change, Deployed
from ris_hybrid.mirror.drift import Finding
from ris_hybrid.mirror.settings import MirrorSettings, Money
from ris_hybrid.mirror.values import MirrorPlan, Unmapped
from ris_hybrid.mirroring.applying import Applied, Preview

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
NEW = Change(deed="create", urn="u", kind="aws:s3/bucket:Bucket", name="wucci")
STORAGE = Deployed(stack="storage-prod", changes=(NEW, NEW), same=7, sandbox=False)
OPEN = Finding(
    allocation="wucci",
    environment="prod",
    kind="bucket",
    name="ris-wucci",
    field="versioned",
    verdict="changed behind our back",
    severity="medium",
    wanted=True,
    recorded=True,
    found=False,
)
ROLE = Finding(
    allocation="wucci",
    environment="prod",
    kind="role",
    name="r",
    field="statements",
    verdict="unknown",
    severity="high",
    wanted=("x" * 30, "y" * 30),
    recorded="z" * 60,
)


@pytest.mark.parametrize(
    ("name", "run", "sandbox"),
    [
        ("recorded", Applied(done=(STORAGE,), recorded=True), True),
        ("unverified", Applied(done=(STORAGE,), unverified=(ROLE, OPEN)), False),
        ("stopped", Applied(failed="storage-prod", not_done=("identity-prod",)), False),
    ],
)
def test_an_apply_is_told_to_its_end(
    name: str, run: Applied, sandbox: bool, golden: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    show_applied(run, sandbox=sandbox)
    golden(f"mirror/{name}.txt", capsys.readouterr().out)


def test_a_preview_says_what_it_could_not_see(golden: Any, capsys: pytest.CaptureFixture[str]) -> None:
    show_preview(Preview(would=(STORAGE,), unseen=("identity-prod",), unbuilt=("storage-prod",)), sandbox=True)
    golden("mirror/preview.txt", capsys.readouterr().out)


def test_a_replacement_or_deletion_is_named_whatever_the_number_of_changes(
    golden: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = replace(NEW, deed="update", name="tagged", fields=("tags", "policy"))
    grave = tuple(replace(NEW, deed=deed, name=deed) for deed in ("replace", "delete", "keep"))
    run = replace(STORAGE, changes=(tags, *(replace(NEW, name=f"lab{number}") for number in range(4)), *grave))
    show_changes((run,), lines=5)
    golden("mirror/changes.txt", capsys.readouterr().out)
    show_changes((replace(run, changes=grave),), lines=2)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["replace", "delete", "keep"]
    show_changes((replace(run, changes=()),))
    assert capsys.readouterr().out == ""


def test_a_preview_of_everything_has_a_plain_total(capsys: pytest.CaptureFixture[str]) -> None:
    show_preview(Preview(would=(STORAGE,), unseen=()), sandbox=False)
    assert capsys.readouterr().out.splitlines()[-1] == "2 changes; nothing was done (--dry-run)"


def test_what_is_to_be_said_of_many_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(Unmapped(allocation=f"lab{number}", field="issue_key", reason="not given") for number in range(4))
    one = Unmapped(allocation="lab0", field="quota", reason="not given")
    plan = MirrorPlan(organization="o", cluster="c", environments=(), unmapped=(*many, one))
    show_plan(plan)
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["4", "allocations", "issue_key", "not", "given"],
        ["lab0", "quota", "not", "given"],
    ]
    assert err == "note: 0 allocations, 0 $ a month; not mapped: 5; held: 0\n"


def test_what_an_allocation_left_behind_is_shown_after_its_home(
    golden: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = read_plan(GOLDEN / "mirror" / "example-plan.json")
    (home,) = [one for one in plan.allocations if one.name == "neuro_trials"]
    cold = tuple(replace(one, prefix="") for one in home.bucket.transitions)
    left = replace(
        home,
        environment="open",
        stage="archived",
        removed_on="2027-01-15",
        moved_to="sandbox",
        pools=("a", "b", "c", "d"),
        bucket=replace(home.bucket, name="old", transitions=cold, writable=False),
    )
    both = replace(plan, allocations=(home, left), unmapped=(), held=())
    show_plan(both)
    settings = MirrorSettings(
        organization="o", cluster="c", environments=(), money=Money(expected_fill=0.5, compute_usd_per_month=7)
    )
    show_one(both, settings, None)
    golden("mirror/moved.txt", capsys.readouterr().out)
