"""What is wrong with the settings of observability whose values are right one by one (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stacks.environment import Environment
    from stacks.observability.settings import ObservabilitySettings

Fault = tuple[tuple[str | int, ...], str]

_BILLING = "us-east-1"


def observability_faults(environment: Environment, settings: ObservabilitySettings) -> Iterator[Fault]:
    """Everything that AWS would refuse."""
    if settings.monthly_usd is not None and environment.region != _BILLING:
        yield ("monthly_usd",), f"expected nothing: AWS keeps the bill's metric in {_BILLING} alone"
