"""What an environment decides about its layer ``compute``."""

from __future__ import annotations

from stacks.environment import Settings


class ComputeSettings(Settings):
    """Section ``compute`` of the environment's file."""
