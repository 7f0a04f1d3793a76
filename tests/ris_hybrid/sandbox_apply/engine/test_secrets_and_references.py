from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError, TryAgain
from ris_hybrid.sandbox.apply.lock import locked

if TYPE_CHECKING:
    Stage = Any

SECRET = """
    word = pulumi.Output.secret("tunnel-key")
    one = Thing("one", word=word, tags={"deep": word})
    pulumi.export("word", one.word)
    pulumi.export("arn", one.arn)
"""
READER = """
    up = pulumi.StackReference("organization/toys/one")
    Thing("reader", word=up.require_output("word"), of=up.get_output("arn"))
"""

WHOLE = """
    outputs = pulumi.StackReference("organization/toys/one").outputs
    Thing("reader", word=outputs["word"])
"""


def test_a_handler_gets_a_secret_open_and_the_state_keeps_it_marked(stage: Stage) -> None:
    stage.up(SECRET)
    assert stage.cloud.things["thing-1"] == {"word": "tunnel-key", "tags": {"deep": "tunnel-key"}}
    deployer = stage.deployer(SECRET)
    assert "[secret]" in repr(deployer.states.read("one").records[1].inputs["word"])
    assert stage.up(SECRET) == []


def test_a_secret_is_printed_nowhere_and_given_out_to_nobody(stage: Stage) -> None:
    stage.up(SECRET)
    assert not any("tunnel-key" in line for line in stage.said)
    assert stage.deployer(SECRET).outputs("one") == {"arn": "arn:thing-1"}


def test_a_secret_the_cloud_gives_back_by_another_name_is_marked(stage: Stage) -> None:
    stage.up('t = Thing("t", size=pulumi.Output.secret("tunnel-key"), label=pulumi.Output.secret("tunnel-key"))')
    (record,) = [one for one in stage.deployer("").states.read("one").records if one.name == "t"]
    assert repr(record.outputs["label"]) == "[secret]"


def test_a_secret_structure_is_known_by_its_words(stage: Stage) -> None:
    stage.up('t = Thing("t", rules=[pulumi.Output.secret({"a": ["tunnel-key"]})], label=pulumi.Output.secret("x"))')
    stage.cloud.made = 0
    body = """
        t = Thing("t", size=[{"deep": pulumi.Output.secret([{"key": "t-1"}])}], label="t-1")
        pulumi.export("label", t.label)
    """
    stage.up(body)
    assert stage.deployer(body).outputs("one") == {}


def test_an_output_may_be_declared_a_secret(stage: Stage) -> None:
    stage.up('t = Thing("t", opts=O(additional_secret_outputs=["arn"]))\npulumi.export("arn", t.arn)')
    assert stage.deployer("").outputs("one") == {}


def test_another_stack_reads_outputs_and_secrets_stay_secrets(stage: Stage) -> None:
    stage.up(SECRET)
    assert stage.up(READER, "two") == ["create reader"]
    assert stage.cloud.things["thing-2"] == {"word": "tunnel-key", "of": "arn:thing-1"}
    assert stage.up(READER, "two") == []
    (record,) = [one for one in stage.deployer("").states.read("two").records if one.name == "reader"]
    assert repr(record.inputs["word"]) == "[secret]"


def test_a_stack_that_was_not_built_is_named_with_the_way_to_build_it(stage: Stage) -> None:
    with pytest.raises(ConfigError, match="stack two needs the outputs of one, which is not built") as refused:
        stage.up(WHOLE, "two")
    assert refused.value.hint == "build it first: ris-hybrid sandbox up one"
    assert stage.cloud.calls == []


def test_a_stack_that_failed_in_its_middle_counts_as_not_built(stage: Stage) -> None:
    stage.cloud.broken["create one"] = ConfigError("no")
    with pytest.raises(ConfigError):
        stage.up(SECRET)
    with pytest.raises(ConfigError, match="which is not built"):
        stage.up(WHOLE, "two")


def test_a_reference_to_another_project_is_refused(stage: Stage) -> None:
    with pytest.raises(ConfigError, match="has only project toys"):
        stage.up('pulumi.StackReference("organization/theirs/one")', "two")


def test_a_preview_after_a_preview_goes_on_with_what_is_not_known(stage: Stage) -> None:
    upper = stage.deployer(SECRET)
    upper.preview("one")
    lower = stage.deployer(READER)
    lower.previewed.update(upper.previewed)
    assert [change.deed for change in lower.preview("two").changes] == ["create"]


def test_a_state_that_cannot_be_kept_ends_the_run(stage: Stage) -> None:
    (stage.folder / "states" / "one.new").mkdir(parents=True)
    with pytest.raises(ConfigError, match="the sandbox's state cannot be written"):
        stage.up(SECRET)
    assert stage.cloud.calls == []


def test_one_run_at_a_time(stage: Stage) -> None:
    with (
        locked(stage.folder / "states", "one"),
        pytest.raises(TryAgain, match=r"sandbox stack one: process \d+ works on it"),
    ):
        stage.up(SECRET)
    assert stage.up(SECRET) == ["create one"]


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"sandbox": false}', '{"sandbox": true, "version": 9}'])
def test_a_state_that_is_torn_or_not_ours_is_refused(stage: Stage, torn: str) -> None:
    path = stage.folder / "states" / "one.json"
    path.parent.mkdir()
    path.write_text(torn)
    with pytest.raises(ConfigError, match=r"one\.json: this is no state of the sandbox's engine"):
        stage.up(SECRET)
    assert path.read_text() == torn


def test_a_state_that_cannot_be_written_ends_the_run_before_anything_is_made(stage: Stage) -> None:
    (stage.folder / "states").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        stage.up(SECRET)
    assert stage.cloud.calls == []
