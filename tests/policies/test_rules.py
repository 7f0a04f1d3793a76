"""Every rule both ways from its own examples, what it says when it does not know, and what all rules have."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from policies.examples.both_ways import BREAKS, example
from policies.examples.good import CONTEXT, GOOD
from policies.judge import judge
from policies.rules.all_rules import BY_NAME, KINDS, RULES
from policies.rules.rule import Context

if TYPE_CHECKING:
    from policies.rules.rule import Rule

NAMES = [rule.name for rule in RULES]
ALWAYS_KNOWN = {"account", "pools", "caps"}
"""Fields that no reader leaves open."""


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_holds_for_its_good_example_and_is_broken_by_its_bad_one(rule: Rule[Any]) -> None:
    shown = example(rule)
    assert rule.judge(shown.holds, CONTEXT).state == "holds"
    verdict = rule.judge(shown.breaks, CONTEXT)
    assert verdict.state == "broken"
    assert verdict.message
    assert shown.differ()


@pytest.mark.parametrize("name", [name for name in NAMES if not ALWAYS_KNOWN & set(BREAKS[name])])
def test_a_rule_never_holds_for_what_is_not_known(name: str) -> None:
    rule = BY_NAME[name]
    verdict = rule.judge(replace(example(rule).holds, **dict.fromkeys(BREAKS[name])), CONTEXT)
    assert verdict.state == "not known"
    assert verdict.message


def test_all_good_examples_together_keep_every_rule() -> None:
    assert judge(GOOD, CONTEXT) == ()


def test_every_rule_says_what_it_protects_how_to_mend_it_and_which_control_it_implements() -> None:
    assert sorted(BREAKS) == NAMES
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9-]+", rule.name)
        assert rule.protects.endswith("."), rule.name
        assert rule.fix, rule.name
        assert not rule.fix.endswith("."), rule.name
        assert rule.controls, rule.name


def test_every_class_of_values_is_looked_at() -> None:
    looked_at = {subject for rule in RULES for subject in rule.subjects}
    assert set(KINDS) <= looked_at


def test_without_context_no_rule_guesses() -> None:
    """What depends on the site's own lists is told as not known."""
    bare = judge(replace(GOOD, account="210987654321"), Context())
    assert {one.rule for one in bare if one.state == "broken"} == set()
    assert {one.rule for one in bare} >= {"trail-data-events", "group-lsf-ports-only", "phi-in-listed-account"}
