"""Which of AWS's services a node reaches without leaving the VPC (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ris_hybrid.errors import ConfigError

_INTERFACES = ("ec2", "ecr.api", "ecr.dkr")  # to mark itself, to log in, to pull
_GATEWAY = "s3"  # where ECR keeps the layers of images
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """One VPC endpoint. ``service`` is AWS's full name of it."""

    name: str
    service: str
    kind: Literal["Interface", "Gateway"]


def plan_endpoints(zone: str) -> tuple[EndpointPlan, ...]:
    """What pulling images and tagging itself takes, in the region of a zone; raises ``ConfigError`` for no zone."""
    region = _REGION.match(zone)
    if region is None:
        raise ConfigError(f"zones: {zone} is no availability zone", "for example us-east-1a")
    kinds: list[tuple[str, Literal["Interface", "Gateway"]]] = [(name, "Interface") for name in _INTERFACES]
    return tuple(
        EndpointPlan(name=name, service=f"com.amazonaws.{region[0]}.{name}", kind=kind)
        for name, kind in (*kinds, (_GATEWAY, "Gateway"))
    )
