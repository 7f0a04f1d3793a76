"""What only real processes show: the program as a child over gRPC, the policy pack as Pulumi starts it."""

from __future__ import annotations

import textwrap
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError, PolicyViolation, RisHybridError
from ris_hybrid.sandbox.apply.analyzer import running
from ris_hybrid.sandbox.apply.runner import as_child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.sandbox.apply.analyzer import PolicyPack

    Stage = Any

PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

def small(args, report):
    if args.props.get("size", 0) > 9:
        report("size is above 9")

def labelled(args, report):
    if "label" not in args.props:
        report("has no label")

def few(args, report):
    things = [one for one in args.resources if one.resource_type == "toy:index:Thing"]
    if len(things) > 2:
        report(f"{len(things)} things are too many", things[-1].urn)

PolicyPack("toys", [
    ResourceValidationPolicy("small", "a rule", small, EnforcementLevel.MANDATORY),
    ResourceValidationPolicy("labelled", "a rule", labelled, EnforcementLevel.ADVISORY),
    StackValidationPolicy("few", "a rule", few, EnforcementLevel.MANDATORY),
])
"""
SAID: list[str] = []


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicyPack]:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "__main__.py").write_text(PACK)
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    with running(folder, SAID.append) as started:
        yield started


@pytest.fixture
def judged(stage: Stage, pack: PolicyPack) -> Stage:
    SAID.clear()
    return replace(stage, policies=pack)


def test_a_mandatory_rule_stops_the_resource_before_it_is_made(judged: Stage) -> None:
    with pytest.raises(PolicyViolation, match=r"sandbox: policy pack toys forbids: small: .*size is above 9"):
        judged.up('a = Thing("a", size=1)\nThing("b", size=10, of=a.arn)')
    assert judged.cloud.calls == ["create a"]


def test_a_preview_is_judged_as_well(judged: Stage) -> None:
    with pytest.raises(PolicyViolation):
        judged.preview('Thing("b", size=10)')


def test_a_value_that_is_not_known_yet_is_no_violation(judged: Stage) -> None:
    assert judged.preview('a = Thing("a", size=1)\nThing("b", size=a.arn)') == ["create a", "create b"]


def test_an_advisory_rule_is_said_and_stops_nothing(judged: Stage) -> None:
    assert judged.up('Thing("a", size=1)') == ["create a"]
    assert SAID[0].startswith("sandbox: policy advises: labelled: a: ")
    assert "has no label" in SAID[0]


def test_a_rule_over_the_whole_stack_is_asked_at_its_end(judged: Stage) -> None:
    body = "\n".join(f'Thing("{name}", label="x")' for name in "abc")
    with pytest.raises(PolicyViolation, match=r"few: .*3 things are too many"):
        judged.preview(body)


@pytest.mark.parametrize(
    ("main", "said"), [(None, "no policy pack"), ("1 / 0", "did not start: .*ZeroDivisionError"), ("print('x')", "x")]
)
def test_a_pack_that_does_not_start_says_why(tmp_path: Path, main: str | None, said: str) -> None:
    if main is not None:
        (tmp_path / "__main__.py").write_text(main)
        (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\n")
    with ExitStack() as stack, pytest.raises(ConfigError, match=said):
        stack.enter_context(running(tmp_path, SAID.append))


def test_a_child_builds_the_same_as_a_program_in_this_process(stage: Stage) -> None:
    child = replace(stage, front=as_child)
    body = """
        pulumi.require_pulumi_version(">=3.0.0")
        pulumi.log.info("hello")
        box = Box("box")
        first = Thing("first", size=1, word=pulumi.Output.secret("s"), opts=O(parent=box))
        Thing("second", of=first.arn)
        pulumi.export("arn", first.arn)
    """
    assert child.up(body) == ["create first", "create second"]
    assert "sandbox: the program says: hello" in child.said
    assert stage.up(body) == []
    assert stage.deployer(body).outputs("one") == {"arn": "arn:thing-1"}


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ('raise pulumi.RunError("too wide")', ConfigError, "^sandbox stack one: too wide$"),
        ('Thing("t", colour=1)', ConfigError, "does not know property colour"),
        ("{}['cidr']", RisHybridError, "an error of its own:\n(?s:.*)KeyError: 'cidr'"),
    ],
)
def test_what_ends_a_child_is_told(stage: Stage, body: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        replace(stage, front=as_child).up(textwrap.dedent(body))
