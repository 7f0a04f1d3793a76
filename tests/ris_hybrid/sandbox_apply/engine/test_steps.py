"""One resource after another: what is made, changed, replaced and deleted, and in which order."""

from __future__ import annotations

import json
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError

from ris_hybrid.errors import ConfigError, Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Callable

    Stage = Any

TWO = """
    first = Thing("first", size=1, zone="a")
    Thing("second", of=first.arn, size=2)
    pulumi.export("arn", first.arn)
"""


def refusal(code: str = "Nope", status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no, thank you"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "CreateThing")  # type: ignore[arg-type]


def test_a_program_is_applied_once(stage: Stage) -> None:
    assert stage.up(TWO) == ["create first", "create second"]
    assert stage.up(TWO) == []
    assert stage.deployer(TWO).up("one").same == 2
    assert stage.cloud.calls == ["create first", "create second"]
    assert stage.deployer(TWO).outputs("one") == {"arn": "arn:thing-1"}


def test_everything_it_says_and_keeps_is_marked_as_the_sandboxs(stage: Stage) -> None:
    stage.up(TWO)
    assert all("sandbox" in line for line in stage.said)
    assert json.loads(stage.state())["sandbox"] is True
    path = stage.folder / "states" / "one.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_preview_says_what_would_be_done_and_does_nothing(stage: Stage) -> None:
    assert stage.preview(TWO) == ["create first", "create second"]
    assert stage.cloud.calls == []
    assert not (stage.folder / "states" / "one.json").exists()
    assert stage.said[0] == "sandbox one: would create toy:index:Thing first"


def test_what_is_not_known_in_a_preview_counts_as_a_change_below_it(stage: Stage) -> None:
    stage.up(TWO)
    moved = TWO.replace('zone="a"', 'zone="b"')
    assert stage.preview(moved) == ["replace first zone", "replace second of"]
    assert stage.up(moved) == ["replace first zone", "replace second of"]


def test_a_change_in_place_keeps_what_the_cloud_gave(stage: Stage) -> None:
    stage.up(TWO)
    bigger = TWO.replace("size=2", "size=3")
    assert stage.up(bigger) == ["update second size"]
    assert stage.cloud.things["thing-2"]["size"] == 3
    assert stage.up(bigger) == []


def test_an_output_that_changes_with_an_update_reaches_what_depends_on_it(stage: Stage) -> None:
    stage.up(TWO)
    assert stage.up(TWO.replace("size=1", "size=5")) == ["update first size", "replace second of"]


def test_a_successor_is_made_before_the_old_copies_go(stage: Stage) -> None:
    stage.up(TWO)
    stage.cloud.calls.clear()
    stage.up(TWO.replace('zone="a"', 'zone="b"'))
    assert stage.cloud.calls == ["create first", "create second", "delete thing-2", "delete thing-1"]
    assert sorted(stage.cloud.things) == ["thing-3", "thing-4"]


def test_the_old_copy_can_be_deleted_first_and_what_needs_it_with_it(stage: Stage) -> None:
    body = TWO.replace("size=1,", "size=1, opts=O(delete_before_replace=True),")
    stage.up(body)
    stage.cloud.calls.clear()
    assert stage.up(body.replace('zone="a"', 'zone="b"')) == ["replace first zone", "replace second"]
    assert stage.cloud.calls == ["delete thing-2", "delete thing-1", "create first", "create second"]


def test_nothing_protected_goes_because_another_must_go_first(stage: Stage) -> None:
    body = """
        first = Thing("first", zone="a", opts=O(delete_before_replace=True))
        Thing("second", of=first.arn, opts=O(protect=True))
    """
    stage.up(body)
    with pytest.raises(ConfigError, match="second is protected and needs first, which must be deleted first"):
        stage.up(body.replace('"a"', '"b"'))
    assert sorted(stage.cloud.things) == ["thing-1", "thing-2"]


def test_what_keeps_its_name_is_deleted_first(stage: Stage) -> None:
    body = 'Other("o", name="fixed", opts=O(replace_on_changes=["size"]), size=1)'
    stage.up(body)
    stage.cloud.calls.clear()
    assert stage.up(body.replace("size=1", "size=2")) == ["replace o size"]
    assert stage.cloud.calls == ["delete fixed", "create fixed", "answer fixed"]


def test_an_automatic_name_is_another_one_each_time(stage: Stage) -> None:
    body = 'Other("o", opts=O(replace_on_changes=["rules[*].port"]), rules=[{"port": 1}])'
    stage.up(body)
    first = set(stage.cloud.things)
    assert stage.up(body.replace("1}", "2}")) == ["replace o rules"]
    assert len(stage.cloud.things) == 1
    assert not first & set(stage.cloud.things)


def test_what_the_program_no_longer_names_is_deleted_last_first(stage: Stage) -> None:
    stage.up(TWO)
    assert stage.up("") == ["delete second", "delete first"]
    assert stage.cloud.things == {}


def test_deletion_follows_dependency_and_not_age(stage: Stage) -> None:
    stage.up('Thing("old", size=1)')
    stage.up('new = Thing("new", size=1)\nThing("old", size=new.arn)')
    assert stage.up("") == ["delete old", "delete new"]


def test_changes_that_are_ignored_stay_as_they_are(stage: Stage) -> None:
    held = """Thing("t", tags={"a": TAG, "ris_held": HELD}, opts=O(ignore_changes=['tags["ris_held"]']))"""
    stage.up(held.replace("TAG", '"1"').replace("HELD", '"yes"'))
    assert stage.up(held.replace("TAG", '"1"').replace("HELD", '"no"')) == []
    assert stage.up(held.replace("TAG", '"2"').replace("HELD", '"no"')) == ["update t tags"]
    assert stage.cloud.things["thing-1"]["tags"] == {"a": "2", "ris_held": "yes"}


def test_an_alias_finds_what_had_another_name(stage: Stage) -> None:
    stage.up('Thing("before", size=1)\nBox("box")')
    moved = 'Thing("after", size=1, opts=O(parent=Box("box"), aliases=[pulumi.Alias(name="before", parent=None)]))'
    moved = moved.replace("parent=None", "parent=pulumi.runtime.get_root_resource()")
    assert stage.up(moved) == []
    assert list(stage.cloud.things) == ["thing-1"]
    assert "Box$toy:index:Thing::after" in stage.state()


def test_an_alias_may_be_the_whole_urn(stage: Stage) -> None:
    stage.up('Thing("before", size=1)')
    assert stage.up('Thing("after", size=1, opts=O(aliases=["urn:pulumi:one::toys::toy:index:Thing::before"]))') == []


def test_a_renamed_component_renames_what_is_below_it(stage: Stage) -> None:
    body = """
        box = Box(NAME, ALIASES)
        Thing("t", size=1, opts=O(parent=box))
        Thing(NAME + "-inner", size=1, opts=O(parent=box))
        Thing("new", size=1, opts=O(parent=box, aliases=[pulumi.Alias(name=OLD)]))
    """
    first = body.replace("NAME", '"box"').replace("ALIASES", "None").replace("OLD", '"x"').replace('"new"', '"old"')
    again = body.replace("NAME", '"crate"').replace("ALIASES", 'O(aliases=[pulumi.Alias(name="box")])')
    stage.up(first)
    assert stage.up(again.replace("OLD", '"old"')) == []
    assert "::box" not in stage.state()


def test_a_protected_resource_is_neither_deleted_nor_replaced(stage: Stage) -> None:
    body = 'Thing("t", zone="a", opts=O(protect=True))'
    stage.up(body)
    with pytest.raises(ConfigError, match="t is protected and would be replaced because of zone"):
        stage.preview(body.replace('"a"', '"b"'))
    assert stage.up("") == ["keep t"]
    assert stage.up("") == ["keep t"]
    assert stage.up(body.replace("True", "False")) == []
    assert stage.up("") == ["delete t"]


def test_what_is_retained_stays_in_the_cloud_and_leaves_the_state(stage: Stage) -> None:
    stage.up('Thing("t", zone="a", opts=O(retain_on_delete=True))')
    assert stage.up("") == ["keep t"]
    assert stage.up("") == []
    assert list(stage.cloud.things) == ["thing-1"]


def test_destroy_leaves_what_is_protected_and_what_that_needs(stage: Stage) -> None:
    body = """
        key = Thing("key")
        box = Box("box")
        Thing("bucket", of=key.arn, opts=O(parent=box, protect=True))
        Thing("other", of=key.arn)
    """
    stage.up(body)
    would = stage.deployer(body).destroy("one", dry_run=True)
    done = stage.deployer(body).destroy("one")
    assert would == done
    deeds = [f"{c.deed} {c.name}" for c in done.changes]
    assert sorted(deeds) == ["delete other", "keep bucket", "keep key"]  # two that need nothing of each other
    assert deeds[-1] == "keep key"
    assert "sandbox one: keep toy:index:Thing key (bucket needs it and is protected)" in stage.said
    assert len(stage.cloud.things) == 2
    assert stage.up(body) == ["create other"]


def test_destroy_of_everything_leaves_nothing(stage: Stage) -> None:
    stage.up(TWO)
    done = stage.deployer(TWO).destroy("one")
    assert [c.deed for c in done.changes] == ["delete", "delete"]
    assert stage.cloud.things == {}
    assert stage.deployer(TWO).states.stacks() == ()


def test_a_type_nobody_knows_is_refused_by_the_preview(stage: Stage) -> None:
    body = TWO + '\n    pulumi.CustomResource("toy:index:Strange", "s", {})'
    with pytest.raises(ConfigError, match="s: type toy:index:Strange is not known here"):
        stage.preview(body)
    assert stage.cloud.calls == []


def test_a_property_nobody_knows_is_refused_by_the_preview(stage: Stage) -> None:
    with pytest.raises(ConfigError, match="toy:index:Thing t: the sandbox does not know property colour, taste"):
        stage.preview('Thing("t", taste=1, colour=2)')


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('Thing("t")\nThing("t")', "two resources are toy:index:Thing t"),
        ('Thing("t", opts=O(deleted_with=Thing("u")))', "deleted_with|DeletedWith"),
        ('Thing("t", opts=O(replacement_trigger=1))', "replacement_trigger is not known here"),
        ('pulumi.runtime.invoke("toy:index:getThing", {})', "asks toy:index:getThing"),
        ('Thing("t", opts=O(parent=pulumi.ComponentResource("a:b:C", "c", remote=True)))', "of another language"),
        ('pulumi.ProviderResource("gcp", "p", {})', "provider pulumi:providers:gcp is not known"),
        ('pulumi.ProviderResource("aws", "p", {"region": "eu-west-1"})', "not the sandbox's us-east-1"),
        ('pulumi.ProviderResource("aws", "p", {"profile": "mine"})', "profile is not known here"),
        ('Thing("t", size=pulumi.FileArchive("."))', "no archives"),
        ('Thing("t", size=pulumi.FileAsset("/not/there"))', "/not/there: cannot be read"),
        ('Thing("t", opts=O(ignore_changes=["a..["]), size=1)', "property path"),
    ],
)
def test_what_the_sandbox_does_not_have_is_said(stage: Stage, body: str, said: str) -> None:
    if "ignore" in body:
        stage.up('Thing("t", size=1)')
    with pytest.raises(Exception, match=said):
        stage.up(body)


def test_a_provider_that_names_the_sandbox_is_accepted(stage: Stage) -> None:
    body = """
        p = pulumi.ProviderResource("aws", "p", {"region": "us-east-1", "allowedAccountIds": '["123456789012"]'})
        Thing("t", size=1)
    """
    assert stage.up(body) == ["create t"]
    assert stage.up(body) == []


def test_a_file_that_changes_is_a_change(stage: Stage) -> None:
    path = stage.folder / "motd"
    path.write_text("hello")
    body = f'Thing("t", size=pulumi.FileAsset({str(path)!r}), label=pulumi.StringAsset("text"))'
    stage.up(body)
    assert stage.cloud.things["thing-1"] == {"size": "hello", "label": "text"}
    assert stage.up(body) == []
    path.write_text("goodbye")
    assert stage.up(body) == ["update t size"]


def test_a_resource_can_stand_for_its_id(stage: Stage) -> None:
    stage.up('Thing("t", size=Thing("u"))')
    assert stage.cloud.things["thing-2"]["size"] == "thing-1"


def test_what_is_there_already_is_imported(stage: Stage) -> None:
    stage.cloud.things["theirs"] = {"size": 1, "label": "x"}
    body = 'Other("o", size=1, opts=O(import_="theirs"))'
    assert stage.up(body) == []
    assert stage.cloud.calls == []
    assert stage.up('Other("o", size=2)') == ["update o size"]


def test_an_import_must_be_what_the_program_says(stage: Stage) -> None:
    stage.cloud.things["theirs"] = {"size": 1}
    with pytest.raises(ConfigError, match="theirs has other size than the program"):
        stage.up('Other("o", size=2, opts=O(import_="theirs"))')
    with pytest.raises(ConfigError, match="there is no mine"):
        stage.up('Other("o", size=2, opts=O(import_="mine"))')
    with pytest.raises(ConfigError, match="cannot be read"):
        stage.up('Thing("t", opts=O(import_="mine"))')


def test_a_look_up_never_owns(stage: Stage) -> None:
    stage.cloud.things["theirs"] = {"size": 4}
    body = """
        found = Other("o", opts=O(id="theirs"))
        Thing("t", size=found.serial)
    """
    assert stage.up(body) == ["create t"]
    assert stage.up(body) == []
    assert stage.up("") == ["delete t"]
    assert list(stage.cloud.things) == ["theirs"]


def test_what_was_looked_up_may_become_ours(stage: Stage) -> None:
    stage.cloud.things["theirs"] = {"size": 4}
    stage.up('Other("o", opts=O(id="theirs"))')
    assert stage.up('Other("o", name="mine")') == ["create o"]
    assert sorted(stage.cloud.things) == ["mine", "theirs"]


def test_a_refusal_names_stack_resource_and_call_and_keeps_what_was_done(stage: Stage) -> None:
    stage.cloud.broken["create second"] = refusal()
    with pytest.raises(Refused, match="sandbox stack one: create toy:index:Thing second: CreateThing: no, thank you"):
        stage.up(TWO)
    assert stage.up(TWO) == ["create second"]


@pytest.mark.parametrize(
    "broken", [lambda: refusal("InternalError", 500), lambda: EndpointConnectionError(endpoint_url="http://x")]
)
def test_a_creation_of_unknown_end_is_found_again_by_its_name(stage: Stage, broken: Callable[[], Exception]) -> None:
    body = 'Other("o", size=1)'
    name = _automatic_name("o")
    stage.cloud.broken[f"answer {name}"] = broken()
    with pytest.raises(TryAgain):
        stage.up(body)
    assert stage.up(body) == ["create o"]
    assert stage.cloud.calls == [f"create {name}", f"answer {name}", f"update {name}"]
    assert stage.up(body) == []


def test_a_creation_that_cannot_be_found_again_is_said(stage: Stage) -> None:
    stage.cloud.broken["create first"] = refusal("InternalError", 500)
    with pytest.raises(TryAgain):
        stage.up(TWO)
    assert stage.up(TWO) == ["create first", "create second"]
    assert any("an earlier run ended while it made toy:index:Thing first" in line for line in stage.said)
    assert stage.up(TWO) == []


def test_a_creation_nobody_wants_any_longer_is_said_too(stage: Stage) -> None:
    stage.cloud.broken["create first"] = refusal("InternalError", 500)
    with pytest.raises(TryAgain):
        stage.up(TWO)
    stage.up("")
    assert any("what it may have made stays in the sandbox" in line for line in stage.said)


def test_what_is_half_made_is_taken_away_before_it_is_made_again(stage: Stage) -> None:
    body = 'Thing("t", word="half", opts=O(protect=True))'
    stage.cloud.broken["finish t"] = ConfigError("the second call failed")
    with pytest.raises(ConfigError, match="create toy:index:Thing t: the second call failed"):
        stage.up(body)
    assert '"unfinished": true' in stage.state()
    assert stage.up(body) == ["replace t"]
    assert len(stage.cloud.things) == 1
    assert stage.up(body) == []


def test_a_parameter_that_botocore_refuses_was_no_call(stage: Stage) -> None:
    stage.cloud.broken["create first"] = ParamValidationError(report="Invalid type for parameter\nSize")
    with pytest.raises(Refused, match=r"create toy:index:Thing first: .* Invalid type for parameter Size"):
        stage.up(TWO)
    stage.up(TWO)
    assert not any("an earlier run ended" in line for line in stage.said)


def test_a_deletion_that_fails_goes_on_the_next_time(stage: Stage) -> None:
    stage.up(TWO)
    stage.cloud.broken["delete thing-1"] = refusal("DependencyViolation")
    with pytest.raises(Refused, match="delete toy:index:Thing first"):
        stage.up("")
    assert stage.up("") == ["delete first"]


def test_old_copies_that_a_failed_run_left_go_with_the_next(stage: Stage) -> None:
    stage.up(TWO)
    moved = TWO.replace('zone="a"', 'zone="b"')
    stage.cloud.broken["delete thing-1"] = refusal()
    with pytest.raises(Refused):
        stage.up(moved)
    assert sorted(stage.cloud.things) == ["thing-1", "thing-3", "thing-4"]
    assert stage.up(moved) == []
    assert sorted(stage.cloud.things) == ["thing-3", "thing-4"]


def test_what_the_program_says_of_its_own_errors_is_shown_alone(stage: Stage) -> None:
    with pytest.raises(ConfigError, match=r"^sandbox stack one: vpc_cidr: too wide$"):
        stage.up('raise pulumi.RunError("vpc_cidr: too wide")')


def test_the_programs_own_error_is_shown_alone_wherever_it_happens(stage: Stage) -> None:
    body = """
        from ris_hybrid.errors import ConfigError
        def refuse(_value):
            raise ConfigError("output vpc_id: missing")
        Thing("t", size=Thing("u").arn.apply(refuse))
    """
    with pytest.raises(ConfigError, match=r"^output vpc_id: missing$"):
        stage.up(body)


def test_what_waits_for_a_resource_that_is_refused_does_not_hide_why(stage: Stage) -> None:
    with pytest.raises(ConfigError, match="does not know property colour"):
        stage.up('Thing("t", size=Thing("u", colour=1).arn)')


def test_an_error_the_program_did_not_foresee_passes_through(stage: Stage) -> None:
    with pytest.raises(ZeroDivisionError):
        stage.up('Thing("t")\n1 / 0')


def test_an_error_inside_an_apply_ends_the_run(stage: Stage) -> None:
    with pytest.raises(KeyError):
        stage.up('Thing("t").arn.apply(lambda it: {}[it])')


def _automatic_name(name: str) -> str:
    digits = sha256(f"urn:pulumi:one::toys::toy:index:Other::{name}#1".encode()).hexdigest()[:7]
    return f"{name}-{digits}"
