"""The layers of an environment in the order they are built; a stack is named ``<layer>-<environment>``."""

from __future__ import annotations

from ris_hybrid.errors import ConfigError

LAYERS = ("network", "storage", "identity", "registry", "compute", "guardrails", "observability")
"""Each may read the outputs of those before it, never of those after it."""


def split(stack: str) -> tuple[str, str]:
    """Layer and environment of a stack's name; raises ``ConfigError`` for a name that has none."""
    layer, _, environment = stack.partition("-")
    if layer not in LAYERS or not environment:
        raise ConfigError(
            f"stack {stack}: expected <layer>-<environment> with a layer of {', '.join(LAYERS)}",
            "for example: pulumi stack init network-prod",
        )
    return layer, environment
