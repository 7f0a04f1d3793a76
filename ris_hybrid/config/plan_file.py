"""The mirror plan as a file: what ``ris-hybrid mirror apply`` writes and the stacks read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.problems import said
from ris_hybrid.config.quota import MOST_BYTES
from ris_hybrid.errors import ConfigError
from ris_hybrid.mirror.values import MirrorPlan

if TYPE_CHECKING:
    from pathlib import Path

_HINT = "write it again: ris-hybrid mirror apply"


def plan_text(plan: MirrorPlan) -> str:
    """The plan as JSON; the same plan gives the same bytes."""
    return json.dumps(asdict(plan), indent=2, sort_keys=True) + "\n"


def read_plan(path: Path) -> MirrorPlan:
    """The plan in a file.

    Raises:
        ConfigError: the file cannot be read, is not a plan of this version, or has a quota that is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name no file can have
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path}: the mirror plan cannot be read: {why}", _HINT) from error
    try:
        plan = TypeAdapter(MirrorPlan).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "plan"
        raise ConfigError(f"{path}: {where}: {said(first)}", _HINT) from error
    for one in plan.allocations:
        if one.quota_bytes is not None and not 0 <= one.quota_bytes <= MOST_BYTES:
            wrong = f"allocation {one.name}: quota_bytes: expected 0 to {MOST_BYTES}"
            raise ConfigError(f"{path}: {wrong}, found a figure no quota has", _HINT)
    return plan
