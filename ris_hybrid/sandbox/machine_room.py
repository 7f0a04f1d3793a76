"""Where the virtual LSF finds out whether a cloud host answers: it asks the sandbox's clouds, not our ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.world import Machines

_STATES: dict[str, Literal["running", "gone", "booting"]] = {"running": "running", "pending": "booting"}


class CloudMachineRoom:
    """A machine is there if its cloud says it runs.

    ``trusting``: a machine no cloud here has ever heard of is believed to run. For plug-ins of another cloud.
    """

    def __init__(self, clouds: Machines, now: Callable[[], float], *, trusting: bool = False) -> None:
        self._clouds = clouds
        self._now = now
        self._unheard: Literal["running", "gone"] = "running" if trusting else "gone"
        self._seen: tuple[float, dict[str, str]] = (float("nan"), {})

    def state(self, machine_id: str, name: str) -> Literal["running", "gone", "booting"]:  # noqa: ARG002  # the port's shape
        """``gone`` for a machine that has stopped or ended, and for one that never was unless we are trusting."""
        states = self._states()
        return _STATES.get(states[machine_id], "gone") if machine_id in states else self._unheard

    def _states(self) -> dict[str, str]:
        """One question a moment: ebrokerd asks for each of its hosts in turn."""
        now = self._now()
        if self._seen[0] != now:
            self._seen = (now, {row["id"]: str(row["state"]) for row in self._clouds.instances()})
        return self._seen[1]
