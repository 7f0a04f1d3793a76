"""The mirror plan: every allocation as the things AWS will hold for it, in frozen values that become JSON as they are.

``ris_hybrid.mirror.plan`` makes it, ``policies`` judges it, ``stacks`` builds it, ``ris_hybrid.mirror.drift`` holds it
against what is there. Directory names (``rw_group``) are the site's; names of AWS are derived once and then kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DataClass = Literal["public", "internal", "confidential", "phi"]
Stage = Literal["active", "marked", "read-only", "archived"]
"""How far an allocation has gone on its way out; nothing on this ladder deletes data, and each step can be undone."""
RoleKind = Literal["lab", "jobs", "project-rw", "project-ro"]
FINGERPRINT = "ris_plan"
"""The tag that changes with every other value of a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """Something of the site that has no counterpart in the plan, and why."""

    allocation: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPlan:
    """A project directory as a prefix of the bucket."""

    name: str
    """As the file has it."""
    slug: str
    """Legal in names of roles; unique within the allocation."""
    prefix: str
    """``Active/<name>/``, in the case written."""
    archive: bool
    rw_group: str
    """The directory group that reads and writes, e.g. ``storage-wucci-cryo-em-rw``."""
    ro_group: str
    rw: tuple[str, ...]
    ro: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRule:
    """Objects of a prefix move to a cheaper class after some days; nothing ever expires."""

    rule_id: str
    prefix: str
    storage_class: str
    """S3's word: ``DEEP_ARCHIVE``, ``GLACIER_IR``, ``GLACIER``."""
    after_days: int
    noncurrent: bool = False
    """For versions that were replaced, in place of those that hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlan:
    """An allocation's bucket."""

    name: str
    prefixes: tuple[str, ...]
    """Ending in a slash: ``Active/``, ``Archive/`` where there is one, and one for each project."""
    key_alias: str
    """``alias/...`` of the customer key of its own; empty where AWS's key will do."""
    transitions: tuple[TransitionRule, ...]
    object_lock: bool
    writable: bool
    """False from the stage ``read-only`` on: the bucket policy then denies writes to all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPlan:
    """Where the lab's images are."""

    namespace: str
    """Prefix of its ECR repositories, without a slash at its end."""
    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlan:
    """A role of IAM for people of one directory group, or for the lab's jobs."""

    name: str
    kind: RoleKind
    group: str
    """The directory group whose members may take it; empty for ``jobs``, which nodes of the lab's own pools have."""
    statements: tuple[Mapping[str, Any], ...]
    """Of its one policy, in IAM's JSON."""
    project: str = ""
    """Its tag ``ris_project``; empty for roles of the whole allocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPlan:
    """The month's dollars for an allocation: its storage at the quota, and its compute."""

    name: str
    usd_per_month: float
    alerts_percent: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationPlan:
    """One allocation in the cloud."""

    name: str
    lab: str
    owner: str
    platform: str
    path: str
    group: str
    """The directory group of the whole allocation."""
    environment: str
    """Whose stacks build it: ``storage-<environment>`` and so on."""
    account: str
    network: str
    """The stack of the network its jobs run in."""
    data_class: DataClass
    stage: Stage
    removed_on: str
    """ISO date of the day its file was first missing, or it moved; empty while it is there."""
    quota_bytes: int | None
    projects: tuple[ProjectPlan, ...]
    bucket: BucketPlan
    registry: RegistryPlan
    roles: tuple[RolePlan, ...]
    budget: BudgetPlan
    pools: tuple[str, ...]
    """Pools of burst.yaml its jobs may use."""
    tags: Mapping[str, str]
    """Of its bucket: ``ris_allocation``, ``ris_lab``, ...; ``ris_plan`` is the fingerprint of the rest."""
    stage_since: str = ""
    """ISO date of the day it came to its stage; empty while it is active."""
    moved_to: str = ""
    """The environment that has the allocation now; this is then what it left behind, and its name stands twice."""

    @property
    def steady_tags(self) -> Mapping[str, str]:
        """Of all else it has: without the fingerprint, for an edit must change nothing but what follows from it."""
        return {key: value for key, value in self.tags.items() if key != FINGERPRINT}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentPlan:
    """One account and region, as the stacks see it."""

    name: str
    account: str
    region: str
    partition: str
    data_classes: tuple[DataClass, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A step that was not taken, and which brake or question holds it."""

    allocation: str
    step: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPlan:
    """The whole site."""

    organization: str
    cluster: str
    environments: tuple[EnvironmentPlan, ...]
    allocations: tuple[AllocationPlan, ...] = ()
    """Sorted by name."""
    unmapped: tuple[Unmapped, ...] = ()
    held: tuple[Held, ...] = ()
    phi_accounts: tuple[str, ...] = ()
    """The accounts that may hold PHI."""
