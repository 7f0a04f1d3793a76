"""What EC2 says about machines of a fleet that did not come (pure). Source: EC2 API reference, CreateFleetError."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.errors import CAPACITY_CODES, QUOTA_CODES, without_secrets
from burst.rc.wire import LSF_CAPACITY_CODES
from ris_hybrid.model import Shortfall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_ec2.type_defs import CreateFleetErrorTypeDef, CreateFleetResultTypeDef

_MOST_NAMED = 20
"""Offers named for one code; a fleet of 300 would fill the log."""


def shortfall_of(answer: CreateFleetResultTypeDef) -> tuple[Shortfall, ...]:
    """Each code with EC2's words and the offers that failed with it; capacity first, because LSF acts on that."""
    by_code: dict[str, list[CreateFleetErrorTypeDef]] = {}
    for item in answer.get("Errors", ()):
        by_code.setdefault(item.get("ErrorCode", "Unknown"), []).append(item)
    rows = [Shortfall(code=code, message=_told(items), scarce=_scarce(code)) for code, items in by_code.items()]
    rows = rows or [_unsaid()]
    return tuple(sorted(rows, key=lambda row: (row.code not in LSF_CAPACITY_CODES, row.code)))


def _scarce(code: str) -> bool:
    return code in CAPACITY_CODES | QUOTA_CODES


def _unsaid() -> Shortfall:
    text = "fewer machines came than were asked for"
    return Shortfall(code="UnfulfillableCapacity", message=text, scarce=True)


def _told(items: Sequence[CreateFleetErrorTypeDef]) -> str:
    offers = list(dict.fromkeys(map(_offer, items)))
    named = ", ".join(offers[:_MOST_NAMED]) + (
        f" and {len(offers) - _MOST_NAMED} more" if len(offers) > _MOST_NAMED else ""
    )
    return f"{without_secrets(items[0].get('ErrorMessage', ''))} [{named}]"


def _offer(item: CreateFleetErrorTypeDef) -> str:
    """``c7a.4xlarge in subnet-1 on-demand``."""
    override = item.get("LaunchTemplateAndOverrides", {}).get("Overrides", {})
    kind = override.get("InstanceType") or "types by attributes"
    where = [place for place in (override.get("AvailabilityZone"), override.get("SubnetId")) if place]
    return " ".join([kind, *(["in", *where] if where else ()), item.get("Lifecycle", "")]).rstrip()
