"""Project directories → prefixes and groups, or why a directory has no counterpart."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from ris_hybrid.mirror.naming import hidden_word, role_word
from ris_hybrid.mirror.values import ProjectPlan, Unmapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.mirror.values import DataClass
    from ris_hybrid.mirror.wanted import Wanted, WantedProject

_TIERS = frozenset({"active", "archive"})
_PATTERN = re.compile(r"[*?$]")
_NOT_IN_POLICIES = re.compile(r"[^\x20-\x7e\xa1-\xff]")  # IAM: \u0020 to \u00FF; what stands between shows as nothing
_NOT_IN_GROUPS = re.compile(r"[()@/]|\.$")
_LONGEST = 255  # bytes of a directory's name


def group_of(wanted: Wanted, project: WantedProject, rights: str) -> str:
    """The directory group of a project: its name is in lower case there."""
    return f"{wanted.group}-{project.name.lower()}-{rights}"


def shared_groups(allocations: Iterable[Wanted]) -> Mapping[str, int]:
    """How many projects and allocations each directory group stands for, by its name without case."""
    count: Counter[str] = Counter()
    for wanted in allocations:
        count[wanted.group.casefold()] += 1
        for project in wanted.projects:
            count.update(group_of(wanted, project, rights).casefold() for rights in ("rw", "ro"))
    return count


def plan_projects(
    wanted: Wanted, groups: Mapping[str, int], data_class: DataClass
) -> tuple[tuple[ProjectPlan, ...], tuple[Unmapped, ...]]:
    """Those that can be mapped, by prefix; and those that cannot, each with its reason.

    Of PHI no project's name stands in names of roles, tags or rules; in keys of objects it must, as people look for it.
    A space is mapped: old projects may have one, S3 and the directory take it. What IAM would read as a pattern is
    not, as a project named ``*`` would be every project.
    """
    plans, unmapped = [], []
    for project in wanted.projects:
        if reason := _refusal(wanted, project, groups):
            unmapped.append(Unmapped(allocation=wanted.name, field=f"dir_projects.{project.name}", reason=reason))
        else:
            slug = hidden_word(wanted.name, project.name) if data_class == "phi" else role_word(project.name)
            plans.append(_plan(wanted, project, slug))
    return tuple(sorted(plans, key=lambda plan: plan.prefix)), tuple(unmapped)


def _plan(wanted: Wanted, project: WantedProject, slug: str) -> ProjectPlan:
    return ProjectPlan(
        name=project.name,
        slug=slug,
        prefix=f"Active/{project.name}/",
        archive=project.archive,
        rw_group=group_of(wanted, project, "rw"),
        ro_group=group_of(wanted, project, "ro"),
        rw=tuple(sorted(project.rw)),
        ro=tuple(sorted(project.ro)),
    )


def _refusal(wanted: Wanted, project: WantedProject, groups: Mapping[str, int]) -> str:
    shared = [group for rights in ("rw", "ro") if groups[(group := group_of(wanted, project, rights)).casefold()] > 1]
    if shared:
        return f"another project or allocation has the same directory group {shared[0]}: rename one of them"
    return _illegal(project.name)


def _illegal(name: str) -> str:
    if name.casefold() in _TIERS or name.startswith(".") or "/" in name:
        return "a directory of this name is the file system's own: rename the project"
    if len(name.encode(errors="surrogatepass")) > _LONGEST:
        return f"no directory has a name of more than {_LONGEST} bytes"
    if _PATTERN.search(name):
        return "IAM reads '*', '?' and '$' as patterns, which would open other projects: rename it"
    if _NOT_IN_POLICIES.search(name):
        return "a policy of IAM takes only Latin letters, digits and signs: rename it"
    if _NOT_IN_GROUPS.search(name):
        return "no directory group can have '(', ')', '@' or a dot at the end of its name: rename it"
    return ""
