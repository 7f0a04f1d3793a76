"""The plan the stacks are given, and beside it the one that was verified last.

Both are written whole or not at all: a reader, or a run after one that was killed, sees the old file or the new one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ris_hybrid.config.plan_file import plan_text, read_plan
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.mirror.values import MirrorPlan

_ASIDE = (
    "use the release that wrote it, or take it from a backup; else move it aside: stages and buckets are then known by "
    "AWS's tags, but what only the record says of allocations without a file (quota, projects) is lost"
)


def applied(record: Path) -> Path:
    """Where the plan is kept that was verified last."""
    return record.with_name(f"{record.name}.applied")


def read_applied(record: Path) -> MirrorPlan | None:
    """What was verified last; None when nothing ever was. Raises ``ConfigError`` for a file that is no plan."""
    path = applied(record)
    if _is_absent(path):
        return None
    try:
        return read_plan(path)
    except ConfigError as error:
        raise ConfigError(error.message, _ASIDE) from error


def _is_absent(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # it may be there: reading it says why not
    return False


def write_plan(path: Path, plan: MirrorPlan) -> None:
    """Put the plan in place of what stands there.

    Raises:
        ConfigError: it cannot be written.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            file.write(plan_text(plan))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}", "name another file: record in mirror.yaml"
        ) from error
