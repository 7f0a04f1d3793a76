"""What a test does to the sandbox's Google: limits, clock, faults, and what happens to machines behind our back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.gce.state import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ris_hybrid.sandbox.gce.account import Account
    from ris_hybrid.sandbox.gce.state import Instance
    from ris_hybrid.sandbox.gce.wire import Json


class SandboxGce:
    """The sandbox's Google, in this process. Machines are named ``<name>.<zone>``, as ours are."""

    def __init__(self, url: str, account: Account) -> None:
        self.url = url
        """``SecondCloud.endpoint_url`` of it: the API and the token endpoint."""
        self.place = Place()
        self._account = account

    def key_file(self, path: Path) -> Path:
        """Write the service account's key there, for its owner alone."""
        path.touch(mode=0o600)
        path.write_text(self._account.key_file(), encoding="utf-8")
        return path

    def set_clock(self, now: float) -> None:
        """Time stands there from now on; it never goes back."""
        self.place.clock.set(now)

    def timing(self, **seconds: float) -> None:
        """``placing_s``, ``building_s``, ``deleting_s``, ``writing_s``; the others stay."""
        self.place.timing = replace(self.place.timing, **seconds)

    def capacity(self, limits: Mapping[str, Mapping[str, int]] | None) -> None:
        """Instances at most by zone and machine type; None: no limit."""
        self.place.capacity = limits or {}

    def quota(self, instances: int | None) -> None:
        """Instances of the project at most; None: no quota."""
        self.place.most = instances

    def faults(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """The rules of the sandbox's AWS; ``match`` must fit the whole name of a call, ``code`` is Google's reason."""
        self.place.book.post([{**rule, "match": rf"^(?:{rule['match']})$"} for rule in rules])

    def calls(self) -> dict[str, int]:
        """How many calls of each name came."""
        return dict(self.place.calls)

    def servers(self) -> list[Json]:
        """Instances that are there now."""
        return [self._row(one) for one in self.place.there()]

    def races(self, times: int, *, told_late: bool = False) -> None:
        """So many next writes of metadata lose against somebody who wrote just before."""
        self.place.races, self.place.told_late = times, told_late

    def down(self, zone: str) -> None:
        """This zone cannot be read; empty: all can."""
        self.place.down = zone

    def common(self) -> dict[str, str]:
        """The project's common metadata, to read and to change."""
        return self.place.common.items

    def stop(self, machine: str) -> None:
        """Somebody stopped it."""
        self._stopped(machine, "stop")

    def power_off(self, machine: str) -> None:
        """It switched itself off."""
        self._stopped(machine, "compute.instances.guestTerminate")

    def show_as(self, machine: str, word: str) -> None:
        """Its status, whatever it does."""
        self._known(machine).word = word

    def remove(self, machine: str) -> None:
        """Deleted by somebody else, and gone at once."""
        self.place.instances.remove(self._known(machine))

    def lock(self, machine: str, protected: bool) -> None:
        """Whether it is protected against deletion."""
        self._known(machine).protected = protected

    def expire_tokens(self) -> None:
        """No token given so far is taken any more."""
        self.place.tokens.clear()

    def reset(self) -> None:
        """As at first; tokens that were given are still taken."""
        self.place = Place(tokens=self.place.tokens)

    def _stopped(self, machine: str, kind: str) -> None:
        one = self._known(machine)
        one.stopped = True
        self.place.ordered(kind, f"zones/{one.zone}/instances/{one.name}", one.zone, 0.0)

    def _known(self, machine: str) -> Instance:
        for one in self.place.there():
            if f"{one.name}.{one.zone}" == machine:
                return one
        raise ConfigError(f"there is no instance {machine}")

    def _row(self, one: Instance) -> Json:
        return {
            "id": f"{one.name}.{one.zone}",
            "name": one.name,
            "status": self.place.status(one),
            "zone": one.zone,
            "type": one.machine_type,
            "metadata": dict(one.metadata.items),
            "created": one.created,
            "body": one.body,
        }
