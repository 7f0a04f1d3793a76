"""Resource types of no cloud: what the engine does with them is seen in a dictionary."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.deployer import SandboxDeployer
from ris_hybrid.sandbox.apply.goal import Means
from ris_hybrid.sandbox.apply.handler import Made, Unfinished
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.apply.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ris_hybrid.sandbox.apply.goal import Policies
    from ris_hybrid.sandbox.apply.runner import Front

PROJECT = "toys"
HEAD = """
import pulumi

class Thing(pulumi.CustomResource):
    def __init__(self, name_, opts=None, **props):
        super().__init__("toy:index:Thing", name_, {"label": None, "arn": None, **props}, opts)

class Other(pulumi.CustomResource):
    def __init__(self, name_, opts=None, **props):
        super().__init__("toy:index:Other", name_, {"serial": None, **props}, opts)

class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("toy:index:Box", name, None, opts)

O = pulumi.ResourceOptions
"""


@dataclass
class Cloud:
    """Everything there is, by id, and each call in its order."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    made: int = 0
    broken: dict[str, BaseException] = field(default_factory=dict)
    """By call what it raises, once."""

    def called(self, call: str) -> None:
        self.calls.append(call)
        if call in self.broken:
            raise self.broken.pop(call)


class Nowhere:
    region = "us-east-1"
    account = "123456789012"

    def get(self, service: str) -> Any:
        raise AssertionError(service)


@dataclass
class Toy:
    """A type with ids of the cloud's own."""

    cloud: Cloud
    kind: str
    knows: frozenset[str] = frozenset({"label", "size", "zone", "of", "tags", "word", "name", "rules"})
    replace_on: frozenset[str] = frozenset({"zone", "of"})

    def create(self, _aws: Any, name: str, props: Mapping[str, Any]) -> Made:
        self.cloud.called(f"create {name.rpartition('-')[0]}")
        self.cloud.made += 1
        its_id = f"{self.kind}-{self.cloud.made}"
        self.cloud.things[its_id] = dict(props)
        made = Made(id=its_id, outputs={"label": props.get("label", name), "arn": f"arn:{its_id}"})
        if props.get("word") == "half":
            try:
                self.cloud.called(f"finish {name.rpartition('-')[0]}")
            except ConfigError as error:
                raise Unfinished(made) from error
        return made

    def update(self, _aws: Any, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        self.cloud.called(f"update {made.id}")
        self.cloud.things[made.id] = dict(new)
        return {"arn": f"arn:{made.id}:changed" if old.get("size") != new.get("size") else made.outputs.get("arn")}

    def delete(self, _aws: Any, made: Made) -> None:
        self.cloud.called(f"delete {made.id}")
        self.cloud.things.pop(made.id, None)


@dataclass
class Named(Toy):
    """A type whose id is its name: readable, and found again by it."""

    replace_on: frozenset[str] = frozenset({"name"})

    def create(self, _aws: Any, name: str, props: Mapping[str, Any]) -> Made:
        its_id = props.get("name", name)
        self.cloud.called(f"create {its_id}")
        self.cloud.things[its_id] = dict(props)
        self.cloud.called(f"answer {its_id}")
        return Made(id=its_id, outputs={"serial": 7})

    def deletes_first(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        return "name" in old and old["name"] == new.get("name")

    def find(self, aws: Any, name: str, props: Mapping[str, Any]) -> Made | None:
        its_id = props.get("name", name)
        return self.read(aws, its_id) if its_id in self.cloud.things else None

    def read(self, _aws: Any, resource_id: str) -> Made:
        if resource_id not in self.cloud.things:
            raise ConfigError(f"there is no {resource_id}")
        return Made(id=resource_id, outputs={**self.cloud.things[resource_id], "serial": 7})


@dataclass
class Mirror:
    """Shows every thing as the cloud has it."""

    cloud: Cloud

    def differing(self, _aws: Any, made: Made, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
        there = self.cloud.things.get(made.id)
        if there is None:
            return None
        return {prop: there.get(prop) for prop in {*there, *inputs} if there.get(prop) != inputs.get(prop)}


@dataclass
class Stage:
    """One sandbox of toys: writes programs and applies them."""

    folder: Path
    cloud: Cloud = field(default_factory=Cloud)
    said: list[str] = field(default_factory=list)
    front: Front = in_this_process
    policies: Policies | None = None
    seen: tuple[str, ...] = ()
    """Types that are compared with the cloud."""
    survey: Front | None = None

    def deployer(self, body: str) -> SandboxDeployer:
        path = self.folder / "program.py"
        path.write_text(HEAD + textwrap.dedent(body))
        handlers = {
            "toy:index:Thing": Toy(self.cloud, "thing"),
            "toy:index:Other": Named(self.cloud, "other"),
        }
        sights = {kind: Mirror(self.cloud) for kind in self.seen}
        return SandboxDeployer(
            program=path,
            means=Means(handlers=handlers, aws=Nowhere(), say=self.said.append, policies=self.policies, sights=sights),
            states=StateFolder(folder=self.folder / "states", project=PROJECT),
            front=self.front,
            survey=self.survey,
        )

    def up(self, body: str, stack: str = "one") -> list[str]:
        return deeds(self.deployer(body).up(stack))

    def preview(self, body: str, stack: str = "one") -> list[str]:
        return deeds(self.deployer(body).preview(stack))

    def state(self, stack: str = "one") -> str:
        return (self.folder / "states" / f"{stack}.json").read_text()


def deeds(report: Any) -> list[str]:
    return [" ".join([one.deed, one.name, *one.fields]) for one in report.changes]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)
