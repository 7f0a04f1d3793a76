"""What was changed or deleted behind our back, and what no run can do, as the engine meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError, PolicyViolation
from ris_hybrid.sandbox.apply.runner import in_this_process

if TYPE_CHECKING:
    Stage = Any

THING, OTHER = "toy:index:Thing", "toy:index:Other"
TWO = """
    first = Thing("first", size=1, zone="a", tags={"owner": "lab"})
    Other("second", name="second", label="x")
    pulumi.export("arn", first.arn)
"""


@pytest.fixture
def seeing(stage: Stage) -> Stage:
    stage.up(TWO)
    stage.cloud.calls.clear()
    stage.said.clear()
    stage.seen = (THING, OTHER)
    return stage


def test_what_nobody_touched_is_left_alone(seeing: Stage) -> None:
    assert seeing.up(TWO) == []
    assert (seeing.cloud.calls, seeing.said) == ([], [])


def test_what_was_changed_is_mended_and_nothing_else(seeing: Stage) -> None:
    seeing.cloud.things["thing-1"]["size"] = 9
    assert seeing.preview(TWO) == ["update first size"]
    assert seeing.up(TWO) == ["update first size"]
    assert (seeing.cloud.things["thing-1"]["size"], seeing.cloud.calls) == (1, ["update thing-1"])
    assert "sandbox one: toy:index:Thing first was changed behind our back: size" in seeing.said
    assert seeing.up(TWO) == []


def test_what_was_added_or_taken_away_is_mended_too(seeing: Stage) -> None:
    del seeing.cloud.things["second"]["label"]
    seeing.cloud.things["thing-1"]["rules"] = ["delete everything"]
    assert seeing.up(TWO) == ["update first rules", "update second label"]
    assert (seeing.cloud.things["second"]["label"], "rules" in seeing.cloud.things["thing-1"]) == ("x", False)


def test_what_was_deleted_is_made_again(seeing: Stage) -> None:
    del seeing.cloud.things["thing-1"]
    assert seeing.up(TWO) == ["create first"]
    assert "sandbox one: toy:index:Thing first is gone from AWS" in seeing.said
    assert seeing.deployer(TWO).outputs("one") == {"arn": "arn:thing-2"}
    assert seeing.up(TWO) == []


def test_changes_the_program_ignores_stay(seeing: Stage) -> None:
    ignoring = TWO.replace('"lab"})', '"lab"}, opts=O(ignore_changes=[\'tags["held"]\', "size"]))')
    seeing.cloud.things["thing-1"].update(size=9, tags={"owner": "lab", "held": "yes"})
    assert seeing.up(ignoring) == []
    assert seeing.said == []
    seeing.cloud.things["thing-1"]["tags"] = {"owner": "me", "held": "yes"}
    assert seeing.up(ignoring) == ["update first tags"]
    assert seeing.cloud.things["thing-1"]["tags"] == {"owner": "lab", "held": "yes"}
    assert seeing.said[0] == "sandbox one: toy:index:Thing first was changed behind our back: tags"


def test_a_type_that_cannot_be_read_is_said_once_with_its_number(seeing: Stage) -> None:
    seeing.seen = (OTHER,)
    seeing.cloud.things["thing-1"]["size"] = 9
    assert seeing.up(TWO) == []
    assert seeing.said == ["sandbox one: not compared with AWS, for the sandbox cannot read them: Thing (1)"]


def test_a_survey_finds_what_no_run_can_do_before_anything_is_made(stage: Stage) -> None:
    stage.survey = in_this_process
    wrong = (
        TWO
        + """
    pulumi.CustomResource("toy:index:Strange", "third", {}, O(depends_on=[first]))
"""
    )
    with pytest.raises(ConfigError, match="type toy:index:Strange is not known here"):
        stage.up(wrong)
    assert (stage.cloud.things, stage.said) == ({}, [])
    assert stage.up(TWO) == ["create first", "create second"]
    assert [line for line in stage.said if "would" in line] == []


def test_a_rule_that_is_broken_late_leaves_nothing_half_done_either(stage: Stage) -> None:
    class Never:
        def check(self, _urn: str, goal: Any) -> None:
            if goal.name == "second":
                raise PolicyViolation("no")

        def check_stack(self, _resources: Any) -> None: ...

    stage.survey, stage.policies = in_this_process, Never()
    with pytest.raises(PolicyViolation):
        stage.up(TWO)
    assert stage.cloud.things == {}


def test_a_survey_leaves_it_to_the_run_what_is_in_the_way(stage: Stage) -> None:
    """In a preview more differs than in a run: what is not known yet may come out as it was."""
    body = """
    first = Thing("first", label="a", zone="{zone}")
    second = Other("second", name=first.label, opts=O(protect=True))
    """
    stage.survey = in_this_process
    body += """Thing("third", opts=O(depends_on=[second]))
    """
    stage.cloud.broken["create third"] = ConfigError("not yet")
    with pytest.raises(ConfigError, match="not yet"):
        stage.up(body.format(zone="a"))
    assert stage.up(body.format(zone="b")) == ["replace first zone", "create third"]
