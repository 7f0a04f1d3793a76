"""The mirror plan as what AWS would hold of it: only what the plan itself decides; the rest is not known (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.access import ROLE_TAG
from ris_hybrid.holdings.values import Bucket, Budget, Holdings, Key, Repository, Role, Transition

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import AllocationPlan, EnvironmentPlan, MirrorPlan


def planned(plan: MirrorPlan) -> tuple[Holdings, ...]:
    """What each environment would hold for its allocations.

    Networks, machines, trails and what is set for an account are no part of the plan: the stacks decide, and the
    policy pack sees what they do.
    """
    return tuple(_environment(one, plan) for one in plan.environments)


def _environment(environment: EnvironmentPlan, plan: MirrorPlan) -> Holdings:
    there = [one for one in plan.allocations if one.environment == environment.name]
    return Holdings(
        account=environment.account,
        region=environment.region,
        buckets=tuple(map(_bucket, there)),
        keys=tuple(_key(one) for one in there if one.bucket.key_alias),
        repositories=tuple(one for allocation in there for one in _repositories(allocation)),
        roles=tuple(one for allocation in there for one in _roles(allocation)),
        budgets=tuple(
            Budget(name=one.budget.name, usd_per_month=one.budget.usd_per_month, has_action=None) for one in there
        ),
        security_groups=None,
        networks=None,
        subnets=None,
        launch_templates=None,
        instances=None,
        queues=None,
        log_groups=None,
        file_systems=None,
        trails=None,
        accounts=None,
    )


def _bucket(allocation: AllocationPlan) -> Bucket:
    bucket = allocation.bucket
    return Bucket(
        name=bucket.name,
        account=allocation.account,
        tags=allocation.tags,
        encryption="aws:kms" if bucket.key_alias else "AES256",
        key=bucket.key_alias,
        transitions=tuple(
            Transition(
                prefix=one.prefix,
                storage_class=one.storage_class,
                after_days=one.after_days,
                noncurrent=one.noncurrent,
            )
            for one in bucket.transitions
        ),
        object_lock=bucket.object_lock,
    )


def _key(allocation: AllocationPlan) -> Key:
    return Key(name=allocation.bucket.key_alias, key_id="", account=allocation.account, tags=allocation.steady_tags)


def _repositories(allocation: AllocationPlan) -> tuple[Repository, ...]:
    encryption = "KMS" if allocation.bucket.key_alias else "AES256"
    return tuple(
        Repository(name=name, account=allocation.account, tags=allocation.steady_tags, encryption=encryption)
        for name in allocation.registry.repositories
    )


def _roles(allocation: AllocationPlan) -> tuple[Role, ...]:
    return tuple(
        Role(
            name=one.name,
            account=allocation.account,
            tags={**allocation.steady_tags, ROLE_TAG: one.kind},
            statements=one.statements,
        )
        for one in allocation.roles
    )
