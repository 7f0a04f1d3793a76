"""When a bucket's objects move to a cheaper class. Nothing ever expires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.values import TransitionRule

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from ris_hybrid.mirror.values import ProjectPlan, Stage

_REPLACED_DAYS = 30
_ARCHIVE_DAYS = 1  # a day to notice a mistake, before each object costs a restore


def transitions(
    stage: Stage, prefixes: Container[str], projects: Iterable[ProjectPlan], archive_class: str
) -> tuple[TransitionRule, ...]:
    """The rules of a bucket: its tape tier and its finished projects, or everything once it is archived."""
    if stage == "archived":
        cold = {"off-boarded": ""}
    else:
        cold = {"archive": "Archive/"} if "Archive/" in prefixes else {}
        cold |= {f"project-{project.slug}": project.prefix for project in projects if project.archive}
    rules = [
        TransitionRule(rule_id=name, prefix=prefix, storage_class=archive_class, after_days=_ARCHIVE_DAYS)
        for name, prefix in cold.items()
    ]
    replaced = TransitionRule(
        rule_id="replaced-versions",
        prefix="",
        storage_class=archive_class,
        after_days=_REPLACED_DAYS,
        noncurrent=True,
    )
    return (*rules, replaced)
