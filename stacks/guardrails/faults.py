"""What is wrong with the settings of guardrails whose values are right one by one (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stacks.environment import Environment
    from stacks.guardrails.settings import GuardrailsSettings

Fault = tuple[tuple[str | int, ...], str]

_BILLING = "us-east-1"


def guardrails_faults(environment: Environment, settings: GuardrailsSettings) -> Iterator[Fault]:
    """Everything that AWS would refuse."""
    if settings.cost_export and environment.region != _BILLING:
        yield ("cost_export",), f"expected false: data exports are made in {_BILLING}, not in {environment.region}"
