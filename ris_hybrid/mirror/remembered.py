"""An allocation without (usable) file, as it was: from the plan that was applied last, else from its bucket's tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror import naming
from ris_hybrid.mirror.facts import OWN_KEY, Facts
from ris_hybrid.mirror.known import CLASSES
from ris_hybrid.mirror.tagging import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.known import Known
    from ris_hybrid.mirror.settings import Environment
    from ris_hybrid.mirror.survey import Survey
    from ris_hybrid.mirror.values import AllocationPlan, DataClass


def remembered(known: Known, environment: Environment, seen: Survey) -> Facts:
    """The facts as they were last, at the ledger's stage."""
    namespace = namespace_of(known, environment, seen)
    if known.record is not None:
        return _recorded(known, known.record, environment, seen.settings.cluster, namespace)
    return _from_tags(known, environment, seen.settings.cluster, namespace)


def namespace_of(known: Known, environment: Environment, seen: Survey) -> str:
    """Where its images are: a rename does not move them."""
    if known.record is not None and known.record.environment == environment.name:
        return known.record.registry.namespace
    found = seen.spaces.get((environment.name, known.name.casefold()))
    return found or naming.namespace(environment.name, known.name)


def lock_of(known: Known) -> bool | None:
    """Whether its bucket was made with Object Lock; None where nothing says so."""
    if known.object_lock is not None:
        return known.object_lock
    return known.record.bucket.object_lock if known.record else None


def _recorded(known: Known, record: AllocationPlan, environment: Environment, cluster: str, namespace: str) -> Facts:
    return Facts(
        name=record.name,
        lab=record.lab,
        owner=record.owner,
        platform=record.platform,
        path=record.path,
        group=record.group,
        environment=environment,
        cluster=cluster,
        data_class=record.data_class,
        stage=known.stage,
        removed_on=_unless_active(known.removed_on, known),
        stage_since=_unless_active(known.stage_since, known),
        moved_to=known.moved_to,
        quota_bytes=record.quota_bytes,
        archive="Archive/" in record.bucket.prefixes,
        projects=record.projects,
        bucket=known.bucket,
        object_lock=bool(lock_of(known)),
        own_key=known.has_key,
        namespace=namespace,
        labels={key: record.tags[key] for key in LABELS if key in record.tags},
    )


def _from_tags(known: Known, environment: Environment, cluster: str, namespace: str) -> Facts:
    """All a bucket's tags can say: quota, tape tier and projects are lost, and with them the projects' roles."""
    tags = known.tags or {}
    name = known.name
    platform = tags.get("ris_platform", "storage1")
    return Facts(
        name=name,
        lab=tags.get("ris_lab", name),
        owner=tags.get("ris_owner", ""),
        platform=platform,
        path=f"/{platform}/fs1/{name}",
        group=f"storage-{name}",
        environment=environment,
        cluster=cluster,
        data_class=_class(tags),
        stage=known.stage,
        removed_on=_unless_active(known.removed_on, known),
        stage_since=_unless_active(known.stage_since, known),
        moved_to=known.moved_to,
        quota_bytes=None,
        archive=False,
        projects=(),
        bucket=known.bucket,
        object_lock=bool(known.object_lock),
        own_key=known.has_key or _class(tags) in OWN_KEY,
        namespace=namespace,
        labels={key: tags[key] for key in LABELS if key in tags},
    )


def _class(tags: Mapping[str, str]) -> DataClass:
    """The tag's; one that is not understood is taken as the strictest."""
    return next((one for one in CLASSES if one == tags.get("ris_data_class")), "phi")


def _unless_active(day: str, known: Known) -> str:
    return "" if known.stage == "active" else day
