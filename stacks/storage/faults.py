"""What is wrong with the storage's settings whose values are right one by one (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stacks.environment import Environment
    from stacks.storage.settings import StorageSettings

Fault = tuple[tuple[str | int, ...], str]


def storage_faults(environment: Environment, settings: StorageSettings, *, network_scratch: bool) -> Iterator[Fault]:
    """Everything that AWS would refuse, or would accept to our harm; ``network_scratch`` is ``network.scratch``."""
    if environment.phi and not settings.deployer_roles:
        text = (
            "expected the roles that run pulumi up where PHI may come: from outside the network no other sees a bucket"
        )
        yield ("deployer_roles",), text
    scratch = settings.scratch
    if scratch is None:
        return
    if not network_scratch:
        yield ("scratch",), "expected network.scratch: true beside it, or no node reaches the file system"
    if environment.phi and scratch.deployment == "SCRATCH_2":
        yield ("scratch", "deployment"), "expected PERSISTENT_2 where PHI may come: SCRATCH_2 takes no customer key"
