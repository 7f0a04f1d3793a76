"""The access lists an allocation's directories are to have, from its groups.

As the site sets them: ``Active`` belongs to its owner, the storage admins and the allocation's group, and every
project's two groups may only pass through it; the real grant is on the project's directory. Files and directories
inherit by entries of their own, since files are not to be executable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.scale import Acl, AclEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.mirror.values import AllocationPlan

ADMINS = "ris-it-admin"
_ACTIVE = "Active/"
_SEES = "ancs"
_OWNER = ("rwmxDaAnNcCos", "rwmaAnNcCos")  # of directories, and of files
_WRITES = ("rwmxDaAnNcs", "rwmDaAnNcs")  # that files have D too is how the site's lists are
_READS = ("rxancs", "rancs")


def active_acl(path: str, group: str, project_groups: Iterable[str] = (), *, admins: str = ADMINS) -> Acl:
    """Of ``Active``: who may use all of it, and who may pass through to a project."""
    passing = (_entry(f"group:{name}", f"rx{_SEES}", "") for name in project_groups)
    return _acl(path, (*_common(admins, group), *passing))


def project_acl(path: str, group: str, writers: str, readers: str, *, admins: str = ADMINS) -> Acl:
    """Of a project's directory; ``writers`` and ``readers`` are its ``-rw`` and ``-ro`` groups."""
    return _acl(
        path, (*_common(admins, group), *_pair(f"group:{writers}", _WRITES), *_pair(f"group:{readers}", _READS))
    )


def wanted_acls(plan: AllocationPlan, *, admins: str = ADMINS) -> tuple[Acl, ...]:
    """Of an allocation's ``Active``, then of each project's directory in it; ``Archive`` is the admins' alone."""
    passing = [group for one in plan.projects for group in (one.ro_group, one.rw_group)]
    projects = (
        project_acl(f"{plan.path}/{one.prefix.rstrip('/')}", plan.group, one.rw_group, one.ro_group, admins=admins)
        for one in plan.projects
        if one.prefix.startswith(_ACTIVE)
    )
    return active_acl(f"{plan.path}/{_ACTIVE.rstrip('/')}", plan.group, passing, admins=admins), *projects


def _common(admins: str, group: str) -> tuple[AclEntry, ...]:
    return (
        *_pair("special:owner@", _OWNER),
        *_pair(f"group:{admins}", _WRITES),
        *_pair(f"group:{group}", _WRITES),
    )


def _pair(who: str, permissions: tuple[str, str]) -> tuple[AclEntry, AclEntry]:
    return _entry(who, permissions[0], "d"), _entry(who, permissions[1], "f")


def _entry(who: str, permissions: str, flags: str) -> AclEntry:
    return AclEntry(kind="allow", who=who, permissions=permissions, flags=flags)


def _acl(path: str, entries: tuple[AclEntry, ...]) -> Acl:
    return Acl(path=path, entries=entries, owner="root", group="root")
