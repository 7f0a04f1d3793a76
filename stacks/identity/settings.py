"""What an environment decides about its layer ``identity``."""

from __future__ import annotations

from stacks.environment import Settings


class IdentitySettings(Settings):
    """Section ``identity`` of the environment's file."""
