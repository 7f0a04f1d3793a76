"""Several clouds as one: each port asks the cloud that a pool, or a machine's id, belongs to.

    pool ──Pool.cloud──▶ cloud ◀──the id's beginning── machine

Ids and types leave here qualified (``burst.clouds.naming``) and reach each cloud as it knows them. An error names the
cloud it is of. One cloud's error keeps no other from being asked, nor does one that hangs (``burst.clouds.quiet``).
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from burst.clouds.naming import cloud_of, plain, qualified
from burst.clouds.partly import PartlyUnknown, cloud_word
from burst.clouds.quiet import Quiet
from ris_hybrid.errors import CloudError, Refused, TryAgain
from ris_hybrid.model import EndReason, Launched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ris_hybrid.model import Launch, Machine, PoolMarks
    from ris_hybrid.ports import Checks, Cloud, Ledger
    from ris_hybrid.settings import BurstSettings

Port = TypeVar("Port")
Answer = TypeVar("Answer")


class JointCloud:
    """The cloud port over clouds by name; EC2's name is empty."""

    def __init__(self, clouds: Mapping[str, Cloud], settings: BurstSettings, quiet: Quiet | None = None) -> None:
        """Over ``clouds``; the joint ports of one call share ``quiet``, else nothing is remembered."""
        self._clouds = clouds
        self._settings = settings
        self._quiet = quiet or Quiet(rest_s=0.0)

    def launch(self, launch: Launch) -> Launched:
        """Of the pool's cloud. Raises ``Refused`` for a pool that is none of the settings'."""
        pool = self._settings.pool(launch.pool)
        if pool is None or pool.cloud not in self._clouds:
            raise Refused(f"pool {launch.pool} belongs to no cloud that is configured", "see burst.yaml: pools, clouds")
        try:
            given = self._clouds[pool.cloud].launch(launch)
        except CloudError as error:
            raise _named(pool.cloud, error) from error
        return replace(given, machine_ids=tuple(qualified(pool.cloud, one) for one in given.machine_ids))

    def machines(self) -> tuple[Machine, ...]:
        """Of every cloud. Raises ``PartlyUnknown`` when only some answered, an error that names all when none did."""
        answers, failed = _read(self._clouds, lambda cloud: cloud.machines(), self._quiet)
        known = (_known_as(name, machine) for name, machines in answers.items() for machine in machines)
        found = tuple(sorted(known, key=lambda machine: (machine.launched, machine.machine_id)))
        _check(found, failed, len(self._clouds))
        return found

    def end(
        self, machine_ids: Sequence[str], return_id: str, reason: EndReason = EndReason.RETURNED
    ) -> tuple[str, ...]:
        """By every cloud its own, all of them asked; then their errors, if any, are raised as one."""
        groups = _by_cloud(machine_ids, self._clouds)
        ended, failed = _asked(groups, lambda ids: self._clouds[cloud_of(ids[0])].end(_plain(ids), return_id, reason))
        if failed:
            raise _joined(failed)
        return tuple(qualified(name, one) for name, ids in ended.items() for one in ids)


class JointLedger:
    """The ledger port over the clouds' ledgers."""

    def __init__(self, ledgers: Mapping[str, Ledger], settings: BurstSettings, quiet: Quiet | None = None) -> None:
        """Over ``ledgers``; the joint ports of one call share ``quiet``, else nothing is remembered."""
        self._ledgers = ledgers
        self._quiet = quiet or Quiet(rest_s=0.0)
        self._cloud_of = {pool.name: pool.cloud for pool in settings.pools}

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """On each machine by its own cloud, all of them asked; then their errors, if any, are raised as one."""
        groups = _by_cloud(machine_ids, self._ledgers)
        _, failed = _asked(groups, lambda ids: self._ledgers[cloud_of(ids[0])].mark(_plain(ids), marks))
        if failed:
            raise _joined(failed)

    def pools(self) -> Mapping[str, PoolMarks]:
        """Each pool's by its own cloud. Raises ``PartlyUnknown`` when only some answered, as ``machines`` does."""
        told, failed = _read(self._ledgers, lambda ledger: ledger.pools(), self._quiet)
        found = {
            pool: told[cloud][pool] for pool, cloud in self._cloud_of.items() if cloud in told and pool in told[cloud]
        }
        _check(found, failed, len(self._ledgers))
        return found

    def mark_pool(self, pool: str, marks: PoolMarks, before: PoolMarks) -> None:
        """By the pool's own cloud; a pool that is no longer configured cannot be marked, which is no error."""
        cloud = self._cloud_of.get(pool)
        if cloud is None or cloud not in self._ledgers:
            return
        try:
            self._ledgers[cloud].mark_pool(pool, marks, before)
        except CloudError as error:
            raise _named(cloud, error) from error


class JointChecks:
    """The checks port over the clouds' checks."""

    def __init__(self, checks: Mapping[str, Checks], quiet: Quiet | None = None) -> None:
        """Over ``checks``; the joint ports of one call share ``quiet``, else nothing is remembered."""
        self._checks = checks
        self._quiet = quiet or Quiet(rest_s=0.0)

    def impaired(self) -> frozenset[str]:
        """Of every cloud. Raises ``PartlyUnknown`` when only some answered, as ``machines`` does."""
        told, failed = _read(self._checks, lambda checks: checks.impaired(), self._quiet)
        found = frozenset(qualified(name, one) for name, ids in told.items() for one in ids)
        _check(found, failed, len(self._checks))
        return found


def _asked(ports: Mapping[str, Port], ask: Callable[[Port], Answer]) -> tuple[dict[str, Answer], dict[str, CloudError]]:
    """Each cloud's answer, and the errors of those that gave none."""
    return _each(ports, lambda _, port: ask(port))


def _read(
    ports: Mapping[str, Port], ask: Callable[[Port], Answer], quiet: Quiet
) -> tuple[dict[str, Answer], dict[str, CloudError]]:
    """The same for a question; one that was silent a moment ago is not waited for again."""
    return _each(ports, lambda name, port: quiet.ask(name, port, ask))


def _each(
    ports: Mapping[str, Port], ask: Callable[[str, Port], Answer]
) -> tuple[dict[str, Answer], dict[str, CloudError]]:
    answers: dict[str, Answer] = {}
    failed: dict[str, CloudError] = {}
    for name, port in ports.items():
        try:
            answers[name] = ask(name, port)
        except CloudError as error:
            failed[name] = error
    return answers, failed


def _check(known: object, failed: Mapping[str, CloudError], clouds: int) -> None:
    if failed and len(failed) == clouds:
        raise _joined(failed)
    if failed:
        raise PartlyUnknown(known, {name: _why(error) for name, error in failed.items()})


def _why(error: CloudError) -> str:
    """What it says, and what to do where time alone does not mend it."""
    if isinstance(error, TryAgain) or not error.hint:
        return error.message
    return f"{error.message} ({error.hint})"


def _named(cloud: str, error: CloudError) -> CloudError:
    """The same error, its message beginning with the cloud's name."""
    return _with_message(error, f"{cloud_word(cloud)}: {error.message}")


def _joined(failed: Mapping[str, CloudError]) -> CloudError:
    """One error for several: of the first one's kind, with all they say."""
    first = next(iter(failed.values()))
    return _with_message(first, "; ".join(_named(cloud, error).message for cloud, error in failed.items()))


def _with_message(error: CloudError, message: str) -> CloudError:
    told = copy(error)
    told.message, told.args = message, (message,)
    return told


def _known_as(cloud: str, machine: Machine) -> Machine:
    return replace(
        machine,
        machine_id=qualified(cloud, machine.machine_id),
        instance_type=qualified(cloud, machine.instance_type),
    )


def _by_cloud(machine_ids: Iterable[str], clouds: Mapping[str, object]) -> dict[str, list[str]]:
    """The ids by cloud; those of a cloud that is not configured are not ours to touch."""
    groups: dict[str, list[str]] = {}
    for machine_id in machine_ids:
        name = cloud_of(machine_id)
        if name in clouds:
            groups.setdefault(name, []).append(machine_id)
    return groups


def _plain(machine_ids: Iterable[str]) -> list[str]:
    return [plain(machine_id) for machine_id in machine_ids]
