"""What an admin should know of an allocation that is mirrored all the same, each as the field it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.pools import why_none
from ris_hybrid.mirror.renames import old_key
from ris_hybrid.mirror.values import Unmapped

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ris_hybrid.mirror.known import Known
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.values import AllocationPlan, ProjectPlan
    from ris_hybrid.mirror.wanted import Wanted

_Said = tuple[str, str]
_KIB = 1024


def findings(wanted: Wanted, plan: AllocationPlan, seen: Survey) -> Iterator[Unmapped]:
    """Of one allocation, in a fixed order."""
    parts = (_labels(wanted), _quota(wanted, seen), _people(wanted, plan, seen), _places(wanted, plan, seen))
    for part in parts:
        for field, reason in part:
            yield Unmapped(allocation=wanted.name, field=field, reason=reason)


def unnamed(seen: Survey, names: Container[str]) -> Iterator[Unmapped]:
    """Entries of mirror.yaml about allocations that are not there: mostly a slip, and then a class not given."""
    for name in sorted(seen.settings.data_classes):
        if name.casefold() not in names:
            reason = "mirror.yaml gives a data class to an allocation that has no file and no bucket"
            yield Unmapped(allocation=name, field="data_classes", reason=reason)


def _labels(wanted: Wanted) -> Iterator[_Said]:
    if not wanted.department:
        yield "department_number", "not given: its cost cannot be charged to a department"
    if not wanted.ticket:
        yield "issue_key", "not given: nothing tells who asked for it"


def _quota(wanted: Wanted, seen: Survey) -> Iterator[_Said]:
    fileset = seen.report.fileset(wanted.name, wanted.path)
    there = None if fileset is None or "quotas" in seen.report.unknown else fileset.quota_bytes
    if fileset is not None and not fileset.path:
        yield "fileset", f"fileset {fileset.name} is not linked: nobody reaches its files"
    if wanted.quota_bytes is None:
        found = f"taken as {_size(there)}, as the file system has it" if there else "its budget is for nodes alone"
        yield "quota", f"not given: {found}"
    elif fileset is not None and "quotas" not in seen.report.unknown and there != wanted.quota_bytes:
        yield "quota", f"the file says {_size(wanted.quota_bytes)}, the file system {_size(there)}: the file holds"


def _people(wanted: Wanted, plan: AllocationPlan, seen: Survey) -> Iterator[_Said]:
    if not seen.report.knows(wanted.owner):
        yield "wustlkey", f"the directory listing has no {wanted.owner}"
    for role in plan.roles:
        if role.group and not seen.report.knows(role.group):
            yield "group", f"the directory listing has no group {role.group}: nobody can take role {role.name}"
    for project in plan.projects:
        yield from _members(project, seen)


def _members(project: ProjectPlan, seen: Survey) -> Iterator[_Said]:
    for rights, principals in (("rw", project.rw), ("ro", project.ro)):
        unknown = [one for one in principals if not seen.report.knows(one)]
        if unknown:
            field = f"dir_projects.{project.name}.{rights}"
            yield field, f"neither a group nor a member of one in the directory listing: {', '.join(unknown)}"


def _places(wanted: Wanted, plan: AllocationPlan, seen: Survey) -> Iterator[_Said]:
    burst = seen.sources.burst
    if burst is not None and not plan.pools:
        yield "pools", why_none(plan.lab, plan.data_class, seen.environments[plan.environment], burst)
    yield from _already_there(plan, seen.at(wanted, plan.environment))
    old = old_key(wanted)
    if old and wanted.key not in seen.known and old not in seen.known:
        yield "renamed_from", f"{wanted.renamed_from} is not mirrored: nothing to take over"


def _already_there(plan: AllocationPlan, known: Known | None) -> Iterator[_Said]:
    """What a bucket that is there keeps, whatever its allocation becomes: it is changed in place, never made anew."""
    if known is None:
        return
    bucket = plan.bucket
    if known.deleted:
        yield "bucket", f"AWS has {bucket.name} no more, and nothing of ours deletes a bucket: it is made again, empty"
    elif bucket.object_lock and known.object_lock is False:
        yield "object_lock", f"what is in {bucket.name} already is not retained: only what is written from now on"
    if bucket.key_alias and not known.has_key:
        text = f"what is in {bucket.name} already stays under AWS's key until it is copied onto itself"
        yield "key", f"{text}; its images are made anew with the key, which AWS refuses while there are some"


def _size(size: int | None) -> str:
    """Bytes as people write a quota: in the largest unit that leaves a whole number."""
    if size is None:
        return "no limit"
    kib, unit = size // _KIB, 0
    while kib % _KIB == 0 and unit < 4:
        kib, unit = kib // _KIB, unit + 1
    return f"{kib}{'KMGTP'[unit]}"
