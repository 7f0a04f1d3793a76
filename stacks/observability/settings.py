"""What an environment decides about its layer ``observability``."""

from __future__ import annotations

from stacks.environment import Settings


class ObservabilitySettings(Settings):
    """Section ``observability`` of the environment's file."""
