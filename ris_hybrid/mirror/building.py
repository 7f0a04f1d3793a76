"""Facts of one allocation → its plan: the one place where the parts come together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.mirror.access import roles
from ris_hybrid.mirror.lifecycle import transitions
from ris_hybrid.mirror.money import budget, compute_usd
from ris_hybrid.mirror.pools import pools_of
from ris_hybrid.mirror.tagging import tags, with_fingerprint
from ris_hybrid.mirror.values import AllocationPlan, BucketPlan, RegistryPlan

if TYPE_CHECKING:
    from ris_hybrid.mirror.facts import Facts
    from ris_hybrid.mirror.settings import MirrorSettings
    from ris_hybrid.settings import BurstSettings


def build(facts: Facts, settings: MirrorSettings, burst: BurstSettings | None) -> AllocationPlan:
    """Everything AWS will hold for it. Where nobody writes any more, or nobody is to, there is no pool either."""
    where = facts.environment
    pools = pools_of(facts.lab, facts.data_class, where, burst) if facts.writable and not facts.moved_to else ()
    plan = AllocationPlan(
        name=facts.name,
        lab=facts.lab,
        owner=facts.owner,
        platform=facts.platform,
        path=facts.path,
        group=facts.group,
        environment=where.name,
        account=where.account,
        network=f"network-{where.name}",
        data_class=facts.data_class,
        stage=facts.stage,
        removed_on=facts.removed_on,
        stage_since=facts.stage_since,
        quota_bytes=facts.quota_bytes,
        projects=facts.projects,
        bucket=_bucket(facts, settings.archive_class),
        registry=RegistryPlan(namespace=facts.namespace, repositories=(f"{facts.namespace}/images",)),
        roles=roles(facts),
        budget=budget(facts, settings.money, compute_usd(facts.lab, pools, settings.money, burst)),
        pools=pools,
        tags=tags(facts),
        moved_to=facts.moved_to,
    )
    return with_fingerprint(plan)


def _bucket(facts: Facts, archive_class: str) -> BucketPlan:
    return BucketPlan(
        name=facts.bucket,
        prefixes=facts.prefixes,
        key_alias=facts.key_alias,
        transitions=transitions(facts.stage, facts.prefixes, facts.projects, archive_class),
        object_lock=facts.object_lock,
        writable=facts.writable,
    )
