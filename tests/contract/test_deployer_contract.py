"""The promises of the Deployer port, kept by Pulumi's Automation API (over a stand-in for its CLI), by the
sandbox's engine, and by the fake.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from botocore.exceptions import ClientError

from ris_hybrid.errors import CloudError, ConfigError, PolicyViolation, TryAgain
from ris_hybrid.mirroring.fake import FakeDeployer, Program
from ris_hybrid.sandbox.apply.deployer import SandboxDeployer
from ris_hybrid.sandbox.apply.goal import Means
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.apply.state import StateFolder
from stacks.automation import PulumiDeployer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.ports import Deployer

STAND_IN = Path(__file__).with_name("pulumi_stand_in.py")
STACK = "storage-prod"
TWO: dict[str, dict[str, Any]] = {"first": {"size": 1}, "second": {"size": 2}}
EXAMPLE = Path(__file__).parents[2] / "stacks" / "config" / "example.yaml"


class Stage(Protocol):
    """A deployer and what its one stack is to have."""

    deployer: Deployer

    def wants(self, resources: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
        """From now on; ``refused``: what the cloud refuses, ``forbidden``: what a rule forbids."""
        ...


class Faked:
    def __init__(self) -> None:
        self._program = Program(resources={})
        self.fake = FakeDeployer(lambda stack: self._program if stack == STACK else None)
        self.deployer: Deployer = self.fake

    def wants(self, resources: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
        rules = tuple(PolicyViolation(f"{STACK}: {text}") for text in more.get("forbidden", {}).values())
        self._program = Program(resources=resources, outputs={"bucket": "b-1"}, broken_rules=rules)
        self.fake.failures.clear()
        for name, text in more.get("refused", {}).items():
            self.fake.failures[STACK, name] = CloudError(f"{STACK}: {text}")


ENGINE_PROGRAM = """
import json, pathlib, pulumi
from ris_hybrid.errors import ConfigError

class Thing(pulumi.CustomResource):
    def __init__(self, name, props):
        super().__init__("toy:index:Thing", name, props)

if pulumi.get_stack() != "storage-prod":
    raise pulumi.RunError(f"stack {pulumi.get_stack()}: expected storage-prod")
for name, props in json.loads(pathlib.Path(RESOURCES).read_text()).items():
    Thing(name, props)
pulumi.export("bucket", "b-1")
"""


class Toys:
    """A type of the engine's that needs no cloud, and a policy pack that needs no process."""

    replace_on: frozenset[str] = frozenset()
    region, account = "us-east-1", "123456789012"

    def __init__(self) -> None:
        self.refused: Mapping[str, str] = {}
        self.forbidden: Mapping[str, str] = {}

    def get(self, service: str) -> Any:
        raise AssertionError(service)

    def create(self, _aws: Any, name: str, _props: Any) -> Made:
        for refused, text in self.refused.items():
            if name.startswith(refused):
                code, _, message = text.partition(": ")
                raise ClientError({"Error": {"Code": code, "Message": message}}, "CreateThing")
        return Made(id=name)

    def update(self, _aws: Any, _made: Made, _old: Any, _new: Any) -> dict[str, Any]:
        return {}

    def delete(self, _aws: Any, _made: Made) -> None: ...

    def check(self, _urn: str, goal: Any) -> None:
        if goal.name in self.forbidden:
            raise PolicyViolation(self.forbidden[goal.name])

    def check_stack(self, _resources: Any) -> None: ...


class Sandboxed:
    """The sandbox's own engine over a program of a few toys."""

    def __init__(self, folder: Path) -> None:
        self._toys, self._resources = Toys(), folder / "resources.json"
        program = folder / "program.py"
        program.write_text(f"RESOURCES = {str(self._resources)!r}\n{ENGINE_PROGRAM}")
        self.deployer: Deployer = SandboxDeployer(
            program=program,
            means=Means(handlers={"toy:index:Thing": self._toys}, aws=self._toys, say=str, policies=self._toys),
            states=StateFolder(folder=folder / "states", project="ris-hybrid"),
            front=in_this_process,
        )

    def wants(self, resources: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
        self._resources.write_text(json.dumps(resources))
        self._toys.refused, self._toys.forbidden = more.get("refused", {}), more.get("forbidden", {})


class Scripted:
    """Pulumi's Automation API; the command it finds on PATH is ours."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.project = folder, folder / "project"
        (self.project / "stacks" / "config").mkdir(parents=True)
        (self.project / "Pulumi.yaml").write_text("name: ris-hybrid\nruntime: python\n")
        (self.project / "stacks" / "config" / "prod.yaml").write_text(
            EXAMPLE.read_text().replace('mirror: ""', "mirror: ../../mirror.json")
        )
        self.deployer: Deployer = PulumiDeployer(self.project, self.project / "mirror.json", [self.project / "pack"])

    def wants(self, resources: Mapping[str, Mapping[str, Any]], **more: Any) -> None:
        program = {"resources": resources, "outputs": {"bucket": "b-1"}, **more}
        (self.folder / "programs.json").write_text(json.dumps({STACK: program}))

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    command = tmp_path / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_STAND_IN", str(tmp_path))
    return Scripted(tmp_path)


@pytest.fixture(params=["fake", "automation", "engine"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    if request.param == "automation":
        return request.getfixturevalue("scripted")
    return Faked() if request.param == "fake" else Sandboxed(tmp_path)


def told(run: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(change.deed, change.name, change.fields) for change in run.changes]


def test_a_stack_that_was_never_built_gives_nothing_out(stage: Stage) -> None:
    stage.wants(TWO)
    assert stage.deployer.outputs(STACK) == {}


def test_a_preview_says_what_up_then_does_and_does_nothing(stage: Stage) -> None:
    stage.wants(TWO)
    seen = stage.deployer.preview(STACK)
    assert told(seen) == [("create", "first", ()), ("create", "second", ())]
    assert stage.deployer.outputs(STACK) == {}
    assert stage.deployer.up(STACK) == seen
    assert stage.deployer.outputs(STACK) == {"bucket": "b-1"}


def test_a_second_up_changes_nothing_and_an_edit_changes_that_alone(stage: Stage) -> None:
    stage.wants(TWO)
    stage.deployer.up(STACK)
    again = stage.deployer.up(STACK)
    assert (again.changes, again.same, again.stack) == ((), 2, STACK)
    stage.wants({"first": {"size": 7}, "third": {"size": 3}})
    assert told(stage.deployer.up(STACK)) == [
        ("update", "first", ("size",)),
        ("create", "third", ()),
        ("delete", "second", ()),
    ]


def test_what_the_cloud_refuses_is_said_and_what_was_finished_is_kept(stage: Stage) -> None:
    stage.wants(TWO, refused={"second": "AccessDenied: no"})
    with pytest.raises(CloudError, match=r"storage-prod: .*: no$"):
        stage.deployer.up(STACK)
    assert stage.deployer.outputs(STACK) == {}
    stage.wants(TWO)
    resumed = stage.deployer.up(STACK)
    assert (told(resumed), resumed.same) == ([("create", "second", ())], 1)


def test_what_a_rule_forbids_is_not_done(stage: Stage) -> None:
    stage.wants(TWO, forbidden={"first": "a bucket is public"})
    for act in (stage.deployer.preview, stage.deployer.up):
        with pytest.raises(PolicyViolation, match="a bucket is public"):
            act(STACK)
    stage.wants(TWO)
    assert len(stage.deployer.preview(STACK).changes) == 2


@pytest.mark.parametrize("act", ["preview", "up"])
def test_a_stack_nobody_knows_is_a_mistake_of_the_caller(stage: Stage, act: str) -> None:
    stage.wants(TWO)
    with pytest.raises(ConfigError, match="stack cellar-prod"):
        getattr(stage.deployer, act)("cellar-prod")


# What only the Automation API does.


def test_replaced_and_retained_resources_are_told_once(scripted: Scripted) -> None:
    scripted.wants({"data": {"bucket": "a"}, "old": {"retained": True}})
    scripted.deployer.up(STACK)
    scripted.wants({"data": {"bucket": "b"}})
    assert told(scripted.deployer.up(STACK)) == [("replace", "data", ("bucket",)), ("keep", "old", ())]


def test_secrets_are_not_among_the_outputs(scripted: Scripted) -> None:
    scripted.wants(TWO, outputs={"bucket": "b-1", "password": "hunter2"}, secrets=["password"])
    scripted.deployer.up(STACK)
    assert scripted.deployer.outputs(STACK) == {"bucket": "b-1"}


def test_the_policy_pack_runs_and_a_preview_reads_the_draft_of_the_plan(scripted: Scripted) -> None:
    own = scripted.project / "stacks" / "config" / f"Pulumi.{STACK}.yaml"
    own.write_text("config:\n  aws:region: us-east-1\n")
    scripted.wants(TWO)
    scripted.deployer.preview(STACK)
    (line,) = [line for line in scripted.asked() if line.startswith("preview")]
    assert f"--policy-pack {scripted.project / 'pack'}" in line
    assert "--refresh" in line
    assert f"/Pulumi.{STACK}.yaml" in line.partition("--config-file ")[2]
    assert own.read_text() == "config:\n  aws:region: us-east-1\n"


def test_up_refuses_another_plan_than_the_environment_names(scripted: Scripted) -> None:
    other = PulumiDeployer(scripted.project, scripted.project / "elsewhere.json")
    scripted.wants(TWO)
    with pytest.raises(ConfigError, match=r"prod.yaml: mirror: expected ../../elsewhere.json, found mirror.json"):
        other.up(STACK)


def test_a_program_that_fails_is_a_configuration_error_in_its_own_words(scripted: Scripted) -> None:
    scripted.wants(TWO, error="prod.yaml:3: region: expected a region")
    with pytest.raises(ConfigError, match=r"^storage-prod: prod.yaml:3: region: expected a region$"):
        scripted.deployer.preview(STACK)


def test_a_command_that_is_missing_or_too_old_is_said(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripted.wants(TWO)
    (tmp_path / "version").write_text("v2.9.0")
    with pytest.raises(ConfigError, match="Minimum version"):
        scripted.deployer.outputs(STACK)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pulumi is not on PATH") as caught:
        scripted.deployer.outputs(STACK)
    assert "sandbox" in caught.value.hint


@pytest.mark.parametrize(
    ("trouble", "kind", "said"),
    [
        ("error: the stack is currently locked by 1 lock(s)", TryAgain, "another update of this stack runs"),
        ("error: PULUMI_ACCESS_TOKEN must be set", ConfigError, "storage-prod: PULUMI_ACCESS_TOKEN must be set"),
        ("panic", ConfigError, "storage-prod: pulumi failed and did not say why"),
    ],
)
def test_what_the_command_says_before_it_runs_anything(
    scripted: Scripted, tmp_path: Path, trouble: str, kind: type[Exception], said: str
) -> None:
    scripted.wants(TWO)
    (tmp_path / "trouble").write_text(f"\n{trouble}\n")
    with pytest.raises(kind, match=f"^{re.escape(said)}$"):
        scripted.deployer.up(STACK)


def test_a_folder_that_is_no_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no Pulumi.yaml"):
        PulumiDeployer(tmp_path, tmp_path / "mirror.json")
