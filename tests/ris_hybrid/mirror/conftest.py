"""A made-up site for the plan's tests: files, a listing that fits them, and AWS as a plan would have left it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.holdings.values import Bucket, Holdings, Repository
from ris_hybrid.mirror.listing import Fileset, SiteListing
from ris_hybrid.mirror.plan import plan_mirror
from ris_hybrid.mirror.settings import Environment, MirrorSettings
from ris_hybrid.mirror.sources import Sources
from ris_hybrid.mirror.wanted import Wanted, WantedProject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan

NOW = 1_800_000_000.0  # 15 January 2027, 08:00 UTC
DAY = 86_400.0
ACCOUNT, REGION = "123456789012", "us-east-1"
EVERY_CLASS = ("public", "internal", "confidential", "phi")


class Site:
    """Builders; a test names only what it is about."""

    now = NOW

    @staticmethod
    def wanted(name: str = "lee", **fields: Any) -> Wanted:
        plain = Wanted(
            name=name,
            owner=f"{name}-pi",
            lab=name,
            group=f"storage-{name}",
            path=f"/storage1/fs1/{name}",
            quota_bytes=1024**4,
            department="4021",
            ticket="ITDEV-1",
        )
        return replace(plain, **fields)

    @staticmethod
    def project(name: str = "Cryo-EM", **fields: Any) -> WantedProject:
        return replace(WantedProject(name=name, rw=("ann",), ro=("bob",)), **fields)

    @staticmethod
    def environment(name: str = "prod", **fields: Any) -> Environment:
        return replace(Environment(name=name, account=ACCOUNT, region=REGION, data_classes=EVERY_CLASS), **fields)

    @classmethod
    def settings(cls, **fields: Any) -> MirrorSettings:
        plain = MirrorSettings(
            organization="wustl-ris", cluster="compute1", environments=(cls.environment(),), phi_accounts=(ACCOUNT,)
        )
        return replace(plain, **fields)

    @staticmethod
    def listing(files: Iterable[Wanted], **fields: Any) -> SiteListing:
        """Everything the files name is there, and nothing else."""
        groups: dict[str, tuple[str, ...]] = {}
        filesets = {}
        for wanted in files:
            fileset = f"{wanted.name}_active"
            filesets[fileset] = Fileset(
                name=fileset, path=f"{wanted.path}/Active", file_system="fs1", quota_bytes=wanted.quota_bytes
            )
            groups[wanted.group.casefold()] = (wanted.owner,)
            for project in wanted.projects:
                for rights, members in (("rw", project.rw), ("ro", project.ro)):
                    groups[f"{wanted.group}-{project.name.lower()}-{rights}".casefold()] = members
        return replace(SiteListing(filesets=filesets, groups=groups, captured_at=NOW - 3600), **fields)

    @classmethod
    def plan(cls, *files: Wanted, **given: Any) -> MirrorPlan:
        """The plan of these files; AWS is empty, and the listing fits, unless given otherwise."""
        settings = given.pop("settings", None) or cls.settings()
        now = given.pop("now", NOW)
        given.setdefault("listing", cls.listing(files, captured_at=now - 3600))
        given.setdefault("holdings", cls.empty(settings))
        return plan_mirror(Sources(allocations=files, **given), settings, now)

    @staticmethod
    def empty(settings: MirrorSettings) -> dict[str, Holdings | None]:
        return {one.name: Holdings(account=one.account, region=one.region) for one in settings.environments}

    @classmethod
    def built(cls, plan: MirrorPlan, **fields: Any) -> dict[str, Holdings | None]:
        """AWS after the plan was applied, by environment; ``fields`` change every bucket."""
        return {
            one.name: Holdings(
                account=one.account,
                region=one.region,
                buckets=tuple(
                    replace(cls.bucket(each), **fields) for each in plan.allocations if each.environment == one.name
                ),
                repositories=tuple(
                    Repository(name=name, account=one.account, tags=each.tags)
                    for each in plan.allocations
                    if each.environment == one.name
                    for name in each.registry.repositories
                ),
            )
            for one in plan.environments
        }

    @staticmethod
    def bucket(plan: AllocationPlan) -> Bucket:
        return Bucket(name=plan.bucket.name, account=plan.account, tags=plan.tags, object_lock=plan.bucket.object_lock)

    @staticmethod
    def said(plan: MirrorPlan) -> list[tuple[str, str]]:
        """What is unmapped, without the reasons."""
        return [(each.allocation, each.field) for each in plan.unmapped]

    @staticmethod
    def reason(plan: MirrorPlan, field: str) -> str:
        """The one reason for that field."""
        (reason,) = [each.reason for each in plan.unmapped if each.field == field]
        return reason

    @staticmethod
    def held(plan: MirrorPlan) -> list[tuple[str, str, str]]:
        return [(each.allocation, each.step, each.reason) for each in plan.held]


@pytest.fixture(scope="session")
def site() -> Site:
    return Site()
