"""Mirror plans by hand, and an AWS that holds exactly what a plan states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.holdings.values import Bucket, Budget, Holdings, Key, Repository, Role, Transition
from ris_hybrid.mirror.values import (
    AllocationPlan,
    BucketPlan,
    BudgetPlan,
    EnvironmentPlan,
    MirrorPlan,
    ProjectPlan,
    RegistryPlan,
    RolePlan,
    TransitionRule,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, REGION = "123456789012", "us-east-1"
T = 1024**4
TLS = {
    "Sid": "TlsOnly",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
GUARDS = tuple(
    {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:PutObject"],
        "Resource": "x",
        "Condition": {"StringNotEquals": {key: ACCOUNT}},
    }
    for key in (
        "aws:PrincipalAccount",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "aws:RequestTag/ris_data_class",
    )
)
NO_WRITES = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": ["s3:PutObject", "s3:DeleteObject"],
    "Resource": "x",
}


class Plans:
    """Builders; a test names only what it is about."""

    @staticmethod
    def project(name: str = "Cryo-EM", **fields: Any) -> ProjectPlan:
        slug = name.lower()
        group = f"storage-wucci-{slug}"
        plain = ProjectPlan(
            name=name,
            slug=slug,
            prefix=f"Active/{name}/",
            archive=False,
            rw_group=f"{group}-rw",
            ro_group=f"{group}-ro",
            rw=("ann",),
            ro=("bob",),
        )
        return replace(plain, **fields)

    @classmethod
    def allocation(
        cls, name: str = "wucci", *, projects: tuple[ProjectPlan, ...] = (), **fields: Any
    ) -> AllocationPlan:
        """As the plan derives one: budget from the quota, prefixes and roles from the projects."""
        quota: int | None = fields.pop("quota_bytes", 10 * T)
        bucket = f"ris-{name}-abc123"
        stage, removed_on = fields.pop("stage", "active"), fields.pop("removed_on", "")
        tags = {
            "ris_allocation": name,
            "ris_env": "prod",
            "ris_cluster": "c1",
            "ris_department": "3979",
            "ris_stage": stage,
        }
        tags |= {"ris_removed_on": removed_on} if removed_on else {}
        prefixes = ("Active/", *(project.prefix for project in projects))
        plain = AllocationPlan(
            name=name,
            lab=name,
            owner="fitzp",
            platform="storage1",
            path=f"/storage1/fs1/{name}",
            group=f"storage-{name}",
            environment="prod",
            account=ACCOUNT,
            network="network-prod",
            data_class="internal",
            stage=stage,
            removed_on=removed_on,
            quota_bytes=quota,
            projects=projects,
            bucket=BucketPlan(
                name=bucket,
                prefixes=prefixes,
                key_alias="",
                transitions=cls.moves(stage),
                object_lock=False,
                writable=stage in {"active", "marked"},
            ),
            registry=RegistryPlan(namespace=f"ris/{name}", repositories=(f"ris/{name}/images",)),
            roles=(cls.role(name, prefixes), *cls.project_roles(name, projects)),
            budget=BudgetPlan(name=f"ris-{name}", usd_per_month=(quota or 0) / T * 23.5, alerts_percent=(50, 100)),
            pools=("cpu",),
            tags={**tags, "ris_plan": f"{quota}-{len(projects)}-{stage}"},
        )
        return replace(plain, **fields)

    @staticmethod
    def moves(stage: str) -> tuple[TransitionRule, ...]:
        whole = TransitionRule(rule_id="all", prefix="", storage_class="DEEP_ARCHIVE", after_days=0)
        return (whole,) if stage == "archived" else ()

    @staticmethod
    def role(name: str, prefixes: tuple[str, ...]) -> RolePlan:
        resources = [f"arn:aws:s3:::ris-{name}-abc123/{prefix}*" for prefix in prefixes]
        statement = {
            "Sid": "Data",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": resources,
        }
        return RolePlan(name=f"ris-{name}-lab", kind="lab", group=f"storage-{name}", statements=(statement,))

    @classmethod
    def project_roles(cls, name: str, projects: tuple[ProjectPlan, ...]) -> tuple[RolePlan, ...]:
        return tuple(
            replace(cls.role(name, (project.prefix,)), name=f"ris-{name}-{project.slug}-rw", group=project.rw_group)
            for project in projects
        )

    @staticmethod
    def site(*allocations: AllocationPlan, **fields: Any) -> MirrorPlan:
        environment = EnvironmentPlan(
            name="prod", account=ACCOUNT, region=REGION, partition="aws", data_classes=("internal", "phi")
        )
        plain = MirrorPlan(organization="ris", cluster="c1", environments=(environment,), allocations=allocations)
        return replace(plain, **fields)

    @classmethod
    def held(cls, *allocations: AllocationPlan, **fields: Any) -> Holdings:
        """An account that holds what the plans state, as a cloud words it."""
        plain = Holdings(
            account=ACCOUNT,
            region=REGION,
            buckets=tuple(cls.bucket(plan) for plan in allocations),
            keys=tuple(cls.key(plan) for plan in allocations if plan.bucket.key_alias),
            repositories=tuple(
                Repository(name=name, account=ACCOUNT, tags=plan.tags, immutable=True, scan_on_push=True)
                for plan in allocations
                for name in plan.registry.repositories
            ),
            roles=tuple(
                Role(
                    name=role.name,
                    account=ACCOUNT,
                    tags=plan.tags,
                    trust=(cls.trust(role),),
                    statements=tuple(map(reworded, role.statements)),
                    boundary=f"arn:aws:iam::{ACCOUNT}:policy/c1-{plan.environment}-boundary",
                )
                for plan in allocations
                for role in plan.roles
            ),
            budgets=tuple(
                Budget(name=plan.budget.name, usd_per_month=plan.budget.usd_per_month) for plan in allocations
            ),
        )
        return replace(plain, **fields)

    @staticmethod
    def trust(role: RolePlan) -> dict[str, Any]:
        if not role.group:
            return {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        among = {"StringLike": {"aws:PrincipalTag/ris_groups": [f"*:{role.group}:*"]}}
        root = f"arn:aws:iam::{ACCOUNT}:root"
        return {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole", "Condition": among}

    @staticmethod
    def bucket(plan: AllocationPlan, **fields: Any) -> Bucket:
        has_key = bool(plan.bucket.key_alias)
        plain = Bucket(
            name=plan.bucket.name,
            account=ACCOUNT,
            tags={**plan.tags, "Name": plan.bucket.name, "ris_managed": "ris-hybrid"},
            encryption="aws:kms" if has_key else "AES256",
            key=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-{plan.name}" if has_key else "",
            versioned=True,
            public_blocked=True,
            owner_enforced=True,
            policy=(TLS, *GUARDS) if plan.bucket.writable else (TLS, *GUARDS, NO_WRITES),
            logs_to="ris-logs",
            transitions=tuple(
                Transition(prefix=rule.prefix, storage_class=rule.storage_class, after_days=rule.after_days)
                for rule in plan.bucket.transitions
            ),
            expires=False,
            object_lock=plan.bucket.object_lock,
        )
        return replace(plain, **fields)

    @staticmethod
    def key(plan: AllocationPlan, **fields: Any) -> Key:
        plain = Key(
            name=plan.bucket.key_alias,
            key_id=f"key-{plan.name}",
            account=ACCOUNT,
            tags=plan.tags,
            rotates=True,
            enabled=True,
            policy=({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"},),
        )
        return replace(plain, **fields)


def reworded(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The same statement as AWS may give it back: no Sid, lists in another order."""
    turned = {key: value[::-1] if isinstance(value, list) else value for key, value in statement.items()}
    return {key: value for key, value in turned.items() if key != "Sid"}


@pytest.fixture(scope="session")
def plans() -> Plans:
    return Plans()
