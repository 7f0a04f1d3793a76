"""Tags of everything an allocation has in AWS: the bill's keys, and what must be known when every file of ours is lost.

Values keep to the signs S3, IAM and ECR all take (letters, digits, spaces and ``_ . : / = + - @``; 256 of them).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.mirror.values import FINGERPRINT

if TYPE_CHECKING:
    from ris_hybrid.mirror.facts import Facts
    from ris_hybrid.mirror.values import AllocationPlan

MANAGED = "ris-hybrid"
LABELS = ("ris_department", "ris_cost_center", "ris_ticket")
_ILLEGAL = re.compile(r"[^A-Za-z0-9 _.:/=+@-]")
_LONGEST = 256
_LENGTH = 12  # of the fingerprint


def legal_value(text: str) -> str:
    """The text with an underscore for every sign a tag may not have."""
    return _ILLEGAL.sub("_", text)[:_LONGEST].strip()


def tags(facts: Facts) -> dict[str, str]:
    """All but the fingerprint; what has no value is left out."""
    given = {
        "ris_managed": MANAGED,
        "ris_cluster": facts.cluster,
        "ris_env": facts.environment.name,
        "ris_allocation": facts.name,
        "ris_lab": facts.lab,
        "ris_owner": facts.owner,
        "ris_platform": facts.platform,
        "ris_data_class": facts.data_class,
        "ris_stage": facts.stage,
        "ris_stage_since": facts.stage_since,
        "ris_removed_on": facts.removed_on,
        "ris_moved_to": facts.moved_to,
        **facts.labels,
    }
    return {key: value for key, text in given.items() if (value := legal_value(text))}


def with_fingerprint(plan: AllocationPlan) -> AllocationPlan:
    """The plan with the tag ``ris_plan``: what AWS holds and was last written here shows at a glance."""
    text = _ENCODER.encode(plan)
    return replace(plan, tags={**plan.tags, FINGERPRINT: hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]})


def _fields(value: Any) -> list[Any]:
    return [getattr(value, name) for name in value.__slots__]  # dataclasses.fields takes five times as long


_ENCODER = json.JSONEncoder(default=_fields, check_circular=False)
