"""An allocation with a file: its facts as the file asks for them, in the bucket it has already or in a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror import naming
from ris_hybrid.mirror.facts import OWN_KEY, Facts
from ris_hybrid.mirror.placing import class_of
from ris_hybrid.mirror.remembered import lock_of, namespace_of

if TYPE_CHECKING:
    from ris_hybrid.mirror.settings import Environment
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.values import ProjectPlan
    from ris_hybrid.mirror.wanted import Wanted


def asked_for(wanted: Wanted, projects: tuple[ProjectPlan, ...], environment: Environment, seen: Survey) -> Facts:
    """The facts; a file that is back makes it active again.

    What a bucket has it keeps when its class falls: Object Lock cannot be taken off, and data needs its key.
    """
    data_class = class_of(wanted, seen)
    known = seen.at(wanted, environment.name)
    return Facts(
        name=wanted.name,
        lab=wanted.lab,
        owner=wanted.owner,
        platform=wanted.platform,
        path=wanted.path,
        group=wanted.group,
        environment=environment,
        cluster=seen.settings.cluster,
        data_class=data_class,
        stage="active",
        removed_on="",
        quota_bytes=quota_of(wanted, seen),
        archive=wanted.archive,
        projects=projects,
        bucket=known.bucket if known else new_bucket(wanted, environment, seen),
        object_lock=data_class == "phi" or (known is not None and bool(lock_of(known))),
        own_key=data_class in OWN_KEY or (known is not None and known.has_key),
        namespace=namespace_of(known, environment, seen) if known else naming.namespace(environment.name, wanted.name),
        labels={
            "ris_department": wanted.department,
            "ris_cost_center": wanted.cost_center,
            "ris_ticket": wanted.ticket,
        },
    )


def quota_of(wanted: Wanted, seen: Survey) -> int | None:
    """The file's, else the file system's, else what was recorded where the file system was not asked."""
    if wanted.quota_bytes is not None:
        return wanted.quota_bytes
    fileset = seen.report.fileset(wanted.name, wanted.path)
    if fileset is not None and fileset.quota_bytes is not None:
        return fileset.quota_bytes
    known = seen.known.get(wanted.key)
    unknown = {"filesets", "quotas"} & seen.report.unknown
    return known.record.quota_bytes if unknown and known and known.record else None


def new_bucket(wanted: Wanted, environment: Environment, seen: Survey) -> str:
    """The name of a bucket that is not there yet."""
    scope = f"{seen.settings.cluster}/{environment.name}/{environment.account}/{wanted.platform}"
    return naming.bucket_name(seen.settings.organization, scope, wanted.name)
