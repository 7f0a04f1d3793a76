"""What an environment decides about its layer ``network``."""

from __future__ import annotations

from stacks.environment import Settings


class NetworkSettings(Settings):
    """Section ``network`` of the environment's file."""
