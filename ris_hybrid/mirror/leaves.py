"""A plan of an allocation taken apart into single values, and what each of them follows from.

An edit of one line of an allocation file changes a dozen values: the quota's budget, the project's prefix and roles.
Here every value names the causes it may have, so that a person is shown the edit, with the rest below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ris_hybrid.mirror.values import AllocationPlan, ProjectPlan, RolePlan

Leaf = tuple[str, ...]
"""Where a value stands: ``("quota_bytes",)``, ``("project", "Cryo-EM", "rw")``, ``("tag", "ris_lab")``."""

NAME, STAGE, PLACEMENT, DATA_CLASS, QUOTA, ARCHIVE = "name", "stage", "placement", "data class", "quota", "archive tier"
_PRIMARY: Mapping[str, str] = {
    "name": NAME,
    "stage": STAGE,
    "removed_on": STAGE,
    "stage_since": STAGE,
    "moved_to": STAGE,
    "data_class": DATA_CLASS,
    "environment": PLACEMENT,
    "account": PLACEMENT,
    "network": PLACEMENT,
    "quota_bytes": QUOTA,
    "lab": "lab",
    "owner": "owner",
    "platform": "path",
    "path": "path",
    "group": "group",
    "pools": "pools",
}
"""A plain value of the plan to the cause it is itself."""
_TAGS: Mapping[str, tuple[str, ...]] = {
    "ris_allocation": (NAME,),
    "ris_lab": ("lab", NAME),
    "ris_owner": ("owner",),
    "ris_data_class": (DATA_CLASS,),
    "ris_env": (PLACEMENT, DATA_CLASS),
    "ris_removed_on": (STAGE,),
    "ris_stage_since": (STAGE,),
    "ris_moved_to": (STAGE,),
    "ris_stage": (STAGE,),
    "ris_quota": (QUOTA,),
}
ARCHIVE_PREFIX = "Archive/"
_PROJECT = ("slug", "prefix", "archive", "rw_group", "ro_group", "rw", "ro")
_WIDE = (NAME, STAGE, DATA_CLASS, PLACEMENT)


def leaves(plan: AllocationPlan) -> dict[Leaf, Any]:
    """Every value of the plan by where it stands."""
    found: dict[Leaf, Any] = {(name,): getattr(plan, name) for name in _PRIMARY}
    for project in plan.projects:
        found.update(_fields(("project", project.name), project, _PROJECT))
    found.update(_fields(("bucket",), plan.bucket, ("name", "key_alias", "object_lock", "writable")))
    found.update({("prefix", prefix): prefix for prefix in plan.bucket.prefixes})
    for rule in plan.bucket.transitions:
        found["transition", rule.rule_id] = (rule.prefix, rule.storage_class, rule.after_days, rule.noncurrent)
    found["registry", "namespace"] = plan.registry.namespace
    found.update({("repository", repository): repository for repository in plan.registry.repositories})
    for role in plan.roles:
        found.update(_fields(("role", role.name), role, ("kind", "group", "statements")))
    found.update(_fields(("budget",), plan.budget, ("usd_per_month", "alerts_percent", "name")))
    found.update({("tag", key): value for key, value in plan.tags.items()})
    return found


def _fields(at: Leaf, value: object, names: Iterable[str]) -> dict[Leaf, Any]:
    return {(*at, name): getattr(value, name) for name in names}


class Causes:
    """What the values of two plans of one allocation may follow from; either may be None."""

    def __init__(self, plans: Iterable[AllocationPlan | None]) -> None:
        known = [plan for plan in plans if plan is not None]
        self._projects: list[ProjectPlan] = [project for plan in known for project in plan.projects]
        self._roles: dict[str, RolePlan] = {role.name: role for plan in known for role in plan.roles}
        self._rules = {rule.rule_id: rule.prefix for plan in known for rule in plan.bucket.transitions}

    def primary(self, leaf: Leaf) -> str:
        """The cause this value is itself; empty for one that follows from others."""
        if leaf[0] == "project":
            return f"project {leaf[1]}"
        if leaf == ("prefix", ARCHIVE_PREFIX):
            return ARCHIVE
        return _PRIMARY.get(leaf[0], "")

    def of(self, leaf: Leaf) -> tuple[str, ...]:
        """Its possible causes, the likeliest first; the last is what it is called when none of them changed."""
        kind, key = leaf[0], leaf[-1]
        likely: dict[str, Callable[[], tuple[str, ...]]] = {
            "prefix": lambda: (*self._by_prefix(key), f"prefix {key}"),
            "transition": lambda: (*self._by_prefix(self._rules[key]), STAGE, ARCHIVE, "storage classes"),
            "bucket": lambda: (STAGE if key == "writable" else DATA_CLASS, *_WIDE, f"bucket {key}"),
            "role": lambda: (*self._by_group(leaf[1]), *_WIDE, *self._all_projects(), f"role {leaf[1]}"),
            "budget": lambda: (QUOTA, ARCHIVE, "pools", *_WIDE, "budget"),
            "tag": lambda: (*_TAGS.get(key, ()), *self._all_projects(), *_WIDE, f"tag {key}"),
        }
        return likely.get(kind, lambda: (*_WIDE, "registry"))()

    def _by_prefix(self, prefix: str) -> tuple[str, ...]:
        if prefix == ARCHIVE_PREFIX:
            return (ARCHIVE,)
        return tuple(f"project {project.name}" for project in self._projects if project.prefix == prefix)

    def _by_group(self, role: str) -> tuple[str, ...]:
        group = self._roles[role].group
        return tuple(
            f"project {project.name}" for project in self._projects if group in {project.rw_group, project.ro_group}
        )

    def _all_projects(self) -> tuple[str, ...]:
        return tuple(f"project {project.name}" for project in self._projects)
