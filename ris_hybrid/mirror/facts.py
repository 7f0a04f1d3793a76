"""What is known of one allocation, wherever it comes from; everything AWS gets for it follows from these (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.mirror import naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.settings import Environment
    from ris_hybrid.mirror.values import DataClass, ProjectPlan, Stage

OWN_KEY = frozenset({"confidential", "phi"})
"""Data classes whose buckets have a customer key of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """From an allocation file, from the recorded plan, or from the tags of its bucket."""

    name: str
    lab: str
    owner: str
    platform: str
    path: str
    group: str
    environment: Environment
    cluster: str
    data_class: DataClass
    stage: Stage
    removed_on: str
    quota_bytes: int | None
    archive: bool
    projects: tuple[ProjectPlan, ...]
    bucket: str
    object_lock: bool
    own_key: bool
    """Whether its bucket has a customer key; once it has one, what is in it needs that key."""
    namespace: str
    labels: Mapping[str, str]
    """Tags that say who pays and who asked: ``ris_department``, ``ris_cost_center``, ``ris_ticket``."""
    stage_since: str = ""
    """The day it came to its stage; empty while it is active."""
    moved_to: str = ""
    """The environment that has the allocation now; empty where it is at home."""

    @property
    def prefix(self) -> str:
        """Begins names within the account, as in the stacks."""
        return f"{self.cluster}-{self.environment.name}"

    @property
    def key_alias(self) -> str:
        """Empty where AWS's own key will do."""
        return naming.key_alias(self.bucket) if self.own_key else ""

    @property
    def writable(self) -> bool:
        """Until it is off-boarded so far that nobody writes any more."""
        return self.stage in {"active", "marked"}

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Of the bucket: the tiers, then the projects."""
        tiers = ("Active/", "Archive/") if self.archive else ("Active/",)
        return (*tiers, *(project.prefix for project in self.projects))
