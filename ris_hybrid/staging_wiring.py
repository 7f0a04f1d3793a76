"""The composition root of the staging engine: data.yaml and the applied mirror in, its world out; imports on demand."""

from __future__ import annotations

import getpass
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ris_hybrid import data_wiring
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from onprem.gpfs.census import PolicyCensus
    from ris_hybrid.data.ports import Census, JobAsks, Mover, MoverControl, RepositoryTasks
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.data.values import Way
    from ris_hybrid.holdings.clients import Clients
    from ris_hybrid.mirror.values import AllocationPlan, MirrorPlan
    from ris_hybrid.staging.journal import SqliteJournal
    from ris_hybrid.staging.planning import Ground
    from ris_hybrid.staging.scratches import Scratch
    from ris_hybrid.staging.standing import Standing
    from ris_hybrid.staging.world import World

RECORD = "mirror.json"
"""The mirror's record beside data.yaml, as a sandbox has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPlane:
    """What a command of the data plane works with."""

    settings: DataSettings
    folder: Path
    """What the settings' paths are relative to."""
    mirror: MirrorPlan

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / self.settings.journal

    @property
    def allocations(self) -> dict[str, AllocationPlan]:
        """By name; of one that moved, its new place."""
        return {one.name: one for one in self.mirror.allocations if not one.moved_to}

    def world(self, journal: SqliteJournal, *, moving: bool = True) -> World:
        """The engine's ports over an open journal; without movers, and their secrets, where nothing is to move."""
        from onprem.tree import LocalTree
        from ris_hybrid.aws.objects import S3Objects
        from ris_hybrid.aws.summing import S3Summing
        from ris_hybrid.aws.versions import S3Versions
        from ris_hybrid.staging.by_bucket import ObjectsByBucket, SummingByBucket, VersionsByBucket
        from ris_hybrid.staging.world import World

        tree = LocalTree(self.folder / self.settings.root)
        movers, controls = self._movers() if moving else ({}, {})
        clients = self._clients()
        return World(
            journal=journal,
            history=journal,
            census=tree,
            contents=tree,
            objects=ObjectsByBucket({bucket: S3Objects(one) for bucket, one in clients.items()}),
            versions=VersionsByBucket({bucket: S3Versions(one) for bucket, one in clients.items()}),
            summing=SummingByBucket({bucket: S3Summing(one) for bucket, one in clients.items()}),
            movers=movers,
            controls=controls,
            scratches=self._scratches() if moving else (),
            bounds=self.settings.bounds,
            prices=self.settings.prices,
            actor=getpass.getuser(),
        )

    def ground(self, world: World) -> Ground:
        """What plans are made on."""
        from ris_hybrid.staging.planning import Ground

        census = self._listed()
        return Ground(
            world=world,
            settings=self.settings,
            allocations=self.allocations,
            standing=self._standing(),
            census=census,
            listed_at=census.listed_at if census else None,
        )

    def asks(self) -> JobAsks:
        """What jobs say they need, by the commands on PATH."""
        from onprem.lsf.asks import LsfJobAsks
        from onprem.shell import LocalShell

        return LsfJobAsks(LocalShell())

    def census(self) -> Census:
        """What lists the files of a dataset for a plan: lists of a policy where there are any, else the tree."""
        from onprem.tree import LocalTree

        return self._listed() or LocalTree(self.folder / self.settings.root)

    def _listed(self) -> PolicyCensus | None:
        from onprem.gpfs.census import PolicyCensus

        lists = self.settings.gpfs.policy_lists
        return PolicyCensus(self.folder / lists, self.settings.needs.roots) if lists else None

    def _standing(self) -> Standing:
        from ris_hybrid.staging.standing import Standing

        gpfs = self.settings.gpfs
        asked = bool(gpfs.listing or gpfs.guis or gpfs.commands)
        scale = data_wiring.scale(self.settings, self.folder) if asked else None
        flush = data_wiring.cache_flush(self.settings, self.folder) if asked else None
        return Standing(self.settings, scale, flush)

    def _clients(self) -> dict[str, Clients]:
        """Those of each bucket's region."""
        from ris_hybrid.holdings.clients import Clients

        profiles = self._profiles()
        regions = {
            one.name: Clients(one.region, profile=profiles.get(one.name, "")) for one in self.mirror.environments
        }
        return {one.bucket.name: regions[one.environment] for one in self.mirror.allocations}

    def _profiles(self) -> dict[str, str]:
        """AWS's profile for each environment, where mirror.yaml is here and names one."""
        from ris_hybrid.config.mirror_file import load_mirror

        path = self.folder / self.settings.mirror
        return {one.name: one.profile for one in load_mirror(path).environments} if path.exists() else {}

    def _scratches(self) -> tuple[Scratch, ...]:
        """What burst.yaml's pools mount and what exports, or imports, by tasks alone."""
        from ris_hybrid.config.burst_file import load_burst
        from ris_hybrid.staging.scratches import scratch_at

        conf = self.folder / self.settings.burst
        pools = load_burst(conf).pools if conf.exists() else ()
        found: dict[tuple[str, str], Scratch] = {}
        for one in (one for pool in pools for one in pool.paths if one.kind == "lustre"):
            exports, imports, key = one.exports or one.read_only, one.imports, (one.path, one.source)
            if key in found:  # two pools may say different things of one file system
                exports, imports = exports and found[key].exports, imports and found[key].imports
            made = None if exports and imports else scratch_at(one.path, one.source, self._tasks)
            if made is not None:
                found[key] = replace(made, exports=exports, imports=imports)
        return tuple(found.values())

    def _tasks(self, region: str) -> RepositoryTasks:
        profiles = self._profiles()
        mine = (profiles.get(one.name, "") for one in self.mirror.environments if one.region == region)
        return data_wiring.repository_tasks(region, next(mine, ""))

    def _movers(self) -> tuple[dict[Way, Mover], dict[Way, MoverControl]]:
        movers: dict[Way, Mover] = {}
        controls: dict[Way, MoverControl] = {}
        if self.settings.globus is not None:
            identity = data_wiring.globus(self.settings, self.folder)
            movers["globus"], controls["globus"] = identity.mover(), identity.control()
        if self.settings.datasync is not None:
            from ris_hybrid.aws.datasync import DataSyncMover
            from ris_hybrid.holdings.clients import Clients

            region = self.mirror.environments[0].region
            made = DataSyncMover(Clients(region), self.settings.datasync, lambda: secrets.token_hex(8))
            movers["datasync"] = controls["datasync"] = made
        if self.settings.afm is not None:
            movers["afm"] = data_wiring.afm_mover(self.settings, self.folder)
        return movers, controls


def data_plane(settings: DataSettings, folder: Path, *, for_a_look: bool = False) -> DataPlane:
    """With the mirror as it was applied last: buckets that are there, not those that are planned.

    Raises ``ConfigError`` where nothing was applied yet; ``for_a_look`` at the journal no mirror is needed.
    """
    from ris_hybrid.config.mirror_file import load_mirror
    from ris_hybrid.config.plan_file import read_plan
    from ris_hybrid.mirror.values import MirrorPlan

    record = folder / RECORD
    if not _applied(record).exists():
        mirror = folder / settings.mirror
        record = mirror.parent / load_mirror(mirror).record
    if for_a_look and not _applied(record).exists():
        return DataPlane(
            settings=settings, folder=folder, mirror=MirrorPlan(organization="", cluster="", environments=())
        )
    if not _applied(record).exists():
        places = " nor in ".join(dict.fromkeys((str(folder), str(record.parent))))
        raise ConfigError(
            f"no mirror was applied: {_applied(record).name} is not in {places}",
            "run `ris-hybrid mirror apply`",
        )
    return DataPlane(settings=settings, folder=folder, mirror=read_plan(_applied(record)))


def _applied(record: Path) -> Path:
    return record.with_name(f"{record.name}.applied")
