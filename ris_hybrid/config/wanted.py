"""Checked allocations → the plain values of which the mirror plan is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.wanted import Wanted, WantedProject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.config.schema import Allocation


def wanted(allocations: Iterable[Allocation]) -> tuple[Wanted, ...]:
    """What each of them asks for."""
    return tuple(map(_wanted, allocations))


def _wanted(allocation: Allocation) -> Wanted:
    return Wanted(
        name=allocation.name,
        owner=allocation.wustlkey,
        lab=allocation.lab,
        group=allocation.group,
        path=allocation.path,
        platform=allocation.platform,
        backend=allocation.backend,
        quota_bytes=allocation.quota_bytes,
        archive=allocation.add_archive,
        secure=allocation.secure,
        projects=tuple(
            WantedProject(name=each.name, rw=each.rw, ro=each.ro, archive=each.archive) for each in allocation.projects
        ),
        department=allocation.department_number or "",
        cost_center=allocation.cost_center or allocation.funding_number or "",
        ticket=allocation.issue_key or "",
        renamed_from=allocation.renamed_from or "",
    )
