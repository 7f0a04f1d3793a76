"""Which of an account's things are read in depth: ours by their tags, and those whose names a plan wants.

An account may hold much that is not ours. It is listed, and its tags are read, because only they say whose it is;
nothing more is asked about it. ``everything`` is for rules that are about the whole account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.mirror.values import MirrorPlan

_OURS = ("ris_managed", "ris-hybrid")
_CLUSTER = "ris_cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What counts as ours in one account and region."""

    cluster: str
    buckets: frozenset[str] = frozenset()
    """Names of buckets that a plan wants: each is looked up, for a name may be taken by anybody in the world."""
    names: frozenset[str] = frozenset()
    """Names of other things a plan wants: aliases of keys, repositories, roles."""
    everything: bool = False

    @classmethod
    def of_plan(cls, plan: MirrorPlan, environment: str, *, everything: bool = False) -> Scope:
        """What the plan wants in one of its environments."""
        here = [one for one in plan.allocations if one.environment == environment]
        names = {one.bucket.key_alias for one in here if one.bucket.key_alias}
        for one in here:
            names.update(one.registry.repositories)
            names.update(role.name for role in one.roles)
        return cls(
            cluster=plan.cluster,
            buckets=frozenset(one.bucket.name for one in here),
            names=frozenset(names),
            everything=everything,
        )

    def covers(self, tags: Mapping[str, str] | None, name: str = "") -> bool:
        """Whether a thing is read in depth; with tags that are not known only its name tells."""
        if self.everything or name in self.buckets or name in self.names:
            return True
        key, value = _OURS
        return tags is not None and (tags.get(key) == value or tags.get(_CLUSTER) == self.cluster)
