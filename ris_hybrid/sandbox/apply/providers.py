"""Explicit AWS providers of a program: they must name the one account and region the sandbox has (sandbox)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.values import opened

if TYPE_CHECKING:
    from ris_hybrid.sandbox.apply.goal import Goal
    from ris_hybrid.sandbox.apply.handler import Clients

_PREFIX = "pulumi:providers:"
_WITHOUT_EFFECT = frozenset(
    {
        "accessKey",
        "secretKey",
        "token",
        "maxRetries",
        "s3UsePathStyle",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "version",
    }
)
"""The sandbox's clients have their own, and ask no real AWS."""


def is_provider(kind: str) -> bool:
    """Whether a type is that of a provider."""
    return kind.startswith(_PREFIX)


def check_provider(goal: Goal, aws: Clients) -> None:
    """Raise ``ConfigError`` for a provider of other things than the sandbox's AWS."""
    if goal.kind != f"{_PREFIX}aws":
        raise ConfigError(f"sandbox: provider {goal.kind} is not known here", "the sandbox has AWS only")
    inputs = opened(goal.inputs)
    wanted = {"region": aws.region, "allowedAccountIds": [aws.account]}
    for name, value in inputs.items():
        if name in wanted and _decoded(value, wanted[name]) != wanted[name]:
            raise ConfigError(f"sandbox: provider {goal.name}: {name} {value} is not the sandbox's {wanted[name]}")
        if name not in wanted and name not in _WITHOUT_EFFECT:
            raise ConfigError(f"sandbox: provider {goal.name}: {name} is not known here", "leave it out in the sandbox")


def _decoded(value: Any, like: object) -> Any:
    """The SDK sends a provider's lists as JSON."""
    return json.loads(value) if isinstance(like, list) and isinstance(value, str) else value
