"""What an environment decides about its layer ``guardrails``."""

from __future__ import annotations

from stacks.environment import Settings


class GuardrailsSettings(Settings):
    """Section ``guardrails`` of the environment's file."""
