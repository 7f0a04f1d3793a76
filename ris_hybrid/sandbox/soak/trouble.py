"""Carries out what a day has in store: faults of the clouds, machines that are taken, masters that change."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from burst.clouds.naming import cloud_of, plain
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.openstack.accounts import FLAVORS, ZONES
from ris_hybrid.sandbox.soak.ordeals import Kind
from ris_hybrid.sandbox.soak.watch import running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ris_hybrid.sandbox.soak.ordeals import Ordeal
    from ris_hybrid.sandbox.soak.premises import Site

_SECOND_SHARE = 0.5
_SECOND_CALLS = (".*", "POST /servers", "GET /servers/detail", "DELETE /servers/{id}", "POST /servers/{id}/metadata")
_CALLS = ("ec2:", "CreateFleet", "DescribeInstances", "TerminateInstances", "CreateTags")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Trouble that ends by itself."""

    until: float
    over: Callable[[], None]


class Trouble:
    """All that goes wrong on one site, apart from kills; counts what came."""

    def __init__(self, site: Site, seed: int) -> None:
        self._site = site
        self._draw = Random(f"trouble {seed}")  # noqa: S311  # a draw of the sandbox, no secret
        self._windows: list[_Window] = []
        self.counts: Counter[str] = Counter()

    def ends(self) -> tuple[float, ...]:
        """When trouble that lasts is over."""
        return tuple(window.until for window in self._windows)

    def clear(self, now: float) -> None:
        """End what is over."""
        for window in [one for one in self._windows if one.until <= now]:
            self._windows.remove(window)
            window.over()

    def suffer(self, ordeal: Ordeal) -> str:
        """Let it happen; says what was hit, empty when there was nothing to hit."""
        did = self._deeds()[ordeal.kind](ordeal.size)
        self.counts[ordeal.kind] += bool(did)
        return did

    def _deeds(self) -> Mapping[Kind, Callable[[int], str]]:
        return {
            Kind.THROTTLE: lambda calls: self._break(calls, {"error": {"code": "RequestLimitExceeded", "status": 503}}),
            Kind.ERROR: lambda calls: self._break(calls, {"error": {"code": "InternalError", "status": 500}}),
            Kind.RESET: lambda calls: self._break(calls, {"reset": self._draw.choice(("before", "after"))}),
            Kind.CAPACITY: self._no_capacity,
            Kind.INTERRUPT: self._interrupt,
            Kind.VANISH: self._vanish,
            Kind.SILENCE: self._silence,
            Kind.RESTART: self._restart,
            Kind.FAIL_OVER: self._fail_over,
        }

    def _break(self, calls: int, deed: Mapping[str, Any]) -> str:
        for name, one in self._site.world.second.items():
            if self._draw.random() < _SECOND_SHARE:
                match = self._draw.choice(_SECOND_CALLS)
                one.faults([{"match": match, "at": 1, "times": calls, "do": _of_openstack(deed)}])
                return f"the next {calls} of {match} of {name}"
        match = self._draw.choice(_CALLS)
        self._site.aws.faults([{"match": match, "at": 1, "times": calls, "do": dict(deed)}])
        return f"the next {calls} of {match}"

    def _no_capacity(self, minutes: int) -> str:
        kinds = {kind for pool in self._site.settings.pools if not pool.cloud for kind in pool.instance_types}
        zones = {f"{self._site.settings.region}{letter}": self._draw.randint(0, 1) for letter in "abc"}
        self._site.aws.capacity(dict.fromkeys(sorted(kinds), zones))
        for one in self._site.world.second.values():
            one.capacity({zone: {flavor.name: self._draw.randint(0, 1) for flavor in FLAVORS} for zone in ZONES})
        self._wait(minutes, lambda: self._site.world.limit({}))
        return f"{sum(zones.values())} machines of a kind for {minutes} min"

    def _silence(self, minutes: int) -> str:
        self._site.server.down = True
        self._wait(minutes, lambda: setattr(self._site.server, "down", False))
        return f"of LSF's commands for {minutes} min"

    def _wait(self, minutes: int, over: Callable[[], None]) -> None:
        self._windows.append(_Window(until=self._site.cluster.now + minutes * 60, over=over))

    def _interrupt(self, machines: int) -> str:
        spot = [row["id"] for row in running(self._site.aws.instances()) if row["spot"]]
        taken = self._draw.sample(spot, min(machines, len(spot)))
        if taken:
            self._site.aws.interrupt(taken, queue=self._site.settings.notices.rpartition("/")[2])
        return ", ".join(taken)

    def _vanish(self, machines: int) -> str:
        up = [row["id"] for row in running(self._site.world.instances())]
        gone = self._draw.sample(up, min(machines, len(up)))
        stopped = self._draw.random() < 0.5
        if not gone:
            return ""
        self._of_ec2([one for one in gone if not cloud_of(one)], stopped=stopped)
        for machine_id in gone:
            if cloud_of(machine_id):
                cloud = self._site.world.second[cloud_of(machine_id)]
                (cloud.stop if stopped else cloud.remove)(plain(machine_id))
        return f"{'stopped' if stopped else 'ended'}: {', '.join(gone)}"

    def _of_ec2(self, ids: Sequence[str], *, stopped: bool) -> None:
        if not ids:
            return
        self._site.aws.faults([])  # this call is nobody's of ours
        with closing(SandboxClients.of(self._site.aws)) as clients:
            client = clients.get("ec2")
            call = client.stop_instances if stopped else client.terminate_instances
            call(InstanceIds=ids)

    def _restart(self, _: int) -> str:
        self._site.ebrokerd.restart()
        return "of ebrokerd"

    def _fail_over(self, _: int) -> str:
        self._site.ebrokerd.fail_over()
        self._site.lose_files()
        return "to a master without local files"


def _of_openstack(deed: Mapping[str, Any]) -> dict[str, Any]:
    """AWS's trouble as Nova has it: too many requests are 429 there."""
    if "error" not in deed:
        return dict(deed)
    status = 429 if deed["error"]["code"] == "RequestLimitExceeded" else int(deed["error"]["status"])
    return {"error": {"status": status, "message": "trouble of the soak"}}
