"""What an environment decides about its layer ``observability``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.environment import Settings
from stacks.guardrails.settings import Retention


class ObservabilitySettings(Settings):
    """Section ``observability`` of the environment's file."""

    alarm_emails: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Who gets every alarm; each must confirm the mail AWS sends once."""
    log_retention_days: Retention = 365
    """Of the log groups of nodes and of the controller."""
    notice_age_s: Annotated[int, Field(ge=60)] = 120
    """A spot notice that waits longer than this is not being read: the machine it tells of goes after two minutes."""
    denied_calls: Annotated[int, Field(ge=1)] = 20
    """Refused calls in five minutes that are worth an alarm; a few are the day's work."""
    deleted_objects: Annotated[int, Field(ge=1)] = 1000
    """Objects of PHI deleted in five minutes that are worth an alarm."""
    scratch_free_gib: Annotated[int, Field(ge=1)] = 100
    """Less free space on the scratch than this is worth an alarm."""
    monthly_usd: Annotated[float, Field(gt=0)] | None = None
    """The account's bill of a month that is worth an alarm; only in us-east-1, where AWS keeps that metric."""
