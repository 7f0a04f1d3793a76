from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.cli.which_site import EXAMPLE_SITE
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.load import load_site
from ris_hybrid.config.mirror_file import load_mirror
from ris_hybrid.config.plan_file import plan_text, read_plan
from ris_hybrid.config.wanted import wanted
from ris_hybrid.errors import ConfigError
from ris_hybrid.holdings.values import Holdings
from ris_hybrid.mirror.plan import plan_mirror
from ris_hybrid.mirror.sources import Sources
from ris_hybrid.wiring import site_reports

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.mirror.values import MirrorPlan

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def example() -> MirrorPlan:
    settings = load_mirror(EXAMPLE_SITE / "mirror.yaml")
    sources = Sources(
        allocations=wanted(load_site(EXAMPLE_SITE).allocations),
        listing=replace(site_reports(EXAMPLE_SITE / settings.listing).listing(), captured_at=NOW - 3600),
        holdings={one.name: Holdings(account=one.account, region=one.region) for one in settings.environments},
        burst=load_burst(EXAMPLE_SITE / "burst.yaml"),
    )
    return plan_mirror(sources, settings, NOW)


def test_the_example_site_becomes_this_plan(example: MirrorPlan, golden: Any) -> None:
    golden("mirror/example-plan.json", plan_text(example))


def test_the_example_says_what_does_not_fit_and_no_brake_holds_it(example: MirrorPlan) -> None:
    assert [(each.allocation, each.field) for each in example.unmapped] == [
        ("genomics", "issue_key"),
        ("imaging-core", "dir_projects.Shared_Atlas.ro"),
        ("imaging-core", "quota"),
        ("neuro_trials", "pools"),
        ("q.example", "backend"),
    ]
    assert example.held == ()


def test_a_plan_is_the_same_after_it_was_a_file(example: MirrorPlan, tmp_path: Path) -> None:
    file = tmp_path / "mirror.json"
    file.write_text(plan_text(example), encoding="utf-8")
    again = read_plan(file)
    assert plan_text(again) == plan_text(example)
    assert json.loads(plan_text(again))["allocations"][0]["name"] == "genomics"


@pytest.mark.parametrize("quota", [10**400, -1])
def test_a_quota_that_is_none_is_told_by_its_place(example: MirrorPlan, tmp_path: Path, quota: int) -> None:
    file = tmp_path / "mirror.json"
    first, *others = example.allocations
    file.write_text(
        plan_text(replace(example, allocations=(replace(first, quota_bytes=quota), *others))), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"mirror\.json: allocation genomics: quota_bytes: expected 0 to [0-9]+"):
        read_plan(file)
