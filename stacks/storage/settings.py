"""What an environment decides about its layer ``storage``."""

from __future__ import annotations

from stacks.environment import Settings


class StorageSettings(Settings):
    """Section ``storage`` of the environment's file."""
