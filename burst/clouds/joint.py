"""Several clouds as one: each port asks the cloud that a pool, or a machine's id, belongs to.

    pool ──Pool.cloud──▶ cloud ◀──the id's beginning── machine

Ids and types leave here qualified (``burst.clouds.naming``) and reach each cloud as it knows them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.clouds.naming import cloud_of, plain, qualified
from burst.clouds.partly import PartlyUnknown
from ris_hybrid.errors import CloudError, Refused
from ris_hybrid.model import EndReason, Launched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.model import Launch, Machine, PoolMarks
    from ris_hybrid.ports import Checks, Cloud, Ledger
    from ris_hybrid.settings import BurstSettings


class JointCloud:
    """The cloud port over clouds by name; EC2's name is empty."""

    def __init__(self, clouds: Mapping[str, Cloud], settings: BurstSettings) -> None:
        self._clouds = clouds
        self._settings = settings

    def launch(self, launch: Launch) -> Launched:
        """Of the pool's cloud. Raises ``Refused`` for a pool that is none of the settings'."""
        pool = self._settings.pool(launch.pool)
        if pool is None or pool.cloud not in self._clouds:
            raise Refused(f"pool {launch.pool} belongs to no cloud that is configured", "see burst.yaml: pools, clouds")
        given = self._clouds[pool.cloud].launch(launch)
        return replace(given, machine_ids=tuple(qualified(pool.cloud, one) for one in given.machine_ids))

    def machines(self) -> tuple[Machine, ...]:
        """Of every cloud. Raises ``PartlyUnknown`` when only some answered, the one cloud's error when none did."""
        known: list[Machine] = []
        failed: dict[str, CloudError] = {}
        for name, cloud in self._clouds.items():
            try:
                known += (_known_as(name, machine) for machine in cloud.machines())
            except CloudError as error:
                failed[name] = error
        found = tuple(sorted(known, key=lambda machine: (machine.launched, machine.machine_id)))
        if failed and len(failed) == len(self._clouds):
            raise next(iter(failed.values()))
        if failed:
            raise PartlyUnknown(found, {name: error.message for name, error in failed.items()})
        return found

    def end(
        self, machine_ids: Sequence[str], return_id: str, reason: EndReason = EndReason.RETURNED
    ) -> tuple[str, ...]:
        """By every cloud its own, all of them asked; then the first error, if any, is raised."""
        ended: list[str] = []
        errors: list[CloudError] = []
        for name, ids in _by_cloud(machine_ids, self._clouds).items():
            try:
                ended += (qualified(name, one) for one in self._clouds[name].end(ids, return_id, reason))
            except CloudError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return tuple(ended)


class JointLedger:
    """The ledger port over the clouds' ledgers."""

    def __init__(self, ledgers: Mapping[str, Ledger], settings: BurstSettings) -> None:
        self._ledgers = ledgers
        self._cloud_of = {pool.name: pool.cloud for pool in settings.pools}

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """On each machine by its own cloud; all of them asked before the first error is raised."""
        errors: list[CloudError] = []
        for name, ids in _by_cloud(machine_ids, self._ledgers).items():
            try:
                self._ledgers[name].mark(ids, marks)
            except CloudError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def pools(self) -> Mapping[str, PoolMarks]:
        """Each pool's by its own cloud."""
        told = {name: ledger.pools() for name, ledger in self._ledgers.items()}
        return {
            pool: told[cloud][pool] for pool, cloud in self._cloud_of.items() if cloud in told and pool in told[cloud]
        }

    def mark_pool(self, pool: str, marks: PoolMarks, before: PoolMarks) -> None:
        """By the pool's own cloud; a pool that is no longer configured cannot be marked, which is no error."""
        ledger = self._ledgers.get(self._cloud_of.get(pool, "?"))
        if ledger is not None:
            ledger.mark_pool(pool, marks, before)


class JointChecks:
    """The checks port over the clouds' checks."""

    def __init__(self, checks: Mapping[str, Checks]) -> None:
        self._checks = checks

    def impaired(self) -> frozenset[str]:
        """Of every cloud that answers: a machine is impaired only where its cloud says so. An error when none does."""
        found: set[str] = set()
        failed: list[CloudError] = []
        for name, checks in self._checks.items():
            try:
                found.update(qualified(name, one) for one in checks.impaired())
            except CloudError as error:
                failed.append(error)
        if failed and len(failed) == len(self._checks):
            raise failed[0]
        return frozenset(found)


def _known_as(cloud: str, machine: Machine) -> Machine:
    return replace(
        machine,
        machine_id=qualified(cloud, machine.machine_id),
        instance_type=qualified(cloud, machine.instance_type),
    )


def _by_cloud(machine_ids: Iterable[str], clouds: Mapping[str, object]) -> dict[str, list[str]]:
    """The ids as their clouds know them; those of a cloud that is not configured are not ours to touch."""
    groups: dict[str, list[str]] = {}
    for machine_id in machine_ids:
        name = cloud_of(machine_id)
        if name in clouds:
            groups.setdefault(name, []).append(plain(machine_id))
    return groups
