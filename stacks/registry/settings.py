"""What an environment decides about its layer ``registry``."""

from __future__ import annotations

from stacks.environment import Settings


class RegistrySettings(Settings):
    """Section ``registry`` of the environment's file."""
