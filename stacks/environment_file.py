"""One file an environment, ``stacks/config/<environment>.yaml``, for its seven stacks.

It has what they have in common and a section for each. Everything wrong in it is said with file and line before
anything is built.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from ris_hybrid.config.document import UnusableFile, read
from ris_hybrid.config.problems import problems
from stacks.compute.settings import ComputeSettings
from stacks.environment import Environment, Settings
from stacks.guardrails.faults import guardrails_faults
from stacks.guardrails.settings import GuardrailsSettings
from stacks.identity.faults import identity_faults
from stacks.identity.place import data_role, iam_arn, transfer_role
from stacks.identity.settings import IdentitySettings
from stacks.network.faults import network_faults
from stacks.network.settings import NetworkSettings
from stacks.observability.faults import observability_faults
from stacks.observability.settings import ObservabilitySettings
from stacks.registry.faults import registry_faults
from stacks.registry.settings import RegistrySettings
from stacks.storage.faults import storage_faults
from stacks.storage.settings import StorageSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stacks.network.faults import Fault

_HINT = "see stacks/config/example.yaml"


class EnvironmentFile(Environment):
    """The whole file; ``env`` comes from the stack's name."""

    mirror: str = ""
    """The mirror plan, relative to this file; empty: no allocation is built here."""
    network: NetworkSettings
    storage: StorageSettings = Field(default_factory=StorageSettings)
    identity: IdentitySettings = Field(default_factory=IdentitySettings)
    registry: RegistrySettings = Field(default_factory=RegistrySettings)
    compute: ComputeSettings = Field(default_factory=ComputeSettings)
    guardrails: GuardrailsSettings = Field(default_factory=GuardrailsSettings)
    observability: ObservabilitySettings = Field(default_factory=ObservabilitySettings)

    @property
    def carriers(self) -> tuple[str, ...]:
        """Names of the roles that DataSync takes to reach the buckets."""
        return (*self.identity.transfer_roles, *([transfer_role(self)] if self.identity.datasync else []))

    @property
    def pushing(self) -> RegistrySettings:
        """The section ``registry``; whoever copies the images that jobs name pushes, where that role is made."""
        ours = iam_arn(self, f"role/{data_role(self)}")
        pushers = self.registry.pushers
        if not self.identity.data_hosts or ours in pushers:
            return self.registry
        return self.registry.model_copy(update={"pushers": (*pushers, ours)})


def read_environment(path: Path, env: str) -> EnvironmentFile:
    """The file of an environment.

    Raises:
        UnusableFile: with everything that is wrong in it, a line each.
    """
    try:
        document = read(path)
    except UnusableFile as error:
        raise UnusableFile(error.problems, _HINT) from error
    written = document.data if isinstance(document.data, dict) else {}
    try:
        file = EnvironmentFile.model_validate_json(json.dumps({**written, "env": env}), strict=True)
    except ValidationError as error:
        raise UnusableFile(problems(document, error, known=sorted(_keys(Settings))), _HINT) from error
    wrong = tuple(document.remark(loc, text) for loc, text in _faults(file))
    if wrong:
        raise UnusableFile(wrong, _HINT)
    return file


def _keys(kind: type[Settings]) -> set[str]:
    """Every key of the file, wherever it stands."""
    return set(kind.model_fields).union(*map(_keys, kind.__subclasses__()))


def _faults(file: EnvironmentFile) -> Iterator[Fault]:
    """What is wrong with values that are right one by one, each at its place in the file."""
    for loc, text in network_faults(file, file.network):
        yield ("network", *loc), text
    for loc, text in registry_faults(file.registry, phi=file.phi):
        yield ("registry", *loc), text
    for loc, text in storage_faults(file, file.storage, network_scratch=file.network.scratch):
        yield ("storage", *loc), text
    for loc, text in identity_faults(file.identity, file.network.endpoints.services, phi=file.phi):
        yield ("identity", *loc), text
    for loc, text in guardrails_faults(file, file.guardrails):
        yield ("guardrails", *loc), text
    for loc, text in observability_faults(file, file.observability):
        yield ("observability", *loc), text
