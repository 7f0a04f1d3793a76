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
from stacks.environment import Environment
from stacks.guardrails.settings import GuardrailsSettings
from stacks.identity.settings import IdentitySettings
from stacks.network.settings import NetworkSettings
from stacks.observability.settings import ObservabilitySettings
from stacks.registry.settings import RegistrySettings
from stacks.storage.settings import StorageSettings

if TYPE_CHECKING:
    from pathlib import Path

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


def read_environment(path: Path, env: str) -> EnvironmentFile:
    """The file of an environment.

    Raises:
        UnusableFile: with everything that is wrong in it, a line each.
    """
    document = read(path)
    written = document.data if isinstance(document.data, dict) else {}
    try:
        return EnvironmentFile.model_validate_json(json.dumps({**written, "env": env}), strict=True)
    except ValidationError as error:
        raise UnusableFile(problems(document, error), _HINT) from error
